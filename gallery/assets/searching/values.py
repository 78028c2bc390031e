"""Numbers, sizes and dates in expressions: each value is a stretch, from and to before."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

from .language import Asked, MistakeError, Span, Text

Stop = TypeVar("Stop", float, datetime)

_UNITS = {"b": 1, "kb": 1024, "mb": 1024**2, "gb": 1024**3}
_NUMBER = re.compile(r"(-?\d{1,18}(?:\.\d{1,12})?)(b|kb|mb|gb)?", re.ASCII | re.IGNORECASE)
_RATIO = re.compile(r"(\d{1,6}):(\d{1,6})", re.ASCII)
#: Ratios are told with few digits, and meant as closely.
_NEAR = 0.005
_AGE = re.compile(r"(\d{1,5})([hdwmy])", re.ASCII)
_HOURS = {"h": 1, "d": 24, "w": 7 * 24, "m": 30 * 24, "y": 365 * 24}
_DAY = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?", re.ASCII)
_UNIX = re.compile(r"\d{9,11}", re.ASCII)
_TIME = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:?\d\d)?", re.ASCII
)
_LAST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Stretch(Generic[Stop]):
    """From ``low`` to before ``high``; None: without an end."""

    low: Stop | None
    high: Stop | None


def stretch_of(asked: Asked, read: Callable[[Text], Stretch[Stop]]) -> Stretch[Stop]:
    """Return the values that are asked for; ``read`` tells how far one reaches.

    Raises MistakeError.
    """
    value = asked.value
    if isinstance(value, Span):
        low, high = _end(value.low, read), _end(value.high, read)
        return Stretch(
            low.low if value.has_low else low.high, high.high if value.has_high else high.low
        )
    if value.is_prefix:
        return _end(value, read)
    one = read(value)
    match asked.operator:
        case ">":
            return Stretch(one.high, None)
        case ">=":
            return Stretch(one.low, None)
        case "<":
            return Stretch(None, one.low)
        case "<=":
            return Stretch(None, one.high)
    return one


def _end(value: Text, read: Callable[[Text], Stretch[Stop]]) -> Stretch[Stop]:
    if value.is_anything:
        return Stretch(None, None)
    if value.is_prefix:
        raise MistakeError("A number or a date has no * behind it.", value.position)
    return read(value)


def number(value: Text) -> Stretch[float]:
    """Read a number, maybe of bytes: ``100``, ``0.5``, ``1.5mb``."""
    found = _NUMBER.fullmatch(value.text.strip())
    if found is None:
        raise MistakeError(f"“{value.text[:50]}” is no number.", value.position)
    read = float(found[1]) * _UNITS[(found[2] or "b").lower()]
    return Stretch(read, math.nextafter(read, math.inf))


def ratio(value: Text) -> Stretch[float]:
    """Read the ratio of width and height: ``16:9`` or ``1.78``."""
    if found := _RATIO.fullmatch(value.text.strip()):
        width, height = int(found[1]), int(found[2])
        if not height:
            raise MistakeError("A picture has a height.", value.position)
        read = width / height
    else:
        low = number(value).low
        assert low is not None  # a number has both ends
        read = low
    return Stretch(read - _NEAR, read + _NEAR)


@dataclass(frozen=True, slots=True)
class Dates:
    """Reads dates and ages; these point back from ``now``."""

    now: datetime

    def __call__(self, value: Text) -> Stretch[datetime]:
        text = value.text.strip()
        try:
            if found := _AGE.fullmatch(text):
                ago = self.now - timedelta(hours=int(found[1]) * _HOURS[found[2]])
                return Stretch(ago, ago)
            if _UNIX.fullmatch(text):
                return _second(datetime.fromtimestamp(int(text), UTC))
            if _TIME.fullmatch(text):
                return _second(_in_utc(datetime.fromisoformat(text)))
            if found := _DAY.fullmatch(text):
                return _day(int(found[1]), found[2], found[3])
        except (ValueError, OverflowError):
            pass  # such as the 31st of February
        raise MistakeError(
            f"“{text[:50]}” is no date; write 2024-05-31, 2024-05-31T10:00:00Z or 4w.",
            value.position,
        )


def _second(time: datetime) -> Stretch[datetime]:
    return Stretch(time, time + timedelta(seconds=1))


def _in_utc(time: datetime) -> datetime:
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def _day(year: int, month: str | None, day: str | None) -> Stretch[datetime]:
    first = datetime(year, int(month or 1), int(day or 1), tzinfo=UTC)
    if day:
        return Stretch(first, first + timedelta(days=1))
    if month:
        return Stretch(first, (first + timedelta(days=31)).replace(day=1))
    return Stretch(first, first.replace(year=year + 1) if year < _LAST.year else _LAST)
