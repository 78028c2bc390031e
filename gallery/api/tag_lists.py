"""The public photos of a tag, as a list that pages of other sites may read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..assets import access, labels
from ..assets.addresses import Address
from ..models import Asset, Cloud, Visibility
from ..models.assets import DeliveryType, ResourceType
from .errors import NotFoundError, UnauthorizedError

MAX_LISTED = 500


def listed(cloud_name: str, address: Address) -> dict[str, Any]:
    """Return the newest photos of a tag that everyone may see. Raises ApiError."""
    tag = _tag_of(address)
    cloud = Cloud.objects.filter(name=cloud_name, owner__is_active=True).first()
    if cloud is None:
        raise NotFoundError(f"Unknown cloud {cloud_name}")
    if not cloud.lists_tags:
        raise UnauthorizedError("Lists of photos by tag are not open in this cloud")
    photos = Asset.objects.of(cloud).filter(
        resource_type=ResourceType.IMAGE,
        type=DeliveryType.UPLOAD,
        photo__visibility=Visibility.PUBLIC,
    )
    tagged = labels.tagged(photos.newest_first(), tag)
    newest = tagged.select_related("photo")[:MAX_LISTED]
    return _body([one for one in newest if access.is_open(one, is_original=False)])


def _tag_of(address: Address) -> str:
    source = next(iter(address.readings())).source
    tag, dot, extension = source.rpartition(".")
    if not dot or extension != "json" or not tag or address.resource_type != "image":
        raise NotFoundError("A list of photos is at image/list/TAG.json")
    return tag


def _body(assets: Sequence[Asset]) -> dict[str, Any]:
    contexts = labels.context_of(assets)
    newest = max((asset.updated_at for asset in assets), default=None)
    body: dict[str, Any] = {"resources": [_item(one, contexts.get(one.pk)) for one in assets]}
    if newest is not None:
        body["updated_at"] = f"{newest:%Y-%m-%dT%H:%M:%SZ}"
    return body


def _item(asset: Asset, context: dict[str, str] | None) -> dict[str, Any]:
    item = {
        "public_id": asset.public_id,
        "version": asset.version,
        "format": asset.format,
        "width": asset.width,
        "height": asset.height,
        "type": asset.type,
        "created_at": f"{asset.created_at:%Y-%m-%dT%H:%M:%SZ}",
    }
    return item | ({"context": {"custom": context}} if context else {})
