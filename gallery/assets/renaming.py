"""Assets get other names, and other types."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils import timezone

from ..models import Asset, AssetVersion, Photo, Visibility
from . import access, naming, removing, storing
from .errors import InvalidError, MissingError, TakenError


@transaction.atomic
def rename(asset: Asset, *, public_id: str, type: str = "", overwrite: bool = False) -> Asset:
    """Give an asset another name, and another type when one is named. Raises AssetError.

    An asset of that name is refused with TakenError, or deleted where ``overwrite``. Whoever could
    see it by its old type can no longer, when the new one is not for everyone.
    """
    naming.check_public_id(public_id)
    type = type or asset.type
    if type not in storing.UPLOADED_TYPES and type != asset.type:
        raise InvalidError(f"Invalid type {type[:100]}")
    there = storing.held(asset.cloud, asset.resource_type, asset.type, asset.public_id)
    if there is None or there.deleted_at is not None:
        raise MissingError.asset(asset.public_id)
    if (type, public_id) == (there.type, there.public_id):
        return there
    _make_room(there, public_id, type, overwrite=overwrite)
    _move(there, public_id, type)
    return there


def _make_room(asset: Asset, public_id: str, type: str, *, overwrite: bool) -> None:
    other = storing.held(asset.cloud, asset.resource_type, type, public_id)
    if other is None:
        return
    if other.deleted_at is None and not overwrite:
        raise TakenError(f"to_public_id ({public_id}) already exists")
    if other.deleted_at is None:
        removing.delete(other)
    AssetVersion.objects.filter(asset=other).delete()
    Asset.objects.filter(pk=other.pk).delete()


def _move(asset: Asset, public_id: str, type: str) -> None:
    if asset.photo is not None and type != asset.type:
        is_public = access.is_for_pages(asset, type=type)
        visibility = Visibility.PUBLIC if is_public else Visibility.PRIVATE
        Photo.objects.filter(pk=asset.photo.pk).set_visibility(visibility)
        asset.photo.visibility = visibility
    if asset.folder == naming.folder_of(asset.public_id):
        asset.folder = naming.folder_of(public_id)
    asset.public_id, asset.type, asset.updated_at = public_id, type, timezone.now()
    try:
        with transaction.atomic():
            asset.save(update_fields=["public_id", "type", "folder", "updated_at"])
    except IntegrityError:  # somebody took it at this very moment
        raise TakenError(f"to_public_id ({public_id}) already exists") from None
    naming.note_folders(asset.cloud, asset.folder)
