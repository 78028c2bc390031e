"""Pages of assets: in order, from where the last page ended, never by counting."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from ..models import Asset, DeliveryType

#: The last character there is: no text that begins with a prefix is beyond prefix and it.
_LAST = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Order:
    """By which column, ties by primary key; ``created_at``, ``public_id`` or ``pk``."""

    column: str = "created_at"
    is_descending: bool = True

    @property
    def columns(self) -> tuple[str, ...]:
        names = ("pk",) if self.column == "pk" else (self.column, "pk")
        return tuple(f"-{name}" if self.is_descending else name for name in names)

    def position(self, asset: Asset) -> list[Any]:
        """Return where an asset stands, as plain JSON."""
        value = getattr(asset, self.column)
        return [value.isoformat() if isinstance(value, datetime) else value, asset.pk]

    def beyond(self, position: Sequence[Any]) -> Q:
        """Return the condition of what comes after a position."""
        value, key = position
        value = datetime.fromisoformat(value) if self.column == "created_at" else value
        further = "lt" if self.is_descending else "gt"
        reached = Q(**{f"{self.column}__{further}e": value})
        return reached & (Q(**{f"{self.column}__{further}": value}) | Q(**{f"pk__{further}": key}))


@dataclass(frozen=True, slots=True)
class Page:
    """Some assets, and where the next page begins; None after the last one."""

    assets: list[Asset]
    position: list[Any] | None


def page(assets: QuerySet[Asset], order: Order, *, after: Sequence[Any] | None, limit: int) -> Page:
    if after is not None:
        assets = assets.filter(order.beyond(after))
    found = list(assets.select_related("photo").order_by(*order.columns)[: limit + 1])
    return _cut(found, order, limit)


def page_of_all_types(
    assets: QuerySet[Asset], order: Order, *, after: Sequence[Any] | None, limit: int
) -> Page:
    """`page`, where the delivery type is open: an index has the order within each type alone."""
    found: list[Asset] = []
    for one in DeliveryType.values:
        found += page(assets.filter(type=one), order, after=after, limit=limit + 1).assets
    for name in reversed(order.columns):
        found.sort(key=lambda one: getattr(one, name.lstrip("-")), reverse=order.is_descending)
    return _cut(found, order, limit)


def _cut(found: Sequence[Asset], order: Order, limit: int) -> Page:
    kept = list(found[:limit])
    return Page(kept, order.position(kept[-1]) if len(found) > limit else None)


def beginning_with(column: str, prefix: str) -> Q:
    """Return the condition that a column begins with a text, capitals and all."""
    if connection.vendor != "sqlite":
        return Q(**{f"{column}__startswith": prefix})
    # SQLite's LIKE takes capitals for small letters and reads no index.
    return Q(**{f"{column}__gte": prefix, f"{column}__lt": prefix + _LAST})


def below(folder: str, column: str = "public_id") -> Q:
    """Return the condition that something is in a folder, or in one below it."""
    return beginning_with(column, f"{folder}/") if folder else Q()


def with_photos(assets: Iterable[Asset]) -> list[Asset]:
    """Return assets anew, each with its photo."""
    keys = [asset.pk for asset in assets]
    by_key = Asset.objects.select_related("photo", "cloud").in_bulk(keys)
    return [by_key[key] for key in keys if key in by_key]
