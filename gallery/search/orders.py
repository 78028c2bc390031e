"""The orders that lists can be in: what photos are ordered by, and where each stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import F, FloatField, OuterRef, Q, Subquery

from ..models import Photo
from .conditions import (
    DATE,
    EVERYTHING,
    PHOTO,
    All,
    Assigned,
    Condition,
    Facts,
    No,
    Posting,
    Probe,
    parts_of,
)
from .paging import Place
from .tree import Sort

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
#: The first and the last there may be of what lists are ordered by.
ENDS: dict[Sort, tuple[Any, Any]] = {
    Sort.TAKEN: (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)),
    Sort.RANDOM: (0, 2**31),
}


@dataclass(frozen=True, slots=True)
class Lap:
    """A part of an ordered list: what holds of its photos, and what they are ordered by.

    ``value`` makes the expression from what the rows call a photo's key; without it photos are
    ordered by key. ``rows`` are what to walk along when no posting is short; None: the way's.
    """

    condition: Condition
    is_falling: bool = True
    value: Callable[[str], Any] | None = None
    rows: Posting | None = None
    only: Callable[[Any], Q] | None = None


def _of_photo(expression: Any) -> Callable[[str], Any]:
    """Return what makes an expression on the photo from the name of its key."""

    def value(key: str) -> Any:
        if key == PHOTO:
            return expression
        return Subquery(Photo.objects.filter(pk=OuterRef(key)).values(_=expression)[:1])

    return value


def stored(value: Any) -> float | int:
    return (value - _EPOCH) // _MICROSECOND if isinstance(value, datetime) else value


def loaded(sort: Sort, value: float | int | None) -> Any:
    if sort != Sort.TAKEN:
        return value
    try:
        return _EPOCH + timedelta(microseconds=int(value or 0))
    except OverflowError:
        return _EPOCH


def laps_of(sort: Sort, condition: Condition, assigned: Assigned | None, *, seed: int) -> list[Lap]:
    """Return the parts of a list. ``assigned`` is what an order by confidence is about."""
    match sort:
        case Sort.OLDEST:
            return [Lap(condition, is_falling=False)]
        case Sort.TAKEN:
            return [Lap(condition, value=_of_photo(DATE), rows=EVERYTHING)]
        case Sort.RANDOM:
            return _random_laps(condition, seed)
        case Sort.CONFIDENCE:
            assert assigned is not None, "an order by confidence of nothing is a mistake"
            return _confidence_laps(condition, assigned)
        case _:
            return [Lap(condition)]


def _random_laps(condition: Condition, seed: int) -> list[Lap]:
    """Round the circle of shuffled photos once, from the seed on."""
    begun = [Facts(Q(shuffle__gte=seed)), Facts(Q(shuffle__lt=seed))]
    return [
        Lap(
            All([*parts_of(condition), part]),
            is_falling=False,
            value=_of_photo(F("shuffle")),
            rows=EVERYTHING,
        )
        for part in begun
    ]


def _confidence_laps(condition: Condition, assigned: Assigned) -> list[Lap]:
    """The surest assignments first; behind them photos that are found for another reason."""
    along = Posting(assigned.rows, "photo_id", is_ordered=len(assigned.tags) == 1, of=assigned)
    parts = parts_of(condition)
    sure = parts if assigned in parts else [assigned, *parts]
    surest = Lap(All(sure), value=_surest(assigned), rows=along, only=_is_surest(assigned))
    if assigned in parts:
        return [surest]
    return [surest, Lap(All([*parts, No(assigned)]))]


def place_at(sort: Sort, key: int, at: Any, *, seed: int) -> Place:
    """Return where a photo stands whose order is by ``at``; None: it has none."""
    match sort:
        case Sort.CONFIDENCE:
            return Place(key, 0, 1) if at is None else Place(key, at)
        case Sort.RANDOM:
            at = -1 if at is None else at
            return Place(key, at, int(at < seed))
        case Sort.TAKEN:
            return Place(key, stored(at))
        case _:
            return Place(key)


def _surest(assigned: Assigned) -> Callable[[str], Any]:
    def value(key: str) -> Any:
        best = assigned.rows_of(OuterRef(key)).order_by("-confidence").values("confidence")[:1]
        return Subquery(best, output_field=FloatField())

    return value


def _is_surest(assigned: Assigned) -> Callable[[Any], Q]:
    """Of a photo with several of the tags, only the surest assignment stands in the list."""

    def only(rows: Any) -> Q:
        if len(assigned.tags) == 1:
            return Q()
        others = assigned.rows_of(OuterRef("photo_id"))
        surer = Q(confidence__gt=OuterRef("confidence")) | Q(
            confidence=OuterRef("confidence"), pk__gt=OuterRef("pk")
        )
        return ~Q(Probe(others.filter(surer)))

    return only


def beyond(key: str, value: Any, at: int, *, falls: bool) -> Q:
    """Rows behind a place; written so that both databases walk the index."""
    further = "lt" if falls else "gt"
    tied = Q(**{f"at__{further}": value}) | Q(**{f"{key}__{further}": at})
    return Q(**{f"at__{further}e": value}) & tied
