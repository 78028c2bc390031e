"""Tags from which a newcomer picks their first interests, each with a picture."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain, zip_longest
from math import sqrt

from django.contrib.auth.models import AnonymousUser
from django.db.models import F, OuterRef, Q

from ..models import Photo, PhotoTag, Tag, User
from ..search.conditions import Probe, among
from ..search.counting import count_all_tags
from .facts import Listed, numbers_of
from .hierarchy import Hierarchy, hierarchy
from .weighing import muted_by

#: So many pictures of a tag are looked at for one that no other tag has.
PICTURES = 6


def tags_to_pick(viewer: User, limit: int = 24) -> list[tuple[Tag, Photo | None]]:
    """Return popular public tags of all categories, none a kind of another, each with a photo.

    Tags that enough people have photos of; in a young library behind them others, which anybody can
    see on public photos. Not what the viewer muted. Five statements or so.
    """
    known, muted = hierarchy(), muted_by(viewer)
    counted = [tag for tag in count_all_tags(viewer=AnonymousUser()).tags if tag.pk not in muted]
    named = [tag for tag in counted if tag.pk in known.named]
    others = [tag for tag in counted if tag.pk not in known.named]
    chosen = _apart([*_in_turns(named, known), *_in_turns(others, known)], known)[:limit]
    pictures = _pictures(chosen, viewer)
    return [(tag, pictures.get(tag.pk)) for tag in chosen]


def _in_turns(tags: Iterable[Tag], known: Hierarchy) -> list[Tag]:
    """Return the best of each category, then the second best of each, and so on.

    The best are on many photos, but not on as many as says nothing.
    """
    worth = {tag: known.rarity.get(tag.pk, 0.0) * sqrt(tag.photo_count) for tag in tags}
    categories: dict[str, list[Tag]] = defaultdict(list)
    for tag in sorted(worth, key=lambda tag: (-worth[tag], tag.label)):
        categories[tag.category].append(tag)
    turns = chain.from_iterable(zip_longest(*categories.values()))
    return [tag for tag in turns if tag is not None]


def _apart(tags: Iterable[Tag], known: Hierarchy) -> list[Tag]:
    """Leave out what is a kind of another, or has one, that comes before."""
    chosen: list[Tag] = []
    taken: set[int] = set()
    above: set[int] = set()
    for tag in tags:
        ups = {up for up, _ in known.steps_up(tag.pk)}
        if tag.pk not in above and ups.isdisjoint(taken):
            chosen.append(tag)
            taken.add(tag.pk)
            above |= ups
    return chosen


def _pictures(tags: Collection[Tag], viewer: User) -> Mapping[int, Photo]:
    """Return of each tag a photo of which it is surest, another for each; two statements."""
    public = Photo.objects.public().visible_to(viewer).filter(pk=OuterRef("photo_id"))
    rows = PhotoTag.objects.shown().filter(Q(Probe(public)), tag=OuterRef("pk"))
    surest = rows.order_by("-confidence", "-photo_id").annotate(number=F("photo_id"))
    listed = Tag.objects.filter(among("pk", [tag.pk for tag in tags])).order_by()
    asked = listed.values_list("pk", Listed(surest.values("number")[:PICTURES]))
    chosen = _one_each({tag: numbers_of(some) for tag, some in asked})
    photos = Photo.objects.for_cards().filter(among("pk", list(chosen.values())))
    by_key = {photo.pk: photo for photo in photos}
    return {tag: by_key[key] for tag, key in chosen.items() if key in by_key}


def _one_each(photos: Mapping[int, Sequence[int]]) -> dict[int, int]:
    """Return a photo for each, those with the least choice first."""
    chosen: dict[int, int] = {}
    for tag in sorted(photos, key=lambda tag: (len(photos[tag]), tag)):
        free = [key for key in photos[tag] if key not in chosen.values()]
        if some := free or photos[tag]:
            chosen[tag] = some[0]
    return chosen
