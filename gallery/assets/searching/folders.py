"""Finds folders by expressions on their names, paths and dates."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from ...models import Cloud, Folder
from ..errors import InvalidError
from . import language
from .finding import Key
from .labels import match_of
from .language import Asked, Every, MistakeError, Node, Opposite, Some
from .values import Dates, stretch_of

#: What folders can be ordered by; names are ordered by whole paths where they are the same.
ORDERS: Mapping[str, str] = {
    "path": "path",
    "name": "path",
    "created_at": "created_at",
    "updated_at": "updated_at",
}
NEWEST = (Key("created_at", is_falling=True),)


@dataclass(frozen=True, slots=True)
class FolderSearch:
    """An expression put to a cloud's folders, as of ``now``. Raises MistakeError."""

    cloud: Cloud
    expression: str
    now: datetime
    order: tuple[Key, ...] = NEWEST

    @classmethod
    def of(
        cls, cloud: Cloud, expression: str, *, now: datetime, order: Sequence[Key]
    ) -> FolderSearch:
        """Raises MistakeError, and InvalidError for an order that there is not."""
        for key in order:
            if key.name not in ORDERS:
                raise InvalidError(f"Folders cannot be sorted by {key.name[:100]}")
        if len(order) > 1:
            raise InvalidError("Folders are sorted by one field")
        search = cls(cloud, expression, now, tuple(order) or NEWEST)
        search.folders()
        return search

    def folders(self) -> Any:
        holds = _holds(language.parse(self.expression), Dates(self.now))
        return Folder.objects.filter(holds, cloud=self.cloud)

    def page(
        self, *, limit: int, after: Sequence[Any] | None
    ) -> tuple[list[Folder], list[Any] | None]:
        """Return some folders, and the place behind them when there are more."""
        [key] = self.order
        column, sign = ORDERS[key.name], "-" if key.is_falling else ""
        rows = self.folders().order_by(f"{sign}{column}", f"{sign}pk")
        if after is not None:
            further, (value, last) = "lt" if key.is_falling else "gt", after
            rows = rows.filter(
                Q(**{f"{column}__{further}": value}) | Q(**{column: value, f"pk__{further}": last})
            )
        found = list(rows[: limit + 1])
        if len(found) <= limit:
            return found, None
        value = getattr(found[limit - 1], column)
        plain = value.isoformat() if isinstance(value, datetime) else value
        return found[:limit], [plain, found[limit - 1].pk]


def _holds(node: Node, dates: Dates) -> Q:
    match node:
        case Asked():
            return _asked(node, dates)
        case Opposite(part):
            found = _holds(part, dates)
            return ~found if found else Q(pk__in=[])
        case Every(parts):
            return _every([_holds(part, dates) for part in parts])
        case Some(parts):
            return _some([_holds(part, dates) for part in parts])


def _every(parts: Sequence[Q]) -> Q:
    every = Q()
    for part in parts:
        every &= part
    return every


def _some(parts: Sequence[Q]) -> Q:
    if not all(parts):
        return Q()  # one of them holds of everything
    some = Q(pk__in=[])
    for part in parts:
        some |= part
    return some


def _asked(asked: Asked, dates: Dates) -> Q:
    field = _FIELDS.get(asked.field)
    if field is None:
        raise MistakeError(f"There is no field {asked.field[:100]}.", asked.position)
    return field(asked, dates)


def _path(asked: Asked, dates: Dates) -> Q:
    return match_of(asked).on("path")


def _name(asked: Asked, dates: Dates) -> Q:
    """The last part of the path; words may be anywhere in it."""
    return match_of(asked).on_last_part("path")


def _id(asked: Asked, dates: Dates) -> Q:
    return match_of(asked).on("external_id")


def _date(column: str) -> Callable[[Asked, Dates], Q]:
    def ask(asked: Asked, dates: Dates) -> Q:
        bounds = stretch_of(asked, dates)
        found = Q(**{f"{column}__gte": bounds.low}) if bounds.low else Q()
        return found & Q(**{f"{column}__lt": bounds.high}) if bounds.high else found

    return ask


_FIELDS: Mapping[str, Callable[[Asked, Dates], Q]] = {
    "": _path,
    "path": _path,
    "name": _name,
    "id": _id,
    "external_id": _id,
    "created_at": _date("created_at"),
    "updated_at": _date("updated_at"),
}
