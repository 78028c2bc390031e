"""Files become assets under their names: stored, or put in the place of others."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import PurePath
from typing import Any

from django.core.files import File
from django.db import IntegrityError, transaction
from django.db.models.fields.files import FieldFile
from django.utils import timezone

from .. import ingest, tagging
from ..models import (
    ApiKey,
    Asset,
    Cloud,
    DeliveryType,
    Photo,
    ResourceType,
    Visibility,
)
from ..models.assets import new_id
from ..tagging.settling import hold_photos
from . import access, add_ons, deriving, fields, incoming, labels, naming, removing
from .errors import InvalidError, MissingError, TakenError
from .incoming import Incoming, Sniffed

#: The types that files can be uploaded as.
UPLOADED_TYPES = (DeliveryType.UPLOAD, DeliveryType.PRIVATE, DeliveryType.AUTHENTICATED)
#: So often a name is tried that others take at the same moment.
_ATTEMPTS = 5
_BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """All that an upload says but its bytes.

    ``public_id`` "" has a name made up, of ``filename`` where ``uses_filename``; ``prefix`` is a
    folder put before it, ``place`` the folder it is shown in, None: the one in its name.
    ``format`` and ``transformation`` are what is made of a picture before it is stored.
    """

    resource_type: str = ResourceType.IMAGE
    type: str = DeliveryType.UPLOAD
    public_id: str = ""
    prefix: str = ""
    place: str | None = None
    filename: str = ""
    uses_filename: bool = False
    is_unique: bool = True
    keeps_filename: bool = True
    display_name: str = ""
    overwrite: bool = True
    allowed_formats: tuple[str, ...] = ()
    format: str = ""
    transformation: str = ""
    tags: tuple[str, ...] = ()
    context: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    coordinates: Mapping[str, Any] = field(default_factory=dict)
    regions: Mapping[str, Any] = field(default_factory=dict)
    access_control: tuple[Mapping[str, Any], ...] = ()
    moderation: tuple[Mapping[str, Any], ...] = ()
    quality_override: str = ""
    headers: str = ""
    keeps_backups: bool = False
    add_ons: tuple[str, ...] = ()
    api_key: ApiKey | None = None

    @property
    def is_named(self) -> bool:
        """Whether its name is asked for, and not one that nobody else can have."""
        return bool(self.public_id) or (self.uses_filename and not self.is_unique)

    @property
    def stem(self) -> str:
        return PurePath(self.filename).stem if self.filename else ""

    @property
    def extension(self) -> str:
        return PurePath(self.filename).suffix.removeprefix(".").lower()[:20]

    def name(self, resource_type: str) -> str:
        """Return its public id; another one each time where it is made up. Raises InvalidError."""
        name = self.public_id
        if not name:
            name = naming.random_id()
            if self.uses_filename and self.stem:
                name = naming.from_filename(self.stem, is_unique=self.is_unique)
            if resource_type == ResourceType.RAW and self.extension.isalnum():
                name += f".{self.extension}"
        return naming.check_public_id(f"{self.prefix}/{name}" if self.prefix else name)


@dataclass(frozen=True, slots=True)
class Stored:
    """An asset, and whether it took another's place or was there already."""

    asset: Asset
    overwritten: bool = False
    existing: bool = False


# --- Finding ----------------------------------------------------------------------------------


def find(cloud: Cloud, resource_type: str, type: str, public_id: str) -> Asset:
    """Return an asset with its photo. Raises MissingError."""
    found = Asset.objects.of(cloud).select_related("photo")
    asset = found.filter(resource_type=resource_type, type=type, public_id=public_id).first()
    if asset is None:
        raise MissingError.asset(public_id)
    asset.cloud = cloud
    return asset


def etag_of(asset: Asset) -> str:
    """Return the MD5 of the bytes, worked out when nobody has asked yet; "" without a file."""
    if not asset.etag and asset.stored:
        digest = hashlib.md5(usedforsecurity=False)
        try:
            with asset.stored.storage.open(asset.stored.name or "", "rb") as file:
                for chunk in file.chunks():
                    digest.update(chunk)
        except FileNotFoundError:
            return ""
        asset.etag = digest.hexdigest()
        Asset.objects.filter(pk=asset.pk, version_id=asset.version_id).update(etag=asset.etag)
    return asset.etag


# --- Storing ----------------------------------------------------------------------------------


