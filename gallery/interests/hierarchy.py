"""What weighing needs to know of all tags, kept in memory: kinds, commonness, what may be named."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from math import log

from django.conf import settings

from ..models import Noted, Photo, Tag, TagParent

#: So old may it be: a tag that is moved elsewhere counts there a minute later.
AGE_S = 60.0
#: So many photos are made up, which have each tag as often as it has kinds. They say what is
#: common before there are photos that do.
MADE_UP = 100
#: So many public photos must have a tag before it is named as what people share.
MIN_PHOTOS = 5


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """``above``: all that a tag is a kind of, with how many steps up; itself first, with 0 steps.

    ``rarity``: of each tag, from 0 for what is on every photo to almost 1; the inverse document
    frequency. ``named``: tags that enough people have on enough public photos to be told to others.
    """

    above: Mapping[int, tuple[tuple[int, int], ...]]
    rarity: Mapping[int, float]
    named: frozenset[int]
    kind_counts: Mapping[int, int]

    def steps_up(self, tag: int) -> tuple[tuple[int, int], ...]:
        return self.above.get(tag, ((tag, 0),))

    def is_kind_of(self, tag: int, other: int) -> bool:
        return any(ancestor == other for ancestor, _ in self.steps_up(tag))

    def kinds_of(self, tags: frozenset[int]) -> frozenset[int]:
        """Return these tags and all that are kinds of them."""
        if not tags:
            return tags
        below = (one for one, above in self.above.items() if any(up in tags for up, _ in above))
        return tags.union(below)


_read_at = float("-inf")
_present: Hierarchy | None = None


def hierarchy() -> Hierarchy:
    """Return what there is to know; mostly without a query, else with three."""
    global _present, _read_at
    if _present is None or time.monotonic() - _read_at > AGE_S:
        _present, _read_at = _read(), time.monotonic()
    return _present


def forget() -> None:
    global _present
    _present = None


def _read() -> Hierarchy:
    parents: dict[int, list[int]] = defaultdict(list)
    for child, parent in TagParent.objects.order_by("pk").values_list("child_id", "parent_id"):
        parents[child].append(parent)
    rows = Tag.objects.order_by("pk").values_list("pk", "public_count", "people_count")
    counted = {key: (photos or 0, people or 0) for key, photos, people in rows}
    above = {tag: _steps_up(tag, parents) for tag in counted}
    kind_counts = Counter(ancestor for steps in above.values() for ancestor, _ in steps)
    made_up = MADE_UP / max(len(counted), 1)
    total = _public_photos() + MADE_UP + 1
    return Hierarchy(
        above=above,
        rarity={
            tag: max(log(total / (photos + made_up * kind_counts[tag] + 1)) / log(total), 0.0)
            for tag, (photos, _) in counted.items()
        },
        named=frozenset(
            tag
            for tag, (photos, people) in counted.items()
            if people >= settings.MIN_PEOPLE and photos >= MIN_PHOTOS
        ),
        kind_counts=kind_counts,
    )


def _steps_up(tag: int, parents: Mapping[int, list[int]]) -> tuple[tuple[int, int], ...]:
    """Return all above a tag by the shortest way, the nearest first."""
    steps, waiting = {tag: 0}, [tag]
    for one in waiting:
        for parent in parents.get(one, ()):
            if parent not in steps:
                steps[parent] = steps[one] + 1
                waiting.append(parent)
    return tuple(steps.items())


def _public_photos() -> int:
    noted = Noted.objects.filter(pk=Noted.PUBLIC_PHOTOS).values_list("number", flat=True).first()
    return Photo.objects.public().count() if noted is None else noted
