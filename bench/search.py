"""Search in a large library: what each kind of query takes, beside SQL written by hand.

    python bench/search.py [--photos 10000] [--database URL] [--rounds 5] [--variants 10]
                           [--only WORD] [--explain] [--inserts] [--sizes] [--migration]
                           [--save FILE] [--against FILE]

Fills the database with a made-up library of so many photos (see `synthetic.py`), or goes on with
one that is there, and asks it questions of each kind as an ordinary member: several of a kind, in
rounds, all ways of asking in turn. The answers of the search and of the SQL written by hand must
be the same, or the program stops.

`--only` asks the kinds whose name has this word in it; `--explain` shows how the database answers
the slowest question of each kind, both ways. `--inserts` adds photos in batches and deletes them
again. `--migration` takes the last migration back, and does it, on a copy of the library. Figures
that miss their targets are **bold**; `--against` compares with those that `--save` kept before.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import synthetic
from by_hand import FACET_PHOTOS, PAGE, ByHand, Draw, Question

if TYPE_CHECKING:
    from django.test import Client

    from gallery.search.facets import Facet
    from gallery.search.finding import Search
    from gallery.search.paging import Page

DEFAULT_PHOTOS = 10_000
#: The targets, in milliseconds, as ratios, and in photos a second.
PAGE_MS, FACETS_MS, BY_HAND, GROWTH, INSERTS_PER_S = 50.0, 100.0, 1.5, 2.0, 500.0
BATCHES = 30
MEMBER = "person500"
MIGRATION = ("0005_acts", "0006_search")


def main() -> None:
    asked = _arguments()
    data = tempfile.mkdtemp(prefix="photolib-bench-")
    os.environ["PHOTOLIB_DATA_DIR"] = data
    try:
        synthetic.set_up(asked.database)
        count = _fill(asked.photos)
        print(f"{count:,} photos, {_database_name()}, {synthetic.total_bytes() / 1e6:,.0f} MB")
        if asked.migration:
            _report_migration()
        elif asked.inserts:
            _report_inserts()
        elif asked.sizes:
            _report_sizes()
        else:
            _measure(asked)
    finally:
        shutil.rmtree(data)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, help="default: what is there, or 10000")
    parser.add_argument("--database", metavar="URL", help="default: an SQLite file below var/")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--variants", type=int, default=10)
    parser.add_argument("--only", metavar="WORD", default="")
    parser.add_argument("--explain", action="store_true")
    parser.add_argument("--inserts", action="store_true")
    parser.add_argument("--sizes", action="store_true")
    parser.add_argument("--migration", action="store_true")
    parser.add_argument("--save", type=Path, metavar="FILE")
    parser.add_argument("--against", type=Path, metavar="FILE")
    asked = parser.parse_args()
    if not asked.database:
        folder = synthetic.ROOT / "var" / "bench"
        folder.mkdir(parents=True, exist_ok=True)
        photos = asked.photos or DEFAULT_PHOTOS
        asked.database = f"sqlite:///{folder / f'{photos}.sqlite3'}"
    return asked


def _fill(wanted: int | None) -> int:
    """See to it that the library has so many photos; return how many it has."""
    from gallery.models import Photo
    from gallery.tags import note_counts

    have = Photo.objects.count()
    wanted = wanted or have or DEFAULT_PHOTOS
    if have > wanted:
        sys.exit(f"The library has {have:,} photos, more than {wanted:,}.")
    if have < wanted:
        print(f"{synthetic.build(wanted):.0f} photos a second")
        note_counts()
        _vacuum()
    return wanted


def _vacuum() -> None:
    """Do on PostgreSQL what it would do by itself in time; SQLite is left as sites have it."""
    from django.db import connection

    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")


def _database_name() -> str:
    from django.db import connection

    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT sqlite_version()")
            return f"SQLite {cursor.fetchone()[0]}"
        cursor.execute("SHOW server_version")
        return f"PostgreSQL {cursor.fetchone()[0].split()[0]}"


# --- Asking -----------------------------------------------------------------------------------

Statement = tuple[str, Any]


@dataclass(slots=True)
class Asked:
    """One question: how it is asked in each way, what that sends, and seconds of every time."""

    name: str
    ways: dict[str, Callable[[], object]]
    statements: dict[str, list[Statement]] = field(default_factory=dict)
    seconds: dict[str, list[float]] = field(default_factory=dict)
    is_stopped: bool = False

    def ask(self, way: str) -> None:
        from gallery.search.limits import TooSlowError

        started = time.perf_counter()
        try:
            self.ways[way]()
        except TooSlowError:
            self.is_stopped = True
        self.seconds.setdefault(way, []).append(time.perf_counter() - started)


class Asker:
    def __init__(self) -> None:
        from gallery.models import User

        self.viewer = User.objects.get(username=MEMBER)
        self.by_hand = ByHand(self.viewer)
        self.client = self._client()

    def _client(self) -> Client:
        from django.core.management import call_command
        from django.test import Client

        call_command("collectstatic", verbosity=0, interactive=False)
        client = Client(headers={"host": "localhost"})
        client.force_login(self.viewer)
        return client

    # --- A search ---

    def search(self, question: Question) -> Asked | None:
        """Check that both ways give the same; return the question, or None without that place."""
        if question.place is not None:
            place = self.by_hand.deep_place(replace(question, place=None))
            if place is None:
                return None
            question = replace(question, place=place)
        ways: dict[str, Callable[[], object]] = {
            "page": lambda: self.page(question),
            "page by hand": lambda: self.by_hand.page(question),
            "all": lambda: self.all(question),
            "all by hand": lambda: self.all_by_hand(question),
            "browser": lambda: self.browser(question),
        }
        asked = Asked(question.text, ways)
        _record(asked)
        if not asked.is_stopped:
            self._check(question)
        for way in ("page", "all"):
            ways[f"{way} bare"] = lambda sent=asked.statements[way]: _send(sent)
        return asked

    def page(self, question: Question) -> tuple[Search, Page]:
        search = self._search(question)
        return search, search.page(before=str(question.place or ""))

    def all(self, question: Question) -> tuple[Search, Page, list[Facet]]:
        from gallery.search.facets import facets

        search = self._search(question)
        _ = search.found
        page = search.page(before=str(question.place or ""))
        return search, page, facets(search, page.photos)

    def _search(self, question: Question) -> Search:
        from gallery.search.finding import Search
        from gallery.search.language import parse
        from gallery.search.meaning import visible_to

        viewer = self.viewer
        search = Search(parse(question.text), viewer=viewer, scope=visible_to(viewer))
        if search.mistakes:
            sys.exit(f"{question.text}: {search.mistakes[0].why}")
        return search

    def all_by_hand(self, question: Question) -> tuple[list[int], dict[str, int]]:
        keys = [row[0] for row in self.by_hand.page(question)]
        return keys, self.by_hand.facets(question, keys[:PAGE])

    def browser(self, question: Question) -> None:
        from django.urls import reverse

        from gallery.search.language import parse

        asked = {"q": str(parse(question.text)), "before": str(question.place or "")}
        kept = {name: value for name, value in asked.items() if value}
        answer = self.client.get(reverse("gallery:photo-search"), kept)
        assert answer.status_code == 200, f"{question.text}: {answer.status_code}"

    def _check(self, question: Question) -> None:
        search, page, shown = self.all(question)
        keys, tags = self.all_by_hand(question)
        for photos, how in [(self.page(question)[1].photos, "page"), (page.photos, "all")]:
            _compare([photo.pk for photo in photos], keys[:PAGE], f"{question.text}: {how}")
        _compare(page.next is not None, len(keys) > PAGE, f"{question.text}: next page")
        if search.found.is_all or len(search.found.keys) >= FACET_PHOTOS:
            values = [one for facet in shown if facet.field == "tags" for one in facet.values]
            ours = {one.label: one.count for one in values if one.label in tags}
            assert len(ours) == len(values) or len(tags) == 40, f"{question.text}: other tags"
            _compare(ours, {label: tags[label] for label in ours}, f"{question.text}: tags")

    # --- Suggestions ---

    def suggestion(self, start: str, *, by_hand: bool) -> Asked:
        from gallery.search.suggesting import suggest

        ways: dict[str, Callable[[], object]] = {"page": lambda: suggest(start, viewer=self.viewer)}
        if by_hand:
            ways["page by hand"] = lambda: self.by_hand.suggest(start.removeprefix("tag:"))
        asked = Asked(start, ways)
        _record(asked)
        if by_hand:
            known = dict(self.by_hand.suggest(start.removeprefix("tag:")))
            for one in suggest(start, viewer=self.viewer):
                if one.count and one.count.is_exact:
                    _compare(one.count.number, known.get(one.label), f"{start}: {one.label}")
        ways["page bare"] = lambda: _send(asked.statements["page"])
        return asked


def _compare(ours: object, by_hand: object, what: str) -> None:
    if ours != by_hand:
        sys.exit(f"{what}: the search says\n{ours}\nand the SQL by hand\n{by_hand}")


def _record(asked: Asked) -> None:
    """Ask once in every way, and keep what is sent."""
    from django.db import connection

    for way in asked.ways:
        sent: list[Statement] = []

        def note(
            execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any,
            sent: list[Statement] = sent,
        ) -> Any:  # fmt: skip
            sent.append((sql, params))
            return execute(sql, params, many, context)

        with connection.execute_wrapper(note):
            asked.ask(way)
        asked.statements[way] = sent
    asked.seconds.clear()


def _send(statements: list[Statement]) -> None:
    """Send the same again, for what the database alone takes."""
    from django.db import connection

    with connection.cursor() as cursor:
        for sql, params in statements:
            cursor.execute(sql, params)
            cursor.fetchall()


# --- Reporting --------------------------------------------------------------------------------


def _measure(options: argparse.Namespace) -> None:
    asker = Asker()
    kinds = _prepared(asker, Draw(options.variants), options.only)
    for number in range(options.rounds):
        for asked in (one for some in kinds.values() for one in some):
            ways = list(asked.ways)
            for way in ways[number % len(ways) :] + ways[: number % len(ways)]:
                asked.ask(way)
    asker.client.logout()
    before = json.loads(options.against.read_text()) if options.against else {}
    _print_tables(kinds, before, options)
    if options.save:
        p95 = {name: {way: _p95(some, way) for way in some[0].ways} for name, some in kinds.items()}
        options.save.write_text(json.dumps(p95, indent=1))
    if options.explain:
        for name, some in kinds.items():
            _explain(name, _slowest(some))


def _prepared(asker: Asker, draw: Draw, only: str) -> dict[str, list[Asked]]:
    """Draw all questions, and keep those of the kinds that are wanted, checked."""
    shared, others = draw.starts()
    kinds: dict[str, list[Asked]] = {}
    for name, questions in draw().items():
        if only in name:
            kinds[name] = [one for question in questions if (one := asker.search(question))]
    for name, starts, has_sql in [
        ("suggestions by a beginning", [f"tag:{start}" for start in shared], True),
        ("other suggestions", others, False),
    ]:
        if only in name:
            kinds[name] = [asker.suggestion(start, by_hand=has_sql) for start in starts]
    return {name: some for name, some in kinds.items() if some}


def _print_tables(
    kinds: dict[str, list[Asked]], before: dict[str, dict[str, float]], options: argparse.Namespace
) -> None:
    print(f"{options.rounds} rounds; milliseconds, median / 95th percentile")
    searches = {name: some for name, some in kinds.items() if "all" in some[0].ways}
    for title, way, limit, chosen in [
        ("a page", "page", PAGE_MS, kinds),
        ("with count and facets", "all", FACETS_MS, searches),
    ]:
        print(f"\n| {title} | search | SQL of it | statements | by hand | ratio |", end="")
        print(" SQL ratio | grown |" if before else " SQL ratio |")
        print("|---" * (8 if before else 7) + "|")
        for name, some in chosen.items():
            old = before.get(name, {}).get(way)
            print(_row(name, some, way, limit, [old] if before else []))
    print("\n| whole page through Django | milliseconds | statements |\n|---|---|---|")
    for name, some in searches.items():
        print(f"| {name} | {_times(some, 'browser')} | {_most_statements(some, 'browser')} |")
    print("\nSlowest of each:")
    for name, some in kinds.items():
        one, count = _slowest(some), sum(each.is_stopped for each in some)
        stopped = f", {count} of {len(some)} were stopped" if count else ""
        print(f"  {name}: {one.name!r} {_median([one], 'page'):.1f} ms{stopped}")


def _slowest(some: list[Asked]) -> Asked:
    return max(some, key=lambda one: _median([one], "page"))


def _row(
    name: str, some: list[Asked], way: str, limit: float, before: Sequence[float | None]
) -> str:
    hand = f"{way} by hand"
    cells = [name, _marked(_times(some, way), _p95(some, way) > limit)]
    cells += [_times(some, f"{way} bare"), _most_statements(some, way)]
    if hand in some[0].ways:
        cells.append(_times(some, hand))
        for ours in (way, f"{way} bare"):
            ratio = _median(some, ours) / _median(some, hand)
            cells.append(_marked(f"{ratio:.1f}", ratio > BY_HAND))
    else:
        cells += ["", "", ""]
    for old in before:
        grown = _p95(some, way) / old if old else 0.0
        cells.append(_marked(f"{grown:.1f}", grown > GROWTH) if old else "")
    return f"| {' | '.join(cells)} |"


def _marked(text: str, misses: bool) -> str:
    return f"**{text}**" if misses else text


def _all_ms(some: list[Asked], way: str) -> list[float]:
    return [1000 * seconds for asked in some for seconds in asked.seconds[way]]


def _median(some: list[Asked], way: str) -> float:
    return float(np.median(_all_ms(some, way)))


def _p95(some: list[Asked], way: str) -> float:
    return float(np.percentile(_all_ms(some, way), 95))


def _times(some: list[Asked], way: str) -> str:
    return f"{_median(some, way):.1f} / {_p95(some, way):.1f}"


def _most_statements(some: list[Asked], way: str) -> str:
    return str(max(len(asked.statements[way]) for asked in some))


def _explain(name: str, asked: Asked) -> None:
    from django.db import connection

    word = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN (ANALYZE, BUFFERS)"
    for way in [way for way in ("page", "page by hand", "all") if way in asked.ways]:
        print(f"\n=== {name}: {asked.name}: {way}")
        for sql, params in asked.statements[way]:
            with connection.cursor() as cursor:
                started = time.perf_counter()
                cursor.execute(sql, params)
                rows = len(cursor.fetchall())
                took_ms = 1000 * (time.perf_counter() - started)
                cursor.execute(f"{word} {sql}", params)
                plan = [str(row[-1]) for row in cursor.fetchall()]
            print(f"--- {took_ms:.1f} ms, {rows} rows: {_short(sql)}")
            print("\n".join(f"    {line}" for line in plan))


def _short(sql: str) -> str:
    """Leave out all but the ends of long lists."""
    return re.sub(r"((?:%s|\d+), )(?:(?:%s|\d+), ){3,}", r"\1… ", sql)


# --- What it takes ----------------------------------------------------------------------------


def _report_inserts() -> None:
    rates = synthetic.insert_rates(BATCHES)
    _vacuum()
    low, middle = np.percentile(rates, 5), np.median(rates)
    rate = _marked(f"{middle:.0f}", bool(middle < INSERTS_PER_S))
    print(f"{rate} photos a second in batches of {synthetic.BATCH} (5th percentile {low:.0f})")


def _report_sizes() -> None:
    print("\n| table or index | MB |\n|---|---|")
    for name, size in _larger(synthetic.sizes_bytes().items()):
        print(f"| {name} | {size / 1e6:,.1f} |")


def _larger(sizes: Iterable[tuple[str, int]]) -> Iterator[tuple[str, int]]:
    return (one for one in sizes if one[1] >= 1e5)


def _report_migration() -> None:
    from gallery.models import Photo
    from gallery.search.upkeep import complete_photos

    with synthetic.Copy():
        took = synthetic.time_migration(*MIGRATION)
        print(f"{MIGRATION[1]}: back {took.back_s:.1f} s, forth {took.forth_s:.1f} s, of which")
        for what, seconds in took.operations:
            print(f"  {seconds:8.2f} s  {what}")
        started = time.perf_counter()
        done, seconds = complete_photos(), time.perf_counter() - started
        left = Photo.objects.filter(shuffle=None).count()
        print(f"Housekeeping completes {done / seconds:.0f} photos a second; {left:,} are left.")


if __name__ == "__main__":
    main()
