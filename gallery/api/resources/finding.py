"""Which asset a request of the Admin API means: never one of another cloud."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...models import Asset
from ..doors import Call
from ..errors import BadRequestError, NotFoundError

#: So many names may be given in one request.
MOST_NAMES = 100
_SHAPE = ("resource_type", "type", "public_id")


def one(call: Call, named: Mapping[str, str], *, even_deleted: bool = False) -> Asset:
    """Return the asset that an address names, by its id or by its kind, type and name.

    ``even_deleted``: also one that only its backups are left of. Raises NotFoundError.
    """
    by = "asset_id" if "asset_id" in named else "public_id"
    wanted = {by: named[by]}
    if by == "public_id":
        wanted |= {"resource_type": named["resource_type"], "type": named["type"]}
    rows = Asset.objects.filter(cloud=call.cloud) if even_deleted else Asset.objects.of(call.cloud)
    asset = rows.filter(**wanted).select_related("photo").first()
    if asset is None:
        raise NotFoundError.asset(named[by])
    asset.cloud = call.cloud
    return asset


def names(call: Call, parameter: str, *, most: int = MOST_NAMES) -> list[str]:
    """Return the names that a parameter lists, each once. Raises BadRequestError."""
    given = [*dict.fromkeys(call.params.array(parameter))]
    if len(given) > most:
        raise BadRequestError(f"Too many {parameter}: {len(given)}. Maximum is {most}.")
    return given


def fully_named(call: Call, texts: Sequence[str]) -> dict[str, Asset]:
    """Return assets by texts such as ``image/upload/name``, of those alone that there are."""
    found: dict[str, Asset] = {}
    for text in texts:
        named = dict(zip(_SHAPE, text.split("/", 2), strict=False))
        if not named.get("public_id"):
            raise BadRequestError(f"{text[:100]} is not of the form {'/'.join(_SHAPE)}")
        asset = Asset.objects.of(call.cloud).filter(**named).first()
        if asset is not None:
            found[text] = asset
    return found


def by_ids(call: Call, asset_ids: Sequence[str]) -> dict[str, Asset]:
    """Return assets by their ids, of those alone that there are."""
    rows = Asset.objects.of(call.cloud).filter(asset_id__in=asset_ids).select_related("photo")
    return {asset.asset_id: asset for asset in rows}
