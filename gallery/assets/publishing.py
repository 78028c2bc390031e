"""Opens what was private to everyone."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.utils import timezone

from ..models import Asset, DeliveryType, Photo, Visibility
from . import access, removing

#: What can be published.
FROM_TYPES = (DeliveryType.PRIVATE, DeliveryType.AUTHENTICATED)


def publish(assets: Iterable[Asset], *, overwrite: bool = False) -> list[Asset]:
    """Make assets ones that everyone may have; return those of which that could be done.

    Not of one whose name is taken among what is public, unless ``overwrite``: that one goes then.
    """
    return [asset for asset in assets if _publish(asset, overwrite=overwrite)]


def _publish(asset: Asset, *, overwrite: bool) -> bool:
    try:
        with transaction.atomic():
            if overwrite:
                _make_room(asset)
            closed = Asset.objects.filter(pk=asset.pk, type__in=FROM_TYPES, deleted_at=None)
            changes = {"type": DeliveryType.UPLOAD, "updated_at": timezone.now()}
            if not closed.update(**changes):
                return False
            if access.is_for_pages(asset, type=DeliveryType.UPLOAD):
                Photo.objects.filter(asset=asset).set_visibility(Visibility.PUBLIC)
    except IntegrityError:
        return False
    asset.type = DeliveryType.UPLOAD
    return True


def _make_room(asset: Asset) -> None:
    """Delete what has the name already, with its backups."""
    taken = Asset.objects.filter(
        cloud=asset.cloud_id,
        resource_type=asset.resource_type,
        type=DeliveryType.UPLOAD,
        public_id=asset.public_id,
    )
    for one in taken.exclude(pk=asset.pk):
        removing.delete(one)
        Asset.objects.filter(pk=one.pk).delete()
