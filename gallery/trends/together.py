"""Which tags people put together, and which photos show a tag: from the photos of one period."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..models import Photo, PhotoTag, TagClosure, Visibility
from ..models.tagging import SHOWN_STATES
from .counting import within
from .periods import Span
from .rising import surely

Keys = NDArray[np.int64]

#: Of a period so many photos are read, the newest.
MOST_PHOTOS = 50_000
#: So many people more than there are, as many as by chance, stand behind every pair.
PRIOR_PEOPLE = 1.0
MOST_PAIRS = 200
#: So many photos are kept for a tag, of different people: not everybody may see all of them.
EXAMPLES = 15


@dataclass(frozen=True, slots=True)
class Uses:
    """Tags on photos of a period, the surest first."""

    photos: Keys
    owners: Keys
    tags: Keys
    is_public: NDArray[np.bool_]

    def public(self) -> Uses:
        return self._only(self.is_public)

    def of(self, tags: Collection[int]) -> Uses:
        return self._only(np.isin(self.tags, list(tags)))

    def _only(self, chosen: NDArray[np.bool_]) -> Uses:
        return Uses(
            self.photos[chosen], self.owners[chosen], self.tags[chosen], self.is_public[chosen]
        )

    def examples(self, *tags: int) -> list[int]:
        """Return photos that have all of these tags, each of somebody else."""
        first, *rest = (np.flatnonzero(self.tags == tag) for tag in tags)
        for other in rest:
            first = first[np.isin(self.photos[first], self.photos[other])]
        _, places = np.unique(self.owners[first], return_index=True)
        chosen = first[np.sort(places)[:EXAMPLES]]
        return [int(photo) for photo in self.photos[chosen]]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two tags that so many people put on one photo; the surer together, the higher the score."""

    tags: tuple[int, int]
    people: int
    score: float


def read_uses(span: Span) -> Uses:
    """Return the tags of a period's newest photos. Two statements."""
    photos = Photo.objects.filter(within("created_at", span)).order_by("-created_at", "-id")
    rows = PhotoTag.objects.filter(within("photo__created_at", span), state__in=SHOWN_STATES)
    if oldest := photos.values_list("created_at", flat=True)[MOST_PHOTOS : MOST_PHOTOS + 1].first():
        rows = rows.filter(photo__created_at__gt=oldest)
    columns = ("photo_id", "photo__owner_id", "tag_id", "photo__visibility", "confidence")
    read = [
        (photo, owner, tag, visibility == Visibility.PUBLIC, confidence)
        for photo, owner, tag, visibility, confidence in rows.order_by()
        .values_list(*columns)
        .iterator()
    ]
    kinds = "i8,i8,i8,?,f4"
    table = np.array(read, dtype=kinds)
    table = table[np.lexsort((-table["f0"], -table["f4"]))]
    return Uses(table["f0"], table["f1"], table["f2"], table["f3"])


def pairs(uses: Uses, *, min_people: int) -> list[Pair]:
    """Return the tags that go together more than by chance, the surest first.

    By people, not photos, so that one bulk upload makes no pair: of n people, a and b use the tags,
    ab have both on one photo, and by chance that were e = a·b/n. How many times as many as by
    chance that is for sure (`surely`) is made a normalized pointwise mutual information, its
    logarithm over -ln(ab/n) (Bouma 2009): 1 for tags that are always together, 0 for chance.
    """
    if not len(uses.tags):
        return []
    names, tags = np.unique(uses.tags, return_inverse=True)
    people, owners = np.unique(uses.owners, return_inverse=True)
    codes = _codes(uses.photos, owners, tags, len(names))
    couples, both = np.unique(codes % len(names) ** 2, return_counts=True)
    first, second = np.divmod(couples, len(names))
    used = np.bincount(np.unique(owners * len(names) + tags) % len(names), minlength=len(names))
    by_chance = used[first] * used[second] / len(people)
    lift = surely(both.astype(np.float64), by_chance, prior=PRIOR_PEOPLE)
    score = np.log(lift) / -np.log(np.minimum(both / len(people), 0.999))
    best = np.flatnonzero((both >= min_people) & (lift > 1) & (both < len(people)))
    best = best[np.argsort(-score[best], kind="stable")]
    found = [
        Pair((int(names[first[at]]), int(names[second[at]])), int(both[at]), float(score[at]))
        for at in best
    ]
    return _without_kinds(found)[:MOST_PAIRS]


def _codes(photos: Keys, owners: Keys, tags: Keys, count: int) -> Keys:
    """Return a number for each person and each two tags that they have on one photo."""
    order = np.lexsort((tags, photos))
    photos, owners, tags = photos[order], owners[order], tags[order]
    found = [np.empty(0, np.int64)]
    for step in range(1, len(photos)):
        same = np.flatnonzero(photos[:-step] == photos[step:])
        if not len(same):
            break
        found.append((owners[same] * count + tags[same]) * count + tags[same + step])
    return np.unique(np.concatenate(found))


def _without_kinds(found: list[Pair]) -> list[Pair]:
    """Leave out pairs of which one tag is a kind of the other: those go together by definition."""
    tags = {tag for pair in found for tag in pair.tags}
    related = TagClosure.objects.filter(ancestor__in=tags, descendant__in=tags)
    known = set(related.values_list("ancestor_id", "descendant_id"))
    return [pair for pair in found if not {pair.tags, pair.tags[::-1]} & known]
