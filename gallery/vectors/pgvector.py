"""Keeps indexes in PostgreSQL by its extension pgvector, where all machines of a site share them.

Each has a row of `VectorIndex` and a table of its own. All that is done to one is done in a
transaction: whoever asks meanwhile has the old one, and what breaks off never was. The cosine of
vectors of length 1 tells their distance, and turned they are as far apart as before.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from hashlib import blake2b
from typing import Any, Self

import numpy as np
from django.db import ProgrammingError, connection, transaction
from pgvector import HalfVector, Vector
from pgvector.psycopg import register_vector
from psycopg.sql import SQL, Identifier, Literal

from ..models import VectorIndex
from . import arithmetic
from .cards import BrokenIndexError, Card
from .extension import Extension, run, set_locally, watched
from .stores import Report
from .turning import ENOUGH, Turn

PREFIX = "gallery_vectors_"
#: Memory for laying out an index: for each vector, and at most; the server may give more by itself.
MEMORY_KB, MOST_MEMORY_KB = 2, 2 << 20


# --- The store --------------------------------------------------------------------------------


@contextmanager
def at_work(space: str) -> Iterator[bool]:
    with transaction.atomic():
        set_locally({"statement_timeout": "0", "idle_in_transaction_session_timeout": "0"})
        yield run("SELECT pg_try_advisory_xact_lock(%s)", [lock_of(space)])[0][0]


def lock_of(space: str) -> int:
    """Return the number of the lock that is held by whoever is at work on a space."""
    return int.from_bytes(blake2b(space.encode(), digest_size=8).digest(), signed=True)


def card(space: str) -> Card | None:
    row = VectorIndex.objects.filter(space=space).first()
    if row is None:
        return None
    try:
        with transaction.atomic():
            run("SELECT key, turned FROM {table} LIMIT 0", table=Identifier(row.table))
    except ProgrammingError as error:
        raise BrokenIndexError(f"{row.table} lacks something: {error}") from error
    return _card(row)


def opened(space: str) -> Opened | None:
    rows = VectorIndex.objects.filter(space=space)
    state = rows.values_list("table", "made_at").first()
    held = _held.get(space)
    if state and (held is None or held.state != state):
        held = _held[space] = Opened.of(rows.get())
    return held if state else None


def loaded(space: str) -> Table:
    row = VectorIndex.objects.get(space=space)
    return Table(row.table, _turn(row), _card(row))


def drawn(space: str, sample: np.ndarray, *, count: int) -> Table:
    return Table.made(Turn.drawn(sample))


def sample_size(count: int) -> int:
    return min(count, ENOUGH)


def passes() -> int:
    return 2  # a vector is copied, and then laid out


def discard_all_but(spaces: Collection[str]) -> None:
    for row in VectorIndex.objects.exclude(space__in=spaces):
        with transaction.atomic():
            _drop(row.table)
            row.delete()


# --- Asking -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Opened:
    """An index as it stood when it was last asked for."""

    state: tuple[str, datetime]
    card: Card
    turn: Turn
    extension: Extension

    @classmethod
    def of(cls, row: VectorIndex) -> Self:
        return cls((row.table, row.made_at), _card(row), _turn(row), Extension.here())

    @property
    def dimensions(self) -> int:
        return self.turn.dimensions

    def nearest(self, towards: np.ndarray, count: int) -> list[int]:
        table, asked = Identifier(self.state[0]), Vector(self.turn.of(towards[None])[0]).to_text()
        search = "SELECT key FROM {table} ORDER BY turned <-> %s LIMIT %s"
        try:
            with transaction.atomic():
                set_locally(self.extension.thoroughness(count, count=self.card.count))
                return [key for (key,) in run(search, [asked, count], table=table)]
        except ProgrammingError as error:
            raise BrokenIndexError(f"{self.state[0]} cannot be asked: {error}") from error


_held: dict[str, Opened] = {}


# --- Changing ---------------------------------------------------------------------------------


class Table:
    """An index being made or completed, by a connection that is in a transaction."""

    def __init__(self, name: str, turn: Turn, card: Card | None = None) -> None:
        self._name, self._table = name, Identifier(name)
        self._turn = turn
        self._card = card

    @classmethod
    def made(cls, turn: Turn) -> Self:
        """Return a new one, of which only this connection knows."""
        run("CREATE EXTENSION IF NOT EXISTS vector")
        name = PREFIX + secrets.token_hex(8)
        run(
            "CREATE TABLE {table} (key bigint PRIMARY KEY, turned {kind}({axes}) NOT NULL)",
            table=Identifier(name),
            kind=Identifier(Extension.here().kind),
            axes=Literal(turn.axes),
        )
        return cls(name, turn)

    @cached_property
    def extension(self) -> Extension:
        return Extension.here()

    @property
    def card(self) -> Card:
        assert self._card is not None, "only an index that was saved has a card"
        return self._card

    @property
    def dimensions(self) -> int:
        return self._turn.dimensions

    @property
    def count(self) -> int:
        return int(run("SELECT count(*) FROM {table}", table=self._table)[0][0])

    def keys(self) -> np.ndarray:
        rows = run("SELECT key FROM {table}", table=self._table)
        return np.fromiter((key for (key,) in rows), np.int64, len(rows))

    def add(self, keys: np.ndarray, features: np.ndarray) -> None:
        kind = self.extension.kind
        vector: Any = HalfVector if kind == "halfvec" else Vector
        copying = SQL("COPY {} FROM STDIN WITH (FORMAT BINARY)").format(self._table)
        turned = self._turn.of(arithmetic.unit(features))
        register_vector(connection.connection)
        with connection.cursor() as cursor, cursor.copy(copying) as copy:
            copy.set_types(["int8", kind])
            for key, one in zip(keys.tolist(), turned, strict=True):
                copy.write_row((key, vector(one)))

    def remove(self, keys: np.ndarray) -> None:
        run("DELETE FROM {table} WHERE key = ANY(%s)", [keys.tolist()], table=self._table)

    def save(self, card: Card, report: Report) -> None:
        if self._card is None:
            self._lay_out(card.count, report)
        old = VectorIndex.objects.filter(space=card.space).values_list("table", flat=True).first()
        VectorIndex.objects.update_or_create(
            space=card.space,
            defaults={
                "table": self._name,
                "axes": self._turn.matrix.tobytes(),
                "dimensions": self.dimensions,
                "made_at": card.made_at,
                "recent": np.array(sorted(card.recent), "<i8").tobytes(),
                "count": card.count,
                "drawn_for": card.drawn_for,
            },
        )
        if old and old != self._name:
            _drop(old)

    def _lay_out(self, count: int, report: Report) -> None:
        """Make what finds the nearest without looking at all, by one process of the server.

        Several would need shared memory of that size, of which containers have little.
        """
        [(given,)] = run("SELECT setting::int FROM pg_settings WHERE name = 'maintenance_work_mem'")
        memory = f"{max(given, min(count * MEMORY_KB, MOST_MEMORY_KB))}kB"
        set_locally({"maintenance_work_mem": memory, "max_parallel_maintenance_workers": "0"})
        with watched(count, report):
            self.extension.lay_out(self._table, count)


def _drop(table: str) -> None:
    run("DROP TABLE IF EXISTS {table}", table=Identifier(table))


def _turn(row: VectorIndex) -> Turn:
    return Turn.read(bytes(row.axes), row.dimensions)


def _card(row: VectorIndex) -> Card:
    recent = frozenset(np.frombuffer(bytes(row.recent), "<i8").tolist())
    return Card(row.space, row.made_at, recent, row.count, row.drawn_for)
