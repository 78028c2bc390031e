"""Finds people whose public photos show what a person's own show. For now by comparing with all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils import timezone

from ..models import Profile, Tag, User
from ..models.interests import ProfileQuerySet
from .hierarchy import Hierarchy, hierarchy
from .weighing import rarities

if TYPE_CHECKING:
    import numpy as np

#: Fewer public photos than this say nothing of what somebody likes.
MIN_PHOTOS = 3
#: With so many photos behind what two share, a similarity counts for half.
SHRINKAGE = 5.0
MIN_SIMILARITY = 0.05
MOST_SHARED = 4
#: Of two tags one of which is above the other, the one below says more: it comes first.
SHARE_OF_BEST = 0.1


@dataclass(frozen=True, slots=True)
class Match:
    """Somebody alike: how much, 0..1, and what both like, the most telling first."""

    person: User
    similarity: float
    shared: list[Tag]


@dataclass(frozen=True, slots=True)
class _Public:
    """What anybody can gather from a person's public photos: tags, weights of length 1, photos."""

    tags: np.ndarray
    weights: np.ndarray
    counts: np.ndarray


def match_with(viewer: User, person: User) -> Match | None:
    """Return how alike a viewer and one person are; None unless both want it and are."""
    found = _matches(viewer, Profile.objects.listed().filter(pk=person.pk), limit=1)
    return found[0] if found else None


def people_like(person: User, *, limit: int = 20) -> list[Match]:
    """Return those who want to be found and are most like a person, the most alike first."""
    return _matches(person, Profile.objects.listed().exclude(pk=person.pk), limit=limit)


def _matches(viewer: User, others: ProfileQuerySet, *, limit: int) -> list[Match]:
    known, own = hierarchy(), Profile.objects.filter(pk=viewer.pk, is_on=True).first()
    mine = _public(own, known) if own else None
    if mine is None:
        return []
    found = []
    for profile in others.exclude(pk__in=viewer.apart_from).select_related("person"):
        theirs = _public(profile, known)
        if theirs and (match := _compared(mine, theirs, known)):
            found.append((match[0], profile.person, match[1]))
    found.sort(key=lambda one: (-one[0], one[1].pk))
    tags = Tag.objects.in_bulk({tag for _, _, shared in found[:limit] for tag in shared})
    return [
        Match(person, similarity, [tags[tag] for tag in shared if tag in tags])
        for similarity, person, shared in found[:limit]
    ]


def _public(profile: Profile, known: Hierarchy) -> _Public | None:
    import numpy as np

    from . import evidence

    rows = evidence.read(bytes(profile.public_evidence), evidence.PUBLIC)
    if profile.public_photos < MIN_PHOTOS or not len(rows):
        return None
    sums = evidence.public_sums_at(rows, timezone.now())
    weights = evidence.weights(sums, rarities(rows["tag"].tolist(), known))
    length = float(np.linalg.norm(weights))
    return _Public(rows["tag"], weights / length, rows["count"]) if length else None


def _compared(mine: _Public, theirs: _Public, known: Hierarchy) -> tuple[float, list[int]] | None:
    """Return how alike two are and what both like; None: there is nothing to name."""
    import numpy as np

    tags, here, there = np.intersect1d(mine.tags, theirs.tags, return_indices=True)
    parts = mine.weights[here] * theirs.weights[there]
    behind = float(np.minimum(mine.counts[here], theirs.counts[there]).max(initial=0))
    similarity = float(parts.sum()) * behind / (behind + SHRINKAGE)
    ranked = sorted(zip(parts.tolist(), tags.tolist(), strict=True), key=lambda one: -one[0])
    shared: list[int] = []
    for part, tag in ranked:
        is_near = any(known.is_kind_of(tag, one) or known.is_kind_of(one, tag) for one in shared)
        if tag in known.named and not is_near and part >= SHARE_OF_BEST * ranked[0][0]:
            shared.append(tag)
    return (similarity, shared[:MOST_SHARED]) if shared and similarity >= MIN_SIMILARITY else None
