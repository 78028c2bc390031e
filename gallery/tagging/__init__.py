"""Carries out tagging runs, and what people decide about the tags that came of them."""

from .decisions import add_by_hand, confirm, mark, reject, undo
from .recovery import retry_failed, sweep
from .runs import (
    latest_of_each,
    outdated,
    perform,
    request_again,
    request_first_runs,
    request_outdated,
    request_run,
    state_of,
)
from .settling import settle, settle_all

__all__ = [
    "add_by_hand",
    "confirm",
    "latest_of_each",
    "mark",
    "outdated",
    "perform",
    "reject",
    "request_again",
    "request_first_runs",
    "request_outdated",
    "request_run",
    "retry_failed",
    "settle",
    "settle_all",
    "state_of",
    "sweep",
    "undo",
]
