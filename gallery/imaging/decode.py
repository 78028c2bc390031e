"""Decodes an image file once, at reduced scale, into an upright sRGB image and its facts."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import IO

from PIL import Image, ImageCms

from . import exif as exif_facts
from .errors import DamagedImageError, ImageError, TooManyPixelsError
from .kinds import HEAD_BYTES, kind_of

_FORMATS = {
    "jpeg": ("JPEG", "MPO"),
    "png": ("PNG",),
    "webp": ("WEBP",),
    "gif": ("GIF",),
    "tiff": ("TIFF",),
    "avif": ("AVIF",),
    "heic": ("HEIF",),
}
# What decoders are known to raise on bytes that are not what they promise.
_BROKEN = (
    OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, AttributeError, EOFError,
    RuntimeError, OverflowError, ZeroDivisionError, struct.error, zlib.error,
    Image.DecompressionBombError, Warning,
)  # fmt: skip
_TURNS = {
    2: (Image.Transpose.FLIP_LEFT_RIGHT,),
    3: (Image.Transpose.ROTATE_180,),
    4: (Image.Transpose.FLIP_TOP_BOTTOM,),
    5: (Image.Transpose.TRANSPOSE,),
    6: (Image.Transpose.ROTATE_270,),
    7: (Image.Transpose.TRANSVERSE,),
    8: (Image.Transpose.ROTATE_90,),
}
#: Shrinking first by whole steps is much faster; 2.0 looks the same as without it.
REDUCING_GAP = 2.0
# decode() has a limit of its own and checks it before any pixel.
Image.MAX_IMAGE_PIXELS = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What the file says of itself; width and height are of the upright photo, in pixels."""

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

    Of animations and multi-page files it is the first picture. Raises ImageError: what it is
    instead, that it is damaged, or, before any pixel is decoded, that it has too many of them.
    """
    file.seek(0)
    kind = kind_of(file.read(HEAD_BYTES))
    file.seek(0)
    with _damage_is_an_image_error(), _open(file, kind) as opened:
        if opened.width * opened.height > max_pixels:
            raise TooManyPixelsError(opened.width, opened.height, max_pixels)
        return _decode(opened, kind, max_side_px)


@contextmanager
def _damage_is_an_image_error() -> Iterator[None]:
    try:
        yield
    except ImageError:
        raise
    except _BROKEN as error:
        raise DamagedImageError from error


def _open(file: IO[bytes], kind: str) -> Image.Image:
    if kind == "heic":
        _learn_heif()
    return Image.open(file, formats=_FORMATS[kind])


def _learn_heif() -> None:
    import pillow_heif  # only those who bring a HEIC photo pay for it

    pillow_heif.register_heif_opener()


def _decode(opened: Image.Image, kind: str, max_side_px: int) -> Decoded:
    size = opened.size
    target = _within(size, max_side_px)
    if opened.format in {"JPEG", "MPO"}:
        opened.draft(None, target)
    opened.load()
    exif = exif_facts.read_exif(opened)
    turns = _TURNS.get(exif_facts.orientation(exif), ())
    width_px, height_px = size[::-1] if _swaps(turns) else size
    facts = Facts(
        format=kind,
        width_px=width_px,
        height_px=height_px,
        taken_at=exif_facts.taken_at(exif),
        camera=exif_facts.camera(exif),
    )
    return Decoded(image=_turned(_to_srgb(_shrunk(_workable(opened), target)), turns), facts=facts)


def _within(size: tuple[int, int], max_side_px: int) -> tuple[int, int]:
    scale = min(1.0, max_side_px / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _swaps(turns: tuple[Image.Transpose, ...]) -> bool:
    return bool(set(turns) - set(_TURNS[2] + _TURNS[3] + _TURNS[4]))


def _turned(image: Image.Image, turns: tuple[Image.Transpose, ...]) -> Image.Image:
    for turn in turns:
        image = image.transpose(turn)
    image.info = {}
    return image


def _workable(image: Image.Image) -> Image.Image:
    """Return the image in a mode that can be resized without loss: L, RGB, RGBA, CMYK or LAB."""
    if image.mode in {"I", "F"} or image.mode.startswith("I;16"):
        return _eight_bits(image)
    if image.has_transparency_data:
        return image.convert("RGBA")
    if image.mode in {"L", "RGB", "CMYK", "LAB"}:
        return image
    return image.convert("L" if image.mode == "1" else "RGB")


def _eight_bits(image: Image.Image) -> Image.Image:
    """Scale 16 bits, wide integers and floats to 8 bits, where a plain conversion would clip."""
    if image.mode.startswith("I;16"):
        return image.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    _, highest = image.getextrema()
    assert isinstance(highest, int | float)
    top = next((top for top in (1.0, 255.0, 65535.0) if highest <= top), float(highest))
    if image.mode == "I" and top == 1.0:
        top = 255.0
    return image.point(lambda value: value * (255 / top)).convert("L")


def _shrunk(image: Image.Image, target: tuple[int, int]) -> Image.Image:
    if image.size == target:
        return image
    return image.resize(target, Image.Resampling.LANCZOS, reducing_gap=REDUCING_GAP)


def _to_srgb(image: Image.Image) -> Image.Image:
    """Return mode RGB, by the file's own colour profile where it has one, alpha over white."""
    alpha = image.getchannel("A") if image.mode == "RGBA" else None
    colours = image.convert("RGB") if alpha else image
    srgb = _by_profile(colours, image.info.get("icc_profile"))
    if alpha is None:
        return srgb
    white = Image.new("RGB", image.size, "white")
    white.paste(srgb, mask=alpha)
    return white


def _by_profile(image: Image.Image, profile: bytes | None) -> Image.Image:
    try:
        if profile:
            return _converted(image, profile)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        pass  # a profile that is broken, or for other colours, is as good as none
    return image.convert("RGB")


def _converted(image: Image.Image, profile: bytes) -> Image.Image:
    converted = ImageCms.profileToProfile(
        image,
        ImageCms.ImageCmsProfile(BytesIO(profile)),
        ImageCms.createProfile("sRGB"),
        outputMode="RGB",
    )
    assert converted is not None  # None only when converting in place
    return converted
