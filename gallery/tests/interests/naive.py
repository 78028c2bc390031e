"""What photos are worth to a person, said a second time and as plainly as can be.

Written from docs/interests.md, and slow: every photo is looked at by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from math import isclose

from gallery.models import Favourite, Photo, PhotoTag, Tag, TagParent, User


@dataclass(frozen=True)
class Worth:
    """What a photo is worth, and the interest it is shown for; several, when any will do."""

    score: float
    interests: frozenset[str]


def worths(
    person: User,
    weights: Mapping[str, float],
    *,
    muted: frozenset[str] = frozenset(),
    now: datetime,
) -> dict[str, Worth]:
    """Return what each photo is worth that may be shown to a person, by its title."""
    found = {}
    for photo in Photo.objects.all():
        if may_be_shown(photo, person) and (worth := worth_of(photo, weights, muted, now)):
            found[photo.title] = worth
    return found


def may_be_shown(photo: Photo, person: User) -> bool:
    liked = Favourite.objects.filter(photo=photo, person=person).exists()
    is_apart = photo.owner_id in person.apart_from
    return photo.visibility == "public" and photo.owner != person and not is_apart and not liked


def worth_of(
    photo: Photo, weights: Mapping[str, float], muted: frozenset[str], now: datetime
) -> Worth | None:
    liked: list[float] = []
    reasons: list[tuple[float, str]] = []
    shown = PhotoTag.objects.filter(photo=photo, state__in=["assigned", "confirmed"])
    for row in shown:
        sure = 1.0 if row.state == "confirmed" else row.confidence
        steps = steps_above(row.tag)
        if muted & set(steps):
            return None
        if parts := [(weights[up] * 0.5**n * sure, up) for up, n in steps.items() if up in weights]:
            liked.append(max(parts)[0])
            reasons += parts
    if not liked:
        return None
    liked.sort(reverse=True)
    age_d = (now - photo.created_at).total_seconds() / 86400
    fresh = 0.25 + 0.75 * 2 ** (-age_d / 30)
    best = frozenset(interest for one, interest in reasons if isclose(one, liked[0]))
    said = (20 / max(len(shown), 20)) ** 2
    return Worth(said * fresh * sum(one / 2**n for n, one in enumerate(liked)), best)


def steps_above(tag: Tag) -> dict[str, int]:
    """Return all that a tag is a kind of, and by how many steps at least."""
    steps, now = {tag.label: 0}, [tag]
    while now:
        parents = [edge.parent for edge in TagParent.objects.filter(child__in=now)]
        now = [parent for parent in parents if parent.label not in steps]
        steps |= dict.fromkeys([parent.label for parent in now], max(steps.values()) + 1)
    return steps
