"""Finds assets: pages in every order, how many there are, and of which kinds.

A search is driven by the shortest list that an index has, where that is short enough; all else is
asked of its assets one by one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import pairwise
from typing import Any

from django.db.models import Count, F, FloatField, IntegerField, Q, Value
from django.db.models.functions import Cast, Coalesce, NullIf

from ...models import Asset, Cloud
from ...models.assets import AssetQuerySet
from ...search.limits import TooSlowError, time_limited
from ..errors import InvalidError
from .fields import Asking
from .labels import tag_counts
from .meaning import meaning_of

#: A row of a list takes so many times as long as one of all assets in turn. No list is longer
#: than the one, or drives a search that is longer than the other and not a DEARth of all.
DEAR, LONGEST, SHORT = 7, 100_000, 2000
#: So many assets are gathered rather than counted: then a page of them takes no second look.
FEW = 2000
#: No search takes longer than this, in seconds, for each of its questions.
TIME_LIMIT_S = 8.0
MOST_KEYS = 5
_MOST_ROWS = 2**31 - 1


def _known(column: str) -> Any:
    """Return a number that is never null, so that every asset has a place."""
    return Coalesce(column, Value(-1), output_field=IntegerField())


def _product() -> Any:
    return Coalesce(Cast("width", FloatField()) * Cast("height", FloatField()), Value(-1.0))


def _ratio() -> Any:
    height = NullIf(Cast("height", FloatField()), Value(0.0))
    return Coalesce(Cast("width", FloatField()) / height, Value(-1.0))


#: What assets can be ordered by.
ORDERS: Mapping[str, Any] = {
    "public_id": F("public_id"),
    "asset_id": F("asset_id"),
    "folder": F("folder"),
    "asset_folder": F("folder"),
    "display_name": F("display_name"),
    "format": F("format"),
    "resource_type": F("resource_type"),
    "type": F("type"),
    "created_at": F("created_at"),
    "uploaded_at": F("uploaded_at"),
    "updated_at": F("updated_at"),
    "last_updated": F("updated_at"),
    "bytes": F("size_bytes"),
    "width": _known("width"),
    "height": _known("height"),
    "pages": F("pages"),
    "pixels": _product(),
    "aspect_ratio": _ratio(),
    "moderation_status": F("moderation_status"),
}
#: Nothing fits better than another, so that an order by it leaves the rest to the next key.
SCORE = "score"


@dataclass(frozen=True, slots=True)
class Key:
    """One thing that a list is in the order of."""

    name: str
    is_falling: bool = False


NEWEST = (Key("created_at", is_falling=True),)


@contextmanager
def _limited() -> Iterator[None]:
    try:
        with time_limited(TIME_LIMIT_S):
            yield
    except TooSlowError:
        raise InvalidError(
            "This search looks at too many assets. Add a tag, a folder or a date to it."
        ) from None


def checked_order(keys: Sequence[Key]) -> tuple[Key, ...]:
    """Return what to order by; the newest first when nothing tells. Raises InvalidError."""
    for key in keys:
        if key.name not in ORDERS and key.name != SCORE:
            raise InvalidError(f"Results cannot be sorted by {key.name[:100]}")
    if len(keys) > MOST_KEYS:
        raise InvalidError(f"Results are sorted by up to {MOST_KEYS} fields")
    return tuple(key for key in keys if key.name != SCORE) or NEWEST


class Search:
    """An expression put to a cloud, as of ``now``. Raises MistakeError and InvalidError."""

    def __init__(
        self, cloud: Cloud, expression: str, *, now: datetime, order: Sequence[Key] = ()
    ) -> None:
        self.cloud = cloud
        self.order = checked_order(order)
        with _limited():
            self.condition = meaning_of(expression, Asking(cloud, now))

    @cached_property
    def _all(self) -> AssetQuerySet:
        """All assets found, in no order, each asked."""
        return Asset.objects.of(self.cloud).filter(self.condition.holds)

    @cached_property
    def _assets(self) -> AssetQuerySet:
        """The same, driven by what is shortest."""
        if not self.condition.postings:
            return self._all
        held = Asset.objects.filter(cloud=self.cloud).order_by().values("pk")
        short = max(held[: LONGEST * DEAR].count() // DEAR, SHORT)
        lengths = [(posting.length(short), posting) for posting in self.condition.postings]
        length, shortest = min(lengths, key=lambda pair: pair[0])
        if length >= short:
            return self._all
        # Written so that no index but that of the keys can be chosen.
        keys = shortest.keys()[:_MOST_ROWS]
        driven = Asset.objects.filter(pk__in=keys).alias(any_cloud=F("cloud_id") + 0)
        return driven.filter(self.condition.holds, any_cloud=self.cloud.pk, deleted_at=None)

    @cached_property
    def _few(self) -> list[int] | None:
        """The keys of all assets found; None: they are more than `FEW`."""
        with _limited():
            keys = list(self._assets.order_by().values_list("pk", flat=True)[: FEW + 1])
        return keys if len(keys) <= FEW else None

    def count(self) -> int:
        if self._few is not None:
            return len(self._few)
        with _limited():
            return self._assets.count()

    def page(
        self, *, limit: int, total: int, after: Sequence[Any] | None = None
    ) -> tuple[list[Asset], list[Any] | None]:
        """Return some assets with their photos, and the place behind them when there are more.

        ``total`` is how many were counted, now or for the first page.
        """
        rows = self._in_reach(total)
        rows = rows.annotate(**{f"by_{n}": one for n, one in enumerate(self._expressions)})
        if after is not None:
            rows = rows.filter(self._beyond(after))
        signs = ["-" if key.is_falling else "" for key in self.order]
        rows = rows.order_by(*(f"{sign}by_{n}" for n, sign in enumerate(signs)), f"{signs[0]}pk")
        with _limited():
            found = list(rows.select_related("photo", "api_key")[: limit + 1])
        if len(found) <= limit:
            return found, None
        return found[:limit], self._place(found[limit - 1])

    def _in_reach(self, total: int) -> AssetQuerySet:
        """Return the rows to take a page of: what is found often is soon met where all are."""
        if total <= FEW and self._few is not None:
            return Asset.objects.filter(pk__in=self._few)
        is_by_arrival = [key.name for key in self.order] == ["created_at"]
        return self._all if is_by_arrival else self._assets

    @property
    def _expressions(self) -> list[Any]:
        return [ORDERS[key.name] for key in self.order]

    def _place(self, asset: Asset) -> list[Any]:
        values = [getattr(asset, f"by_{n}") for n in range(len(self.order))]
        plain = [one.isoformat() if isinstance(one, datetime) else one for one in values]
        return [*plain, asset.pk]

    def _beyond(self, place: Sequence[Any]) -> Q:
        """Return the condition of what comes after a place in the order."""
        names = [f"by_{n}" for n in range(len(self.order))] + ["pk"]
        falls = [key.is_falling for key in self.order] + [self.order[0].is_falling]
        further, same = Q(pk__in=[]), Q()
        for name, is_falling, value in zip(names, falls, place, strict=True):
            further |= same & Q(**{f"{name}__{'lt' if is_falling else 'gt'}": value})
            same &= Q(**{name: value})
        return Q(**{f"by_0__{'lte' if falls[0] else 'gte'}": place[0]}) & further

    def groups(self, name: str) -> dict[str, int]:
        """Return how many assets have which value of one of `GROUPS`, the most frequent first."""
        if name == "tags":
            with _limited():
                return tag_counts(self._assets.order_by())
        column = _COLUMNS[name]
        rows = self._assets.order_by().values_list(column).annotate(n=Count("pk"))
        with _limited():
            return {str(value): n for value, n in rows.order_by("-n", column) if value != ""}

    def ranges(self, name: str, ranges: Sequence[Range]) -> dict[str, int]:
        """Return how many assets have a number within each of the ranges."""
        number = ORDERS[name]
        counts = {f"n{place}": Count("pk", filter=_within(one)) for place, one in enumerate(ranges)}
        with _limited():
            found = self._assets.annotate(number=number).aggregate(**counts)
        return {one.key: found[f"n{place}"] for place, one in enumerate(ranges)}


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers from ``low`` to before ``high``; None: no end."""

    key: str
    low: float | None = None
    high: float | None = None


def _within(one: Range) -> Q:
    found = Q(number__gte=0 if one.low is None else one.low)
    return found if one.high is None else found & Q(number__lt=one.high)


_COLUMNS: Mapping[str, str] = {
    "format": "format",
    "resource_type": "resource_type",
    "type": "type",
    "folder": "folder",
    "asset_folder": "folder",
    "moderation_kind": "moderation_kind",
    "moderation_status": "moderation_status",
}
GROUPS = frozenset({*_COLUMNS, "tags"})
#: Numbers of which there are too many to tell one by one, and where they are parted.
PARTS: Mapping[str, Sequence[int]] = {
    "bytes": (10_000, 100_000, 1_000_000, 10_000_000, 100_000_000),
    "width": (100, 500, 1000, 2000, 5000),
    "height": (100, 500, 1000, 2000, 5000),
    "pixels": (10_000, 100_000, 1_000_000, 10_000_000, 100_000_000),
    "aspect_ratio": (1, 2),
}


def parted(name: str) -> list[Range]:
    """Return the ranges that numbers are counted in when nobody says otherwise."""
    bounds = [None, *PARTS[name], None]
    return [
        Range(f"{low or 0}-{'' if high is None else high}", low, high)
        for low, high in pairwise(bounds)
    ]
