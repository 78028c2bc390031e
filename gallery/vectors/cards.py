"""What an index says of itself, wherever it is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


class BrokenIndexError(Exception):
    """What should be an index is none, or not all of one."""


@dataclass(frozen=True, slots=True)
class Card:
    """Tells how far an index can be relied on.

    ``made_at``: when reading began; what changed later may be missing. ``recent``: what changed
    shortly before that and is in it; other such may have been committed too late. ``drawn_for``:
    how many there were when it was last made from nothing, and for how many it is laid out.
    """

    space: str
    made_at: datetime
    recent: frozenset[int]
    count: int
    drawn_for: int
