"""Calendar days, weeks and months in the site's time zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Self

from django.utils import timezone
from django.utils.formats import date_format

from ..models import Length

#: The periods that reports tell of, by how many periods ago they were.
TOLD = {"now": 0, "last": 1}
#: So many periods are drawn in the plots of a report.
PLOTTED = {Length.DAY: 29, Length.WEEK: 13, Length.MONTH: 13}


@dataclass(frozen=True, slots=True)
class Span:
    """A day, a week from Monday or a month: its first day says which."""

    length: Length
    start: date

    @classmethod
    def of(cls, length: Length, day: date) -> Self:
        """Return the period of this length that a day is in."""
        if length == Length.WEEK:
            day -= timedelta(days=day.weekday())
        elif length == Length.MONTH:
            day = day.replace(day=1)
        return cls(length, day)

    @classmethod
    def now(cls, length: Length) -> Self:
        return cls.of(length, today())

    @property
    def end(self) -> date:
        """The first day after it."""
        if self.length == Length.MONTH:
            return (self.start + timedelta(days=31)).replace(day=1)
        return self.start + timedelta(days=7 if self.length == Length.WEEK else 1)

    @property
    def bounds(self) -> tuple[datetime, datetime]:
        """The instants at which it begins, and at which it is over."""
        return _midnight(self.start), _midnight(self.end)

    @property
    def is_over(self) -> bool:
        return self.end <= today()

    @property
    def elapsed(self) -> float:
        """Which share of it has passed, 0..1."""
        begin, end = self.bounds
        return min(max((timezone.now() - begin) / (end - begin), 0.0), 1.0)

    def before(self, count: int = 1) -> Self:
        """Return the period so many before this one."""
        if self.length == Length.MONTH:
            months = self.start.year * 12 + self.start.month - 1 - count
            return type(self)(self.length, date(months // 12, months % 12 + 1, 1))
        days = count * (7 if self.length == Length.WEEK else 1)
        return type(self)(self.length, self.start - timedelta(days=days))

    @property
    def name(self) -> str:
        """Its name among others of its length, such as “week of 3 June 2024”."""
        if self.length == Length.MONTH:
            return date_format(self.start, "F Y")
        day = date_format(self.start, "j F Y")
        return f"week of {day}" if self.length == Length.WEEK else day


def today() -> date:
    """Return today's date in the site's time zone."""
    return day_of(timezone.now())


def day_of(instant: datetime) -> date:
    return instant.astimezone(timezone.get_default_timezone()).date()


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=timezone.get_default_timezone())
