"""Photos that came in on a page become known to programs."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath

from ..models import Asset, Cloud, Photo, ResourceType
from . import incoming

_BATCH = 500


def adopt(photo: Photo) -> None:
    """Make a photo that its owner uploaded on a page known to the programs of their cloud."""
    if cloud := Cloud.objects.filter(owner=photo.owner_id).first():
        _adopt(cloud, [photo])


def adopt_all(cloud: Cloud) -> int:
    """`adopt` all that the owner of a cloud has; return how many photos those are."""
    photos = Photo.objects.filter(owner=cloud.owner_id, asset=None).order_by("pk")
    adopted, last = 0, 0
    while batch := list(photos.filter(pk__gt=last)[:_BATCH]):
        _adopt(cloud, batch)
        adopted, last = adopted + len(batch), batch[-1].pk
    return adopted


def _adopt(cloud: Cloud, photos: Iterable[Photo]) -> None:
    rows = [
        Asset(
            cloud=cloud,
            resource_type=ResourceType.IMAGE,
            public_id=photo.public_id,
            photo=photo,
            format=incoming.vendors_name(photo.format),
            width=photo.width,
            height=photo.height,
            size_bytes=photo.size_bytes,
            version=int(photo.created_at.timestamp()),
            original_filename=PurePath(photo.original_name).stem,
            original_extension=PurePath(photo.original_name).suffix.lower()[1:21],
            created_at=photo.created_at,
            uploaded_at=photo.created_at,
        )
        for photo in photos
    ]
    Asset.objects.bulk_create(rows, ignore_conflicts=True)
