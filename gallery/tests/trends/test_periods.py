"""Days, weeks and months of the calendar where the site is."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from gallery.models import Length
from gallery.trends.periods import Span, day_of


@pytest.mark.parametrize(
    ("length", "start", "end"),
    [
        (Length.DAY, date(2024, 6, 14), date(2024, 6, 15)),
        (Length.WEEK, date(2024, 6, 10), date(2024, 6, 17)),
        (Length.MONTH, date(2024, 6, 1), date(2024, 7, 1)),
    ],
)
def test_a_day_is_in_one_period_of_each_length(length: Length, start: date, end: date) -> None:
    span = Span.now(length)
    assert (span.start, span.end) == (start, end)
    assert not span.is_over
    assert span.before().is_over


def test_months_are_counted_back_over_the_year() -> None:
    assert Span.of(Length.MONTH, date(2024, 2, 29)).before(3).start == date(2023, 11, 1)
    assert Span.of(Length.MONTH, date(2024, 12, 1)).end == date(2025, 1, 1)


def test_days_begin_where_the_site_is(settings: Settings) -> None:
    settings.TIME_ZONE = "Pacific/Auckland"
    late = datetime(2024, 6, 14, 13, tzinfo=UTC)  # an hour past midnight there
    assert day_of(late) == date(2024, 6, 15)
    assert Span.of(Length.DAY, date(2024, 6, 15)).bounds[0] == datetime(2024, 6, 14, 12, tzinfo=UTC)


def test_a_day_on_which_clocks_change_is_shorter(settings: Settings) -> None:
    settings.TIME_ZONE = "Europe/Berlin"
    begin, end = Span.of(Length.DAY, date(2024, 3, 31)).bounds
    assert end.astimezone(UTC) - begin.astimezone(UTC) == timedelta(hours=23)


def test_how_much_has_passed_is_a_share() -> None:
    assert round(Span.now(Length.DAY).elapsed, 3) == 0.5
    assert Span.now(Length.DAY).before().elapsed == 1
    assert timezone.now().hour == 12
