"""The fields of search expressions: what each is compared with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, FloatField, Q
from django.db.models.functions import Cast, Coalesce, NullIf

from ...imaging import colors
from ...models import Asset, Cloud, DeliveryType, Folder, ResourceType, Visibility
from . import labels
from .conditions import (
    NOTHING,
    Condition,
    of_asset,
    of_photo_facts,
    some,
)
from .labels import match_of
from .language import Asked, MistakeError, Text
from .matching import JsonLength, JsonNumber, JsonText, Match, around, begins, escaped, within
from .values import Dates, Stretch, number, ratio, stretch_of

#: The types under which there may be something: with both given, names are found in an index.
_ALL_KINDS = Q(resource_type__in=ResourceType.values, type__in=DeliveryType.values)
_COLORS = {"grey": "gray", "turquoise": "teal", "cyan": "teal", "violet": "purple"}


@dataclass(frozen=True, slots=True)
class Asking:
    """What fields need to be asked: whose assets, and since when ages are counted."""

    cloud: Cloud
    now: datetime

    @property
    def dates(self) -> Dates:
        return Dates(self.now)

    def assets(self, holds: Q) -> Any:
        return Asset.objects.filter(holds, cloud=self.cloud)


Field = Callable[[Asking, Asked], Condition]


# --- Kinds of fields --------------------------------------------------------------------------


def _text(column: str) -> Field:
    """Words for ``:``, the whole for ``=``."""

    def ask(asking: Asking, asked: Asked) -> Condition:
        return Condition(match_of(asked).on(column), costs=1)

    return ask


def _keyword(column: str) -> Field:
    """One word, of which ``:`` does not see the case."""

    def ask(asking: Asking, asked: Asked) -> Condition:
        match = match_of(asked)
        lookup = "istartswith" if match.value.is_prefix else "iexact"
        if match.is_whole or match.value.is_anything:
            return Condition(match.on(column))
        return Condition(Q(**{f"{column}__{lookup}": match.value.text}))

    return ask


def _choice(choices: Mapping[str, Condition]) -> Field:
    """One of a few words."""

    def ask(asking: Asking, asked: Asked) -> Condition:
        match = match_of(asked)
        fitting = [held for name, held in choices.items() if match.accepts(name)]
        return some(fitting) if fitting else NOTHING

    return ask


def _number(expression: Any, read: Callable[[Text], Stretch[float]] = number) -> Field:
    def ask(asking: Asking, asked: Asked) -> Condition:
        bounds = stretch_of(asked, read)
        if isinstance(expression, str):
            return Condition(_between(expression, bounds))
        return Condition(within(expression, bounds.low, bounds.high), costs=1)

    return ask


def _between(column: str, bounds: Stretch[Any]) -> Q:
    found = Q(**{f"{column}__isnull": False})
    if bounds.low is not None:
        found &= Q(**{f"{column}__gte": bounds.low})
    if bounds.high is not None:
        found &= Q(**{f"{column}__lt": bounds.high})
    return found


def _date(column: str, *, is_indexed: bool = False) -> Field:
    def ask(asking: Asking, asked: Asked) -> Condition:
        holds = _between(column, stretch_of(asked, asking.dates))
        return of_asset(holds, posting=asking.assets(holds) if is_indexed else None)

    return ask


def _truth(text: Any) -> Field:
    """Something that is or is not; unknown is neither."""
    return _choice(
        {
            answer: Condition(Match(Text(answer), is_whole=True).on_expression(text), costs=1)
            for answer in ("true", "false")
        }
    )


# --- Single fields ----------------------------------------------------------------------------


def _public_id(asking: Asking, asked: Asked) -> Condition:
    match = match_of(asked)
    holds = match.on("public_id")
    if match.pattern or match.value.is_anything or not match.is_whole:
        return Condition(holds, costs=1)
    return of_asset(holds, posting=asking.assets(_ALL_KINDS & holds))


def _asset_id(asking: Asking, asked: Asked) -> Condition:
    match = match_of(asked)
    wanted = match.value.text if match.is_whole else match.value.text.lower()
    if match.value.is_anything:
        return Condition(Q())
    holds = begins("asset_id", wanted) if match.value.is_prefix else Q(asset_id=wanted)
    return of_asset(holds, posting=asking.assets(holds))


def _folder(asking: Asking, asked: Asked) -> Condition:
    """``a`` is that folder, ``a/*`` it and all below."""
    match = match_of(asked)
    path = match.value.text
    if match.value.is_anything:
        return Condition(~Q(folder=""))
    if match.value.is_prefix and path.endswith("/"):
        return _folder_and_below(asking, path.rstrip("/"), is_whole=match.is_whole)
    holds = match.on("folder")
    if not match.is_whole and not match.accepts(""):
        holds = Q(folder__in=_paths(asking, match.on("path")))
    return of_asset(holds, posting=asking.assets(holds))


def _folder_and_below(asking: Asking, path: str, *, is_whole: bool) -> Condition:
    if is_whole:
        holds = ~(~Q(folder=path) & ~begins("folder", f"{path}/"))
        return of_asset(holds, posting=asking.assets(around("folder", path)))
    same = Q(path__iregex=rf"^{escaped(path)}(/|$)")
    holds = Q(folder__in=_paths(asking, same))
    return of_asset(holds, posting=asking.assets(holds))


def _paths(asking: Asking, holds: Q) -> Any:
    paths = Folder.objects.filter(holds, cloud=asking.cloud).order_by()
    return paths.values_list("path", flat=True)


def _filename(asking: Asking, asked: Asked) -> Condition:
    """The last part of the name."""
    return Condition(match_of(asked).on_last_part("public_id"), costs=1)


def _tags(asking: Asking, asked: Asked) -> Condition:
    return labels.tagged(asking.cloud, match_of(asked))


def _context(asking: Asking, asked: Asked) -> Condition:
    return labels.with_context_key(asking.cloud, match_of(asked))


def _metadata(asking: Asking, asked: Asked) -> Condition:
    return labels.with_field(asking.cloud, match_of(asked))


def _taken_at(asking: Asking, asked: Asked) -> Condition:
    return of_photo_facts(_between("taken_at", stretch_of(asked, asking.dates)))


def _location(asking: Asking, asked: Asked) -> Condition:
    return of_photo_facts(match_of(asked).on("place"))


def _colors(asking: Asking, asked: Asked) -> Condition:
    """A colour that stands out, by its name."""
    match = match_of(asked)
    if match.value.is_anything:
        return of_photo_facts(Q(colors__gt=0))
    name = match.value.text.lower()
    bits = [
        bit
        for known, bit in colors.BITS.items()
        if match.accepts(known) or known == _COLORS.get(name)
    ]
    return _with_bits(sum(bits)) if bits else NOTHING


def _with_bits(bits: int) -> Condition:
    seen = Coalesce(F("colors"), 0).bitand(bits)
    return of_photo_facts(Q(pk__in=[]) if not bits else _nonzero(seen))


def _nonzero(expression: Any) -> Q:
    return within(expression, 1, None)


_PRIVATE = of_photo_facts(Q(visibility=Visibility.PRIVATE))
_RATIO = Cast("width", FloatField()) / NullIf(Cast("height", FloatField()), 0.0)
_FACES = Coalesce(JsonLength("coordinates", "faces"), JsonLength("analysis", "faces"))

FIELDS: Mapping[str, Field] = {
    "public_id": _public_id,
    "asset_id": _asset_id,
    "folder": _folder,
    "asset_folder": _folder,
    "filename": _filename,
    "display_name": _text("display_name"),
    "tags": _tags,
    "context": _context,
    "metadata": _metadata,
    "resource_type": _choice(
        {kind: Condition(Q(resource_type=kind)) for kind in ResourceType.values}
    ),
    "type": _choice({kind: Condition(Q(type=kind)) for kind in DeliveryType.values}),
    "format": _keyword("format"),
    "etag": _keyword("etag"),
    "status": _choice({"active": Condition(Q())}),
    "moderation_kind": _keyword("moderation_kind"),
    "moderation_status": _keyword("moderation_status"),
    "access_mode": _choice(
        {"public": Condition(~_PRIVATE.holds, costs=2), "authenticated": _PRIVATE}
    ),
    "bytes": _number("size_bytes"),
    "width": _number("width"),
    "height": _number("height"),
    "pages": _number("pages"),
    "pixels": _number(Cast("width", FloatField()) * Cast("height", FloatField())),
    "aspect_ratio": _number(_RATIO, ratio),
    "face_count": _number(_FACES),
    "illustration_score": _number(JsonNumber("analysis", "illustration_score")),
    "quality_score": _number(JsonNumber("analysis", "quality_score")),
    "grayscale": _truth(JsonText("analysis", "grayscale")),
    "transparent": _truth(JsonText("analysis", "semi_transparent")),
    "colors": _colors,
    "created_at": _date("created_at", is_indexed=True),
    "uploaded_at": _date("uploaded_at"),
    "last_updated": _date("updated_at"),
    "updated_at": _date("updated_at"),
    "taken_at": _taken_at,
    "location": _location,
}
_UPDATED = {f"{what}updated_at" for what in ("", "tags_", "context_", "metadata_")}


def ask(asking: Asking, asked: Asked) -> Condition:
    """Return the condition of a field and its value. Raises MistakeError."""
    if not asked.field:
        return _bare(asking, asked)
    if field := FIELDS.get(asked.field):
        return field(asking, asked)
    family, _, name = asked.field.partition(".")
    if name and (part := _FAMILIES.get(family)):
        return part(asking, asked, name)
    raise MistakeError(f"There is no field {asked.field[:100]}.", asked.position)


def _bare(asking: Asking, asked: Asked) -> Condition:
    match = match_of(asked)
    return Condition(Q()) if match.value.is_anything else labels.anywhere(asking.cloud, match)


def _one_context(asking: Asking, asked: Asked, key: str) -> Condition:
    return labels.with_context(asking.cloud, key, match_of(asked))


def _one_metadata(asking: Asking, asked: Asked, external_id: str) -> Condition:
    return labels.with_metadata(asking.cloud, external_id, asked, asking.dates)


def _told_by_file(asking: Asking, asked: Asked, key: str) -> Condition:
    """An entry of the file's own metadata; numbers may be compared."""
    if asked.operator in (":", "=") and isinstance(asked.value, Text):
        match = match_of(asked)
        text = JsonText("analysis", "image_metadata", key)
        return Condition(match.on_expression(text), costs=1)
    return _number(JsonNumber("analysis", "image_metadata", key))(asking, asked)


def _quality(asking: Asking, asked: Asked, key: str) -> Condition:
    return _number(JsonNumber("analysis", "quality_analysis", key))(asking, asked)


def _updated(asking: Asking, asked: Asked, key: str) -> Condition:
    if key not in _UPDATED:
        raise MistakeError(f"There is no field {asked.field[:100]}.", asked.position)
    return _date(key)(asking, asked)


_FAMILIES: Mapping[str, Callable[[Asking, Asked, str], Condition]] = {
    "context": _one_context,
    "metadata": _one_metadata,
    "image_metadata": _told_by_file,
    "quality_analysis": _quality,
    "last_updated": _updated,
}
