"""Bytes become a Photo with facts, checksum and a queued tagging run."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import PurePath

from django.conf import settings
from django.core.files import File
from django.core.files.storage import Storage, default_storage
from django.db import IntegrityError, transaction
from django.db.models import Model
from django.db.models.fields.files import FieldFile
from django.template.defaultfilters import filesizeformat
from django.utils import timezone

from . import renditions
from .imaging.colors import dominant_colors
from .imaging.decode import Decoded
from .imaging.errors import ImageError
from .imaging.fingerprint import perceptual_hash
from .imaging.render import placeholder
from .models import (
    ApiJob,
    Asset,
    AssetVersion,
    Chunk,
    Derived,
    Fingerprint,
    Photo,
    Rendition,
    User,
    Visibility,
)
from .models.photos import TaggingChoice

logger = logging.getLogger(__name__)

#: Where files are stored, and the rows that mention them.
FOLDERS: dict[str, tuple[type[Model], ...]] = {
    "originals": (Photo,),
    "renditions": (Rendition,),
    "assets": (Asset,),
    "backups": (AssetVersion,),
    "derived": (Derived,),
    "incoming": (Chunk, ApiJob),
}


class TooLargeError(ImageError):
    """The file has more bytes than the site accepts."""


class DuplicateError(Exception):
    """This person has uploaded these very bytes before, as ``photo``."""

    def __init__(self, photo: Photo) -> None:
        super().__init__("This photo is already in your library.")
        self.photo = photo


def add_photo(
    *,
    owner: User,
    file: File[bytes],
    visibility: str = Visibility.PRIVATE,
    title: str = "",
    tagging: TaggingChoice | None = None,
) -> Photo:
    """Keep a file as a photo of this person, or refuse it and keep nothing.

    Raises ImageError with a sentence for the person, or DuplicateError.
    """
    refuse_large(file)
    sha256 = _checksum(file)
    _refuse_duplicate(owner, sha256)
    file.seek(0)
    decoded = renditions.decode_original(file)
    photo = _draft(decoded, owner=owner, file=file, sha256=sha256)
    photo.visibility = visibility
    photo.title = title
    if tagging is not None:
        photo.tagging_choice = tagging
    return _keep(photo, file, decoded)


def checksum_known(owner: User, file: File[bytes]) -> bool:
    """True when this person already has a photo of these very bytes."""
    return Photo.objects.owned_by(owner).filter(sha256=_checksum(file)).exists()


def refuse_large(file: File[bytes]) -> None:
    """Raise TooLargeError for a file with more bytes than the site accepts."""
    if file.size > settings.MAX_UPLOAD_BYTES:
        raise TooLargeError(
            f"This file has {filesizeformat(file.size)}; "
            f"up to {filesizeformat(settings.MAX_UPLOAD_BYTES)} are accepted."
        )


def _checksum(file: File[bytes]) -> str:
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    return digest.hexdigest()


def _refuse_duplicate(owner: User, sha256: str) -> None:
    if photo := Photo.objects.owned_by(owner).filter(sha256=sha256).first():
        raise DuplicateError(photo)


def _draft(decoded: Decoded, *, owner: User, file: File[bytes], sha256: str) -> Photo:
    facts = decoded.facts
    return Photo(
        owner=owner,
        original_name=_clean_name(file.name or ""),
        width=facts.width_px,
        height=facts.height_px,
        size_bytes=file.size,
        format=facts.format,
        sha256=sha256,
        taken_at=facts.taken_at,
        camera=facts.camera,
        placeholder=placeholder(decoded.image),
        colors=dominant_colors(decoded.image),
    )


def _clean_name(name: str) -> str:
    """Return the last part of a path of any system, printable, at most 255 characters."""
    last = PurePath(name.replace("\\", "/")).name
    return "".join(char for char in last if char.isprintable())[-255:]


def _keep(photo: Photo, file: File[bytes], decoded: Decoded) -> Photo:
    """Store the files, then all rows in one short transaction; on failure, neither."""
    prepared = _prepare(photo, file, decoded)
    try:
        prepared.save()
    except BaseException as error:
        prepared.discard()
        if isinstance(error, IntegrityError):  # another request brought it in meanwhile
            _refuse_duplicate(photo.owner, photo.sha256)
        raise
    return photo


# --- A photo's files, before its rows ---------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Prepared:
    """A photo whose files are stored and whose rows are not: `save`, `replace` or `discard`."""

    photo: Photo
    renditions: Sequence[Rendition]
    hash_hex: str

    @transaction.atomic
    def save(self) -> None:
        self.photo.save(force_insert=True)
        Rendition.objects.bulk_create(self.renditions)
        Fingerprint.objects.create(photo=self.photo, perceptual_hash=self.hash_hex)

    @transaction.atomic
    def replace(self, photo: Photo) -> None:
        """Put these files in the place of a stored photo's, which go when that is committed.

        What people said of it, such as its title and its tags, stays.
        """
        transaction.on_commit(partial(remove_file, _bare(photo.file)), robust=True)
        for name in _OF_THE_FILE:
            setattr(photo, name, getattr(self.photo, name))
        photo.save(update_fields=_OF_THE_FILE)
        photo.renditions.all().delete()
        for rendition in self.renditions:
            rendition.photo = photo
        Rendition.objects.bulk_create(self.renditions)
        looks = {"perceptual_hash": self.hash_hex, "embedding": None, "model": ""}
        Fingerprint.objects.update_or_create(photo=photo, defaults=looks)

    def discard(self) -> None:
        for file in (self.photo.file, *(one.file for one in self.renditions)):
            remove_file(file)


#: What a photo's row knows from its file.
_OF_THE_FILE = (
    "file", "original_name", "width", "height", "size_bytes", "format", "sha256", "taken_at",
    "camera", "placeholder", "colors", "may_repeat",
)  # fmt: skip


def prepare(
    *, owner: User, file: File[bytes], decoded: Decoded, sha256: str, visibility: str
) -> Prepared:
    """Store the files of a photo that came through the API, where bytes may repeat.

    ``decoded`` is by `renditions.decode_original`; ``sha256`` is of all bytes.
    """
    photo = _draft(decoded, owner=owner, file=file, sha256=sha256)
    photo.visibility, photo.may_repeat = visibility, True
    return _prepare(photo, file, decoded)


def _prepare(photo: Photo, file: File[bytes], decoded: Decoded) -> Prepared:
    stored: list[FieldFile] = []
    try:
        photo.file.save("original", file, save=False)
        stored.append(photo.file)
        drafts = []
        for rendition in renditions.draft_all(photo, decoded.image):
            stored.append(rendition.file)
            drafts.append(rendition)
        return Prepared(photo, drafts, perceptual_hash(decoded.image))
    except BaseException:
        for field_file in stored:
            remove_file(field_file)
        raise


def _bare(file: FieldFile) -> FieldFile:
    """Return the same stored file, apart from the row that will have another soon."""
    return Photo(file=file.name).file


# --- Files without a row ----------------------------------------------------------------------


def remove_file(file: FieldFile) -> None:
    if file.name:
        file.storage.delete(file.name)


def orphan_files(*, older_than: timedelta) -> Iterator[str]:
    """Yield the names of stored files that no row mentions.

    Files younger than ``older_than`` may belong to an upload that is still going on.
    """
    newest = timezone.now() - older_than
    for folder, models in FOLDERS.items():
        for names in _files_under(default_storage, folder):
            known = _known(names, models)
            yield from (
                name
                for name in names
                if name not in known and default_storage.get_modified_time(name) < newest
            )


def _files_under(storage: Storage, folder: str) -> Iterator[list[str]]:
    """Yield the files of each folder below this one."""
    try:
        folders, files = storage.listdir(folder)
    except FileNotFoundError:
        return
    if files:
        yield [f"{folder}/{file}" for file in files]
    for inner in folders:
        yield from _files_under(storage, f"{folder}/{inner}")


def _known(names: list[str], models: Iterable[type[Model]]) -> set[str]:
    known: set[str] = set()
    for start in range(0, len(names), 500):
        batch = names[start : start + 500]
        for model in models:
            rows = model._default_manager.filter(file__in=batch)
            known.update(rows.values_list("file", flat=True))
    return known
