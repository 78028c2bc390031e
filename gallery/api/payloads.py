"""Rows become the JSON that client libraries know: answers of uploads, lines of lists, details."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ..assets import add_ons, analysing, deriving, labels, relating, storing
from ..models import Asset, Derived
from ..models.assets import AssetQuerySet
from . import auth
from .doors import Call
from .errors import BadRequestError
from .params import Params

Payload = dict[str, Any]

#: What may be asked for by a flag, and the parts of an asset's analysis that it shows.
ANALYSES: Mapping[str, tuple[str, ...]] = {
    "colors": ("colors", "predominant", "grayscale", "semi_transparent", "illustration_score"),
    "phash": ("phash",),
    "image_metadata": ("image_metadata",),
    "exif": ("exif",),
    "quality_analysis": ("quality_analysis", "quality_score"),
    "accessibility_analysis": ("accessibility_analysis",),
}
_MODERATION = ("kind", "status", "updated_at", "response")
#: Another name for the same map.
_MEDIA = "media_metadata"
#: What a list tells only when asked, as flags ``brief`` knows.
FLAGS = ("tags", "context", "metadata", "moderations")
#: What every item of a list tells however few fields are asked for.
NAMING = ("asset_id", "public_id", "resource_type", "type")
MAX_DERIVED_LISTED, DERIVED_LISTED = 500, 10


def stamp(time: datetime) -> str:
    """Return an instant as ``2026-08-19T14:00:00Z``."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def flags_of(params: Params) -> set[str]:
    return {name for name in FLAGS if params.flag(name)}


def wanted_analyses(params: Params) -> set[str]:
    """Return what is asked to be worked out: names of `ANALYSES`, and ``faces``."""
    return {name for name in (*ANALYSES, _MEDIA, "faces") if params.flag(name)}


# --- Lists ------------------------------------------------------------------------------------


def for_answers(assets: AssetQuerySet) -> AssetQuerySet:
    """Fetch what answers need of each asset along with it."""
    return assets.select_related("photo")


def brief(call: Call, assets: Sequence[Asset], flags: Collection[str] = ()) -> list[Payload]:
    """Return one line for each asset; the number of statements does not depend on how many.

    ``flags`` are of `FLAGS`: what is told besides.
    """
    of_all = _Labels.read(call, assets, flags)
    return [_core(call, asset) | of_all.of(asset) for asset in assets]


def only(items: Iterable[Payload], fields: Collection[str]) -> list[Payload]:
    """Leave of each item the fields asked for and its names; all when none are."""
    if not fields:
        return list(items)
    kept = {*fields, *NAMING}
    return [{key: value for key, value in item.items() if key in kept} for item in items]


class _Labels:
    """Tags, context and metadata of many assets, read at once."""

    def __init__(self) -> None:
        self._parts: dict[str, Mapping[int, Any]] = {}
        self._moderations = False

    @classmethod
    def read(cls, call: Call, assets: Sequence[Asset], flags: Collection[str]) -> _Labels:
        found = cls()
        readers: dict[str, Callable[[Sequence[Asset]], Mapping[int, Any]]] = {
            "tags": labels.tags_of,
            "context": labels.context_of,
            "metadata": labels.metadata_of,
        }
        found._parts = {name: read(assets) for name, read in readers.items() if name in flags}
        found._moderations = "moderations" in flags
        return found

    def of(self, asset: Asset) -> Payload:
        told: Payload = {}
        if "tags" in self._parts:
            told["tags"] = self._parts["tags"].get(asset.pk, [])
        if context := self._parts.get("context", {}).get(asset.pk):
            told["context"] = {"custom": context}
        if "metadata" in self._parts:
            told["metadata"] = self._parts["metadata"].get(asset.pk, {})
        if self._moderations and asset.moderation_kind:
            told["moderation_kind"] = asset.moderation_kind
            told["moderation_status"] = asset.moderation_status
        return told


