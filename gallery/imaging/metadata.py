"""All that a file says of itself, as texts: EXIF, IPTC, XMP, and facts of its container."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from typing import IO, Any

from PIL import ExifTags, Image, TiffTags

from . import xmp
from .decode import open_image
from .exif import read_exif
from .keywords import iptc_of, packet_of

MAX_ENTRIES = 300
MAX_NAME_CHARS = 100
MAX_TEXT_CHARS = 1000
#: Longer lists are tables for programs.
MAX_NUMBERS = 16
MAX_NUMBER = 1e15

_BROKEN = (
    ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, OSError,
    SyntaxError, EOFError, ZeroDivisionError, RuntimeError,
)  # fmt: skip
_IFDS = (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo)
#: Where things stand in the file; not facts of the photo.
_PLUMBING = {
    0x0111, 0x0117, 0x0142, 0x0143, 0x0144, 0x0145, 0x014A, 0x0201, 0x0202,
    0x02BC, 0x83BB, 0x8649, 0x8769, 0x8773, 0x8825, 0x927C, 0xA005, 0xC4A5,
}  # fmt: skip
_EXIF_NAMES = {tag: info.name for tag, info in TiffTags.TAGS_V2.items()} | dict(ExifTags.TAGS)
#: IPTC-IIM 4.2, record 2.
_IPTC_NAMES = {
    5: "ObjectName", 15: "Category", 20: "SupplementalCategories", 25: "Keywords",
    40: "SpecialInstructions", 55: "DateCreated", 60: "TimeCreated", 65: "OriginatingProgram",
    80: "By-line", 85: "By-lineTitle", 90: "City", 92: "Sub-location", 95: "Province-State",
    100: "Country-PrimaryLocationCode", 101: "Country-PrimaryLocationName", 105: "Headline",
    110: "Credit", 115: "Source", 116: "CopyrightNotice", 118: "Contact", 120: "Caption-Abstract",
    122: "Writer-Editor",
}  # fmt: skip
_COLORSPACES = {
    "1": "Gray", "L": "Gray", "LA": "Gray", "I": "Gray", "F": "Gray", "I;16": "Gray",
    "CMYK": "CMYK", "LAB": "LAB", "YCbCr": "YCbCr",
}  # fmt: skip
_JFIF_UNITS = {0: "None", 1: "inches", 2: "cm"}
CM_PER_INCH = 2.54

Entries = Iterable[tuple[str, str]]


def metadata_of(file: IO[bytes]) -> dict[str, str]:
    """Return what a seekable file says of itself, by the usual names.

    Of what is said twice, the container's own facts go first, then EXIF, IPTC, XMP. At most 300
    entries of at most 1,000 characters, printable; what cannot be read is left out. Raises
    ImageError when the file is no image.
    """
    with open_image(file) as (image, _):
        return _bounded([*_facts(image), *_exif(image), *_iptc(image), *_xmp(packet_of(image))])


def exif_of(file: IO[bytes]) -> dict[str, str]:
    """Return the entries of a file's EXIF alone, as in `metadata_of`. Raises ImageError."""
    with open_image(file) as (image, _):
        return _bounded(_exif(image))


def _bounded(entries: Entries) -> dict[str, str]:
    told: dict[str, str] = {}
    for name, text in entries:
        key, value = _printable(name)[:MAX_NAME_CHARS], _printable(text)[:MAX_TEXT_CHARS].strip()
        if key and value:
            told.setdefault(key, value)
        if len(told) == MAX_ENTRIES:
            break
    return told


def _printable(text: str) -> str:
    """Return a text as one line; what is far too long is cut before it is read."""
    cut = text[: 2 * MAX_TEXT_CHARS]
    return " ".join("".join(char if char.isprintable() else " " for char in cut).split())


# --- The container ----------------------------------------------------------------------------


def _facts(image: Image.Image) -> Iterator[tuple[str, str]]:
    version = image.info.get("jfif_version")
    if isinstance(version, tuple) and len(version) == 2:
        yield "JFIFVersion", f"{version[0]}.{version[1]:02}"
    yield "Colorspace", _COLORSPACES.get(image.mode, "RGB")
    yield from _density(image)


