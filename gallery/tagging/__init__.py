"""Carries out tagging runs, and what people decide about the tags that came of them."""

from .decisions import add_by_hand, confirm, reject, undo
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
from .settling import settle

__all__ = [
    "add_by_hand",
    "confirm",
    "latest_of_each",
    "outdated",
    "perform",
    "reject",
    "request_again",
    "request_first_runs",
    "request_outdated",
    "request_run",
    "retry_failed",
    "settle",
    "state_of",
    "sweep",
    "undo",
]