def _core(call: Call, asset: Asset) -> Payload:
    """Return what every answer tells of an asset."""
    asset.cloud = call.cloud
    told: Payload = {"asset_id": asset.asset_id, "public_id": asset.public_id}
    if asset.is_image:
        told["format"] = asset.format
    told |= {
        "version": asset.version,
        "resource_type": asset.resource_type,
        "type": asset.type,
        "created_at": stamp(asset.created_at),
        "bytes": asset.size_bytes,
    }
    if asset.is_image:
        told |= {"width": asset.width, "height": asset.height}
    return told | _place(asset) | urls(call, asset) | {"access_mode": access_mode(asset)}


def _place(asset: Asset) -> Payload:
    told: Payload = {"folder": asset.folder}
    if asset.public_id.rpartition("/")[0] != asset.folder:
        told["asset_folder"] = asset.folder
    if asset.display_name:
        told["display_name"] = asset.display_name
    return told


def urls(
    call: Call, asset: Asset, transformation: str = "", format: str | None = None
) -> dict[str, str]:
    """Return where an asset, or a picture made of it, is delivered."""
    path = deriving.url_path(asset, transformation, format)
    return {"url": call.base_url + path, "secure_url": call.secure_base_url + path}


def access_mode(asset: Asset) -> str:
    is_open = asset.photo is None or asset.photo.is_public
    return "public" if is_open else "authenticated"


# --- One asset --------------------------------------------------------------------------------


def detail(call: Call, asset: Asset, params: Params) -> Payload:
    """Return all that is known of an asset, and what ``params`` asks for besides.

    What is asked to be worked out, by the names of `wanted_analyses`, has been already.
    """
    [told] = brief(call, [asset], {"tags", "context", "metadata", "moderations"})
    for name in ("tags", "metadata"):
        if not told[name]:
            del told[name]
    told |= {"etag": storing.etag_of(asset), "placeholder": asset.deleted_at is not None}
    told |= {"version_id": asset.version_id, "last_updated": _last_updated(asset)}
    if asset.original_filename:
        told["original_filename"] = asset.original_filename
    if asset.is_image:
        told["pages"] = asset.pages
    told |= _rights(asset) | _info(asset)
    told |= analyses(asset, wanted_analyses(params)) | _derived_page(call, asset, params)
    return told | _coordinates(asset, params) | _versions(asset, params) | _related(asset, params)


def _last_updated(asset: Asset) -> Payload:
    times = {
        "tags_updated_at": asset.tags_updated_at,
        "context_updated_at": asset.context_updated_at,
        "metadata_updated_at": asset.metadata_updated_at,
        "updated_at": asset.updated_at,
    }
    return {name: stamp(time) for name, time in times.items() if time}


def _rights(asset: Asset) -> Payload:
    told: Payload = {}
    if asset.moderation:
        told["moderation"] = [
            {name: value for name, value in entry.items() if name in _MODERATION}
            for entry in asset.moderation
        ]
    if asset.access_control:
        told["access_control"] = asset.access_control
    if asset.quality_override:
        told["quality_override"] = asset.quality_override
    return told


def _info(asset: Asset) -> Payload:
    info = add_ons.info_of([asset]).get(asset.pk)
    return {"info": info} if info else {}


def analyses(asset: Asset, wanted: Collection[str]) -> Payload:
    """Return what was worked out of an asset, as far as it is asked for."""
    shown = [part for name in wanted for part in ANALYSES.get(name, ())]
    told = {part: asset.analysis[part] for part in shown if part in asset.analysis}
    if _MEDIA in wanted and "image_metadata" in asset.analysis:
        told[_MEDIA] = asset.analysis["image_metadata"]
    if "faces" in wanted:
        told["faces"] = analysing.faces_of(asset)
    return told


