"""Takes assets away, keeps backups of their bytes, and brings them back from those."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from .. import ingest, tagging
from ..models import (
    Asset,
    AssetContext,
    AssetRelation,
    AssetTag,
    AssetVersion,
    Cloud,
    DeleteToken,
    Derived,
    Photo,
    Visibility,
)
from . import labels, storing
from .access import REJECTED, came_in_the_browser, is_kept
from .errors import MissingError

#: So many assets are taken away in one transaction.
BATCH = 100
#: On a mark: nobody but its owner saw the photo; it came in the browser.
_HIDDEN, _FROM_BROWSER = "photo_was_hidden", "photo_from_browser"


class NoBackupError(MissingError):
    """There are no bytes to restore an asset from."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many files went: the original (0 or 1), and the pictures made of it."""

    original: int
    derived: int


# --- Taking away ------------------------------------------------------------------------------


def delete(asset: Asset, *, keep_original: bool = False) -> Counts:
    """Delete an asset with all that was made of it, or that alone.

    One that has backups stays behind as a mark without a photo, and can be restored. Files go
    once the deletion is committed.
    """
    return delete_all([asset], keep_original=keep_original)[asset.pk]


def delete_all(
    assets: Sequence[Asset], *, keep_original: bool = False, transformations: Collection[str] = ()
) -> dict[int, Counts]:
    """Delete many assets; ``transformations``: none of them, only what these texts made.

    Returns counts by primary key, of those alone that were still there.
    """
    counts: dict[int, Counts] = {}
    for start in range(0, len(assets), BATCH):
        asked = assets[start : start + BATCH]
        keys = [asset.pk for asset in asked]
        with transaction.atomic():
            tagging.hold_photos([one.photo_id for one in asked if one.photo_id is not None])
            there = Asset.objects.filter(pk__in=keys, deleted_at=None).select_related("photo")
            batch = list(there.select_for_update(of=("self",)).order_by("pk"))
            derived = _drop_derived(batch, transformations)
            keeps = keep_original or bool(transformations)
            if not keeps:
                _delete_originals(batch)
        counts |= {one.pk: Counts(int(not keeps), derived[one.pk]) for one in batch}
    return counts


def delete_derived(cloud: Cloud, derived_ids: Collection[str]) -> dict[str, Asset]:
    """Delete pictures by their ids; return the assets they were of, by id of the picture."""
    with transaction.atomic():
        rows = Derived.objects.filter(asset__cloud=cloud, derived_id__in=derived_ids)
        of = {one.derived_id: one.asset for one in rows.select_related("asset")}
        rows.delete()
    return of


def _drop_derived(batch: Sequence[Asset], transformations: Collection[str]) -> Counter[int]:
    rows = Derived.objects.filter(asset__in=batch)
    if transformations:
        rows = rows.filter(transformation__in=transformations)
    counted = Counter(rows.values_list("asset_id", flat=True))
    if counted:
        rows.delete()
    return counted


def _delete_originals(batch: Sequence[Asset]) -> None:
    backed = set(AssetVersion.objects.filter(asset__in=batch).values_list("asset_id", flat=True))
    keep = [one for one in batch if one.keeps_backups or one.pk in backed]
    marks = {one.pk for one in keep if _leave_a_mark(one)}
    photos = [one.photo_id for one in batch if one.photo_id is not None]
    Asset.objects.filter(pk__in=[one.pk for one in batch if one.pk not in marks]).delete()
    Photo.objects.filter(pk__in=photos).delete()


def _leave_a_mark(asset: Asset) -> bool:
    """Take an asset's bytes away but for its backups; what it was called and tagged stays.

    False when there is no backup, nor a file to make one of.
    """
    try:
        back_up(asset)
    except NoBackupError:  # an earlier version may have one
        if not asset.versions.exists():
            return False
    _keep_labels(asset)
    AssetRelation.objects.filter(asset=asset).delete()
    AssetRelation.objects.filter(related=asset).delete()
    DeleteToken.objects.filter(asset=asset).delete()
    if asset.file:
        file = Asset(file=asset.file.name).file
        transaction.on_commit(partial(ingest.remove_file, file), robust=True)
    gone: dict[str, Any] = {
        "photo": None,
        "file": "",
        "size_bytes": 0,
        "deleted_at": timezone.now(),
    }
    if asset.photo is not None:
        told = {_HIDDEN: not asset.photo.is_public, _FROM_BROWSER: came_in_the_browser(asset)}
        gone["analysis"] = {mark: True for mark, holds in told.items() if holds}
    Asset.objects.filter(pk=asset.pk).update(**gone)
    return True


