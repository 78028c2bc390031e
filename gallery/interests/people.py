"""People like somebody: whose public photos show what that person likes.

The viewer's side is all they did, for their own eyes; of the others only their public photos count,
and only if they want to be found. The measure is the cosine of the two vectors of weights, times
n / (n + `SHRINKAGE`), where n is how much is behind what both like: each shared tag counts as its
rarity, and less where one of the two has hardly a photo of it. So one rare tag in common makes
nobody a soulmate (significance weighting, Herlocker et al. 1999; shrunk similarity, Bell and
Koren 2007).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar

from django.db.models import QuerySet
from django.utils import timezone

from .. import vectors
from ..models import Profile, Tag, User
from ..models.interests import ProfileQuerySet
from ..vectors import Space
from . import weighing
from .hierarchy import Hierarchy, hierarchy

if TYPE_CHECKING:
    import numpy as np

#: Fewer public photos than this say nothing of what somebody likes.
MIN_PHOTOS = 3
SHRINKAGE = 1.0
MIN_SIMILARITY = 0.05
#: So many are compared exactly: those that an index proposes.
CANDIDATES = 600
MOST_SHARED = 4
#: What is told as shared has so much of what the most telling tag has.
SHARE_OF_BEST = 0.1
#: Tags are hashed into so many columns, which are many times what one person has of them.
COLUMNS = 1024


@dataclass(frozen=True, slots=True)
class Match:
    """Somebody alike: how much, 0..1, and what both like, the most telling first."""

    person: User
    similarity: float
    shared: list[Tag]


@dataclass(frozen=True)
class People(Space):
    """Those who want to be found, as hashed vectors of what their public photos show."""

    name: str = "people"
    changed: ClassVar[str] = "public_at"
    #: To read what one likes takes some 20 µs, many times what a vector takes.
    at_once: ClassVar[int] = 1000

    def rows(self) -> ProfileQuerySet:
        return Profile.objects.listed().filter(public_photos__gte=MIN_PHOTOS)

    def read(self, rows: QuerySet[Any]) -> dict[int, bytes]:
        found = {key: bytes(public) for key, public in rows.values_list("pk", "public_evidence")}
        return dict(zip(found, _embedded(list(found.values())), strict=True))


def spaces() -> list[Space]:
    return [People()]


def match_with(viewer: User, person: User) -> Match | None:
    """Return how alike a viewer and one person are; None unless that one wants it and they are."""
    found = _matches(viewer, People().rows().filter(pk=person.pk), limit=1)
    return found[0] if found else None


def people_like(person: User, *, limit: int = 20) -> list[Match]:
    """Return those who want to be found and are most like a person, the most alike first."""
    return _matches(person, None, limit=limit)


# --- Comparing --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Liking:
    """What somebody likes, by tag: weights, and how much is behind each (at most 1)."""

    tags: np.ndarray
    weights: np.ndarray
    behind: np.ndarray

    @property
    def length(self) -> float:
        return float((self.weights**2).sum() ** 0.5)


def _matches(viewer: User, others: ProfileQuerySet | None, *, limit: int) -> list[Match]:
    mine = _liking_of(viewer)
    if mine is None:
        return []
    if others is None:
        others = _proposed(mine)
    others = others.exclude(pk__in=[viewer.pk, *viewer.apart_from])
    rows = list(others.order_by("pk").values_list("pk", "public_evidence"))
    return _named(_compared(mine, rows, limit=limit), mine, dict(rows), limit=limit)


def _liking_of(viewer: User) -> _Liking | None:
    """Return what a viewer likes; None: nothing, or they do not want it to be worked out."""
    import numpy as np

    weights, sums = weighing.strengths_of(viewer)
    if not weights:
        return None
    tags = np.array(sorted(weights), np.int64)
    return _Liking(
        tags,
        np.array([weights[tag] for tag in tags.tolist()]),
        np.minimum([sums.get(tag, 1.0) for tag in tags.tolist()], 1.0),
    )


def _proposed(mine: _Liking) -> ProfileQuerySet:
    """Return the profiles among which the most alike are."""
    space = People()
    keys = vectors.proposed_keys(space, _hashed([mine])[0].tobytes(), limit=CANDIDATES)
    if keys is None:
        newest = space.rows().order_by(f"-{space.changed}").values_list("pk", flat=True)
        keys = list(newest[: space.at_once])
    return space.rows().filter(pk__in=keys)


def _compared(
    mine: _Liking, rows: Collection[tuple[int, Any]], *, limit: int
) -> list[tuple[int, float]]:
    """Return who is alike and how much, the most first: more than are wanted, some are unnamed."""
    import numpy as np

    theirs, starts = _likings([bytes(public) for _, public in rows])
    if not len(theirs.tags):
        return []
    place = np.minimum(np.searchsorted(mine.tags, theirs.tags), len(mine.tags) - 1)
    is_shared = mine.tags[place] == theirs.tags
    products = np.where(is_shared, mine.weights[place] * theirs.weights, 0.0)
    rarity = _rarity(hierarchy(), theirs.tags)
    behind = np.where(is_shared, rarity * np.minimum(mine.behind[place], theirs.behind), 0.0)
    who = np.repeat(np.arange(len(rows)), np.diff(starts))
    lengths = np.sqrt(np.bincount(who, theirs.weights**2, len(rows)))
    dots, support = np.bincount(who, products, len(rows)), np.bincount(who, behind, len(rows))
    similarity = dots / np.maximum(mine.length * lengths, 1e-9) * support / (support + SHRINKAGE)
    best = np.argsort(-similarity, kind="stable")[: 3 * limit]
    keys = [key for key, _ in rows]
    return [(keys[at], float(similarity[at])) for at in best if similarity[at] >= MIN_SIMILARITY]


def _likings(publics: list[bytes]) -> tuple[_Liking, np.ndarray]:
    """Return what several people's public photos say, one behind the other, and where each is."""
    import numpy as np

    from . import evidence

    parts = [evidence.read(one, evidence.PUBLIC) for one in publics]
    whole = np.concatenate(parts) if parts else np.empty(0, evidence.PUBLIC)
    starts = np.concatenate([[0], np.cumsum([len(one) for one in parts], dtype=np.int64)])
    tags = whole["tag"].astype(np.int64)
    sums = evidence.public_sums_at(whole, timezone.now())
    weights = evidence.weights(sums, _rarity(hierarchy(), tags))
    return _Liking(tags, weights, np.minimum(sums, 1.0)), starts


