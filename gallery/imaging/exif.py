"""Reads when and with which camera a photo was taken."""

from __future__ import annotations

import re
import struct
from datetime import UTC, datetime, timedelta
from typing import Any

from PIL import ExifTags, Image

_BROKEN = (
    ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, OSError,
    SyntaxError, EOFError, struct.error, Warning,
)  # fmt: skip
MAX_CAMERA_CHARS = 100
_EARLIEST = datetime(1826, 1, 1, tzinfo=UTC)  # the first photo that is still there


def read_exif(image: Image.Image) -> Image.Exif:
    """Return the image's EXIF; empty when there is none or it cannot be read."""
    try:
        return image.getexif()
    except _BROKEN:
        return Image.Exif()


def orientation(exif: Image.Exif) -> int:
    """Return EXIF's orientation, 1 to 8; 1 when it is missing or nonsense."""
    value = exif.get(ExifTags.Base.Orientation)
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def taken_at(exif: Image.Exif) -> datetime | None:
    """Return when the photo was taken; without a written offset, as if in UTC."""
    inner, tags = _inner(exif), ExifTags.Base
    written = inner.get(tags.DateTimeOriginal) or inner.get(tags.DateTimeDigitized)
    offset = inner.get(tags.OffsetTimeOriginal) or inner.get(tags.OffsetTime)
    try:
        with_offset = f"{_text(written)[:19]} {_offset(_text(offset))}"
        taken = datetime.strptime(with_offset, "%Y:%m:%d %H:%M:%S %z")
        return taken if _EARLIEST <= taken <= datetime.now(UTC) + timedelta(days=2) else None
    except _BROKEN:
        return None


def _offset(text: str) -> str:
    """Return an offset such as ``+10:00`` as it is; that of UTC for anything else."""
    return text if re.fullmatch(r"[+-]\d\d:[0-5]\d", text) else "+00:00"


def camera(exif: Image.Exif) -> str:
    """Return make and model, the make only once; empty when unknown."""
    make = _text(exif.get(ExifTags.Base.Make))
    model = _text(exif.get(ExifTags.Base.Model))
    first = make.split(" ")[0].lower()
    if not first or model.lower().startswith(first):
        return model[:MAX_CAMERA_CHARS]
    return f"{make} {model}".strip()[:MAX_CAMERA_CHARS]


def _inner(exif: Image.Exif) -> dict[int, Any]:
    try:
        return exif.get_ifd(ExifTags.IFD.Exif)
    except _BROKEN:
        return {}


def _text(value: object) -> str:
    """Return printable text of an EXIF value, which may be text, bytes or anything."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str):
        return ""
    words = value.split("\0")[0].split()
    return "".join(char for char in " ".join(words) if char.isprintable())
