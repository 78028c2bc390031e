"""Tells from its first bytes what a file is."""

from __future__ import annotations

import zlib

from .errors import EmptyFileError, NotAnImageError, UnsupportedImageError

HEAD_BYTES = 1024

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
    b"%PDF-": "a PDF document",
    b"BM": "a BMP image",
    b"8BPS": "a Photoshop file",
    b"\x1aE\xdf\xa3": "a video",
    b"\0\0\x01\xba": "a video",
    b"FLV\x01": "a video",
}
_AVIF = {b"avif", b"avis"}
_HEIC = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}


def kind_of(head: bytes) -> str:
    """Return jpeg, png, webp, gif, tiff, avif or heic for the first `HEAD_BYTES` of a file.

    Raises EmptyFileError, NotAnImageError or UnsupportedImageError.
    """
    if not head:
        raise EmptyFileError
    for start, kind in _STARTS.items():
        if head.startswith(start):
            return kind
    if head[:4] == b"RIFF":
        return _riff(head)
    if head[4:8] == b"ftyp":
        return _iso_media(head)
    raise _refusal(head)


def _riff(head: bytes) -> str:
    if head[8:12] == b"WEBP":
        return "webp"
    raise UnsupportedImageError("a video") if head[8:12] == b"AVI " else NotAnImageError()


def _iso_media(head: bytes) -> str:
    """Read the brands of an ISO base media file (ISO/IEC 14496-12, 4.3)."""
    size = int.from_bytes(head[:4], "big")
    brands = {head[8:12], *(head[at : at + 4] for at in range(16, min(size, len(head)), 4))}
    if brands & _AVIF:
        return "avif"
    if brands & _HEIC:
        return "heic"
    raise UnsupportedImageError("a raw file" if head[8:12] == b"crx " else "a video")


def _refusal(head: bytes) -> Exception:
    for start, words in _REFUSED.items():
        if head.startswith(start):
            return UnsupportedImageError(words)
    if b"<svg" in _unpacked(head).lower():
        return UnsupportedImageError("an SVG drawing, not a photo")
    return NotAnImageError()


def _unpacked(head: bytes) -> bytes:
    if not head.startswith(b"\x1f\x8b"):
        return head.replace(b"\0", b"")
    try:
        return zlib.decompressobj(wbits=31).decompress(head, HEAD_BYTES)
    except zlib.error:
        return b""
