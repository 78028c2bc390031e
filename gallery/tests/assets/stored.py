"""Assets with files, for tests of what is delivered and derived."""

from __future__ import annotations

import hashlib
from io import BytesIO
from typing import Any

from django.core.files.base import ContentFile
from PIL import Image

from gallery.models import Asset, Cloud, ResourceType
from gallery.tests.factories import make_asset
from gallery.tests.pictures import picture


def make_stored(
    cloud: Cloud | None = None,
    public_id: str = "",
    *,
    content: bytes | None = None,
    format: str = "jpg",
    **fields: Any,
) -> Asset:
    """Return an asset with its bytes in the storage: by default a JPEG of 64 × 48 pixels."""
    content = picture() if content is None else content
    facts: dict[str, Any] = {"size_bytes": len(content), "etag": hashlib.md5(content).hexdigest()}  # noqa: S324
    is_image = fields.get("resource_type", ResourceType.IMAGE) == ResourceType.IMAGE
    if is_image:
        facts |= {"format": format}
    asset = make_asset(cloud, public_id, **(facts | fields))
    if asset.photo is not None:
        asset.photo.file.save("original", ContentFile(content), save=False)
        type(asset.photo).objects.filter(pk=asset.photo.pk).update(file=asset.photo.file.name)
    else:
        asset.file.save(asset.filename, ContentFile(content))
    return asset


def image_of(content: bytes) -> Image.Image:
    return Image.open(BytesIO(content))


def bytes_of(asset: Asset) -> bytes:
    with asset.stored.storage.open(asset.stored.name or "", "rb") as file:
        content: bytes = file.read()
        return content
