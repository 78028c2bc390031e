"""What must hold of a photo, as SQL that any list of photos can be narrowed by.

Each condition can be asked of one photo after another (`Condition.on`), and some can be read as a
list of photos in the order of their keys, a posting, of which a search takes the shortest and
asks the rest of each. Written so, no database has a choice to make, and none makes a bad one.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import (
    BooleanField,
    Count,
    Exists,
    F,
    Func,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    lookups,
)
from django.db.models.functions import Coalesce

from ..models import Photo, PhotoTag
from .tree import Bound

#: What a query over photos calls a photo's key; rows that belong to photos have ``photo_id``.
PHOTO, ROW = "pk", "photo_id"
#: When a photo was taken or, where nobody knows, when it came here.
DATE = Coalesce("taken_at", "created_at")
LOOKUPS = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte", "=": "exact"}
#: With more tags than this, the tags of the photo are looked through, not the photos of the tags.
FEW = 3
#: So many photos may be stored at one time, and have keys in another order than their times.
AT_ONE_TIME = 1000
_NO_KEY = 2**62


class Probe(Exists):
    """EXISTS that is looked up row by row.

    PostgreSQL would make a join of it and, misjudging how many rows there are, read a whole table
    for a page of sixty; behind OFFSET it cannot.
    """

    template = "EXISTS(%(subquery)s OFFSET 0)"


@dataclass(frozen=True, slots=True, eq=False)
class Posting:
    """Rows that name every photo for which a condition holds, and maybe others.

    ``is_ordered``: an index has them in the order of the photos' keys, each photo once.
    ``of`` is the condition that holds for all of them. A posting with ``parts`` is those together.
    """

    rows: QuerySet[Any]
    key: str
    is_ordered: bool
    of: Condition | None = None
    parts: tuple[Posting, ...] = ()

    @property
    def simple(self) -> tuple[Posting, ...]:
        return self.parts or (self,)

    @property
    def names_twice(self) -> bool:
        """Whether a photo may stand in several of the rows."""
        return not self.is_ordered and self.key != PHOTO

    @classmethod
    def together(cls, parts: Sequence[Posting], of: Condition | None) -> Posting:
        keys = [part.rows.order_by().values(part.key) for part in parts]
        rows = Photo.objects.filter(pk__in=keys[0].union(*keys[1:]))
        return cls(rows, PHOTO, is_ordered=False, of=of, parts=tuple(parts))


class Condition(ABC):
    """Something that holds of a photo or does not."""

    @abstractmethod
    def on(self, key: str) -> Q:
        """Return the condition on the photo whose key the outer query has as ``key``."""

    def postings(self) -> list[Posting]:
        return []


@dataclass(frozen=True, slots=True, eq=False)
class Facts(Condition):
    """A condition on the photo's own columns; ``posting`` has it from an index."""

    facts: Q
    is_posting: bool = False
    also: Posting | None = None

    def on(self, key: str) -> Q:
        return self.facts if key == PHOTO else _of_photo(self.facts, key)

    def postings(self) -> list[Posting]:
        if self.is_posting:
            return [Posting(Photo.objects.filter(self.facts), PHOTO, is_ordered=True, of=self)]
        return [self.also] if self.also else []


@dataclass(frozen=True, slots=True, eq=False)
class Rows(Condition):
    """A row that belongs to the photo, such as a word of its text."""

    rows: QuerySet[Any]

    def on(self, key: str) -> Q:
        return Q(Probe(self.rows.filter(photo=OuterRef(key))))

    def postings(self) -> list[Posting]:
        return [Posting(self.rows, ROW, is_ordered=True, of=self)]


@dataclass(frozen=True, slots=True, eq=False)
class Assigned(Condition):
    """An assignment of one of these tags, of which more may be asked."""

    tags: Sequence[int]
    more: Q = field(default_factory=Q)
    #: About how many assignments there are of them; None: nobody has counted yet.
    estimate: int | None = None
    #: The one of them that is on most photos, and about how many photos have any of them.
    commonest: int | None = None
    photos: int = 0

    def on(self, key: str) -> Q:
        return Q(Probe(self.rows_of(OuterRef(key))))

    def rows_of(self, photo: Any) -> QuerySet[PhotoTag]:
        """Return the assignments on one photo that count."""
        rows = PhotoTag.objects.filter(self.more, photo=photo)
        if len(self.tags) <= FEW:
            return rows.filter(tag__in=self.tags)
        return rows.alias(any_tag=F("tag_id") + 0).filter(among("any_tag", self.tags))

    @property
    def rows(self) -> QuerySet[PhotoTag]:
        if len(self.tags) == 1:
            return PhotoTag.objects.filter(self.more, tag=self.tags[0])
        return PhotoTag.objects.filter(self.more, tag__in=self.tags)

    def postings(self) -> list[Posting]:
        return [Posting(self.rows, ROW, is_ordered=len(self.tags) == 1, of=self)]


@dataclass(frozen=True, slots=True, eq=False)
class TagCount(Condition):
    """How many tags are shown on the photo."""

    bound: Bound

    def on(self, key: str) -> Q:
        shown = PhotoTag.objects.shown().filter(photo=OuterRef(key))
        if str(self.bound) in ("=0", "<1", "<=0"):
            return ~Q(Probe(shown))
        count = shown.order_by().values("photo").annotate(n=Count("pk")).values("n")
        number = Coalesce(Subquery(count, output_field=IntegerField()), 0)
        return compared(number, self.bound.operator, self.bound.number)


