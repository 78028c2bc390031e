"""What somebody's interests come to, at this moment and for their own eyes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from ..models import Interest, Photo, Profile, Stance, Tag, User
from .hierarchy import Hierarchy, hierarchy

if TYPE_CHECKING:
    import numpy as np

#: Weaker ones than this share of the strongest are hardly interests.
MIN_WEIGHT = 0.05
#: A tag above comes from one below when that has so much of what is behind it.
MOST_OF_IT = 0.5


@dataclass(frozen=True, slots=True)
class Weighed:
    """One interest, and what is behind it: acts on photos of the tag or of a kind of it.

    ``weight`` is 1 for the strongest; ``through`` the kind of the tag that most of it comes from.
    """

    tag: Tag
    weight: float
    uploads: int = 0
    favourites: int = 0
    follows: int = 0
    openings: int = 0
    is_pinned: bool = False
    through: Tag | None = None


@dataclass(frozen=True, slots=True)
class _Own:
    """What is stored of a person: evidence, sums and weights of the same length, their word."""

    evidence: np.ndarray
    sums: np.ndarray
    weights: np.ndarray
    stances: Mapping[int, str]
    is_on: bool

    @property
    def muted(self) -> frozenset[int]:
        return _of(self.stances, Stance.MUTED)

    @property
    def pinned(self) -> frozenset[int]:
        return _of(self.stances, Stance.PINNED)


def _of(stances: Mapping[int, str], stance: Stance) -> frozenset[int]:
    return frozenset(tag for tag, one in stances.items() if one == stance)


def stances_of(person: User) -> dict[Stance, list[Tag]]:
    """Return the tags that a person pinned, muted or removed, by name."""
    found: dict[Stance, list[Tag]] = {stance: [] for stance in Stance}
    for interest in Interest.objects.filter(person=person).select_related("tag"):
        found[Stance(interest.stance)].append(interest.tag)
    for tags in found.values():
        tags.sort(key=lambda tag: tag.label)
    return found


def muted_by(person: User) -> frozenset[int]:
    """Return the tags that a person wants to see none of, with all their kinds."""
    rows = Interest.objects.filter(person=person, stance=Stance.MUTED)
    return hierarchy().kinds_of(frozenset(rows.values_list("tag", flat=True)))


def weights_of(person: User, *, limit: int = 40) -> dict[int, float]:
    """Return how much a person likes their strongest interests, 1 the most, by the tag's key.

    Without what they muted, and empty when they switched their interests off. Two queries.
    """
    return dict(_strongest(_own(person), hierarchy())[:limit])


def strengths_of(person: User) -> tuple[dict[int, float], dict[int, float]]:
    """Return how much a person likes each tag, 1 the most, and the sums behind that."""
    own = _own(person)
    sums = dict(zip(own.evidence["tag"].tolist(), own.sums.tolist(), strict=True))
    return dict(_strongest(own, hierarchy())), sums


def interests_of(person: User, *, limit: int | None = None) -> list[Weighed]:
    """Return a person's interests, pinned ones first and then the strongest."""
    own, known = _own(person), hierarchy()
    strongest = _strongest(own, known)
    strongest.sort(key=lambda one: one[0] not in own.pinned)
    strongest = strongest[:limit]
    through = _through([tag for tag, _ in strongest], own, known)
    tags = Tag.objects.in_bulk([tag for tag, _ in strongest] + list(through.values()))
    counts = _counts(own.evidence)
    return [
        Weighed(
            tags[tag],
            weight,
            *counts.get(tag, (0, 0, 0, 0)),
            is_pinned=tag in own.pinned,
            through=tags.get(through.get(tag, 0)),
        )
        for tag, weight in strongest
        if tag in tags
    ]


