"""A few public photos of each of some people, to show who they are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import zip_longest

from django.db.models import F, OuterRef

from ..models import Photo, Tag, User, Visibility
from .facts import Listed, numbers_of, shown_on
from .hierarchy import Hierarchy, hierarchy

#: So many photos of each are shown, of so many of their newest public ones.
SHOWN, LOOKED_AT = 4, 40


def photos_of(
    people: Mapping[User, Sequence[Tag]], *, viewer: User, shown: int = SHOWN
) -> dict[int, list[Photo]]:
    """Return a few of the newest public photos of people, by the person's key.

    First one of each tag that a person is given with, or of a kind of it, then a second one of
    each, and so on, then others. Three queries.
    """
    newest = _newest([person.pk for person in people], viewer)
    fitting = _fitting(newest, {person.pk: tags for person, tags in people.items()})
    chosen = {}
    for person, tags in people.items():
        theirs = newest.get(person.pk, [])
        of_each = [[key for key in theirs if (key, tag.pk) in fitting] for tag in tags]
        in_turns = (key for turn in zip_longest(*of_each) for key in turn if key is not None)
        chosen[person.pk] = list(dict.fromkeys([*in_turns, *theirs]))[:shown]
    photos = Photo.objects.for_cards().in_bulk([key for keys in chosen.values() for key in keys])
    return {
        person: [photos[key] for key in keys if key in photos] for person, keys in chosen.items()
    }


def _newest(people: Collection[int], viewer: User) -> dict[int, list[int]]:
    """Return keys of the newest public photos of each, whatever number of others they have."""
    seen = Photo.objects.visible_to(viewer).exclude(visibility=Visibility.PRIVATE)
    theirs = seen.filter(owner=OuterRef("pk")).order_by("-pk").annotate(number=F("pk"))
    newest = Listed(theirs.values("number")[:LOOKED_AT])
    rows = User.objects.filter(pk__in=people).values_list("pk", newest)
    return {person: numbers_of(listed) for person, listed in rows}


def _fitting(
    newest: Mapping[int, Sequence[int]], about: Mapping[int, Sequence[Tag]]
) -> set[tuple[int, int]]:
    """Return which photos show which tag that their owner is given with, or a kind of it."""
    wanted = {
        (key, tag.pk)
        for person, tags in about.items()
        for key in newest.get(person, ())
        for tag in tags
    }
    known = hierarchy()
    kinds = known.kinds_of(frozenset(tag for _, tag in wanted))
    shown = shown_on({key for key, _ in wanted}, kinds)
    found = {(photo, above) for photo, tags in shown.items() for above in _above(tags, known)}
    return wanted & found


def _above(tags: Iterable[int], known: Hierarchy) -> set[int]:
    return {above for tag in tags for above, _ in known.steps_up(tag)}
