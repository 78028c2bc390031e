"""Where an upload's bytes come from: a part of the form, an address, a data URI, many requests."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import IO
from urllib.parse import unquote_to_bytes

from django.core.files import File

from ..assets import incoming, outside, partial
from ..assets.partial import Progress, Range
from ..outbound import OutboundError
from .doors import Call
from .errors import BadRequestError

#: What a file is called that comes without a name.
NAMELESS = "file"
_DATA_URI = re.compile(r"data:(?P<type>[^,]{0,500}),", re.IGNORECASE)
_SPACE = re.compile(r"\s+")
_REMOTE = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]{0,20}):", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Source:
    """A file that is all there, open at its beginning, and the name that it came with."""

    file: File[bytes]
    name: str


@contextmanager
def opened(call: Call) -> Iterator[Source | Progress]:
    """Open the file of a request, or tell how much of it there is yet.

    Raises ApiError, AssetError.
    """
    sent = call.params.files.get("file")
    if sent is None:
        with _from_text(call) as source:
            yield source
        return
    file = as_file(sent.file, sent.name, sent.size_bytes)
    incoming.refuse_large(file.size)
    part = _range(call)
    if part is None or part.is_whole:
        yield Source(file, sent.name)
        return
    progress = partial.add(
        call.cloud,
        by=call.by,
        upload_id=call.request.headers["X-Unique-Upload-Id"],
        part=part,
        file=file,
    )
    if progress.upload is None:
        yield progress
        return
    with partial.assembled(progress.upload) as whole:
        yield Source(whole, sent.name)


def is_elsewhere(call: Call) -> bool:
    """Whether the file has to be fetched first. Raises BadRequestError where there is none."""
    if "file" in call.params.files:
        return False
    return not _DATA_URI.match(call.params.required("file"))


def as_file(file: IO[bytes], name: str, size_bytes: int) -> File[bytes]:
    wrapped = File(file, name=name or NAMELESS)
    wrapped.size = size_bytes
    return wrapped


def _range(call: Call) -> Range | None:
    """Return which part of a file this is; None for one that comes at once."""
    text = call.request.headers.get("Content-Range", "")
    if not text or not call.request.headers.get("X-Unique-Upload-Id"):
        return None
    return partial.read_range(text)


@contextmanager
def _from_text(call: Call) -> Iterator[Source]:
    text = call.params.required("file")
    if _DATA_URI.match(text):
        yield Source(_from_data_uri(text), NAMELESS)
        return
    text = text.strip()
    scheme = _REMOTE.match(text)
    if scheme is None or scheme["scheme"].lower() not in ("http", "https"):
        raise BadRequestError(f"Unsupported source URL: {text[:300]}")
    try:
        fetched = outside.fetch(call.cloud, text, hosts=call.hosts)
    except OutboundError as error:
        raise BadRequestError(f"Error in loading {text[:300]} - {error}") from error
    with fetched.file:
        yield Source(as_file(fetched.file, fetched.name, fetched.size_bytes), fetched.name)


def _from_data_uri(text: str) -> File[bytes]:
    """Return the bytes of a data URI (RFC 2397), white space in it dropped."""
    head, _, data = text.partition(",")
    if head.lower().rstrip().endswith(";base64"):
        content = _decoded(_SPACE.sub("", data))
    else:
        content = unquote_to_bytes(_SPACE.sub("", data))
    incoming.refuse_large(len(content))
    return as_file(BytesIO(content), NAMELESS, len(content))


def _decoded(data: str) -> bytes:
    if "%" in data:  # as in an address
        data = unquote_to_bytes(data).decode("ascii", "replace")
    data = data.translate(str.maketrans("-_", "+/")).rstrip("=")
    incoming.refuse_large(len(data) * 3 // 4)
    try:
        return base64.b64decode(data + "=" * (-len(data) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise BadRequestError("The data URI in parameter file is no base64") from None