def _keep_labels(asset: Asset) -> None:
    """Note on the asset itself what only its photo knows: tags and caption."""
    if asset.photo is None:
        return
    names = labels.tags_of([asset]).get(asset.pk, [])
    AssetTag.objects.bulk_create(
        [AssetTag(asset=asset, name=name) for name in names], ignore_conflicts=True
    )
    if asset.photo.caption:
        AssetContext.objects.update_or_create(
            asset=asset, key="caption", defaults={"value": asset.photo.caption}
        )


def photo_gone(photo: Photo) -> None:
    """Delete the asset of a photo that is about to be deleted, as by its owner on a page."""
    asset = Asset.objects.filter(photo=photo).select_related("photo").first()
    if asset is None:
        return
    Derived.objects.filter(asset=asset).delete()
    keeps = asset.keeps_backups or asset.versions.exists()
    if not keeps or not _leave_a_mark(asset):
        asset.delete()


# --- Backups ----------------------------------------------------------------------------------


def back_up(asset: Asset) -> AssetVersion:
    """Keep a copy of the bytes of the current version, once, and of every later one.

    Raises NoBackupError when its file is gone from the storage.
    """
    if not asset.keeps_backups:
        asset.keeps_backups = True
        Asset.objects.filter(pk=asset.pk).update(keeps_backups=True)
    known = AssetVersion.objects.filter(version_id=asset.version_id).first()
    return known or _copied(asset)


def _copied(asset: Asset) -> AssetVersion:
    backup = AssetVersion(
        asset=asset,
        version=asset.version,
        version_id=asset.version_id,
        format=asset.format,
        size_bytes=asset.size_bytes,
        created_at=asset.uploaded_at,
    )
    try:
        with asset.stored.storage.open(asset.stored.name or "", "rb") as file:
            backup.file.save(PurePosixPath(asset.stored.name or "").name, file, save=False)
    except FileNotFoundError as error:
        raise NoBackupError(f"The file of {asset.public_id} is lost") from error
    try:
        with transaction.atomic():
            backup.save(force_insert=True)
    except IntegrityError:  # another request was first
        ingest.remove_file(backup.file)
        return AssetVersion.objects.get(version_id=asset.version_id)
    return backup


def restore(asset: Asset, version_id: str | None = None) -> Asset:
    """Make a backup the current version again: the last one, or the one named.

    Returns the asset as it is now. Raises NoBackupError.
    """
    versions = asset.versions.order_by("-version", "-pk")
    backup = versions.filter(version_id=version_id).first() if version_id else versions.first()
    if backup is None:
        raise NoBackupError("no_backup")
    was_gone = asset.deleted_at is not None
    if not was_gone and backup.version_id == asset.version_id:
        return asset
    if not was_gone:
        back_up(asset)
    _replace(asset, backup)
    asset = Asset.objects.select_related("photo", "cloud").get(pk=asset.pk)
    if was_gone:
        _bring_labels_back(asset)
    return asset


def _replace(asset: Asset, backup: AssetVersion) -> None:
    kept = {"version_id": backup.version_id, "created_at": asset.created_at}
    marks = asset.analysis if asset.deleted_at is not None else {}
    try:
        file = backup.file.open("rb")
    except FileNotFoundError as error:
        raise NoBackupError("no_backup") from error
    with file, transaction.atomic():
        storing.replace_bytes(asset, file)
        Asset.objects.filter(pk=asset.pk).update(**kept)
        if _FROM_BROWSER in marks:
            _give_back_to_browser(asset)
        if _HIDDEN in marks or asset.moderation_status == REJECTED or is_kept(asset):
            Photo.objects.filter(asset=asset).set_visibility(Visibility.PRIVATE)


def _give_back_to_browser(asset: Asset) -> None:
    """Have the photo be one of the browser again, unless its owner has brought it in anew."""
    photo = Photo.objects.get(asset=asset)
    same = Photo.objects.filter(owner=photo.owner_id, sha256=photo.sha256, may_repeat=False)
    if not same.exists():
        Photo.objects.filter(pk=photo.pk).update(may_repeat=False)


def _bring_labels_back(asset: Asset) -> None:
    if asset.photo is None:
        return
    caption = AssetContext.objects.filter(asset=asset, key="caption")
    for row in caption:
        asset.photo.caption = row.value
        asset.photo.save(update_fields=["caption"])
    caption.delete()
    labels.set_tags(asset, list(asset.own_tags.values_list("name", flat=True)))


def delete_backups(asset: Asset, version_ids: Iterable[str]) -> list[str]:
    """Delete backups by their ids; return those that there were.

    A deleted asset that has none left is gone for good.
    """
    with transaction.atomic():
        rows = asset.versions.filter(version_id__in=[*version_ids])
        gone = list(rows.values_list("version_id", flat=True))
        rows.delete()
        if asset.deleted_at is not None and not asset.versions.exists():
            asset.delete()
    return gone