def store(cloud: Cloud, *, file: File[bytes], draft: Draft) -> Stored:
    """Store a file as an asset, or refuse it and keep nothing. Raises AssetError.

    One of the same name is overwritten, or, without ``draft.overwrite``, returned as it is.
    """
    if draft.type not in UPLOADED_TYPES:
        raise InvalidError(f"Invalid type {draft.type[:100]}")
    incoming.refuse_large(file.size)
    sniffed = incoming.sniff(file, resource_type=draft.resource_type)
    incoming.check_allowed(
        sniffed, draft.allowed_formats, name=draft.filename, converts=bool(draft.format)
    )
    name = draft.name(sniffed.resource_type)
    if draft.is_named and (there := _there(cloud, sniffed, draft, name)):
        if not draft.overwrite:
            return Stored(there, existing=True)
        if there.keeps_backups:
            removing.back_up(there)
    taken = incoming.read(
        cloud,
        file,
        sniffed,
        transformation=draft.transformation,
        format=draft.format,
        is_signed=draft.api_key is not None,
    )
    return _keep(cloud, taken, draft, name)


def _there(cloud: Cloud, sniffed: Sniffed, draft: Draft, name: str) -> Asset | None:
    try:
        return find(cloud, sniffed.resource_type, draft.type, name)
    except MissingError:
        return None


def _keep(cloud: Cloud, taken: Incoming, draft: Draft, name: str) -> Stored:
    """Store the files, then all rows in one transaction; on failure, neither."""
    bytes_ = _Bytes.stored(cloud, taken, type=draft.type)
    try:
        stored = _write_named(cloud, taken, draft, name, bytes_)
    except BaseException:
        bytes_.discard()
        raise
    if stored.existing:
        bytes_.discard()
    return stored


def _write_named(cloud: Cloud, taken: Incoming, draft: Draft, name: str, bytes_: _Bytes) -> Stored:
    """Write the rows; when somebody takes the name at the same moment, look again who has it."""
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return _write(cloud, taken, draft, name, bytes_)
        except (IntegrityError, TakenError):
            bytes_.forget_rows()
            if attempt == _ATTEMPTS:
                raise TakenError(f"public_id ({name}) is being uploaded by others") from None
            name = draft.name(taken.sniffed.resource_type)
    raise AssertionError


@transaction.atomic
def _write(cloud: Cloud, taken: Incoming, draft: Draft, name: str, bytes_: _Bytes) -> Stored:
    kind = taken.sniffed.resource_type
    old = held(cloud, kind, draft.type, name)
    is_there = old is not None and old.deleted_at is None
    if old is not None and is_there:
        if not draft.is_named:
            raise TakenError(name)
        if not draft.overwrite:
            return Stored(old, existing=True)
    asset = old or Asset(cloud=cloud, resource_type=kind, type=draft.type, public_id=name)
    was_kept = access.is_kept(asset)
    if old is not None:
        _empty(old)
    bytes_.put(asset, add_ons_asked=draft.add_ons)
    _note_facts(asset, taken)
    _describe(asset, draft)
    asset.save()
    hide_kept(asset, was_kept=was_kept)
    _label(asset, draft, is_new=old is None)
    naming.note_folders(cloud, asset.folder)
    if draft.keeps_backups:
        removing.back_up(asset)
    return Stored(asset, overwritten=is_there)


def held(cloud: Cloud, resource_type: str, type: str, public_id: str) -> Asset | None:
    """Return the asset of a name, also a deleted one's mark, locked until the transaction ends.

    Its photo is looked up afterwards: beside a row that was waited for, it would be an old one.
    """
    rows = Asset.objects.filter(
        cloud=cloud, resource_type=resource_type, type=type, public_id=public_id
    )
    hold_photos(list(rows.exclude(photo=None).values_list("photo_id", flat=True)))
    asset = rows.select_for_update().first()
    if asset is not None:
        asset.cloud = cloud
    return asset


def _empty(asset: Asset) -> None:
    """Take away what belongs to the bytes that an asset had."""
    if asset.keeps_backups and asset.deleted_at is None:
        removing.back_up(asset)
    deriving.drop(asset)
    if asset.photo is None:
        return
    add_ons.forget(asset)
    if any(entry.get("was_public") for entry in asset.moderation):  # what was refused is no more
        Photo.objects.filter(pk=asset.photo.pk).set_visibility(Visibility.PUBLIC)
        asset.photo.visibility = Visibility.PUBLIC


def hide_kept(asset: Asset, *, was_kept: bool = False) -> None:
    """Hide on pages the photo of what access control keeps from everyone.

    ``was_kept``: it did until now; when it no longer does, the photo is seen again.
    """
    photos = Photo.objects.filter(asset=asset)
    if access.is_kept(asset):
        photos.public().set_visibility(Visibility.PRIVATE)
    elif was_kept and access.is_for_pages(asset, type=asset.type):
        photos.set_visibility(Visibility.PUBLIC)


def set_access_control(asset: Asset, rules: list[dict[str, str]]) -> None:
    """Note who may have an asset when; within a transaction."""
    was_kept = access.is_kept(asset)
    asset.access_control = rules
    Asset.objects.filter(pk=asset.pk).update(access_control=rules)
    hide_kept(asset, was_kept=was_kept)


