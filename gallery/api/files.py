"""A file as an answer: its headers, parts of it, and that nothing in it runs on this site."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import IO
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header, parse_http_date_safe

#: No scripts, no requests, an origin of its own: for whoever opens a file by itself.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
#: The types of what is no picture that a browser may show; all else is only downloaded.
_SHOWN = {
    "txt": "text/plain; charset=utf-8", "csv": "text/plain; charset=utf-8",
    "md": "text/plain; charset=utf-8", "css": "text/plain; charset=utf-8",
    "json": "application/json", "mp3": "audio/mpeg", "ogg": "audio/ogg", "wav": "audio/wav",
    "m4a": "audio/mp4", "mp4": "video/mp4", "webm": "video/webm",
    "woff": "font/woff", "woff2": "font/woff2", "ttf": "font/ttf", "otf": "font/otf",
    "vtt": "text/vtt; charset=utf-8",
}  # fmt: skip
_DOWNLOADED = {
    "pdf": "application/pdf", "zip": "application/zip", "gz": "application/gzip",
    "tgz": "application/gzip",
}  # fmt: skip
PICTURES = {
    "jpg": "image/jpeg", "png": "image/png", "webp": "image/webp", "avif": "image/avif",
    "gif": "image/gif", "heic": "image/heic", "tif": "image/tiff", "bmp": "image/bmp",
    "ico": "image/x-icon",
}  # fmt: skip
#: The only headers that come with an asset; of those that begin X-Meta- any.
_OWN_HEADERS = {"x-robots-tag", "content-language", "link"}
_HEADER = re.compile(r"([A-Za-z0-9-]{1,60}):[ \t]*([\x20-\x7e]{1,500})\Z", re.ASCII)
_CANONICAL = re.compile(r'<(https?://[^<>"\s]+)>\s*;\s*rel="?canonical"?\s*\Z', re.IGNORECASE)
_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})\Z", re.ASCII)
#: What stands for signs that headers cannot have.
_PLAIN = str.maketrans(
    {"\u201c": '"', "\u201d": '"', "\u2018": "'", "\u2019": "'", "\xd7": "x", "\u2013": "-"}
)
IN_MEMORY_BYTES = 512 * 1024
BLOCK_BYTES = 256 * 1024
MAX_OWN_HEADERS = 20


@dataclass(frozen=True, slots=True)
class Sent:
    """A file to be sent. ``open`` raises FileNotFoundError; ``etag`` has no quotes.

    ``download_name`` is "" for what a browser may show. ``own_headers`` is text that somebody gave
    with the file, one header a line.
    """

    open: Callable[[], IO[bytes]]
    size_bytes: int
    content_type: str
    etag: str
    modified_at: datetime
    cache_control: str
    download_name: str = ""
    own_headers: str = ""
    vary: str = ""


def kind_of_file(name: str) -> tuple[str, bool]:
    """Return the content type of a file that is no picture, and whether it is only downloaded."""
    extension = name.rpartition(".")[2].lower()
    if extension in _SHOWN:
        return _SHOWN[extension], False
    return _DOWNLOADED.get(extension, "application/octet-stream"), True


def answer(request: HttpRequest, sent: Sent) -> HttpResponseBase:
    """Answer with a file, a part of it, or that it has not changed.

    Raises FileNotFoundError when it is gone.
    """
    etag, modified_s = f'"{sent.etag}"', int(sent.modified_at.timestamp())
    response: HttpResponseBase | None = get_conditional_response(request, etag, modified_s)
    if response is None:
        response = _content(request, sent, etag, modified_s)
    response["ETag"] = etag
    response["Last-Modified"] = format_datetime(sent.modified_at, usegmt=True)
    response["Cache-Control"] = sent.cache_control
    if sent.vary:
        response["Vary"] = sent.vary
    _add_own_headers(response, sent.own_headers)
    return with_safety(response)


def with_safety(response: HttpResponseBase) -> HttpResponseBase:
    """Let every site read a file, and no file do anything here."""
    response["Access-Control-Allow-Origin"] = "*"
    response["Access-Control-Expose-Headers"] = "X-Cld-Error, Content-Length, Content-Range, ETag"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = POLICY
    return response


def header_safe(text: str) -> str:
    """Return text as it may stand in a header: one line of printable ASCII, not too long."""
    plain = text.translate(_PLAIN)
    return "".join(char if " " <= char <= "~" else "?" for char in plain)[:500]


# --- The content ------------------------------------------------------------------------------


def _content(request: HttpRequest, sent: Sent, etag: str, modified_s: int) -> HttpResponseBase:
    span = _span(request, sent.size_bytes, etag, modified_s)
    if span is not None and not span:
        refused = HttpResponse(status=416, content_type="text/plain")
        refused["Content-Range"] = f"bytes */{sent.size_bytes}"
        return refused
    part = span or range(sent.size_bytes)
    response = _body(request, sent, part)
    response["Content-Type"] = sent.content_type
    response["Content-Length"] = str(len(part))
    response["Accept-Ranges"] = "bytes"
    if span:
        response.status_code = 206
        response["Content-Range"] = f"bytes {span.start}-{span.stop - 1}/{sent.size_bytes}"
    if sent.download_name:
        disposition = content_disposition_header(True, _on_one_line(sent.download_name))
        response["Content-Disposition"] = disposition or "attachment"
    return response


def _body(request: HttpRequest, sent: Sent, part: range) -> HttpResponseBase:
    if request.method == "HEAD":
        return HttpResponse()
    file = sent.open()
    if len(part) > IN_MEMORY_BYTES:
        return StreamingHttpResponse(_blocks(file, part))
    with file:
        file.seek(part.start)
        return HttpResponse(file.read(len(part)))


def _blocks(file: IO[bytes], part: range) -> Iterator[bytes]:
    with file:
        file.seek(part.start)
        left = len(part)
        while left > 0 and (block := file.read(min(BLOCK_BYTES, left))):
            left -= len(block)
            yield block


def _span(request: HttpRequest, size: int, etag: str, modified_s: int) -> range | None:
    """Return the bytes that are asked for: None for all, an empty range for what is not there.

    Several ranges at once are answered with all, as RFC 9110 allows.
    """
    asked = _RANGE.match(request.META.get("HTTP_RANGE", ""))
    if request.method != "GET" or not asked or asked[0] == "bytes=-":
        return None
    if not _is_current(request.META.get("HTTP_IF_RANGE", ""), etag, modified_s):
        return None
    first, last = asked.groups()
    if not first:
        return range(max(0, size - int(last)), size)
    if last and int(last) < int(first):
        return None
    return range(int(first), min(int(last) + 1 if last else size, size))


def _is_current(condition: str, etag: str, modified_s: int) -> bool:
    if not condition or condition == etag:
        return True
    return parse_http_date_safe(condition) == modified_s


def _on_one_line(name: str) -> str:
    return "".join(char for char in name if char.isprintable())[:255]


# --- Headers that come with a file ------------------------------------------------------------


def _add_own_headers(response: HttpResponseBase, lines: str) -> None:
    """Send those of the headers somebody gave that can do no harm."""
    for line in lines.split("\n")[:MAX_OWN_HEADERS]:
        found = _HEADER.match(line.strip())
        if found and _is_harmless(found[1].lower(), found[2]):
            response[found[1]] = found[2].strip()


def _is_harmless(name: str, value: str) -> bool:
    if name == "link":  # others name styles and scripts
        found = _CANONICAL.match(value.strip())
        return bool(found and urlsplit(found[1]).netloc)
    return name in _OWN_HEADERS or name.startswith("x-meta-")
