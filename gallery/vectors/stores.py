"""Where indexes are kept: in files of this machine, or in the database. Both do the same."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

from django.conf import settings

from .cards import Card

if TYPE_CHECKING:
    import numpy as np


#: Is told of vectors as they are done.
Report = Callable[[int], object]


class Askable(Protocol):
    """An index as it stands."""

    @property
    def card(self) -> Card: ...

    @property
    def dimensions(self) -> int: ...

    def nearest(self, towards: np.ndarray, count: int) -> list[int]:
        """Return the keys nearest to a unit vector, float32 (d,), as far as the index can tell.

        Raises BrokenIndexError, as when it was replaced meanwhile.
        """


class Changing(Protocol):
    """An index being made or completed. Nobody sees of it until it is saved."""

    @property
    def card(self) -> Card: ...

    @property
    def dimensions(self) -> int: ...

    @property
    def count(self) -> int: ...

    def keys(self) -> np.ndarray:
        """Return all keys, int64 (n,)."""

    def add(self, keys: np.ndarray, features: np.ndarray) -> None:
        """Add vectors, float16 (n, d), under keys that are not there yet, int64 (n,)."""

    def remove(self, keys: np.ndarray) -> None: ...

    def save(self, card: Card, report: Report) -> None:
        """Put it in place of the one there was.

        Raises OSError or DatabaseError, and then that one stays.
        """


class Store(Protocol):
    """Indexes by the name of their space."""

    def passes(self) -> int:
        """How many times each vector is reported while an index is made."""

    def at_work(self, space: str) -> AbstractContextManager[bool]:
        """Everything that is done to an index is done within; false: somebody else does it now."""

    def card(self, space: str) -> Card | None:
        """Raises BrokenIndexError."""

    def opened(self, space: str) -> Askable | None:
        """Return the index to ask it; None: there is none, or it is broken."""

    def loaded(self, space: str) -> Changing:
        """Return the index to change it. Raises BrokenIndexError."""

    def drawn(self, space: str, sample: np.ndarray, *, count: int) -> Changing:
        """Return an empty index laid out for so many vectors like the sample, float16 (n, d)."""

    def sample_size(self, count: int) -> int:
        """Return from how many vectors to draw an index of so many."""

    def discard_all_but(self, spaces: Collection[str]) -> None: ...


def store() -> Store:
    if settings.VECTORS == "pgvector":
        from . import pgvector

        return pgvector
    from . import embedded

    return embedded
