"""Reads the newest photos of tags, tens of thousands in a few milliseconds, as arrays.

A posting is the photos of a tag, the newest first, as numbers of 64 bits: `SCALE` times the photo's
key, and how sure the tag is, in thousandths.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.db.models import BigIntegerField, Case, F, OuterRef, Q, Value, When
from django.db.models.functions import Cast
from numpy.typing import NDArray

from ..models import Photo, PhotoTag, Tag, TagState
from ..models.tagging import SHOWN_STATES
from ..search.conditions import among
from .facts import Listed, numbers_of
from .taste import NEXT, fresh

SCALE, SURE = 1024, 1000
#: Of so many photos the time of arrival is asked.
SAMPLES = 128
DAY_S = 86_400
#: So many degrees of liking are told apart, and so many tags.
_DEGREES, _TAGS = 1 << 16, 1 << 8


Posting = NDArray[np.int64]


def read(tags: Sequence[int], depth: int, to_show: Q | None = None) -> dict[int, Posting]:
    """Return the postings of tags, so long at most; one statement.

    ``to_show`` is a condition on the rows; what a person confirmed is sure.
    """
    thousandths = Cast(F("confidence") * SURE, BigIntegerField())
    sure = Case(
        When(state=TagState.CONFIRMED, then=Value(SURE)),
        default=thousandths,
        output_field=BigIntegerField(),
    )
    rows = PhotoTag.objects.filter(tag=OuterRef("pk"), state__in=SHOWN_STATES)
    rows = rows.filter(to_show) if to_show else rows
    packed = rows.order_by("-photo_id").annotate(number=F("photo_id") * SCALE + sure)
    listed = Tag.objects.filter(among("pk", tags)).order_by()
    return {
        tag: np.array(numbers_of(some), np.int64)
        for tag, some in listed.values_list("pk", Listed(packed.values("number")[:depth]))
    }


@dataclass(frozen=True, slots=True)
class Clock:
    """When some photos came; those between came between, for keys are given in order."""

    keys: NDArray[np.float64]
    times_s: NDArray[np.float64]
    now_s: float

    @classmethod
    def of(cls, postings: Mapping[int, Posting], now: datetime) -> Clock:
        """Ask it of `SAMPLES` of the photos; one statement."""
        keys = np.sort(np.concatenate([np.empty(0, np.int64), *postings.values()])) // SCALE
        keys = keys[np.flatnonzero(np.diff(keys, prepend=-1))]
        places = np.linspace(0, len(keys) - 1, min(SAMPLES, len(keys))).astype(int)
        asked = Photo.objects.filter(among("pk", keys[places].tolist())).order_by("pk")
        known = [(key, at.timestamp()) for key, at in asked.values_list("pk", "created_at")]
        at = np.array(known or [(0, 0)], np.float64)
        return cls(at[:, 0], at[:, 1], now.timestamp())

    def fresh(self, keys: NDArray[np.int64]) -> NDArray[np.float64]:
        times_s = np.interp(keys, self.keys, self.times_s)
        return np.asarray(fresh((self.now_s - times_s) / DAY_S))


@dataclass(frozen=True, slots=True)
class Added:
    """Photos, by key; of each what its tags that are liked come to, which of them is liked most
    (as the place of its posting), and how much."""

    photos: NDArray[np.int64]
    sums: NDArray[np.float64]
    best: NDArray[np.int64]
    most: NDArray[np.float64]

    @classmethod
    def of(cls, postings: Sequence[Posting], likes: Sequence[float]) -> Added:
        """Add up what is in postings whose tags are liked so much; as `taste.added_up` does."""
        lengths = [len(one) for one in postings]
        rows = np.concatenate([np.empty(0, np.int64), *postings])
        which = np.repeat(np.arange(len(postings)), lengths)
        liked = np.repeat(np.array(likes, np.float64), lengths) * (rows % SCALE) / SURE
        falling = ((1 - liked) * (_DEGREES - 1)).astype(np.int64)
        # One sort of plain numbers: by photo, by what is liked most, and the tag goes with it.
        rows = np.sort((rows // SCALE * _DEGREES + falling) * _TAGS + which)
        photos, liked = rows // (_DEGREES * _TAGS), 1 - rows // _TAGS % _DEGREES / (_DEGREES - 1)
        starts = np.flatnonzero(np.diff(photos, prepend=-1))
        places = np.arange(len(rows)) - np.repeat(starts, np.diff(starts, append=len(rows)))
        sums = np.add.reduceat(liked * NEXT**places, starts) if len(starts) else np.empty(0)
        return cls(photos[starts], sums, rows[starts] % _TAGS, liked[starts])


def are_in(known: NDArray[np.int64], asked: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which of the numbers are among known ones, which are sorted."""
    places = np.searchsorted(known, asked)
    there: NDArray[np.bool_] = places < len(known)
    there[there] = known[places[there]] == asked[there]
    return there
