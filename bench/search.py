# ruff: noqa: S608  (all that goes into the SQL is made here)
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
import math
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import synthetic

if TYPE_CHECKING:
    from django.test import Client

    from gallery.models import User
    from gallery.search.facets import Facet
    from gallery.search.finding import Search
    from gallery.search.paging import Page, Place

DEFAULT_PHOTOS = 10_000
#: The targets, in milliseconds, as ratios, and in photos a second.
PAGE_MS, FACETS_MS, BY_HAND, GROWTH, INSERTS_PER_S = 50.0, 100.0, 1.5, 2.0, 500.0
BATCHES = 30
MEMBER = "person500"
PAGE, DEEP_PAGE = 60, 500
FACET_PHOTOS = 1000
MIGRATION = ("0005_acts", "0006_search")
SEED = 1


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


# --- Questions --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Question:
    """A search as it is typed, and in parts for whoever writes SQL; tags are slugs."""

    text: str
    all_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()
    any_of: tuple[str, ...] = ()
    bounds: tuple[float, float] | None = None
    word: str = ""
    person: str = ""
    taken: tuple[datetime, datetime] | None = None
    sort: str = "newest"
    place: Place | None = None


class Draw:
    """Draws questions about what is in the library."""

    def __init__(self, variants: int) -> None:
        from gallery.models import Tag, TagClosure, User

        self.variants = variants
        self.chance = np.random.default_rng(SEED)
        tags = {tag.pk: tag for tag in Tag.objects.all()}
        kinds: dict[int, list[int]] = {}
        for above, below in TagClosure.objects.values_list("ancestor", "descendant"):
            kinds.setdefault(above, []).append(below)
        counts = {
            tags[key].slug: sum(tags[one].estimate or 0 for one in below)
            for key, below in kinds.items()
        }
        broad = sorted(tags[key].slug for key, below in kinds.items() if len(below) >= 100)
        narrow = [slug for slug in counts if counts[slug] and slug not in broad]
        narrow.sort(key=lambda slug: (-counts[slug], slug))
        self.broad = broad
        self.common, self.middling, self.rare = narrow[:40], narrow[40:300], narrow[-300:]
        lone = {tags[key].slug for key, below in kinds.items() if len(below) == 1}
        self.single = [slug for slug in narrow if slug in lone][:20]
        self.names = {tag.slug: tag.label for tag in tags.values()}
        owners = User.objects.filter(photos__visibility="public").distinct()
        self.people = sorted(owners.values_list("username", flat=True))

    def __call__(self) -> dict[str, list[Question]]:
        return {
            "one common tag": [_tags(slug) for slug in self._some(self.common)],
            "one rare tag": [_tags(slug) for slug in self._some(self.rare)],
            "three tags": self._three(),
            "two tags and not a third": [
                _tags(*tags[:2], none_of=self._some(self.common, 1, but=tags[:2])[0])
                for tags in self._triples()
            ],
            "one of three tags": self._one_of_three(),
            "a tag with hundreds of kinds": [_tags(slug) for slug in self.broad],
            "confidence range, surest first": [
                self._surest(slug)
                for slug in self._some(self.common, 5) + self._some(self.middling, 5)
            ],
            "the same of hundreds of kinds": [self._surest(slug) for slug in self.broad],
            "a word": self._words(),
            "a person and a time": [self._person() for _ in range(self.variants)],
            f"page {DEEP_PAGE} of everything": [
                Question("", place=_at(0)),
                Question("sort:taken", sort="taken", place=_at(0)),
            ],
            f"page {DEEP_PAGE} of a common tag": [
                replace(_tags(slug), place=_at(0)) for slug in self._some(self.common)
            ],
            f"page {DEEP_PAGE} of hundreds of kinds": [
                replace(_tags(slug), place=_at(0)) for slug in self.broad
            ],
            f"page {DEEP_PAGE}, surest first": [
                Question(f"tag:{slug} sort:confidence", (slug,), sort="confidence", place=_at(0))
                for slug in self._some(self.single)
            ],
        }

    def _some(self, slugs: Sequence[str], count: int = 0, *, but: Iterable[str] = ()) -> list[str]:
        left = [slug for slug in slugs if slug not in but]
        return [str(one) for one in self.chance.choice(left, count or self.variants, False)]

    def _triples(self) -> list[tuple[str, ...]]:
        """Half of them tags that are on a photo together, half only common or middling."""
        from gallery.models import PhotoTag

        ordinary = {*self.common, *self.middling}
        first = PhotoTag.objects.order_by("photo")[0].photo_id
        last = PhotoTag.objects.order_by("-photo")[0].photo_id
        found: list[tuple[str, ...]] = []
        while len(found) < self.variants // 2:
            photo = int(self.chance.integers(first, last + 1))
            rows = PhotoTag.objects.shown().filter(photo=photo)
            tags = [slug for slug in rows.values_list("tag__slug", flat=True) if slug in ordinary]
            if len(tags) >= 3:
                found.append(tuple(self._some(sorted(tags), 3)))
        while len(found) < self.variants:
            one = self._some(self.common, 1)
            found.append((*one, *self._some([*self.common, *self.middling], 2, but=one)))
        return found

    def _three(self) -> list[Question]:
        return [_tags(*tags) for tags in self._triples()]

    def _one_of_three(self) -> list[Question]:
        asked = []
        for number, tags in enumerate(self._triples()):
            form = " OR ".join(f"tag:{tag}" for tag in tags)
            asked.append(Question(f"tag:{'|'.join(tags)}" if number % 2 else form, any_of=tags))
        return asked

    def _surest(self, slug: str) -> Question:
        low = float(self.chance.choice([0.5, 0.6, 0.7]))
        high = float(self.chance.choice([0.8, 0.9, 1.0]))
        text = f"tag:{slug}>={low}<{high} sort:confidence"
        return Question(text, (slug,), bounds=(low, high), sort="confidence")

    def _words(self) -> list[Question]:
        words = self._some(synthetic.WORDS, max(1, self.variants - 4))
        return [Question(one, word=one) for one in [*words, "lisbon", "kyoto", "canon", "iphone"]]

    def _person(self) -> Question:
        person = str(self.chance.choice(self.people))
        year, month = int(self.chance.integers(2012, 2024)), int(self.chance.integers(1, 13))
        taken = datetime(year, month, 1, tzinfo=UTC), datetime(year + 2, month, 1, tzinfo=UTC)
        last = f"{year + 2}-{month - 1:02}" if month > 1 else f"{year + 1}-12"
        text = f"by:{person} taken:{year}-{month:02}..{last}"
        return Question(text, person=person, taken=taken, sort="taken")

    def starts(self) -> tuple[list[str], list[str]]:
        """Return beginnings that many tags share, and other things that one may have typed."""
        slugs = sorted(self.names)
        begins = {slug[:size] for slug in slugs for size in (1, 2, 3)}
        shared = sorted(one for one in begins if sum(slug.startswith(one) for slug in slugs) >= 12)
        wrong = [slug[:3] + slug[4:] for slug in self._some(slugs, self.variants) if len(slug) > 7]
        return self._some(shared), [*wrong, "by:person1", "camera:can", "tag:dog -tag:ca", "puppy"]


