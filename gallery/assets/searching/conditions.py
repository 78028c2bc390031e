"""What must hold of an asset: asked of each, and, where an index has it, read as a list.

What is known of photos is asked with the conditions of the pages' search, by ``photo_id``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import OuterRef, Q, QuerySet

from ...models import Asset, Photo
from ...search import conditions as photos
from ...search.conditions import Probe

#: What a query over assets calls the key of an asset's photo.
PHOTO = "photo_id"


@dataclass(frozen=True, slots=True, eq=False)
class Posting:
    """Rows, read from an index, that name every asset for which a condition holds, maybe others.

    ``key`` is the column of the rows that has the asset's key, or, where ``of_photos``, its
    photo's. A posting with ``parts`` is those together.
    """

    rows: QuerySet[Any] | None = None
    key: str = "pk"
    of_photos: bool = False
    parts: tuple[Posting, ...] = ()

    @property
    def simple(self) -> tuple[Posting, ...]:
        return self.parts or (self,)

    def length(self, most: int) -> int:
        """Count rows, no further than to ``most``."""
        total = 0
        for part in self.simple:
            assert part.rows is not None  # only what is together has none
            total += part.rows.order_by().values(part.key)[: most - total].count()
            if total >= most:
                break
        return total

    def keys(self) -> QuerySet[Any]:
        """Return the keys of the assets that are named."""
        first, *others = [part._own_keys() for part in self.simple]
        return first.union(*others) if others else first

    def _own_keys(self) -> QuerySet[Any]:
        assert self.rows is not None
        keys = self.rows.order_by().values(self.key)
        if not self.of_photos:
            return keys
        return Asset.objects.filter(photo__in=keys).order_by().values("pk")


@dataclass(frozen=True, slots=True, eq=False)
class Condition:
    """``holds`` is asked of assets and is never null; it is asked sooner the less it ``costs``."""

    holds: Q
    postings: tuple[Posting, ...] = ()
    costs: int = 0


EVERYTHING = Condition(Q())
NOTHING = Condition(Q(pk__in=[]))


def every(parts: Iterable[Condition]) -> Condition:
    holds, postings, costs = Q(), list[Posting](), 0
    for part in sorted(parts, key=lambda part: part.costs):
        holds &= part.holds
        postings += part.postings
        costs += part.costs
    return Condition(holds, tuple(postings), costs)


def some(parts: Sequence[Condition]) -> Condition:
    """Say “not none of them”: a plain OR makes a database gather and sort all of them."""
    if len(parts) == 1:
        return parts[0]
    none = Q()
    for part in sorted(parts, key=lambda part: part.costs):
        if not part.holds:
            return EVERYTHING
        none &= ~part.holds
    postings: tuple[Posting, ...] = ()
    if all(part.postings for part in parts):
        simple = [one for part in parts for one in part.postings[0].simple]
        postings = (Posting(parts=tuple(simple)),)
    return Condition(~none, postings, sum(part.costs for part in parts))


def opposite(part: Condition) -> Condition:
    return Condition(~part.holds, costs=part.costs) if part.holds else NOTHING


def of_asset(holds: Q, *, posting: QuerySet[Any] | None = None, costs: int = 0) -> Condition:
    """Ask the asset's own columns; ``posting`` are the assets, when an index has them."""
    return Condition(holds, () if posting is None else (Posting(posting),), costs)


def of_rows(rows: QuerySet[Any], *, posting: QuerySet[Any] | None = None) -> Condition:
    """Ask for a row that belongs to the asset; ``posting`` are the same rows, of one cloud."""
    postings = () if posting is None else (Posting(posting, "asset_id"),)
    return Condition(Q(Probe(rows.filter(asset=OuterRef("pk")))), postings, costs=2)


def of_photo(condition: photos.Condition) -> Condition:
    """Ask the asset's photo, as the pages do; what has none does not pass."""
    rows = condition.rows if isinstance(condition, photos.Assigned | photos.Rows) else None
    postings = () if rows is None else (Posting(rows, "photo_id", of_photos=True),)
    return Condition(condition.on(PHOTO), postings, costs=2)


def of_photo_facts(facts: Q) -> Condition:
    return Condition(Q(Probe(Photo.objects.filter(facts, pk=OuterRef(PHOTO)))), costs=2)
