"""Keeps indexes in files of this machine; the library behind them is loaded once there is one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from . import files
from .cards import Card
from .files import discard_all_but as discard_all_but

if TYPE_CHECKING:
    import numpy as np

    from .index import Index


@contextmanager
def at_work(space: str) -> Iterator[bool]:
    """Two processes at once do no harm: each file says what it lacks."""
    yield True


def card(space: str) -> Card | None:
    try:
        return files.read_card(files.path_of(space))
    except FileNotFoundError:
        return None


def opened(space: str) -> Index | None:
    path = files.path_of(space)
    if not path.exists():
        return None
    from . import index

    return index.opened(path)


def loaded(space: str) -> Index:
    from .index import Index

    return Index.load(files.path_of(space))


def drawn(space: str, sample: np.ndarray, *, count: int) -> Index:
    from .index import Index

    return Index.drawn(sample, count=count)


def sample_size(count: int) -> int:
    from . import index

    return index.sample_size(count)


def passes() -> int:
    return 1