def _note_facts(asset: Asset, taken: Incoming) -> None:
    now = timezone.now()
    asset.format = taken.sniffed.format
    asset.width = asset.height = None
    if taken.decoded is not None:
        asset.width = taken.decoded.facts.width_px
        asset.height = taken.decoded.facts.height_px
    asset.pages, asset.size_bytes, asset.etag = taken.pages, taken.file.size, taken.md5
    asset.version = max((asset.version or 0) + 1, int(time.time()))
    asset.version_id, asset.analysis = new_id(), {}
    asset.uploaded_at = asset.updated_at = now
    if asset.deleted_at is not None or asset.pk is None:
        asset.created_at, asset.deleted_at = now, None


def _describe(asset: Asset, draft: Draft) -> None:
    asset.folder = naming.folder_of(asset.public_id) if draft.place is None else draft.place
    asset.original_filename = draft.stem[:255] if draft.keeps_filename else ""
    asset.original_extension = draft.extension if draft.keeps_filename else ""
    asset.display_name = draft.display_name
    asset.coordinates, asset.regions = dict(draft.coordinates), dict(draft.regions)
    asset.access_control = [dict(one) for one in draft.access_control]
    note_moderation(asset, draft.moderation)
    asset.quality_override, asset.headers = draft.quality_override, draft.headers
    asset.keeps_backups = asset.keeps_backups or draft.keeps_backups
    asset.api_key = draft.api_key


def note_moderation(asset: Asset, moderation: Iterable[Mapping[str, Any]]) -> None:
    asset.moderation = [dict(one) for one in moderation]
    last = asset.moderation[-1] if asset.moderation else {}
    asset.moderation_kind = last.get("kind", "")
    asset.moderation_status = last.get("status", "")


def _label(asset: Asset, draft: Draft, *, is_new: bool) -> None:
    if draft.tags or not is_new:
        labels.set_tags(asset, list(draft.tags))
    if draft.context or not is_new:
        labels.set_context(asset, dict(draft.context))
    if not is_new:
        asset.metadata.all().delete()
    fields.set_metadata_of_new(asset, dict(draft.metadata))


# --- The bytes of an asset --------------------------------------------------------------------


@dataclass(slots=True)
class _Bytes:
    """Files that are stored and belong to no row yet: a photo's, or one that is none."""

    photo: ingest.Prepared | None
    raw: FieldFile | None

    @classmethod
    def stored(cls, cloud: Cloud, taken: Incoming, *, type: str) -> _Bytes:
        if taken.decoded is None:
            file = Asset(cloud=cloud, version_id=new_id()).file
            file.save(PurePath(taken.file.name or "").name, taken.file, save=False)
            return cls(None, file)
        is_public = type == DeliveryType.UPLOAD
        prepared = ingest.prepare(
            owner=cloud.owner,
            file=taken.file,
            decoded=taken.decoded,
            sha256=taken.sha256,
            visibility=Visibility.PUBLIC if is_public else Visibility.PRIVATE,
        )
        return cls(prepared, None)

    def put(self, asset: Asset, *, add_ons_asked: tuple[str, ...] = ()) -> None:
        """Make these the bytes of an asset, whose own go once that is committed."""
        if self.photo is None:
            assert self.raw is not None
            _remove_on_commit(asset.file)
            asset.file.name = self.raw.name
            return
        choice = add_ons.choice_for(asset.cloud, add_ons_asked)
        if asset.photo is None:
            self.photo.photo.tagging_choice = choice
            self.photo.save()
            asset.photo = self.photo.photo
            return
        self.photo.replace(asset.photo)
        asset.photo.tagging_choice = choice
        tagging.request_first_runs(asset.photo)

    def forget_rows(self) -> None:
        """Begin anew after a transaction that was rolled back."""
        if self.photo is None:
            return
        photo = self.photo.photo
        photo.pk, photo._state.adding = None, True
        for rendition in self.photo.renditions:
            rendition.pk, rendition._state.adding = None, True
            rendition.photo = photo

    def discard(self) -> None:
        if self.photo is not None:
            self.photo.discard()
        elif self.raw is not None:
            ingest.remove_file(self.raw)


def _remove_on_commit(file: FieldFile) -> None:
    if file.name:
        bare = Asset(file=file.name).file
        transaction.on_commit(partial(ingest.remove_file, bare), robust=True)


def replace_bytes(asset: Asset, file: File[bytes]) -> None:
    """Give an asset other bytes, and nothing else: what it is called and tagged stays.

    One of which only a mark was left is there again. Raises InvalidError.
    """
    sniffed = incoming.sniff(file, resource_type=asset.resource_type)
    taken = incoming.read(asset.cloud, file, sniffed)
    bytes_ = _Bytes.stored(asset.cloud, taken, type=asset.type)
    try:
        with transaction.atomic():
            deriving.drop(asset)
            bytes_.put(asset)
            _note_facts(asset, taken)
            asset.save()
    except BaseException:
        bytes_.discard()
        raise
