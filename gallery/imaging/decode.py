"""Decodes an image file once, at reduced scale, into an upright sRGB image and its facts."""

from __future__ import annotations

import struct
import warnings
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import IO

from PIL import ExifTags, Image, TiffImagePlugin
from PIL.AvifImagePlugin import AvifImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.IcoImagePlugin import IcoImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from . import exif as exif_facts
from .errors import DamagedImageError, ImageError, TooManyPixelsError, UnsupportedImageError
from .kinds import HEAD_BYTES, kind_of
from .pixels import to_srgb

# What decoders are known to raise on bytes that are not what they promise.
_BROKEN = (
    OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, AttributeError, EOFError,
    RuntimeError, OverflowError, ZeroDivisionError, struct.error, zlib.error,
)  # fmt: skip
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_LYING = {5, 6, 7, 8}  # stored with width and height exchanged
_DNG_VERSION = 0xC612


@dataclass(frozen=True, slots=True)
class Facts:
    """What the file says of itself.

    ``format`` is jpeg, png, webp, gif, tiff, avif, heic, bmp or ico; ``width_px`` and ``height_px``
    are of the upright photo in full size; ``taken_at`` is aware; ``camera`` is "" when unknown.
    """

    format: str
    width_px: int
    height_px: int
    taken_at: datetime | None
    camera: str


@dataclass(frozen=True, slots=True)
class Decoded:
    """An upright sRGB image of mode RGB without metadata, and the facts of its file."""

    image: Image.Image
    facts: Facts


def decode(file: IO[bytes], *, max_side_px: int = 2048, max_pixels: int = 120_000_000) -> Decoded:
    """Decode a seekable file, its longer side shrunk to ``max_side_px``, never enlarged.

    Of animations and multi-page files it is the first picture. The file stays open. Raises
    ImageError: what it is instead, that it is damaged, or, before any pixel is decoded, that it
    has more than ``max_pixels`` of them.
    """
    with open_photo(file, max_pixels=max_pixels) as (opened, kind):
        return _decode(opened, kind, max_side_px)


@contextmanager
def open_photo(
    file: IO[bytes], *, max_pixels: int = 120_000_000
) -> Iterator[tuple[Image.Image, str]]:
    """Open a seekable file as `open_image` does, and refuse what `decode` refuses."""
    with open_image(file, max_pixels=max_pixels) as (opened, kind):
        _refuse_raw(opened)
        refuse_too_many(opened, max_pixels)
        yield opened, kind


@contextmanager
def open_image(
    file: IO[bytes], *, max_pixels: int = 120_000_000
) -> Iterator[tuple[Image.Image, str]]:
    """Open a seekable file without decoding it; yield the image and its format, see `Facts`.

    Raises ImageError, also for what Pillow raises within the block.
    """
    _hush_pillow()
    file.seek(0)
    kind = kind_of(file.read(HEAD_BYTES))
    file.seek(0)
    with as_image_errors(max_pixels), _OPENERS[kind](file) as opened:
        yield opened, kind


def _hush_pillow() -> None:
    """Keep Pillow's remarks on odd metadata out of the logs; what matters is raised.

    Said again at each call, as tests put the list of filters back; only the first one adds to it.
    `warnings.catch_warnings` would not do: it is unsafe between threads.
    """
    warnings.filterwarnings("ignore", module=r"PIL\.")


@contextmanager
def as_image_errors(max_pixels: int) -> Iterator[None]:
    """Say ImageError for all that decoders raise on bytes that are not what they promise."""
    try:
        yield
    except ImageError:
        raise
    except Image.DecompressionBombError as error:  # WebP has to unfold a canvas to be opened
        raise TooManyPixelsError(max_pixels) from error
    except _BROKEN as error:
        raise DamagedImageError from error


def _open_heif(file: IO[bytes]) -> Image.Image:
    from pillow_heif import HeifImageFile  # only those who bring a HEIC photo pay for it

    return HeifImageFile(file)  # type: ignore[no-untyped-call]


#: What a directory of icons can say of a side; and the first bytes of a PNG file.
_MAX_ICON_SIDE_PX, _PNG = 256, b"\x89PNG\r\n\x1a\n"


def _open_icon(file: IO[bytes]) -> Image.Image:
    """Open an icon, whose pictures may be PNG files that are larger than its directory can say."""
    count = int.from_bytes(file.read(6)[4:6], "little")
    for place in range(count):
        file.seek(6 + 16 * place + 12)
        file.seek(int.from_bytes(file.read(4), "little"))
        head = file.read(24)
        sides = int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")
        if head.startswith(_PNG) and max(sides) > _MAX_ICON_SIDE_PX:
            raise DamagedImageError
    file.seek(0)
    return IcoImageFile(file)


# The plugins themselves rather than Image.open(): no registry to fill, no global limit on
# pixels, and of several pictures in one JPEG simply the first.
_OPENERS: dict[str, Callable[[IO[bytes]], Image.Image]] = {
    "jpeg": JpegImageFile,
    "png": PngImageFile,
    "webp": WebPImageFile,
    "gif": GifImageFile,
    "tiff": TiffImageFile,
    "avif": AvifImageFile,
    "heic": _open_heif,
    "bmp": BmpImageFile,
    "ico": _open_icon,
}


def _refuse_raw(opened: Image.Image) -> None:
    """Refuse raw files, which are TIFF files whose first picture is but a thumbnail."""
    if not isinstance(opened, TiffImageFile):
        return
    tags = opened.tag_v2
    is_thumbnail = tags.get(ExifTags.Base.NewSubfileType, 0) & 1
    if is_thumbnail or _DNG_VERSION in tags:
        raise UnsupportedImageError("a camera's raw file")


def refuse_too_many(opened: Image.Image, max_pixels: int) -> None:
    """Raise TooManyPixelsError for the page of a file that is to be decoded next."""
    pixels = max(opened.width * opened.height, _tile_pixels(opened))
    if pixels > max_pixels:
        raise TooManyPixelsError(max_pixels, pixels=pixels)


def _tile_pixels(opened: Image.Image) -> int:
    """Return the pixels of a TIFF's tile, which is unfolded whole and may exceed the image."""
    if not isinstance(opened, TiffImageFile):
        return 0
    width_px = opened.tag_v2.get(TiffImagePlugin.TILEWIDTH, 0)
    height_px = opened.tag_v2.get(TiffImagePlugin.TILELENGTH, 0)
    return int(width_px * height_px)


def _decode(opened: Image.Image, kind: str, max_side_px: int) -> Decoded:
    size = opened.size
    target = _within(size, max_side_px)
    if isinstance(opened, JpegImageFile):
        opened.draft(None, target)
    opened.load()
    exif = exif_facts.read_exif(opened)
    orientation = exif_facts.orientation(exif)
    width_px, height_px = size[::-1] if orientation in _LYING else size
    facts = Facts(
        format=kind,
        width_px=width_px,
        height_px=height_px,
        taken_at=exif_facts.taken_at(exif),
        camera=exif_facts.camera(exif),
    )
    return Decoded(image=turned(to_srgb(opened, target), orientation), facts=facts)


def _within(size: tuple[int, int], max_side_px: int) -> tuple[int, int]:
    scale = min(1.0, max_side_px / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def turned(image: Image.Image, orientation: int) -> Image.Image:
    """Return an image upright that is stored in this of Exif's orientations."""
    turn = _TURNS.get(orientation)
    return image if turn is None else image.transpose(turn)
