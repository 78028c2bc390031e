"""What arrives is looked at: what it is, whether it may come in, and what becomes of it first."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import PurePath
from typing import IO

from django.conf import settings
from django.core.files import File

from .. import renditions
from ..imaging.decode import Decoded, open_image
from ..imaging.errors import EmptyFileError, ImageError, TooManyPixelsError, UnsupportedImageError
from ..imaging.faces import FacesError, find_faces
from ..imaging.kinds import HEAD_BYTES, kind_of
from ..models import Asset, Cloud, ResourceType
from ..transformations import (
    Box,
    Limits,
    Transformation,
    TransformationError,
    expand,
    parse,
    render,
)
from . import known, scenes
from .errors import InvalidError

AUTO, VIDEO = "auto", "video"
NO_IMAGE = "Invalid image file"
_NO_VIDEO = "Video is not offered here; upload it as raw"
#: Formats as programs know them, where they are called otherwise here.
_VENDORS_NAMES = {"jpeg": "jpg", "tiff": "tif"}
_OTHER_NAMES = {"jpeg": "jpg", "jpe": "jpg", "tiff": "tif", "heif": "heic"}
#: So many pages and frames are counted at most.
MAX_PAGES = 1000


@dataclass(frozen=True, slots=True)
class Sniffed:
    """What a file is: ``format`` by the name programs know, "" for a raw file."""

    resource_type: str
    format: str


@dataclass(frozen=True, slots=True)
class Incoming:
    """A file as it is to be stored; ``decoded`` is None for a raw file; sums in hexadecimal."""

    file: File[bytes]
    sniffed: Sniffed
    decoded: Decoded | None
    pages: int
    sha256: str
    md5: str


def vendors_name(kind: str) -> str:
    """Return what programs call a format of `imaging.decode.Facts`."""
    return _VENDORS_NAMES.get(kind, kind)


def known_format(name: str) -> str:
    """Return one spelling of a format's name: ``jpg`` for JPEG, ``tif`` for TIFF."""
    bare = name.strip().lower().removeprefix(".")
    return _OTHER_NAMES.get(bare, bare)


def refuse_large(size_bytes: int) -> None:
    """Raise InvalidError for a file with more bytes than the site accepts."""
    if size_bytes > settings.MAX_UPLOAD_BYTES:
        raise InvalidError(
            f"File size too large. Got {size_bytes}. Maximum is {settings.MAX_UPLOAD_BYTES}."
        )


def sniff(file: File[bytes], *, resource_type: str) -> Sniffed:
    """Tell what a file is by its content. Raises InvalidError where it cannot be taken as asked."""
    if resource_type == VIDEO:
        raise InvalidError(_NO_VIDEO)
    if resource_type == ResourceType.RAW:
        return Sniffed(ResourceType.RAW, "")
    file.seek(0)
    try:
        return Sniffed(ResourceType.IMAGE, vendors_name(kind_of(file.read(HEAD_BYTES))))
    except ImageError as error:
        if resource_type != AUTO:
            raise InvalidError(NO_IMAGE) from error
        return _no_picture(error)


def _no_picture(error: ImageError) -> Sniffed:
    """Take what is no picture as a raw file, but for videos and what is empty."""
    if isinstance(error, EmptyFileError):
        raise InvalidError("Empty file") from error
    if isinstance(error, UnsupportedImageError) and error.kind == "a video":
        raise InvalidError(_NO_VIDEO) from error
    return Sniffed(ResourceType.RAW, "")


def check_allowed(sniffed: Sniffed, allowed: Collection[str], *, name: str, converts: bool) -> None:
    """Raise InvalidError for a format that is not listed, unless the picture is converted.

    Of a raw file it is what its name ends in. No list allows all.
    """
    if not allowed:
        return
    format = sniffed.format or known_format(PurePath(name).suffix)
    listed = {known_format(one) for one in allowed}
    if format not in listed and not (converts and sniffed.format):
        kind = "Image" if sniffed.format else "Raw"
        raise InvalidError(f"{kind} file format {format} not allowed")


def read(
    cloud: Cloud,
    file: File[bytes],
    sniffed: Sniffed,
    *,
    transformation: str = "",
    format: str = "",
    is_signed: bool = True,
) -> Incoming:
    """Transform and convert a picture as asked, and decode it once. Raises InvalidError.

    A raw file is taken as it is. ``is_signed``: whether layers that are not for everyone may be
    laid over it.
    """
    if sniffed.resource_type == ResourceType.RAW:
        return Incoming(file, sniffed, None, 1, *_sums(file))
    wanted = known_format(format)
    if transformation or wanted not in ("", sniffed.format):
        file = _made(cloud, file, transformation, wanted, is_signed=is_signed)
        refuse_large(file.size)
    try:
        file.seek(0)
        decoded = renditions.decode_original(file)
        pages = _pages(file)
    except TooManyPixelsError as error:
        raise InvalidError(str(error)) from error
    except ImageError as error:
        raise InvalidError(NO_IMAGE) from error
    kind = Sniffed(ResourceType.IMAGE, vendors_name(decoded.facts.format))
    return Incoming(file, kind, decoded, pages, *_sums(file))


def _made(
    cloud: Cloud, file: File[bytes], transformation: str, format: str, *, is_signed: bool
) -> File[bytes]:
    nobody = Asset(cloud=cloud, resource_type=ResourceType.IMAGE)
    limits = Limits(
        max_output_pixels=settings.MAX_DERIVED_PIXELS,
        max_input_pixels=settings.MAX_PIXELS,
        cpu_s=settings.DERIVE_CPU_S,
    )
    file.seek(0)
    try:
        whole = understood(cloud, transformation)
        scene = scenes.surroundings(nobody, whole, is_signed=is_signed).scene()
        scene.faces = partial(_faces, file)
        made = render(file, whole, format=format or None, scene=scene, limits=limits)
    except TransformationError as error:
        raise InvalidError(str(error)) from error
    return File(BytesIO(made.content), name=file.name)


def understood(cloud: Cloud, text: str) -> Transformation:
    """Return a transformation with what its names stand for. Raises TransformationError."""
    parsed = parse(text)
    if not parsed.named:
        return parsed
    return expand(parsed, known.definitions(cloud, parsed).get)


def _faces(file: IO[bytes]) -> list[Box]:
    """Return the faces of a picture that is no asset yet, in its own pixels."""
    at = file.tell()
    decoded = renditions.decode_original(file)
    file.seek(at)
    scale_x = decoded.facts.width_px / decoded.image.width
    scale_y = decoded.facts.height_px / decoded.image.height
    try:
        found = find_faces(decoded.image)
    except FacesError:
        return []
    return [
        Box(box.x * scale_x, box.y * scale_y, box.w * scale_x, box.h * scale_y) for box in found
    ]


def _pages(file: IO[bytes]) -> int:
    """Count the pages or frames, up to `MAX_PAGES`."""
    with open_image(file, max_pixels=settings.MAX_PIXELS) as (opened, kind):
        if kind != "gif":
            return min(int(getattr(opened, "n_frames", 1)), MAX_PAGES)
        for page in range(1, MAX_PAGES):
            try:
                opened.seek(page)
            except EOFError:
                return page
        return MAX_PAGES


def _sums(file: File[bytes]) -> tuple[str, str]:
    sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    for chunk in file.chunks():
        sha256.update(chunk)
        md5.update(chunk)
    file.seek(0)
    return sha256.hexdigest(), md5.hexdigest()
