"""Puts an XMP packet into a JPEG, PNG or WebP file, every byte of the picture as it was."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .errors import DamagedImageError, ImageError


class UnwritableError(ImageError):
    """Tags cannot be written into this file; they can stand beside it."""

    def __init__(self, why: str = "Tags cannot be written into files of this kind.") -> None:
        super().__init__(why)


def with_packet(content: bytes, format: str, packet: bytes) -> bytes:
    """Return the file with this packet instead of its own, if any.

    ``format`` as in `Facts`. Raises UnwritableError for other formats than JPEG, PNG and WebP and
    for packets that are too large, and DamagedImageError.
    """
    if format not in _WRITERS:
        raise UnwritableError
    try:
        return _WRITERS[format](content, packet)
    except (struct.error, IndexError) as error:
        raise DamagedImageError from error


# --- JPEG: ITU-T T.81 annex B; XMP specification part 3, 1.1.3 ----------------------------------

_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_PHOTOSHOP = b"Photoshop 3.0\0"
_EXIF = b"Exif\0"
_APP0, _APP1, _APP13, _SOS = 0xE0, 0xE1, 0xED, 0xDA
_MAX_SEGMENT = 65_533
#: Markers without a length: TEM and RST0 to RST7.
_BARE = {0x01, *range(0xD0, 0xD8)}


@dataclass(frozen=True, slots=True)
class Segment:
    marker: int
    body: bytes

    def __bytes__(self) -> bytes:
        if self.marker in _BARE:
            return bytes([0xFF, self.marker])
        return struct.pack(">BBH", 0xFF, self.marker, len(self.body) + 2) + self.body

    @property
    def is_xmp(self) -> bool:
        return self.marker == _APP1 and self.body.startswith(_XMP)

    @property
    def comes_before_xmp(self) -> bool:
        is_exif = self.marker == _APP1 and self.body.startswith(_EXIF)
        return self.marker == _APP0 or is_exif


def _jpeg(content: bytes, packet: bytes) -> bytes:
    if len(_XMP) + len(packet) > _MAX_SEGMENT:
        raise UnwritableError("This file's own metadata leaves no room for tags in it.")
    segments, scan = _segments(content)
    kept = [_without_iptc_keywords(segment) for segment in segments if not segment.is_xmp]
    place = next((i for i, one in enumerate(kept) if not one.comes_before_xmp), len(kept))
    kept.insert(place, Segment(_APP1, _XMP + packet))
    return b"\xff\xd8" + b"".join(map(bytes, kept)) + scan


def _segments(content: bytes) -> tuple[list[Segment], bytes]:
    """Return what stands before the picture, and the picture with all behind it."""
    if content[:2] != b"\xff\xd8":
        raise DamagedImageError
    at = 2
    segments: list[Segment] = []
    while True:
        if content[at] != 0xFF:
            raise DamagedImageError
        marker = content[at + 1]
        if marker == 0xFF:  # padding
            at += 1
            continue
        if marker == _SOS:
            return segments, content[at:]
        body = b"" if marker in _BARE else _body(content, at)
        segments.append(Segment(marker, body))
        at += 2 if marker in _BARE else len(body) + 4


def _body(content: bytes, at: int) -> bytes:
    (length,) = struct.unpack_from(">H", content, at + 2)
    body = content[at + 4 : at + 2 + length]
    if length < 2 or len(body) != length - 2:
        raise DamagedImageError
    return body


# Photoshop's image resources, which hold the keywords of IPTC-IIM: those would contradict XMP.
_IIM, _IIM_DIGEST = 0x0404, 0x0425
_KEYWORDS = b"\x1c\x02\x19"


def _without_iptc_keywords(segment: Segment) -> Segment:
    if segment.marker != _APP13 or not segment.body.startswith(_PHOTOSHOP):
        return segment
    try:
        resources = list(_resources(segment.body[len(_PHOTOSHOP) :]))
        block = b"".join(_resource(*resource) for resource in resources)
    except (struct.error, IndexError, ValueError):
        return segment  # what nobody can read contradicts nothing
    return Segment(_APP13, _PHOTOSHOP + block)


def _resources(block: bytes) -> Iterator[tuple[bytes, int, bytes, bytes]]:
    at = 0
    while at + 12 <= len(block):
        kind, key = block[at : at + 4], struct.unpack_from(">H", block, at + 4)[0]
        name_end = at + 7 + block[at + 6]
        name = block[at + 6 : name_end + (name_end - at) % 2]
        at += 6 + len(name)
        (size,) = struct.unpack_from(">I", block, at)
        data = block[at + 4 : at + 4 + size]
        if len(data) != size:
            raise ValueError(size)
        yield kind, key, name, data
        at += 4 + size + size % 2


def _resource(kind: bytes, key: int, name: bytes, data: bytes) -> bytes:
    if key == _IIM_DIGEST:
        return b""
    if key == _IIM:
        data = b"".join(one for one in _datasets(data) if not one.startswith(_KEYWORDS))
    padding = b"\0" * (len(data) % 2)
    return kind + struct.pack(">H", key) + name + struct.pack(">I", len(data)) + data + padding


def _datasets(block: bytes) -> Iterator[bytes]:
    """Yield the datasets of IPTC-IIM 4.2, each whole, and what stands behind the last as it is."""
    at = 0
    while block[at : at + 1] == b"\x1c":
        (length,) = struct.unpack_from(">H", block, at + 3)
        if length & 0x8000:
            raise ValueError(length)
        yield block[at : at + 5 + length]
        at += 5 + length
    yield block[at:]


# --- PNG: ISO/IEC 15948; XMP specification part 3, 1.1.5 ----------------------------------------

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_XMP_TEXT = b"XML:com.adobe.xmp\0"


def _png(content: bytes, packet: bytes) -> bytes:
    if not content.startswith(_SIGNATURE):
        raise DamagedImageError
    chunks = list(_png_chunks(content))
    if not chunks or chunks[0][0] != b"IHDR":
        raise DamagedImageError
    kept = [whole for kind, whole in chunks if not _is_xmp_text(kind, whole)]
    kept.insert(1, _png_chunk(b"iTXt", _XMP_TEXT + b"\0\0\0\0" + packet))
    return _SIGNATURE + b"".join(kept)


def _is_xmp_text(kind: bytes, whole: bytes) -> bool:
    return kind == b"iTXt" and whole[8:].startswith(_XMP_TEXT)


def _png_chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield each chunk's name and all its bytes, up to the last one."""
    at, kind = len(_SIGNATURE), b""
    while kind != b"IEND":
        (length,) = struct.unpack_from(">I", content, at)
        kind, whole = content[at + 4 : at + 8], content[at : at + 12 + length]
        if len(whole) != 12 + length:
            raise DamagedImageError
        yield kind, whole
        at += len(whole)


