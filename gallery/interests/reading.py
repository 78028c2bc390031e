"""Reads what people did, for whoever adds it up; alike for one person and for hundreds."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from django.db.models import Count, F, Q, QuerySet

from ..models import (
    Block,
    Favourite,
    Follow,
    Interest,
    Opening,
    Photo,
    PhotoTag,
    Profile,
    Stance,
    TagState,
    Visibility,
)
from ..search.conditions import among
from .doing import FOLLOWED_PHOTOS, Act

if TYPE_CHECKING:
    from .evidence import Acts

#: So many of a person's acts of each kind are read, the newest.
MOST_ACTS = 1000
#: Of people followed who have more public photos than this, those needed are asked for.
MOST_AT_ONCE = 500
CHUNK = 2000

Row = tuple[int, int, int, float, bool]


def acts_of(people: Collection[int]) -> Acts:
    """Return what these people did with photos they may see, but before they began anew."""
    from .evidence import Acts

    resets = Profile.objects.filter(pk__in=people).values_list("pk", "reset_at")
    since = {person: at.timestamp() for person, at in resets if at}
    apart = _apart(people)
    return Acts.of(
        row
        for row, other in _all_acts(people)
        if (row[0], other) not in apart and row[3] > since.get(row[0], 0)
    )


def _apart(people: Collection[int]) -> set[tuple[int, int]]:
    pairs = Block.objects.filter(Q(person__in=people) | Q(blocked__in=people))
    both = pairs.values_list("person_id", "blocked_id")
    return {pair for one, other in both for pair in ((one, other), (other, one))}


def _all_acts(people: Collection[int]) -> Iterator[tuple[Row, int]]:
    """Yield acts, each with whose photo it is about."""
    uploads = Photo.objects.order_by().values_list("owner", "pk", "created_at", "visibility")
    for person, photo, at, visibility in _newest(uploads, "owner", "pk", people):
        is_public = visibility == Visibility.PUBLIC
        yield (person, photo, Act.UPLOAD, at.timestamp(), is_public), person
    seen = Q(photo__visibility=Visibility.PUBLIC) | Q(photo__owner=F("person"))
    columns = ("person", "photo", "photo__owner")
    liked = Favourite.objects.filter(seen).order_by().values_list(*columns, "created_at")
    for person, photo, owner, at in _newest(liked, "person", "pk", people):
        yield (person, photo, Act.FAVOURITE, at.timestamp(), False), owner
    opened = Opening.objects.filter(seen).order_by().values_list(*columns, "opened_at")
    for person, photo, owner, at in _newest(opened, "person", "opened_at", people):
        yield (person, photo, Act.OPENING, at.timestamp(), False), owner
    yield from _followed(people)


def _newest(
    rows: QuerySet[Any, Any], whose: str, order: str, people: Collection[int]
) -> Iterator[Any]:
    """Yield each person's newest rows, `MOST_ACTS` at most."""
    mine = rows.filter(**{f"{whose}__in": people})
    many = dict(mine.values_list(whose).annotate(n=Count("pk")).filter(n__gt=MOST_ACTS))
    yield from rows.filter(**{f"{whose}__in": [one for one in people if one not in many]})
    for one in many:
        yield from rows.filter(**{whose: one}).order_by(f"-{order}", "-pk")[:MOST_ACTS]


def _followed(people: Collection[int]) -> Iterator[tuple[Row, int]]:
    """Yield what people saw of those they follow when they began to: the last public photos."""
    follows = list(
        Follow.objects.filter(person__in=people, followed__is_active=True)
        .order_by("-created_at", "-pk")
        .values_list("person", "followed", "created_at")
    )
    counts: dict[int, int] = defaultdict(int)
    photos = _public_photos({followed for _, followed, _ in follows})
    for person, followed, at in follows:
        counts[person] += 1
        if counts[person] > MOST_ACTS:
            continue
        for photo in _last(photos.get(followed), followed, at):
            yield (person, photo, Act.FOLLOW, at.timestamp(), False), followed


def _public_photos(owners: Collection[int]) -> Mapping[int, list[tuple[datetime, int]]]:
    """Return when which public photo came, in order, of those who have not too many."""
    public = Photo.objects.public().order_by()
    found: dict[int, list[tuple[datetime, int]]] = {}
    for some in chunks(owners):
        mine = public.filter(owner__in=some)
        counts = mine.values_list("owner").annotate(n=Count("pk"))
        few = [owner for owner, count in counts if count <= MOST_AT_ONCE]
        rows = public.filter(owner__in=few).values_list("owner", "created_at", "pk")
        for owner, at, key in rows:
            found.setdefault(owner, []).append((at, key))
        for owner in set(some) - {owner for owner, _ in counts}:
            found[owner] = []
    for photos in found.values():
        photos.sort()
    return found


def _last(photos: list[tuple[datetime, int]] | None, owner: int, until: datetime) -> Iterable[int]:
    if photos is None:
        rows = Photo.objects.public().filter(owner=owner, created_at__lte=until)
        newest = rows.order_by("-created_at", "-pk")
        return list(newest.values_list("pk", flat=True)[:FOLLOWED_PHOTOS])
    end = bisect_right(photos, (until, 2**63))
    return [key for _, key in photos[max(end - FOLLOWED_PHOTOS, 0) : end]]


def assigned_to(photos: Collection[int]) -> list[tuple[int, int, float]]:
    """Return what is shown on photos: photo, tag, confidence; what a person confirmed is sure."""
    found: list[tuple[int, int, float]] = []
    for some in chunks(photos):
        rows = PhotoTag.objects.shown().filter(among("photo_id", some)).order_by()
        found += [
            (photo, tag, 1.0 if state == TagState.CONFIRMED else confidence)
            for photo, tag, confidence, state in rows.values_list(
                "photo_id", "tag_id", "confidence", "state"
            )
        ]
    return found


def removed_by(people: Collection[int]) -> dict[tuple[int, int], float]:
    """Return until when acts say nothing about a tag: seconds, by person and tag."""
    rows = Interest.objects.filter(person__in=people, stance=Stance.REMOVED)
    return {
        (person, tag): at.timestamp()
        for person, tag, at in rows.values_list("person", "tag", "created_at")
    }


def muted_by(people: Collection[int]) -> list[tuple[int, int]]:
    """Return what people want to see none of, and not to be matched by: person and tag."""
    rows = Interest.objects.filter(person__in=people, stance=Stance.MUTED)
    return list(rows.values_list("person", "tag"))


def chunks(keys: Iterable[int]) -> Iterator[list[int]]:
    waiting = iter(keys)
    while some := list(islice(waiting, CHUNK)):
        yield some