def _derived_page(call: Call, asset: Asset, params: Params) -> Payload:
    most = params.integer("max_results", DERIVED_LISTED, low=1, high=MAX_DERIVED_LISTED)
    cursor = params.text("derived_next_cursor")
    rows = asset.derived.order_by("-pk")
    if cursor:
        if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):
            raise BadRequestError("Invalid value for parameter derived_next_cursor")
        rows = rows.filter(pk__lt=int(cursor))
    found = list(rows[: most + 1])
    told: Payload = {"derived": [derived(call, asset, row) for row in found[:most]]}
    if len(found) > most:
        told["next_cursor"] = told["derived_next_cursor"] = str(found[most - 1].pk)
    return told


def derived(call: Call, asset: Asset, row: Derived) -> Payload:
    return {
        "transformation": row.transformation,
        "format": row.format,
        "bytes": row.size_bytes,
        "id": row.derived_id,
        **urls(call, asset, row.transformation, row.format),
    }


def _coordinates(asset: Asset, params: Params) -> Payload:
    if not params.flag("coordinates"):
        return {}
    told: Payload = {name: boxes for name, boxes in asset.coordinates.items() if boxes}
    found: Payload = {"coordinates": told} if told else {}
    return found | ({"regions": asset.regions} if asset.regions else {})


def _versions(asset: Asset, params: Params) -> Payload:
    if not params.flag("versions"):
        return {}
    rows = asset.versions.order_by("-version", "-pk")[:MAX_DERIVED_LISTED]
    return {
        "versions": [
            {
                "version_id": row.version_id,
                "version": row.version,
                "format": row.format,
                "size": row.size_bytes,
                "time": stamp(row.created_at),
                "restorable": True,
            }
            for row in rows
        ]
    }


def _related(asset: Asset, params: Params) -> Payload:
    if not params.flag("related"):
        return {}
    return {
        "related_assets": [
            {"asset": f"{one.resource_type}/{one.type}/{one.public_id}", "asset_id": one.asset_id}
            for one in relating.related_to(asset, most=MAX_DERIVED_LISTED)
        ]
    }


# --- Uploads ----------------------------------------------------------------------------------


def upload_answer(call: Call, asset: Asset, *, wanted: Collection[str] = ()) -> Payload:
    """Return what upload, explicit and rename answer; ``wanted`` of `wanted_analyses`."""
    told = _core(call, asset)
    told |= {"version_id": asset.version_id, "placeholder": False, "etag": storing.etag_of(asset)}
    told["tags"] = labels.tags_of([asset]).get(asset.pk, [])
    if context := labels.context_of([asset]).get(asset.pk):
        told["context"] = {"custom": context}
    if metadata := labels.metadata_of([asset]).get(asset.pk):
        told["metadata"] = metadata
    if asset.is_image:
        told["pages"] = asset.pages
    told |= _signed(call, asset) | _original(asset) | _rights(asset)
    told |= _info(asset) | analyses(asset, wanted)
    if "faces" in told:
        told["faces"] = [_clamped(asset, box) for box in told["faces"]]
    return told


def _signed(call: Call, asset: Asset) -> Payload:
    """Sign with the key that asks; without one, with the first that the cloud has."""
    key = call.key or call.cloud.keys.active().order_by("pk").first()
    if key is None:
        return {}
    signature = auth.answer_signature(asset.public_id, asset.version, key.secret)
    return {"signature": signature} | ({"api_key": key.key} if call.key else {})


def _original(asset: Asset) -> Payload:
    told: Payload = {}
    if asset.original_filename:
        told["original_filename"] = asset.original_filename
    if asset.original_extension and asset.original_extension != asset.format:
        told["original_extension"] = asset.original_extension
    return told


def _clamped(asset: Asset, box: Sequence[int]) -> list[int]:
    """Cut a box's sides to the picture's, wherever it begins, as the vendor does."""
    x, y, width, height = box
    return [x, y, min(width, asset.width or width), min(height, asset.height or height)]
