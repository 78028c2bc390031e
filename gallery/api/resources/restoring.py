"""Deleted assets and former versions come back from their backups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...assets import removing
from ...assets.errors import AssetError
from ...imaging.errors import ImageError
from ...models import Asset
from .. import payloads
from ..doors import Answer, Call
from ..errors import BadRequestError
from ..params import Params
from . import finding


def restore(call: Call, resource_type: str, type: str) -> Answer:
    names = _required(call, "public_ids")
    rows = Asset.objects.filter(
        cloud=call.cloud, resource_type=resource_type, type=type, public_id__in=names
    )
    return _restored(call, names, {one.public_id: one for one in rows.select_related("photo")})


def restore_by_asset_ids(call: Call) -> Answer:
    names = _required(call, "asset_ids")
    rows = Asset.objects.filter(cloud=call.cloud, asset_id__in=names)
    return _restored(call, names, {one.asset_id: one for one in rows.select_related("photo")})


def delete_backups(call: Call, asset_id: str) -> Answer:
    """Delete backups of an asset by the ids of their versions."""
    asset = finding.one(call, {"asset_id": asset_id}, even_deleted=True)
    names = _required(call, "version_ids")
    gone = removing.delete_backups(asset, names)
    deleted = [name for name in names if name in gone]
    missing = [name for name in names if name not in gone]
    return {"asset_id": asset_id, "deleted_version_ids": deleted, "not_found_version_ids": missing}


def _required(call: Call, parameter: str) -> list[str]:
    names = finding.names(call, parameter)
    if not names:
        raise BadRequestError(f"Missing required parameter - {parameter}")
    return names


def _restored(call: Call, names: Sequence[str], found: dict[str, Asset]) -> Answer:
    versions = call.params.array("versions")
    if versions and len(versions) != len(names):
        raise BadRequestError("There have to be as many versions as names")
    answer: dict[str, Any] = {}
    for place, name in enumerate(names):
        asset = found.get(name)
        version = versions[place] if versions else None
        answer[name] = _one(call, asset, version) if asset else {"error": "no_backup"}
    return answer


def _one(call: Call, asset: Asset, version_id: str | None) -> payloads.Payload:
    asset.cloud = call.cloud
    try:
        restored = removing.restore(asset, version_id)
    except removing.NoBackupError:
        return {"error": "no_backup"}
    except (AssetError, ImageError) as error:
        return {"error": str(error)}
    return payloads.detail(call, restored, Params())  # versions are ids here, and no flag