@dataclass(frozen=True, slots=True, eq=False)
class All(Condition):
    parts: Sequence[Condition]

    def on(self, key: str) -> Q:
        return self.on_without(key, None)

    def on_without(self, key: str, known: Condition | None) -> Q:
        """Return the condition but for the part that is known to hold."""
        parts = [part for part in self.parts if part is not known]
        return _all(sorted(parts, key=_tells_little), key)

    def postings(self) -> list[Posting]:
        return [posting for part in self.parts for posting in part.postings()]


@dataclass(frozen=True, slots=True, eq=False)
class Either(Condition):
    parts: Sequence[Condition]

    def on(self, key: str) -> Q:
        return _any(self.parts, key)

    def postings(self) -> list[Posting]:
        """One of each part, together: the first, unless one of its rows is as good as the part."""
        parts: list[Posting] = []
        is_exact = True
        for part in self.parts:
            postings = part.postings()
            if not postings:
                return []
            parts += postings[0].simple
            is_exact = is_exact and postings[0].of is part
        if len(parts) == 1:
            return parts
        return [Posting.together(parts, of=self if is_exact else None)]


@dataclass(frozen=True, slots=True, eq=False)
class No(Condition):
    part: Condition

    def on(self, key: str) -> Q:
        return ~self.part.on(key)


@dataclass(frozen=True, slots=True, eq=False)
class Arrived(Condition):
    """When the photo came here, from ``since`` to before ``until``.

    Keys are given in order of arrival, give or take what is stored at the same time: so the time
    is a stretch of keys, and no list needs to be read outside it.
    """

    since: datetime | None
    until: datetime | None

    def on(self, key: str) -> Q:
        facts = Q()
        if self.since:
            facts &= Q(created_at__gte=self.since)
        if self.until:
            facts &= Q(created_at__lt=self.until)
        return self._stretch(key) & (facts if key == PHOTO else _of_photo(facts, key))

    def postings(self) -> list[Posting]:
        return [Posting(Photo.objects.filter(self._stretch(PHOTO)), PHOTO, is_ordered=True)]

    def _stretch(self, key: str) -> Q:
        stretch = Q()
        if self.since:
            later = Photo.objects.filter(created_at__gte=self.since).order_by("created_at")
            first = Coalesce(Subquery(later.values("pk")[:1]), _NO_KEY) - AT_ONE_TIME
            stretch &= Q(**{f"{key}__gte": first})
        if self.until:
            sooner = Photo.objects.filter(created_at__lt=self.until).order_by("-created_at")
            last = Coalesce(Subquery(sooner.values("pk")[:1]), -AT_ONE_TIME) + AT_ONE_TIME
            stretch &= Q(**{f"{key}__lte": last})
        return stretch


class _Among(Func):
    """``column`` is one of many numbers, which go to the database as one parameter.

    Django looks at each of a thousand parameters for as long as the database at its row.
    """

    output_field = BooleanField()
    conditional = True

    def __init__(self, column: str, numbers: Sequence[int]) -> None:
        super().__init__(F(column))
        self.numbers = list(numbers)

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        sql, params = compiler.compile(self.source_expressions[0])
        numbers = json.dumps(self.numbers)
        return f"{sql} IN (SELECT value FROM json_each(%s))", (*params, numbers)  # noqa: S608

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        sql, params = compiler.compile(self.source_expressions[0])
        return f"{sql} = ANY(%s::bigint[])", (*params, self.numbers)


def among(column: str, numbers: Sequence[int]) -> Q:
    """Return the condition that a column is one of many numbers."""
    return Q(_Among(column, numbers))


NOTHING = Facts(Q(pk__in=[]), is_posting=True)
EVERYTHING = Posting(Photo.objects.all(), PHOTO, is_ordered=True)


def compared(value: Any, operator: str, number: object) -> Q:
    """Return a comparison of an expression that is never null."""
    classes = {
        "<": lookups.LessThan,
        "<=": lookups.LessThanOrEqual,
        ">": lookups.GreaterThan,
        ">=": lookups.GreaterThanOrEqual,
        "=": lookups.Exact,
    }
    return Q(classes[operator](value, number))


def parts_of(condition: Condition) -> list[Condition]:
    """Return what must all hold."""
    return list(condition.parts) if isinstance(condition, All) else [condition]


def _all(parts: Iterable[Condition], key: str) -> Q:
    """Join conditions, with all that asks the photo's own columns in one probe of it, last."""
    facts, others = Q(), Q()
    for part in parts:
        if key != PHOTO and (own := _facts(part)) is not None:
            facts &= own
        else:
            others &= part.on(key)
    return others & _of_photo(facts, key) if facts else others


def _any(parts: Iterable[Condition], key: str) -> Q:
    """Say “not none of them”: for a plain OR, SQLite would gather and sort all its photos."""
    return ~_all([No(part) for part in parts], key)


def _tells_little(part: Condition) -> float:
    """Sort by how many photos pass: what is asked first should spare most other questions."""
    match part:
        case Assigned(estimate=int(estimate)):
            return estimate
        case Rows() | Arrived():
            return 0
        case No():
            return 1e12
        case _:
            return 1e9


def _facts(part: Condition) -> Q | None:
    if isinstance(part, Facts):
        return part.facts
    if isinstance(part, No) and isinstance(part.part, Facts):
        return ~part.part.facts
    if isinstance(part, Either) and all(isinstance(one, Facts) for one in part.parts):
        return part.on(PHOTO)
    return None


def _of_photo(facts: Q, key: str) -> Q:
    return Q(Probe(Photo.objects.filter(facts, pk=OuterRef(key))))