def _density(image: Image.Image) -> Iterator[tuple[str, str]]:
    """Yield the resolution as JFIF or another container writes it, and in dots per inch."""
    unit = _JFIF_UNITS.get(image.info.get("jfif_unit", -1))
    written = image.info.get("jfif_density") if unit else image.info.get("dpi")
    try:
        x, y = (float(number) for number in written or ())
        numbers = _number(x), _number(y)
    except _BROKEN:
        return
    yield "ResolutionUnit", unit or "inches"
    yield "XResolution", numbers[0]
    yield "YResolution", numbers[1]
    if unit != "None":
        yield "DPI", str(round(x * (CM_PER_INCH if unit == "cm" else 1)))


# --- EXIF -------------------------------------------------------------------------------------


def _exif(image: Image.Image) -> Iterator[tuple[str, str]]:
    exif = read_exif(image)
    yield from _named(_plain(exif), _EXIF_NAMES)
    for ifd in _IFDS:
        inner = _ifd(exif, ifd)
        if ifd == ExifTags.IFD.GPSInfo:
            yield from _gps(inner)
        else:
            yield from _named(inner, _EXIF_NAMES)


def _plain(exif: Image.Exif) -> dict[int, Any]:
    try:
        return dict(exif)
    except _BROKEN:
        return {}


def _ifd(exif: Image.Exif, tag: int) -> Mapping[int, Any]:
    try:
        return exif.get_ifd(tag)
    except _BROKEN:
        return {}


def _named(entries: Mapping[int, Any], names: Mapping[int, str]) -> Iterator[tuple[str, str]]:
    for tag, value in entries.items():
        if tag in names and tag not in _PLUMBING:
            yield names[tag], _value_text(names[tag], value)


def _gps(entries: Mapping[int, Any]) -> Iterator[tuple[str, str]]:
    """Yield the entries about the place, latitude and longitude in degrees with their side."""
    sides = {name: _value_text(name, value) for name, value in _gps_names(entries)}
    for name, value in _gps_names(entries):
        side = sides.get(f"{name}Ref", "")
        yield name, _degrees(value, side) or sides[name]


def _gps_names(entries: Mapping[int, Any]) -> list[tuple[str, Any]]:
    return [(ExifTags.GPSTAGS[tag], value) for tag, value in entries.items()
            if tag in ExifTags.GPSTAGS]  # fmt: skip


def _degrees(value: Any, side: str) -> str:
    if side not in {"N", "S", "E", "W"}:
        return ""
    try:
        degrees, minutes, seconds = (float(part) for part in value)
        return f"{int(degrees)} deg {int(minutes)}' {seconds:.2f}\" {side}"
    except _BROKEN:
        return ""


def _value_text(name: str, value: Any) -> str:
    """Return an EXIF value as text; "" for what is no text and no number."""
    if isinstance(value, bytes):
        return _decoded(value)
    if isinstance(value, tuple | list):
        few = value if len(value) <= MAX_NUMBERS else ()
        return ", ".join(_value_text(name, one) for one in few)
    try:
        return value.split("\0")[0] if isinstance(value, str) else _number_text(name, value)
    except _BROKEN:
        return ""


def _decoded(value: bytes) -> str:
    """Return bytes that hold text, whose first eight may name its character set; else ""."""
    text = value[:MAX_TEXT_CHARS]
    for charset in (b"ASCII\0\0\0", b"\0\0\0\0\0\0\0\0"):
        text = text.removeprefix(charset)
    text = text.rstrip(b"\0 ")
    return text.decode() if text.isascii() and text.decode().isprintable() else ""


def _number_text(name: str, value: Any) -> str:
    number = float(value)
    if name == "ExposureTime" and 0 < number < 1:
        return str(Fraction(number).limit_denominator(1 if number > 0.5 else round(1 / number)))
    return _number(number)


def _number(number: float) -> str:
    """Return a number without needless digits. Raises ValueError for endless and absurd ones."""
    if not math.isfinite(number) or abs(number) > MAX_NUMBER:
        raise ValueError(number)
    return f"{number:.6f}".rstrip("0").rstrip(".")


# --- IPTC -------------------------------------------------------------------------------------


def _iptc(image: Image.Image) -> Iterator[tuple[str, str]]:
    for (record, number), texts in iptc_of(image).items():
        if record == 2 and number in _IPTC_NAMES:
            yield _IPTC_NAMES[number], ", ".join(texts[:MAX_ENTRIES])


# --- XMP --------------------------------------------------------------------------------------


def _xmp(packet: bytes) -> Iterator[tuple[str, str]]:
    """Yield properties by the names programs show: dc:title is Title."""
    for name, text in xmp.properties_of(packet):
        yield name[:1].upper() + name[1:], text
