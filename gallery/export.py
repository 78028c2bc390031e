"""Photos leave with their tags: written into a copy, or beside them as XMP sidecars."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePath

from django.utils.text import slugify
from zipstream import ZipStream

from .imaging import keywords
from .imaging.containers import UnwritableError
from .imaging.errors import ImageError
from .models import Photo, PhotoTag
from .models.photos import PhotoQuerySet

BATCH = 100


class What(StrEnum):
    """What an export holds of each photo."""

    COPIES = "copies"
    SIDECARS = "sidecars"
    ORIGINALS = "originals"


@dataclass(frozen=True, slots=True)
class ExportedFile:
    name: str
    content: bytes


def name_of(photo: Photo) -> str:
    """Return the name of its file, as it came where that is known."""
    return photo.original_name or f"{slugify(photo.title) or photo.public_id}.{photo.format}"


def tagged_copy(photo: Photo) -> bytes:
    """Return the file with the photo's tags as its keywords.

    Raises UnwritableError for files that cannot hold them, ImageError for files that are damaged
    and FileNotFoundError.
    """
    return keywords.with_keywords(_original(photo), photo.format, _labels(photo))


def sidecar(photo: Photo) -> bytes:
    """Return an XMP sidecar: what the file's own XMP says, and the photo's tags as keywords.

    Raises ImageError and FileNotFoundError.
    """
    return keywords.sidecar(_original(photo), _labels(photo))


def sidecar_name(name: str) -> str:
    """Return the name under which programs look for the sidecar of a file."""
    return f"{PurePath(name).stem}.xmp"


def files(photos: PhotoQuerySet, what: What) -> Iterator[ExportedFile]:
    """Yield what an export holds, no two of one name. What is missing or damaged is left out."""
    taken: set[str] = set()
    for photo in photos.order_by("pk").iterator(BATCH):
        name = _free_name(name_of(photo), taken)
        try:
            yield from _files_of(photo, name, what)
        except (FileNotFoundError, ImageError):
            continue


def _files_of(photo: Photo, name: str, what: What) -> Iterator[ExportedFile]:
    original, labels = _original(photo), _labels(photo)
    if what is What.COPIES:
        try:
            yield ExportedFile(name, keywords.with_keywords(original, photo.format, labels))
            return
        except UnwritableError:
            pass  # then they stand beside it
    beside = ExportedFile(sidecar_name(name), keywords.sidecar(original, labels))
    if what is not What.SIDECARS:
        yield ExportedFile(name, original)
    yield beside


def archive(exported: Iterable[ExportedFile]) -> Iterator[bytes]:
    """Pack files into a ZIP as it is read: at no time is more than one file in memory."""
    stream = ZipStream()
    for file in exported:
        stream.add(file.content, file.name)
        yield from stream.file()
    yield from stream.finalize()


def _free_name(name: str, taken: set[str]) -> str:
    """Return the name, with a number where a file or a sidecar would have another's."""
    path, number = PurePath(name), 1
    stem = path.stem
    while stem.casefold() in taken:
        number += 1
        stem = f"{path.stem} ({number})"
    taken.add(stem.casefold())
    return f"{stem}{path.suffix}"


def _original(photo: Photo) -> bytes:
    with photo.file.open("rb") as file:
        content: bytes = file.read()
    return content


def _labels(photo: Photo) -> list[str]:
    rows = PhotoTag.objects.filter(photo=photo).shown().order_by("tag__label")
    return list(rows.values_list("tag__label", flat=True))