def _own(person: User) -> _Own:
    from . import evidence as arithmetic

    profile = Profile.objects.filter(pk=person.pk).first() or Profile(person=person)
    stances = dict(Interest.objects.filter(person=person).values_list("tag", "stance"))
    if not profile.is_on:
        stances = {}
    evidence = arithmetic.read(profile.evidence, arithmetic.EVIDENCE)
    now = timezone.now()
    sums = arithmetic.sums_at(evidence, profile.as_of or now, now).sum(axis=1)
    rarity = rarities(evidence["tag"].tolist(), hierarchy())
    return _Own(evidence, sums, arithmetic.weights(sums, rarity), stances, profile.is_on)


def rarities(tags: Iterable[int], known: Hierarchy) -> np.ndarray:
    """Return how rare tags are, float64; of new ones that nobody has counted yet, 1."""
    import numpy as np

    return np.array([known.rarity.get(tag, 1.0) for tag in tags], np.float64)


def _strongest(own: _Own, known: Hierarchy) -> list[tuple[int, float]]:
    """Return tags with their weights, the strongest first; a pinned one is as strong as any."""
    muted = known.kinds_of(own.muted)
    found = dict(zip(own.evidence["tag"].tolist(), own.weights.tolist(), strict=True))
    found = {tag: one for tag, one in found.items() if one > 0 and tag not in muted}
    top = max(found.values(), default=1.0)
    weights = {tag: one / top for tag, one in found.items() if one >= MIN_WEIGHT * top}
    weights |= dict.fromkeys(own.pinned - muted, 1.0)
    return sorted(weights.items(), key=lambda one: (-one[1], one[0]))


def _counts(evidence: np.ndarray) -> dict[int, tuple[int, int, int, int]]:
    """Return how many acts of each sort are behind each tag."""
    counts = (tuple(one) for one in evidence["counts"].tolist())
    return dict(zip(evidence["tag"].tolist(), counts, strict=True))


def _through(tags: list[int], own: _Own, known: Hierarchy) -> dict[int, int]:
    """Return of tags the one kind of theirs that most of what is behind them comes from."""
    acts = {tag: sum(counts) for tag, counts in _counts(own.evidence).items()}
    below: dict[int, list[int]] = defaultdict(list)
    for tag in acts:
        for ancestor, steps in known.steps_up(tag):
            if steps:
                below[ancestor].append(tag)
    found = {}
    for tag in tags:
        best = max(below[tag], key=lambda one: (acts[one], one), default=None)
        if best is not None and acts[best] >= MOST_OF_IT * acts.get(tag, 0):
            found[tag] = best
    return found


def export(person: User) -> dict[str, Any]:
    """Return all that is kept of a person's interests, ready for JSON."""
    profile = Profile.objects.filter(pk=person.pk).first() or Profile(person=person)
    stances = Interest.objects.filter(person=person).select_related("tag").order_by("tag__label")
    return {
        "person": person.username,
        "worked_out": profile.is_on,
        "others_may_find_me": profile.is_listed,
        "as_of": profile.as_of.isoformat() if profile.as_of else None,
        "began_anew_at": profile.reset_at.isoformat() if profile.reset_at else None,
        "interests": [
            {
                "tag": one.tag.slug,
                "label": one.tag.label,
                "weight": round(one.weight, 4),
                "photos_uploaded": one.uploads,
                "photos_favourited": one.favourites,
                "photos_of_people_followed": one.follows,
                "photos_opened": one.openings,
                "pinned": one.is_pinned,
            }
            for one in interests_of(person)
        ],
        "by_hand": [
            {"tag": one.tag.slug, "stance": one.stance, "since": one.created_at.isoformat()}
            for one in stances
        ],
        "follows": list(
            person.follows.order_by("created_at").values_list("followed__username", flat=True)
        ),
        "photos_opened": [
            {"photo": public_id, "last": at.isoformat(), "times": times}
            for public_id, at, times in person.openings.filter(
                photo__in=Photo.objects.visible_to(person)
            )
            .order_by("-opened_at")
            .values_list("photo__public_id", "opened_at", "times")
        ],
    }
