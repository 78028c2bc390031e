"""The few photos most like one for a strip on its page, which no series fills by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from django.db.models import F

from ..models import Photo
from ..models.photos import PhotoQuerySet
from ..search.conditions import among
from .nearness import Near, nearest
from .seen import Viewer, nearest_for

STRIP = 8
#: So many are looked through for a strip; more only where a viewer may see too few of them.
LOOKED_AT = 100
#: Of a series, as near-identical shots of one moment are, a strip has no more if it can be helped.
OF_A_SERIES = 2
#: What is of a series: by differing bits of the hash, or by one owner's seconds between the shots.
SAME_BITS, SAME_S = 10, 180


def strip(photo: Photo, viewer: Viewer, *, size: int = STRIP) -> list[Photo]:
    """Return the photos most like this one that a viewer may see, but not itself.

    Five statements, and where hardly any may be seen three or five more; one where no model has
    seen the photo.
    """
    own = getattr(photo, "fingerprint", None)
    if own is None or not own.embedding:
        return []
    near = nearest(photo, limit=LOOKED_AT)
    shots = _shots(near, photo, viewer)
    if len(shots) < size and len(near) == LOOKED_AT:
        shots = _shots(nearest_for(photo, viewer), photo, viewer)
    keys = varied(shots, Shot.of(photo.pk, photo.owner_id, photo.taken_at, own.perceptual_hash))
    cards: PhotoQuerySet = Photo.objects.for_cards()
    found = {one.pk: one for one in cards.filter(pk__in=keys[:size])}
    return [found[key] for key in keys if key in found]


def _shots(near: Sequence[Near], photo: Photo, viewer: Viewer) -> list[Shot]:
    """Return what there is to know of photos that the viewer may see, the likest first."""
    keys = [one.photo for one in near if one.photo != photo.pk]
    visible = Photo.objects.visible_to(viewer).filter(among("pk", keys))
    rows = visible.annotate(look=F("fingerprint__perceptual_hash"))
    told = rows.values_list("pk", "owner_id", "taken_at", "look")
    found = {key: Shot.of(key, owner, taken_at, look) for key, owner, taken_at, look in told}
    return [found[key] for key in keys if key in found]


@dataclass(frozen=True, slots=True)
class Shot:
    """A photo, and what tells its series: whose it is, when it was taken, the bits of its hash."""

    key: int
    owner: int
    taken_s: float | None
    bits: int | None

    @classmethod
    def of(cls, key: int, owner: int, taken_at: datetime | None, look: str | None) -> Self:
        taken_s = taken_at.timestamp() if taken_at else None
        return cls(key, owner, taken_s, int(look, 16) if look else None)

    def is_of_series(self, other: Self) -> bool:
        if self.bits is None or other.bits is None:
            return self._is_of_a_moment(other)
        is_same = (self.bits ^ other.bits).bit_count() <= SAME_BITS
        return is_same or self._is_of_a_moment(other)

    def _is_of_a_moment(self, other: Self) -> bool:
        if self.owner != other.owner or self.taken_s is None or other.taken_s is None:
            return False
        return abs(self.taken_s - other.taken_s) <= SAME_S


def varied(shots: Sequence[Shot], own: Shot) -> list[int]:
    """Return the keys of shots, those that are too many of a series behind all others.

    ``own`` is the photo they are like, and counts for none. Each series is known by its first.
    """
    shown, chosen, spare = {own: 0}, list[int](), list[int]()
    for shot in shots:
        series = next((first for first in shown if first.is_of_series(shot)), shot)
        shown[series] = shown.get(series, 0) + 1
        (chosen if shown[series] <= OF_A_SERIES else spare).append(shot.key)
    return chosen + spare
