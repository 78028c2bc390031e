"""Tells from its first bytes what a file is."""

from __future__ import annotations

import zlib

from .errors import EmptyFileError, ImageError, NotAnImageError, UnsupportedImageError

#: Drawing programs write long comments before the first <svg>.
HEAD_BYTES = 4096

_RAW = "a camera's raw file"
_STARTS = {
    b"\xff\xd8\xff": "jpeg",
    b"\x89PNG\r\n\x1a\n": "png",
    b"GIF87a": "gif",
    b"GIF89a": "gif",
    b"II*\0": "tiff",
    b"MM\0*": "tiff",
    b"II+\0": "tiff",
    b"MM\0+": "tiff",
}
_REFUSED = {
    b"II*\0\x10\0\0\0CR": _RAW,
    b"%PDF-": "a PDF document",
    b"8BPS": "a Photoshop file",
    b"\xff\x0a": "a JPEG XL image",
    b"\0\0\0\x0cJXL ": "a JPEG XL image",
    b"\xff\x4f\xff\x51": "a JPEG 2000 image",
    b"\0\0\0\x0cjP  ": "a JPEG 2000 image",
    b"FUJIFILMCCD-RAW": _RAW,
    b"IIRO": _RAW,
    b"IIRS": _RAW,
    b"MMOR": _RAW,
    b"IIU\0": _RAW,
    b"\x1aE\xdf\xa3": "a video",
    b"\0\0\x01\xba": "a video",
    b"FLV\x01": "a video",
    b"0&\xb2u\x8e\x66\xcf\x11": "a video",
}
_AVIF = {b"avif", b"avis"}
_HEIC = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_QUICKTIME = {b"moov", b"mdat", b"wide"}


def kind_of(head: bytes) -> str:
    """Return what `Facts.format` may be, for the first `HEAD_BYTES` of a file.

    Raises EmptyFileError, NotAnImageError or UnsupportedImageError.
    """
    if not head:
        raise EmptyFileError
    if head[4:8] == b"ftyp":
        return _iso_media(head)
    if head[:4] == b"RIFF":
        return _riff(head)
    if refused := _starting(head, _REFUSED):
        raise UnsupportedImageError(refused)
    if kind := _starting(head, _STARTS):
        return kind
    if _is_bitmap(head):
        return "bmp"
    if _is_icon(head):
        return "ico"
    raise _refusal(head)


def _starting(head: bytes, names: dict[bytes, str]) -> str:
    return next((name for start, name in names.items() if head.startswith(start)), "")


def _iso_media(head: bytes) -> str:
    """Read the brands of an ISO base media file (ISO/IEC 14496-12, 4.3)."""
    size = int.from_bytes(head[:4], "big")
    main = head[8:12]
    brands = {main, *(head[at : at + 4] for at in range(16, min(size, len(head)), 4))}
    if brands & _AVIF:
        return "avif"
    if brands & _HEIC:
        return "heic"
    raise UnsupportedImageError(_RAW if main == b"crx " else "a video")


def _riff(head: bytes) -> str:
    if head[8:12] == b"WEBP":
        return "webp"
    raise UnsupportedImageError("a video") if head[8:12] == b"AVI " else NotAnImageError()


def _is_icon(head: bytes) -> bool:
    """Tell an icon from text and the like: its first picture has to stand where it says."""
    if not head.startswith(b"\0\0\1\0"):
        return False
    count = int.from_bytes(head[4:6], "little")
    length, offset = (int.from_bytes(head[at : at + 4], "little") for at in (14, 18))
    return count > 0 and length > 0 and offset >= 6 + 16 * count


def _is_bitmap(head: bytes) -> bool:
    return head.startswith(b"BM") and not head[6:10].strip(b"\0")  # "BMW is ..." is text


def _refusal(head: bytes) -> ImageError:
    if head[4:8] in _QUICKTIME:
        return UnsupportedImageError("a video")
    if _is_svg(head):
        return UnsupportedImageError("an SVG drawing, not a photo")
    return NotAnImageError()


def _is_svg(head: bytes) -> bool:
    text = _unpacked(head).lower()
    return b"<svg" in text and b"<html" not in text


def _unpacked(head: bytes) -> bytes:
    """Return what may be text, gunzipped and UTF-16 made readable as ASCII."""
    if not head.startswith(b"\x1f\x8b"):
        return head.replace(b"\0", b"")
    try:
        return zlib.decompressobj(wbits=31).decompress(head, HEAD_BYTES)
    except zlib.error:
        return b""
