"""Searches that take too long are stopped."""

from __future__ import annotations

import time

import pytest
from django.db import OperationalError, connection, transaction
from django.db.utils import DatabaseError

from gallery.models import Photo
from gallery.search.limits import TooSlowError, time_limited

pytestmark = pytest.mark.django_db

ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT COUNT(*) FROM n"


def run(sql: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_query_that_goes_on_is_stopped() -> None:
    start = time.monotonic()
    with pytest.raises(TooSlowError, match="Add a tag, a person or a date"), time_limited(0.1):
        run(ENDLESS)
    assert time.monotonic() - start < 5


def test_queries_go_on_afterwards() -> None:
    with pytest.raises(TooSlowError), time_limited(0.05):
        run(ENDLESS)
    assert not Photo.objects.exists()
    with time_limited(0.05):
        assert not Photo.objects.exists()
    time.sleep(0.1)
    assert not Photo.objects.exists()


def test_limit_holds_in_the_limits_within() -> None:
    with pytest.raises(TooSlowError), time_limited(0.1), time_limited(60):
        run(ENDLESS)


def test_limit_ends_with_the_outer_block() -> None:
    with time_limited(60):
        with time_limited(60):
            assert not Photo.objects.exists()
        with pytest.raises(TooSlowError):
            _within(0.1)


def _within(seconds: float) -> None:
    """The block around has the say; a new one begins when it is over."""
    connection.is_time_limited = False  # type: ignore[attr-defined]
    with time_limited(seconds):
        run(ENDLESS)


def test_other_errors_stay_what_they_are() -> None:
    with pytest.raises(DatabaseError) as wrong, time_limited():
        run("SELECT * FROM nothing")
    assert not isinstance(wrong.value, TooSlowError)
    with pytest.raises(OperationalError, match="elsewhere"), time_limited():
        raise OperationalError("elsewhere")
    with time_limited():
        assert not Photo.objects.exists()


def test_limit_too_short_to_measure_is_still_a_limit() -> None:
    with pytest.raises(TooSlowError), time_limited(0.0001):
        run(ENDLESS)
