"""Questions about a made-up library, and SQL written by hand for them. Used by `search.py`."""

# ruff: noqa: S608  (all that goes into the SQL is made here)

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import synthetic

if TYPE_CHECKING:
    from gallery.models import User
    from gallery.search.paging import Place

PAGE, DEEP_PAGE = 60, 500
FACET_PHOTOS = 1000
SEED = 1


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
