"""Tags that more people use than usual, that go together, that are new, and that are common.

`upkeep` does the work in housekeeping; it needs numpy, which those who only read need not load.
"""

from .counting import count_anew, note_change, note_hidden
from .reading import History, Trends, history_of, rising_tags, trends_for

__all__ = [
    "History",
    "Trends",
    "count_anew",
    "history_of",
    "note_change",
    "note_hidden",
    "rising_tags",
    "trends_for",
]
