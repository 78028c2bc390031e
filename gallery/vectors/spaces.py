"""A space: things that a vector is stored of each, all of one meaning, so that they compare."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any, ClassVar

from django.db.models import QuerySet

_BATCH = 2000


class Space(ABC):
    """Rows of the database, each with an embedding: float16 numbers, little-endian.

    ``name`` is the space's alone; its index is kept under it. ``changed``: the field of a row that
    says when its embedding came or changed. Embeddings of another length than most are like
    nothing, and so is what is all zeros. ``at_once``: so many are compared one by one: all of a
    small space, else what the index lacks.
    """

    name: str
    changed: ClassVar[str]
    at_once: ClassVar[int] = 5000

    @abstractmethod
    def rows(self) -> QuerySet[Any]:
        """Return the rows that are in the space now, in no order."""

    @abstractmethod
    def read(self, rows: QuerySet[Any]) -> dict[int, bytes]:
        """Return the embeddings of some rows by primary key, in one statement."""

    def embeddings_of(self, keys: Collection[int]) -> dict[int, bytes]:
        """Return the embeddings that some of the space have now; who left it has none."""
        return self.read(self.rows().filter(pk__in=keys))

    def keys(self) -> Iterator[int]:
        return self.rows().values_list("pk", flat=True).iterator(_BATCH)

    def count(self, *, most: int | None = None) -> int:
        """Return how many there are, and look no further than ``most``."""
        return self.rows()[:most].count()

    def newest(self, most: int) -> dict[int, bytes]:
        """Return the embeddings that changed last."""
        return self.read(self.rows().order_by(f"-{self.changed}")[:most])

    def since(self, time: datetime, *, most: int | None = None) -> list[tuple[int, datetime]]:
        """Return what changed later and when, the last first."""
        rows = self.rows().filter(**{f"{self.changed}__gt": time}).order_by(f"-{self.changed}")
        return list(rows.values_list("pk", self.changed)[:most])
