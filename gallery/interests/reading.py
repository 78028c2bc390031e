"""Reads what people did, for whoever adds it up; alike for one person and for hundreds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from django.db.models import Count, F, OuterRef, Q, QuerySet

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
from .facts import Listed, numbers_of

if TYPE_CHECKING:
    from .evidence import Acts

#: So many of a person's acts of each kind are read, the newest.
MOST_ACTS = 1000
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
    theirs = Photo.objects.filter(
        owner=OuterRef("followed"), created_at__lte=OuterRef("created_at")
    )
    # Not by the index of what is public, which has everybody's.
    seen = theirs.exclude(visibility=Visibility.PRIVATE).order_by("-pk").annotate(number=F("pk"))
    follows = (
        Follow.objects.filter(person__in=people, followed__is_active=True)
        .order_by("-created_at", "-pk")
        .annotate(photos=Listed(seen.values("number")[:FOLLOWED_PHOTOS]))
    )
    counts = Counter[int]()
    columns = ("person", "followed", "created_at", "photos")
    for person, followed, at, photos in follows.values_list(*columns):
        counts[person] += 1
        if counts[person] <= MOST_ACTS:
            for photo in numbers_of(photos):
                yield (person, photo, Act.FOLLOW, at.timestamp(), False), followed


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
