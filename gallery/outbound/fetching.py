"""Fetches a file on behalf of a caller."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING

from .errors import OutboundError
from .rules import Rules
from .urls import Target, file_name, joined, read_url

if TYPE_CHECKING:
    import httpcore

    from .connections import Deadline

SPOOL_BYTES = 1_000_000
MAX_CONTENT_TYPE_CHARS = 100
_REDIRECTS = {301, 302, 303, 307, 308}
_HEADERS = (
    ("User-Agent", "photolib"),
    ("Accept", "image/*, */*;q=0.5"),
    ("Accept-Encoding", "identity"),
    ("Connection", "close"),
)


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file from elsewhere, at its beginning; whoever fetched it closes it.

    ``name`` is the last part of the asked path, decoded, "" where there is none; ``content_type``
    is what the other side says, in lower case, without parameters; ``url`` is where redirects led.
    """

    file: IO[bytes]
    size_bytes: int
    name: str
    content_type: str
    url: str


def fetch(url: str, *, rules: Rules) -> Fetched:
    """Fetch a file over http or https. Raises OutboundError; then nothing is kept.

    Every address on the way, redirects' too, is resolved once, checked, and connected to as such.
    """
    from .connections import Deadline  # only who really fetches should pay for this

    deadline = Deadline(rules.total_s)
    asked = target = read_url(url, rules)
    for _ in range(rules.max_redirects + 1):
        with _answer(target, rules, deadline) as answer:
            if answer.status not in _REDIRECTS:
                return _fetched(answer, asked, target, rules)
            location = _header(answer, b"location")
        target = read_url(joined(target, location), rules)
    raise OutboundError("it redirects too often")


@contextmanager
def _answer(target: Target, rules: Rules, deadline: Deadline) -> Iterator[httpcore.Response]:
    import httpcore

    from .connections import open_pool, reason_of, url_of

    try:
        with (
            open_pool(target, rules, deadline) as pool,
            pool.stream("GET", url_of(target), headers=[*_HEADERS]) as answer,
        ):
            yield answer
    except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError) as error:
        raise OutboundError(reason_of(error)) from error


def _fetched(answer: httpcore.Response, asked: Target, target: Target, rules: Rules) -> Fetched:
    _refuse_unusable(answer, rules)
    file: IO[bytes] = SpooledTemporaryFile(max_size=SPOOL_BYTES)  # noqa: SIM115  the caller's now
    try:
        size_bytes = _copied(answer, file, rules.max_bytes)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    content_type = _header(answer, b"content-type").partition(";")[0].strip().lower()
    return Fetched(
        file=file,
        size_bytes=size_bytes,
        name=file_name(asked),
        content_type=content_type[:MAX_CONTENT_TYPE_CHARS],
        url=str(target),
    )


def _refuse_unusable(answer: httpcore.Response, rules: Rules) -> None:
    if answer.status != HTTPStatus.OK:
        raise OutboundError(_status(answer.status))
    if _header(answer, b"content-encoding").strip().lower() not in ("", "identity"):
        raise OutboundError("it is compressed, which was not asked for")
    length = _header(answer, b"content-length")
    if length.isdecimal() and int(length) > rules.max_bytes:
        raise _too_large(rules.max_bytes)


def _copied(answer: httpcore.Response, file: IO[bytes], max_bytes: int) -> int:
    size_bytes = 0
    for chunk in answer.iter_stream():
        size_bytes += len(chunk)
        if size_bytes > max_bytes:
            raise _too_large(max_bytes)
        file.write(chunk)
    return size_bytes


def _header(answer: httpcore.Response, name: bytes) -> str:
    """Return a header of an answer, all of them when it comes repeatedly; "" when missing."""
    values = [value for key, value in answer.headers if key.lower() == name]
    return b", ".join(values).decode("utf-8", "replace")


def _status(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _too_large(max_bytes: int) -> OutboundError:
    return OutboundError(f"it is larger than {max_bytes:,} bytes")
