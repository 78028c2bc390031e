"""Keywords that a file holds, and files that hold the tags of a photo."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from typing import IO

from PIL import Image, IptcImagePlugin
from PIL.ImageFile import ImageFile

from . import xmp
from .containers import with_packet
from .decode import open_image

MAX_KEYWORDS = 500
MAX_KEYWORD_CHARS = 100

# Of IPTC-IIM 4.2: the character set of the text, the keywords, and how UTF-8 is named.
_CHARACTER_SET, _KEYWORDS = (1, 90), (2, 25)
_UTF_8 = b"\x1b%G"


def read_keywords(file: IO[bytes]) -> tuple[str, ...]:
    """Return the keywords of a file, of XMP and then of IPTC, each once, in their first spelling.

    Of a keyword with a place in a hierarchy it is the last part. What is longer than 100
    characters is no keyword. Metadata that cannot be read holds none. Raises ImageError.
    """
    with open_image(file) as (image, _):
        found = [*xmp.keywords_of(packet_of(image)), *iptc_of(image).get(_KEYWORDS, [])]
    return tuple(_each_once(found))


def with_keywords(content: bytes, format: str, keywords: Sequence[str]) -> bytes:
    """Return a copy of a file with these keywords, and every byte of its picture as it was.

    ``format`` as in `Facts`. Raises ImageError, which is UnwritableError where they cannot be
    written into the file.
    """
    return with_packet(content, format, sidecar(content, keywords))


def sidecar(content: bytes, keywords: Sequence[str]) -> bytes:
    """Return an XMP packet that says what the file's own says, with these keywords.

    Raises ImageError.
    """
    with open_image(BytesIO(content)) as (image, _):
        packet = packet_of(image)
    return xmp.with_keywords(packet, keywords)


def packet_of(image: Image.Image) -> bytes:
    """Return the XMP packet of an opened image; b"" when there is none."""
    packet = image.info.get("xmp", b"")
    if isinstance(packet, str):
        packet = packet.encode()
    return packet if isinstance(packet, bytes) else b""


def iptc_of(image: Image.Image) -> dict[tuple[int, int], list[str]]:
    """Return the texts of each IPTC dataset of an opened image, by record and number."""
    if not isinstance(image, ImageFile):
        return {}
    try:
        told = IptcImagePlugin.getiptcinfo(image) or {}
    except (OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, AttributeError):
        return {}
    is_utf_8 = told.get(_CHARACTER_SET) == _UTF_8
    return {
        key: [_iptc_text(one, is_utf_8) for one in _listed(said) if isinstance(one, bytes)]
        for key, said in told.items()
    }


def _listed(said: object) -> list[object]:
    return said if isinstance(said, list) else [said]


def _iptc_text(text: bytes, is_utf_8: bool) -> str:
    """Decode as said, or else as UTF-8 if it is that, or as what most old programs wrote."""
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        return text.decode("utf-8", "replace") if is_utf_8 else text.decode("cp1252", "replace")


def _each_once(keywords: Iterable[str]) -> Iterator[str]:
    seen: set[str] = set()
    for keyword in map(_clean, keywords):
        if keyword and len(keyword) <= MAX_KEYWORD_CHARS and keyword.casefold() not in seen:
            seen.add(keyword.casefold())
            yield keyword
        if len(seen) == MAX_KEYWORDS:
            return


def _clean(text: str) -> str:
    text = unicodedata.normalize("NFC", text)
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