def _tags(*tags: str, none_of: str = "") -> Question:
    text = " ".join([f"tag:{tag}" for tag in tags] + [f"-tag:{none_of}"] * bool(none_of))
    return Question(text, all_of=tags, none_of=(none_of,) if none_of else ())


def _at(key: int, value: float | None = None) -> Place:
    from gallery.search.paging import Place

    return Place(key, value)


# --- The SQL that one would write by hand -----------------------------------------------------

#: To look into a photo on the way along all of them takes as long as so many rows of one list.
WALKING = 4
SHOWN = "state IN ('assigned', 'confirmed')"
CARD_COLUMNS = (
    "id owner_id public_id file original_name title width height size_bytes format sha256 taken_at"
    " visibility placeholder created_at colors shuffle"
)
CARD = ", ".join([*(f"p.{name}" for name in CARD_COLUMNS.split()), "u.username"])

Kinds = dict[int, int]


class ByHand:
    """Writes SQL for a question to this very schema.

    The names are looked up first, with the counts that are noted on tags: what is on fewest photos
    drives, the rest is probed. PostgreSQL must not make joins of the probes (OFFSET 0), SQLite must
    not merge the indexes of visibility and owner (+).
    """

    def __init__(self, viewer: User) -> None:
        from django.db import connection

        self.connection = connection
        self.is_postgres = connection.vendor == "postgresql"
        self.me = viewer.pk
        self.photos = self.ask("SELECT COUNT(*) FROM gallery_photo")[0][0]
        self.fence = " OFFSET 0" if self.is_postgres else ""
        self.plain = "" if self.is_postgres else "+"

    def ask(self, sql: str) -> list[Any]:
        with self.connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall()

    # --- Pages ---

    def page(self, question: Question) -> list[Any]:
        """Return the cards of a page, and one row more when there is another page."""
        keys = self._keys(question, self.kinds(question), PAGE + 1)
        join = "JOIN" if self.is_postgres else "CROSS JOIN"
        return self.ask(
            f"SELECT {CARD} FROM ({keys}) AS hit {join} gallery_photo p ON p.id = hit.photo_id "
            "JOIN gallery_user u ON u.id = p.owner_id ORDER BY hit.at DESC, hit.photo_id DESC"
        )

    def deep_place(self, question: Question) -> Place | None:
        """Return the place behind which the deep page begins, or one half as deep, and so on."""
        rows = self.ask(self._keys(question, self.kinds(question), (DEEP_PAGE - 1) * PAGE))
        depth = (DEEP_PAGE - 1) * PAGE
        while depth > len(rows):
            depth //= 2
        if depth < PAGE:
            return None
        key, value = rows[depth - 1]
        return _at(key) if question.sort == "newest" else _at(key, _number(value))

    def kinds(self, question: Question) -> dict[str, Kinds]:
        """Return the kinds of each tag that is named with about how many photos each is on."""
        slugs = {*question.all_of, *question.none_of, *question.any_of, question.word} - {""}
        found: dict[str, Kinds] = {slug: {} for slug in slugs}
        if slugs:
            rows = self.ask(
                "SELECT a.slug, c.descendant_id, COALESCE(d.estimate, 0) FROM gallery_tag a "
                "JOIN gallery_tagclosure c ON c.ancestor_id = a.id "
                "JOIN gallery_tag d ON d.id = c.descendant_id "
                f"WHERE a.slug IN ({_texts(slugs)})"
            )
            for slug, kind, estimate in rows:
                found[slug][kind] = estimate
        return found

    def _keys(self, question: Question, kinds: dict[str, Kinds], limit: int) -> str:
        if question.person:
            return self._of_person(question, limit)
        if question.sort == "confidence":
            return self._surest(question, kinds[question.all_of[0]], limit)
        if question.word:
            return self._any(question, kinds[question.word], limit)
        if question.any_of:
            together = [kinds[tag] for tag in question.any_of]
            return self._any(question, {k: n for each in together for k, n in each.items()}, limit)
        if len(question.all_of) == 1 and not question.none_of:
            return self._any(question, kinds[question.all_of[0]], limit)
        return (
            self._all(question, kinds, limit) if question.all_of else self._every(question, limit)
        )

    def _every(self, question: Question, limit: int) -> str:
        if question.sort == "taken":
            at = "COALESCE(p.taken_at, p.created_at)"
            behind = self._behind(question.place, at, "p.id")
        else:
            at, behind = "p.id", self._before(question, "p.id")
        return (
            f"SELECT p.id AS photo_id, {at} AS at FROM gallery_photo p "
            f"WHERE {self._seen()}{behind} ORDER BY {at} DESC, p.id DESC LIMIT {limit}"
        )

    def _any(self, question: Question, kinds: Kinds, limit: int) -> str:
        """Photos with one of some tags, or a word: whichever way goes through fewest rows."""
        more = _between(question.bounds) + self._before(question, "t.photo_id")
        lists = [f"gallery_phototag t WHERE t.tag_id = {kind} AND t.{SHOWN}" for kind in kinds]
        if question.word:
            lists.append(f"gallery_photoword t WHERE t.word = {_texts([question.word])}")
        tagged = sum(kinds.values())
        each, walk = len(lists) * limit, WALKING * limit * self.photos / max(tagged, 1)
        if len(lists) == 1 or each <= min(tagged, walk) or (question.word and each <= walk):
            return self._newest_of_each(lists, more, limit)
        if tagged <= walk and not question.word:
            return (
                "SELECT DISTINCT t.photo_id, t.photo_id AS at FROM gallery_phototag t "
                f"WHERE t.tag_id IN ({_keys(kinds)}) AND t.{SHOWN}{more} "
                f"AND {self._is_seen('t.photo_id')} ORDER BY 1 DESC LIMIT {limit}"
            )
        found = self._has_tag("p.id", kinds, _between(question.bounds, "x"))
        if question.word:
            found = f"({found} OR {self._has_word('p.id', question.word)})"
        return self._walk(question, [found], limit)

    def _newest_of_each(self, lists: list[str], more: str, limit: int) -> str:
        each = [
            f"SELECT t.photo_id, t.photo_id AS at FROM {one}{more} "
            f"AND {self._is_seen('t.photo_id')} ORDER BY t.photo_id DESC LIMIT {limit}"
            for one in lists
        ]
        if len(each) == 1:
            return each[0]
        union = " UNION ".join(f"SELECT * FROM ({sql}) AS one" for sql in each)
        return f"SELECT * FROM ({union}) AS part ORDER BY photo_id DESC LIMIT {limit}"

    def _all(self, question: Question, kinds: dict[str, Kinds], limit: int) -> str:
        """Photos with several tags, driven by the one that is on fewest photos."""
        driver = min(question.all_of, key=lambda tag: sum(kinds[tag].values()))
        others = [tag for tag in question.all_of if tag != driver]
        others.sort(key=lambda tag: sum(kinds[tag].values()))
        counts = [sum(kinds[tag].values()) for tag in question.all_of]
        share = math.prod(max(1, min(count, self.photos)) / self.photos for count in counts)
        if len(kinds[driver]) > 1 and min(counts) > WALKING * limit / share:
            probes = [self._has_tag("p.id", kinds[tag]) for tag in [driver, *others]]
            probes += [f"NOT {self._has_tag('p.id', kinds[tag])}" for tag in question.none_of]
            return self._walk(question, probes, limit)
        probes = [self._has_tag("t.photo_id", kinds[tag]) for tag in others]
        probes += [f"NOT {self._has_tag('t.photo_id', kinds[tag])}" for tag in question.none_of]
        probes.append(self._is_seen("t.photo_id"))
        distinct = "DISTINCT " if len(kinds[driver]) > 1 else ""
        return (
            f"SELECT {distinct}t.photo_id, t.photo_id AS at FROM gallery_phototag t "
            f"WHERE t.tag_id IN ({_keys(kinds[driver])}) AND t.{SHOWN} AND {' AND '.join(probes)}"
            f"{self._before(question, 't.photo_id')} ORDER BY t.photo_id DESC LIMIT {limit}"
        )

    def _walk(self, question: Question, probes: list[str], limit: int) -> str:
        """Go through all photos, the newest first."""
        return (
            "SELECT p.id AS photo_id, p.id AS at FROM gallery_photo p "
            f"WHERE {self._seen()} AND {' AND '.join(probes)}{self._before(question, 'p.id')} "
            f"ORDER BY p.id DESC LIMIT {limit}"
        )

    def _surest(self, question: Question, kinds: Kinds, limit: int) -> str:
        """The surest of one kind; of many kinds, those as sure as a page of the commonest kind."""
        kind = max(kinds, key=lambda one: kinds[one])
        low, high = question.bounds or (0.0, 2.0)
        within = f"t.{SHOWN} AND t.confidence < {high} AND {self._is_seen('t.photo_id')}"
        behind = self._behind(question.place, "t.confidence", "t.photo_id")
        if len(kinds) == 1:
            return (
                "SELECT t.photo_id, t.confidence AS at FROM gallery_phototag t "
                f"WHERE t.tag_id = {kind} AND t.confidence >= {low} AND {within}{behind} "
                f"ORDER BY t.confidence DESC, t.photo_id DESC LIMIT {limit}"
            )
        floor = (
            "SELECT t.confidence FROM gallery_phototag t "
            f"WHERE t.tag_id = {kind} AND t.confidence >= {low} AND {within} "
            f"ORDER BY t.confidence DESC LIMIT 1 OFFSET {limit - 1}"
        )
        return (
            "SELECT t.photo_id, MAX(t.confidence) AS at FROM gallery_phototag t "
            f"WHERE t.tag_id IN ({_keys(kinds)}) "
            f"AND t.confidence >= COALESCE(({floor}), {low}) AND {within} "
            f"GROUP BY t.photo_id ORDER BY 2 DESC, 1 DESC LIMIT {limit}"
        )

    def _of_person(self, question: Question, limit: int) -> str:
        assert question.taken is not None
        since, until = map(self._time, question.taken)
        order = "p.taken_at" if question.sort == "taken" else "p.id"
        return (
            f"SELECT p.id AS photo_id, {order} AS at FROM gallery_photo p WHERE p.owner_id = "
            f"(SELECT id FROM gallery_user WHERE username = {_texts([question.person])}) "
            f"AND {self.plain}p.taken_at >= {since} AND {self.plain}p.taken_at < {until} "
            f"AND {self._seen()} ORDER BY {order} DESC, p.id DESC LIMIT {limit}"
        )

    # --- Facets ---

    def facets(self, question: Question, shown: Sequence[int]) -> dict[str, int]:
        """Ask for all facets, and the tags on the cards; return of each tag on how many photos."""
        plain = replace(question, place=None, sort="newest")
        newest = [row[0] for row in self.ask(self._keys(plain, self.kinds(plain), FACET_PHOTOS))]
        hits = _keys(newest) or "NULL"
        tags = self.ask(
            "SELECT a.label, COUNT(DISTINCT t.photo_id) FROM gallery_phototag t "
            "JOIN gallery_tagclosure c ON c.descendant_id = t.tag_id "
            f"JOIN gallery_tag a ON a.id = c.ancestor_id WHERE t.photo_id IN ({hits}) "
            f"AND t.{SHOWN} GROUP BY a.id, a.label ORDER BY 2 DESC LIMIT 40"
        )
        self.ask(
            "SELECT g.category, COUNT(DISTINCT t.photo_id) FROM gallery_phototag t "
            f"JOIN gallery_tag g ON g.id = t.tag_id WHERE t.photo_id IN ({hits}) "
            f"AND t.{SHOWN} GROUP BY g.category ORDER BY 2 DESC LIMIT 8"
        )
        self.ask(self._facts(hits))
        self.ask(
            "SELECT photo_id, label FROM (SELECT t.photo_id, g.label, ROW_NUMBER() OVER "
            "(PARTITION BY t.photo_id ORDER BY t.confidence DESC) AS place "
            "FROM gallery_phototag t JOIN gallery_tag g ON g.id = t.tag_id "
            f"WHERE t.photo_id IN ({_keys(shown) or 'NULL'}) AND t.{SHOWN}) AS part "
            "WHERE place <= 3"
        )
        return dict(tags)

    def _facts(self, hits: str) -> str:
        from gallery.imaging.colors import BITS

        shape = "CASE WHEN width = height THEN 0 WHEN width > height THEN 1 ELSE 2 END"
        year = "EXTRACT(YEAR FROM taken_at)" if self.is_postgres else "substr(taken_at, 1, 4)"
        facts = {"year": year, "camera": "camera", "owner": "owner_id", "shape": shape}
        counts = [
            f"SELECT '{name}', CAST({value} AS text), COUNT(*) FROM found GROUP BY 2"
            for name, value in facts.items()
        ]
        counts += [
            f"SELECT 'color', '{name}', COUNT(*) FROM found WHERE colors & {bit} <> 0"
            for name, bit in BITS.items()
        ]
        columns = "taken_at, camera, owner_id, width, height, colors"
        return (
            f"WITH found AS MATERIALIZED (SELECT {columns} FROM gallery_photo "
            f"WHERE id IN ({hits})) {' UNION ALL '.join(counts)}"
        )

    # --- Suggestions ---

    def suggest(self, start: str) -> list[tuple[str, int]]:
        """Return the labels of a dozen tags that begin so, and on how many photos up to 501."""
        return self.ask(
            "SELECT g.label, (SELECT COUNT(DISTINCT part.photo_id) FROM (SELECT t.photo_id "
            "FROM gallery_phototag t WHERE t.tag_id IN (SELECT c.descendant_id "
            f"FROM gallery_tagclosure c WHERE c.ancestor_id = g.id) AND t.{SHOWN} "
            f"AND {self._is_seen('t.photo_id')} LIMIT 501) AS part) AS photos "
            "FROM (SELECT id, label FROM gallery_tag "
            f"WHERE slug >= '{start}' AND slug < '{start}\U0010ffff' "
            "ORDER BY estimate DESC NULLS LAST, slug LIMIT 12) AS g ORDER BY photos DESC"
        )

    # --- Parts ---

    def _seen(self) -> str:
        return f"({self.plain}p.visibility = 'public' OR {self.plain}p.owner_id = {self.me})"

    def _is_seen(self, key: str) -> str:
        return (
            f"EXISTS (SELECT 1 FROM gallery_photo v WHERE v.id = {key} "
            f"AND (v.visibility = 'public' OR v.owner_id = {self.me}){self.fence})"
        )

    def _has_tag(self, key: str, kinds: Kinds, more: str = "") -> str:
        # Of many kinds, the dozen tags of the photo are gone through, not all the kinds.
        tag = "x.tag_id" if len(kinds) <= 4 else "x.tag_id + 0"
        return (
            f"EXISTS (SELECT 1 FROM gallery_phototag x WHERE x.photo_id = {key} "
            f"AND {tag} IN ({_keys(kinds)}) AND x.{SHOWN}{more}{self.fence})"
        )

    def _has_word(self, key: str, word: str) -> str:
        return (
            f"EXISTS (SELECT 1 FROM gallery_photoword w WHERE w.word = {_texts([word])} "
            f"AND w.photo_id = {key}{self.fence})"
        )

    def _before(self, question: Question, key: str) -> str:
        return f" AND {key} < {question.place.key}" if question.place and question.place.key else ""

    def _behind(self, place: Place | None, at: str, key: str) -> str:
        """All behind a place, said so that both databases go along the index."""
        if place is None or place.value is None:
            return ""
        value = self._time(_moment(place.value)) if "taken_at" in at else repr(place.value)
        return f" AND {at} <= {value} AND ({at} < {value} OR {key} < {place.key})"

    def _time(self, moment: datetime) -> str:
        if self.is_postgres:
            return f"TIMESTAMPTZ '{moment.isoformat()}'"
        return f"'{moment.replace(tzinfo=None)}'"


def _keys(keys: Iterable[int]) -> str:
    return ", ".join(map(str, keys))


def _texts(texts: Iterable[str]) -> str:
    return ", ".join(f"'{text}'" for text in texts)


def _between(bounds: tuple[float, float] | None, row: str = "t") -> str:
    if bounds is None:
        return ""
    return f" AND {row}.confidence >= {bounds[0]} AND {row}.confidence < {bounds[1]}"


def _number(value: str | float | datetime) -> float:
    """Return what an address has of a value by which a list is ordered."""
    from gallery.search.orders import stored

    if isinstance(value, str):
        value = datetime.fromisoformat(value).replace(tzinfo=UTC)
    return stored(value)


def _moment(microseconds: float) -> datetime:
    from gallery.search.orders import loaded
    from gallery.search.tree import Sort

    moment: datetime = loaded(Sort.TAKEN, microseconds)
    return moment


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