def _rarity(known: Hierarchy, tags: np.ndarray) -> np.ndarray:
    import numpy as np

    if not len(tags):
        return np.empty(0)
    names, place = np.unique(tags, return_inverse=True)
    return np.asarray(weighing.rarities(names.tolist(), known)[place])


# --- Naming what is shared --------------------------------------------------------------------


def _named(
    found: list[tuple[int, float]], mine: _Liking, publics: dict[int, Any], *, limit: int
) -> list[Match]:
    """Leave out with whom nothing is shared that may be told."""
    known = hierarchy()
    shared: dict[int, list[int]] = {}
    for key, _ in found:
        if told := _shared(mine, bytes(publics[key]), known):
            shared[key] = told
        if len(shared) == limit:
            break
    people = User.objects.in_bulk(shared)
    tags = Tag.objects.in_bulk({tag for some in shared.values() for tag in some})
    return [
        Match(people[key], similarity, [tags[tag] for tag in shared[key] if tag in tags])
        for key, similarity in found
        if key in shared and key in people
    ]


def _shared(mine: _Liking, public: bytes, known: Hierarchy) -> list[int]:
    """Return the tags that tell most of what both like, none above or below another."""
    import numpy as np

    theirs, _ = _likings([public])
    tags, here, there = np.intersect1d(mine.tags, theirs.tags, return_indices=True)
    parts = dict(
        zip(tags.tolist(), (mine.weights[here] * theirs.weights[there]).tolist(), strict=True)
    )
    ranked = sorted((tag for tag in parts if tag in known.named), key=lambda tag: -parts[tag])
    shared: list[int] = []
    for tag in ranked:
        if len(shared) == MOST_SHARED or parts[tag] < SHARE_OF_BEST * parts[ranked[0]]:
            break
        if not any(known.is_kind_of(tag, one) or known.is_kind_of(one, tag) for one in shared):
            shared.append(tag)
    return shared


# --- Embedding --------------------------------------------------------------------------------


def _embedded(publics: list[bytes]) -> list[bytes]:
    whole, starts = _likings(publics)
    parts = [
        _Liking(whole.tags[start:end], whole.weights[start:end], whole.behind[start:end])
        for start, end in pairwise(starts)
    ]
    return [one.tobytes() for one in _hashed(parts)]


def _hashed(likings: list[_Liking]) -> np.ndarray:
    """Return vectors as float16 of length 1, each tag in one of `COLUMNS` with a sign, by lot.

    The hashing trick (Weinberger et al. 2009): products of such vectors are right in the mean.
    """
    import numpy as np

    found = np.zeros((len(likings), COLUMNS), np.float32)
    for row, one in zip(found, likings, strict=True):
        mixed = (one.tags.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(40)
        signs = np.where(mixed & np.uint64(COLUMNS), 1.0, -1.0)
        columns = (mixed & np.uint64(COLUMNS - 1)).astype(np.int64)
        np.add.at(row, columns, signs * one.weights / max(one.length, 1e-9))
    return found.astype("<f2")
