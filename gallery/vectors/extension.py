"""How to speak to the extension pgvector, by what the version of it in a database can do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Event, Thread
from typing import Any, LiteralString, Self

import psycopg
from django.db import connection
from psycopg.sql import SQL, Composable, Identifier

from .stores import Report

#: So much of a graph is looked at for an answer: what is asked for, and more than the least.
LEAST, MOST = 500, 1000
#: Lists are looked at until they hold so many vectors.
IN_LISTS = 20_000
_DONE = "SELECT tuples_done FROM pg_stat_progress_create_index WHERE pid = %s"


def run(
    statement: LiteralString, values: Sequence[Any] = (), **names: Composable
) -> list[tuple[Any, ...]]:
    """Carry out a statement with names in braces; return the rows it gives."""
    with connection.cursor() as cursor:
        cursor.execute(SQL(statement).format(**names), values)
        return cursor.fetchall() if cursor.description else []


def set_locally(settings: dict[str, str]) -> None:
    """Change settings of the server until the transaction ends."""
    run(
        "SELECT set_config(name, value, true) FROM unnest(%s::text[], %s::text[]) s (name, value)",
        [list(settings), list(settings.values())],
    )


@dataclass(frozen=True, slots=True)
class Extension:
    """Version 0.4 has lists alone (IVFFlat), 0.5 graphs (HNSW), 0.7 vectors of half the size."""

    version: tuple[int, ...]

    @classmethod
    def here(cls) -> Self:
        """Return the one in this database; none at all can do nothing."""
        found = run("SELECT extversion FROM pg_extension WHERE extname = 'vector'")
        return cls(tuple(int(part) for (text,) in found for part in re.findall(r"\d+", text)[:2]))

    @property
    def has_graphs(self) -> bool:
        return self.version >= (0, 5)

    @property
    def kind(self) -> str:
        """The type of a column of vectors."""
        return "halfvec" if self.version >= (0, 7) else "vector"

    def lay_out(self, table: Identifier, count: int) -> None:
        """Make the index on a table that has its vectors already: that is quickest."""
        distance = Identifier(f"{self.kind}_l2_ops")
        if self.has_graphs:
            run(
                "CREATE INDEX ON {table} USING hnsw (turned {distance})",
                table=table,
                distance=distance,
            )
            return
        run(
            "CREATE INDEX ON {table} USING ivfflat (turned {distance}) WITH (lists = {lists})",
            table=table,
            distance=distance,
            lists=SQL(str(lists_for(count))),
        )

    def thoroughness(self, wanted: int, *, count: int) -> dict[str, str]:
        """Return settings for a question; an index may be older than the extension."""
        lists = lists_for(count)
        settings = {"ivfflat.probes": str(min(lists, -(-IN_LISTS * lists // max(count, 1))))}
        if self.has_graphs:
            settings["hnsw.ef_search"] = str(min(max(wanted, LEAST), MOST))
        if self.version >= (0, 8):  # it looks farther while that does not give enough
            settings["hnsw.iterative_scan"] = "relaxed_order"
        return settings


@contextmanager
def watched(count: int, report: Report) -> Iterator[None]:
    """Report how many vectors this connection has laid out, as another one sees it."""
    assert connection.connection is not None, "it is in a transaction"
    ended, pid = Event(), connection.connection.info.backend_pid
    watching = Thread(target=_watch, args=(pid, count, report, ended))
    watching.start()
    try:
        yield
    finally:
        ended.set()
        watching.join()


def _watch(pid: int, count: int, report: Report, ended: Event) -> None:
    told = 0
    with suppress(psycopg.Error):  # then nobody knows how far it is
        while not ended.wait(1):
            with psycopg.connect(**connection.get_connection_params()) as other:
                (done,) = other.execute(_DONE, [pid]).fetchone() or (told,)
            report(max(done - told, 0))
            told = max(done, told)
    report(count - told)


def lists_for(count: int) -> int:
    return max(1, int(4 * count**0.5))
