"""Finds assets by what callers wrote on them, and lists the tags of a cloud."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, cast

from django.db import connection
from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from ...models import Asset, AssetContext, AssetTag, Cloud, Photo, PhotoTag, ResourceType, Tag
from ...tagging.spellings import is_for_pages
from .context import CAPTION

#: Up to so many assets of a tag are named one by one; of more, each asset is asked for the tag.
FEW = 5000
#: Up to so many assets have their tags read off them.
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

    assets = Asset.objects.of(cloud).filter(resource_type=resource_type)
    is_small = not assets.order_by()[SMALL_CLOUD : SMALL_CLOUD + 1].exists()
    if is_small:
        return sorted(set(filter(fits, _read(assets))))[:limit]
    places = [_own_names(assets)]
    if resource_type == ResourceType.IMAGE:
        places += _names_on_photos(assets, cloud)
    return _first(places, fits, limit)


def _read(assets: QuerySet[Asset]) -> Iterator[str]:
    """Yield the tags that stand on assets."""
    own = AssetTag.objects.filter(asset__in=assets)
    yield from own.values_list("name", flat=True).distinct()
    photos = assets.exclude(photo=None).values("photo")
    rows = PhotoTag.objects.shown().filter(photo__in=photos).order_by()
    for spelling, label in rows.values_list("spelling", "tag__label").distinct():
        yield spelling or label


@dataclass(frozen=True, slots=True)
class _Place:
    """Where names may stand: all that the site has there, and the rows of one on the assets."""

    names: Collection[str]
    rows_of: Callable[[str], QuerySet[Any]]


def _own_names(assets: QuerySet[Asset]) -> _Place:
    own = AssetTag.objects.filter(Exists(assets.filter(pk=OuterRef("asset"))))
    return _Place(_distinct(AssetTag, "name"), lambda name: own.filter(name=name))


def _names_on_photos(assets: QuerySet[Asset], cloud: Cloud) -> list[_Place]:
    photos = Photo.objects.filter(owner=cloud.owner_id).order_by("pk").values_list("pk", flat=True)
    # What others brought before and after is passed over without a look.
    first, last = photos.first() or 0, photos.last() or 0
    on_these = Exists(assets.filter(photo=OuterRef("photo")))
    rows = PhotoTag.objects.shown().filter(on_these, photo__gte=first, photo__lte=last)
    labels = dict(Tag.objects.values_list("label", "pk"))
    return [
        _Place(_distinct(PhotoTag, "spelling"), lambda name: rows.filter(spelling=name)),
        _Place(labels, lambda name: rows.filter(spelling=None, tag=labels[name])),
    ]


def _distinct(model: type[Model], column: str) -> set[str]:
    """Return the values of a column that an index begins with, by one look at each of them."""
    table, name = (connection.ops.quote_name(one) for one in (model._meta.db_table, column))
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH RECURSIVE steps(value) AS (SELECT MIN({name}) FROM {table} "  # noqa: S608
            f"WHERE {name} IS NOT NULL UNION ALL SELECT (SELECT MIN({name}) FROM {table} "
            f"WHERE {name} > steps.value) FROM steps WHERE steps.value IS NOT NULL) "
            "SELECT value FROM steps WHERE value IS NOT NULL"
        )
        return {value for (value,) in cursor.fetchall()}


def _first(places: Sequence[_Place], fits: Callable[[str], bool], limit: int) -> list[str]:
    """Return the first names, in order, that stand in one of the places."""
    found: list[str] = []
    names = iter(sorted({name for place in places for name in place.names if fits(name)}))
    chunk_size = min(limit, _CHUNK)
    while len(found) < limit and (chunk := list(islice(names, chunk_size))):
        asked = [
            (name, place.rows_of(name)) for name in chunk for place in places if name in place.names
        ]
        stands = _whether([rows for _, rows in asked])
        there = {name for (name, _), is_there in zip(asked, stands, strict=True) if is_there}
        found += [name for name in chunk if name in there]
    return found[:limit]


def _whether(queries: Iterable[QuerySet[Any]]) -> tuple[bool, ...]:
    """Ask in one statement which of some queries have rows."""
    asked = {f"has_{number}": Exists(rows.order_by()) for number, rows in enumerate(queries)}
    clouds = Cloud.objects.annotate(**asked).values_list(*asked)
    return cast("tuple[bool, ...]", clouds[:1].get())
