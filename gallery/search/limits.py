"""Stops a search that takes too long, on both databases."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection

TIME_LIMIT_S = 1.0
#: SQLite asks whether to go on after so many steps of its machine, some hundred a millisecond.
_STEPS = 20_000


class TooSlowError(Exception):
    """A search was stopped; the message is one sentence for the person."""

    def __init__(self) -> None:
        super().__init__(
            "This search would look at too many photos. Add a tag, a person or a date to it."
        )


@contextmanager
def time_limited(seconds: float | None = None) -> Iterator[None]:
    """Stop queries in the block after a time each, with TooSlowError. Blocks may be nested."""
    limit_s = TIME_LIMIT_S if seconds is None else seconds
    if getattr(connection, "is_time_limited", False):
        yield
        return
    connection.ensure_connection()
    connection.is_time_limited = True  # type: ignore[attr-defined]
    try:
        with _limited(limit_s):
            yield
    except OperationalError as error:
        if _is_time(error):
            raise TooSlowError from error
        raise
    finally:
        connection.is_time_limited = False  # type: ignore[attr-defined]


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    raw = connection.connection
    if connection.vendor == "sqlite":
        end = time.monotonic() + seconds
        raw.set_progress_handler(lambda: time.monotonic() > end, _STEPS)
        try:
            yield
        finally:
            raw.set_progress_handler(None, 0)
        return
    raw.execute(f"SET statement_timeout = {max(1, round(seconds * 1000))}")
    try:
        yield
    finally:
        if not connection.in_atomic_block or not connection.needs_rollback:
            _reset(raw)


def _reset(raw: object) -> None:
    import psycopg

    assert isinstance(raw, psycopg.Connection)
    if raw.info.transaction_status != psycopg.pq.TransactionStatus.INERROR:
        raw.execute("SET statement_timeout = DEFAULT")


def _is_time(error: OperationalError) -> bool:
    words = str(error)
    return "interrupted" in words or "statement timeout" in words
