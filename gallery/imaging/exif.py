"""Reads when and with which camera a photo was taken."""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from PIL import ExifTags, Image

_BROKEN = (
    ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, OSError,
    SyntaxError, EOFError, ZeroDivisionError, RuntimeError, struct.error,
)  # fmt: skip
MAX_CAMERA_CHARS = 100
_EARLIEST = datetime(1826, 1, 1, tzinfo=UTC)  # the first photo that is still there
_TIME = re.compile(r"(\d{4})\D(\d\d)\D(\d\d)\D(\d\d)\D(\d\d)(?:\D(\d\d))?", re.ASCII)
_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)", re.ASCII)
#: The widest offset of any place from UTC.
_MAX_OFFSET = timedelta(hours=14)
#: Offsets are whole quarters of an hour; what the satellites' time is off by is less than this.
_QUARTER = timedelta(minutes=15)
_SLACK = timedelta(minutes=3)


def read_exif(image: Image.Image) -> Image.Exif:
    """Return the image's EXIF; empty when there is none or it cannot be read."""
    try:
        return image.getexif()
    except _BROKEN:
        return Image.Exif()


def orientation(exif: Image.Exif) -> int:
    """Return EXIF's orientation, 1 to 8; 1 when it is missing or nonsense."""
    value = _value(exif, ExifTags.Base.Orientation)
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def taken_at(exif: Image.Exif) -> datetime | None:
    """Return when the photo was taken, aware; None when unknown or impossible.

    Without a written offset, the one that agrees with the satellites' time; else as if in UTC.
    """
    inner = _ifd(exif, ExifTags.IFD.Exif)
    local = _time(_text(inner.get(ExifTags.Base.DateTimeOriginal)))
    if local is None:
        return None
    written = inner.get(ExifTags.Base.OffsetTimeOriginal) or inner.get(ExifTags.Base.OffsetTime)
    offset = _written_offset(_text(written)) or _gps_offset(exif, local) or UTC
    taken = local.replace(tzinfo=offset)
    return taken if _EARLIEST <= taken <= datetime.now(UTC) + timedelta(days=2) else None


def _time(text: str) -> datetime | None:
    """Read ``2019:08:03 14:05:59``, whatever separates the numbers; it has no zone yet."""
    if not (found := _TIME.match(text)):
        return None
    # In UTC only to be aware; the caller puts the real offset in its place.
    iso = "{}-{}-{}T{}:{}:{}+00:00".format(*found.groups(default="00"))
    try:
        return datetime.fromisoformat(iso)
    except ValueError:
        return None


def _written_offset(text: str) -> timezone | None:
    """Read ``+10:00``."""
    if not (found := _OFFSET.fullmatch(text)):
        return None
    sign, hours, minutes = found.groups()
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    if offset > _MAX_OFFSET:
        return None
    return timezone(-offset if sign == "-" else offset)


def _gps_offset(exif: Image.Exif, local: datetime) -> timezone | None:
    """Return how far the camera's clock is from UTC; None when it is no offset of any place."""
    gps = _gps_time(_ifd(exif, ExifTags.IFD.GPSInfo))
    if gps is None:
        return None
    quarters = round((local - gps) / _QUARTER)
    offset = quarters * _QUARTER
    if abs(offset) > _MAX_OFFSET or abs(local - gps - offset) > _SLACK:
        return None
    return timezone(offset)


def _gps_time(gps: Mapping[int, Any]) -> datetime | None:
    try:
        hours, minutes, seconds = (int(part) for part in gps[ExifTags.GPS.GPSTimeStamp])
        day = _text(gps[ExifTags.GPS.GPSDateStamp])
    except _BROKEN:
        return None
    return _time(f"{day} {hours:02}:{minutes:02}:{seconds:02}")


def camera(exif: Image.Exif) -> str:
    """Return make and model, the make only once; "" when unknown."""
    make = _text(_value(exif, ExifTags.Base.Make))
    model = _text(_value(exif, ExifTags.Base.Model))
    named = model.lower().split(" ")[0] in make.lower().split(" ")
    both = model if named else f"{make} {model}"
    return (both.strip() or make)[:MAX_CAMERA_CHARS].strip()


def _ifd(exif: Image.Exif, tag: int) -> Mapping[int, Any]:
    try:
        return exif.get_ifd(tag)
    except _BROKEN:
        return {}


def _value(exif: Image.Exif, tag: int) -> object:
    try:
        return exif.get(tag)
    except _BROKEN:
        return None


def _text(value: object) -> str:
    """Return printable text of an EXIF value, which may be text, bytes or anything."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str):
        return ""
    words = value.split("\0")[0].split()
    return "".join(char for char in " ".join(words) if char.isprintable())