def _png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


# --- WebP: RFC 9649 -----------------------------------------------------------------------------

_HAS_XMP, _HAS_ALPHA = 0x04, 0x10


def _webp(content: bytes, packet: bytes) -> bytes:
    if content[:4] != b"RIFF" or content[8:12] != b"WEBP":
        raise DamagedImageError
    chunks = [(kind, data) for kind, data in _riff_chunks(content) if kind != b"XMP "]
    if not chunks:
        raise DamagedImageError
    kind, head = chunks[0]
    if kind == b"VP8X":
        chunks[0] = kind, bytes([head[0] | _HAS_XMP]) + head[1:]
    else:
        chunks.insert(0, (b"VP8X", _extended_head(kind, head)))
    chunks.append((b"XMP ", packet))
    body = b"WEBP" + b"".join(_riff_chunk(*chunk) for chunk in chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _riff_chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    (size,) = struct.unpack_from("<I", content, 4)
    end = 8 + size
    if end > len(content):
        raise DamagedImageError
    at = 12
    while at + 8 <= end:
        kind, (length,) = content[at : at + 4], struct.unpack_from("<I", content, at + 4)
        data = content[at + 8 : at + 8 + length]
        if len(data) != length:
            raise DamagedImageError
        yield kind, data
        at += 8 + length + length % 2


def _riff_chunk(kind: bytes, data: bytes) -> bytes:
    return kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def _extended_head(kind: bytes, data: bytes) -> bytes:
    """Return what a simple file lacks: flags, and width and height less one in 24 bits each."""
    flags = _HAS_XMP
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 1)
        width, height = bits & 0x3FFF, bits >> 14 & 0x3FFF
        flags |= _HAS_ALPHA * (bits >> 28 & 1)
    elif kind == b"VP8 ":
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", data, 6))
        width, height = width - 1, height - 1
    else:
        raise DamagedImageError
    return (
        bytes([flags, 0, 0, 0])
        + struct.pack("<I", width & 0xFFFFFF)[:3]
        + struct.pack("<I", height & 0xFFFFFF)[:3]
    )


_WRITERS: dict[str, Callable[[bytes, bytes], bytes]] = {"jpeg": _jpeg, "png": _png, "webp": _webp}
