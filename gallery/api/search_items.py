"""What searches tell of each asset: as lists do, but flat, and with dates as ``+00:00``."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db.models import Sum

from ..assets import analysing, labels
from ..models import Asset, AssetVersion
from . import payloads
from .doors import Call

Item = dict[str, Any]


def stamp(time: datetime) -> str:
    """Return an instant as ``2026-08-19T14:00:00+00:00``."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00")


def items(
    call: Call, assets: Sequence[Asset], *, with_field: Collection[str], fields: Collection[str]
) -> list[Item]:
    """Return a line for each asset; the number of statements does not depend on how many.

    ``with_field`` are of `WITH`; ``fields``, when there are any, are all that is told.
    """
    wanted = {*with_field, *fields} & WITH.keys()
    read = {name: WITH[name](assets) for name in wanted}
    backups = _backups(assets)
    told = [
        _item(call, asset, line)
        | {"backup_bytes": backups.get(asset.pk, 0)}
        | {name: of_all[asset.pk] for name, of_all in read.items()}
        for asset, line in zip(assets, payloads.brief(call, assets), strict=True)
    ]
    return payloads.only(told, fields)


def _item(call: Call, asset: Asset, line: Item) -> Item:
    by = {"access_key": asset.api_key.key} if asset.api_key else None
    told = line | {
        "filename": asset.filename,
        "created_at": stamp(asset.created_at),
        "uploaded_at": stamp(asset.uploaded_at),
        "status": "active",
        "access_control": asset.access_control or None,
        "etag": asset.etag,
        "created_by": by,
        "uploaded_by": by,
    }
    if asset.width and asset.height:
        told["pixels"] = asset.width * asset.height
        told["aspect_ratio"] = round(asset.width / asset.height, 5)
    return told


def _backups(assets: Sequence[Asset]) -> dict[int, int]:
    rows = AssetVersion.objects.filter(asset__in=assets).order_by().values_list("asset")
    return dict(rows.annotate(n=Sum("size_bytes")))


# --- What is told when asked for ----------------------------------------------------------------


def _filled(
    read: Callable[[Sequence[Asset]], Mapping[int, Any]], empty: Callable[[], Any]
) -> Callable[[Sequence[Asset]], Mapping[int, Any]]:
    def filled(assets: Sequence[Asset]) -> Mapping[int, Any]:
        known = read(assets)
        return {asset.pk: known.get(asset.pk, empty()) for asset in assets}

    return filled


def _image_metadata(assets: Sequence[Asset]) -> Mapping[int, Any]:
    return {asset.pk: asset.analysis.get("image_metadata", {}) for asset in assets}


def _image_analysis(assets: Sequence[Asset]) -> Mapping[int, Any]:
    return {asset.pk: _analysis(asset) for asset in assets}


def _analysis(asset: Asset) -> Item:
    """Return what was worked out of a picture, in the names that searches tell it by."""
    known = asset.analysis
    parts = ("phash", "grayscale", "illustration_score", "quality_score")
    told = {name: known[name] for name in parts if name in known}
    if "semi_transparent" in known:
        told["transparent"] = known["semi_transparent"]
    if "colors" in known:
        told["colors"] = dict(known["colors"])
    if asset.is_image and (asset.coordinates.get("faces") or "faces" in known):
        told |= {"faces": analysing.faces_of(asset), "face_count": len(analysing.faces_of(asset))}
    return told


#: What is told only when asked for, and what reads it of many assets.
WITH: Mapping[str, Callable[[Sequence[Asset]], Mapping[int, Any]]] = {
    "tags": _filled(labels.tags_of, list),
    "context": _filled(labels.context_of, dict),
    "metadata": _filled(labels.metadata_of, dict),
    "image_metadata": _image_metadata,
    "image_analysis": _image_analysis,
}
