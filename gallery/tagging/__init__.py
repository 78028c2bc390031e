"""Carries out tagging runs, and what people decide about the tags that came of them."""

from .decisions import add_by_hand, confirm, mark, reject, undo
from .recovery import retry_failed, ring_again, sweep
from .runs import (
    attempt,
    latest_of_each,
    outdated,
    perform,
    request_again,
    request_first_runs,
    request_outdated,
    request_run,
    request_trials,
    share,
    state_of,
    thresholds_of,
)
from .settling import hold_photos, hold_tags, note_who_said, settle, settle_all

__all__ = [
    "add_by_hand",
    "attempt",
    "confirm",
    "hold_photos",
    "hold_tags",
    "latest_of_each",
    "mark",
    "note_who_said",
    "outdated",
    "perform",
    "reject",
    "request_again",
    "request_first_runs",
    "request_outdated",
    "request_run",
    "request_trials",
    "retry_failed",
    "ring_again",
    "settle",
    "settle_all",
    "share",
    "state_of",
    "sweep",
    "thresholds_of",
    "undo",
]
