"""Finds assets by what callers wrote on them, and lists the tags of a cloud."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, cast

from django.db.models import Exists, OuterRef, Q, QuerySet

from ...models import Asset, AssetContext, AssetTag, Cloud, Photo, PhotoTag, Tag
from ...tagging.spellings import is_for_pages
from .context import CAPTION

#: Up to so many assets of a tag are named one by one; of more, each asset is asked for the tag.
FEW = 5000
#: A cloud of no more photos than this has its tags read off them.
SMALL_CLOUD = 10_000
#: Names asked for in one statement.
_CHUNK = 50


def tagged(queryset: QuerySet[Asset], name: str) -> QuerySet[Asset]:
    """Narrow assets to those with a tag of exactly this text."""
    own, rows = AssetTag.objects.filter(name=name), _rows_of(name)
    own_keys = list(own.values_list("asset_id", flat=True)[: FEW + 1])
    photos = list(rows.values_list("photo_id", flat=True)[: FEW + 1])
    if len(own_keys) <= FEW and len(photos) <= FEW:
        of_photos = Asset.objects.filter(photo__in=photos).values_list("pk", flat=True)
        return queryset.filter(pk__in={*own_keys, *of_photos})  # an OR would look at every asset
    return queryset.filter(
        Exists(own.filter(asset=OuterRef("pk"))) | Exists(rows.filter(photo=OuterRef("photo_id")))
    )


def _rows_of(name: str) -> QuerySet[PhotoTag]:
    """Return the assignments that callers read as this text."""
    tag = Tag.objects.known([name]).get(name) if is_for_pages(name) else None
    if tag is None:
        return PhotoTag.objects.none()
    spelled = Q(spelling=name)
    if tag.label == name:
        spelled |= Q(spelling=None)
    return PhotoTag.objects.shown().filter(spelled, tag=tag)


def with_context(queryset: QuerySet[Asset], key: str, value: str | None = None) -> QuerySet[Asset]:
    """Narrow assets to those with this key in their context, and with this value if one is given.

    The caption of a picture is its photo's.
    """
    rows = AssetContext.objects.filter(key=key)
    if value is not None:
        rows = rows.filter(value=value)
    keys = list(rows.values_list("asset_id", flat=True)[: FEW + 1])
    many = len(keys) > FEW
    found = Q(Exists(rows.filter(asset=OuterRef("pk")))) if many else Q(pk__in=keys)
    if key == CAPTION:
        captioned = Photo.objects.filter(pk=OuterRef("photo_id")).exclude(caption="")
        found |= Q(Exists(captioned.filter(caption=value) if value is not None else captioned))
    return queryset.filter(found)


# --- All tags of a cloud ----------------------------------------------------------------------


def tag_names(
    cloud: Cloud, resource_type: str, *, prefix: str = "", after: str = "", limit: int = 10
) -> list[str]:
    """Return tags of a cloud's assets that begin with ``prefix`` and come after ``after``, sorted.

    Texts are compared character by character. For a large cloud, what is read depends on how many
    tags the site has, not on how many photos: each name is only asked whether it stands anywhere.
    """

    def fits(name: str) -> bool:
        return name.startswith(prefix) and name > after

    assets = Asset.objects.of(cloud)
    is_small = not assets.order_by()[SMALL_CLOUD : SMALL_CLOUD + 1].exists()
    of_kind = assets.filter(resource_type=resource_type)
    kept = set(filter(fits, _read(of_kind))) if is_small else _asked(of_kind, fits, limit)
    return sorted(kept)[:limit]


def _read(assets: QuerySet[Asset]) -> Iterator[str]:
    """Yield the tags that stand on assets."""
    own = AssetTag.objects.filter(asset__in=assets)
    yield from own.values_list("name", flat=True).distinct()
    photos = assets.exclude(photo=None).values("photo")
    rows = PhotoTag.objects.shown().filter(photo__in=photos).order_by()
    for spelling, label in rows.values_list("spelling", "tag__label").distinct():
        yield spelling or label


def _asked(assets: QuerySet[Asset], fits: Callable[[str], bool], limit: int) -> set[str]:
    """Return the first ``limit`` names at least, of all kinds, that stand on some of the assets."""
    own = AssetTag.objects.all()
    shown = PhotoTag.objects.shown()
    spelled = shown.exclude(spelling=None)
    on_asset = Exists(assets.filter(pk=OuterRef("asset")))
    on_photo = Exists(assets.filter(photo=OuterRef("photo")))
    as_label = shown.filter(on_photo, spelling=None)
    labels = {label: pk for pk, label in Tag.objects.values_list("pk", "label") if fits(label)}
    return (
        _standing(_distinct(own, "name", fits), lambda one: own.filter(on_asset, name=one), limit)
        | _standing(
            _distinct(spelled, "spelling", fits),
            lambda one: spelled.filter(on_photo, spelling=one),
            limit,
        )
        | _standing(labels, lambda one: as_label.filter(tag=labels[one]), limit)
    )


def _distinct(rows: QuerySet[Any], column: str, fits: Callable[[str], bool]) -> list[str]:
    return [one for one in rows.order_by().values_list(column, flat=True).distinct() if fits(one)]


def _standing(
    names: Iterable[str], rows_of: Callable[[str], QuerySet[Any]], limit: int
) -> set[str]:
    """Return the first ``limit`` names, in order, of which there are rows."""
    found: set[str] = set()
    ordered = iter(sorted(names))
    while len(found) < limit and (chunk := list(islice(ordered, _CHUNK))):
        answers = _whether(rows_of(name).order_by() for name in chunk)
        found.update(name for name, stands in zip(chunk, answers, strict=True) if stands)
    return found


def _whether(queries: Iterable[QuerySet[Any]]) -> tuple[bool, ...]:
    """Ask in one statement which of some queries have rows."""
    asked = {f"has_{number}": Exists(rows) for number, rows in enumerate(queries)}
    clouds = Cloud.objects.annotate(**asked).values_list(*asked)
    return cast("tuple[bool, ...]", clouds[:1].get())
