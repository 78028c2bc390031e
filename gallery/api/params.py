"""Parameters, wherever a client library puts them: address, form or JSON."""

from __future__ import annotations

import codecs
import contextlib
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from tempfile import SpooledTemporaryFile
from threading import Lock
from typing import IO, Any
from urllib.parse import parse_qsl, unquote_to_bytes

from django.conf import settings
from django.http import HttpRequest
from multipart import MultipartError, MultipartParser, ParserLimitReached, parse_options_header

from .errors import BadRequestError

#: All of a request but its file; and a file that comes as text.
MAX_FIELDS_BYTES = 4 * 1024**2
MAX_DATA_URI_BYTES = 80 * 1024**2
MAX_FIELDS = 2000
#: So many brackets and commas may be in JSON: what it takes in memory grows with them.
MAX_JSON_PARTS = 200_000
#: Held while a large body is taken apart, which needs some times its size in memory.
_one_large = Lock()
_BLOCK_BYTES = 64 * 1024
_INDEXED = re.compile(r"^([^\[\]]*)((?:\[[^\[\]]*\])+)$")
_ENCODED_NAME = re.compile(r";\s*filename\*\s*=\s*([A-Za-z0-9_-]{0,40})'[^']{0,40}'([^;\s]+)")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_TRUE, _FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off", "")


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file that came in a request: open at its begin, its bare name, its size in bytes."""

    file: IO[bytes]
    name: str
    size_bytes: int


@dataclass(slots=True)
class Params:
    """What a request asks, by name; values are text, numbers, lists or mappings, as they came.

    ``sent`` is every field as it was received, name without brackets, in order: what is signed.
    """

    values: dict[str, Any] = field(default_factory=dict)
    files: dict[str, SentFile] = field(default_factory=dict)
    sent: list[tuple[str, str]] = field(default_factory=list)

    def drop_unsigned(self) -> None:
        """Forget what is empty and so is not signed: whoever passes a request on may have added it.

        Raises BadRequestError for a name that, with its value, may pass for another name.
        """
        signed = {name for name, value in self.sent if value}
        for name, _ in self.sent:
            if "=" in name or "&" in name:
                raise BadRequestError("The name of a parameter has = or & in it")
            if name not in signed:
                self._forget(name)
        for name in [one for one, value in self.values.items() if value == []]:
            del self.values[name]

    def _forget(self, name: str) -> None:
        bare, key = _split_name(name)
        value = self.values.get(bare)
        if key is None:
            self.values.pop(bare, None)
        elif isinstance(value, dict):
            value.pop(key, None)

    def close(self) -> None:
        for sent in self.files.values():
            sent.file.close()

    def __contains__(self, name: str) -> bool:
        return self.values.get(name) is not None

    def has(self, name: str) -> bool:
        """True when it was given, even as an empty text."""
        return name in self

    def get(self, name: str) -> Any:
        return self.values.get(name)

    def text(self, name: str, default: str = "") -> str:
        """Return a value as text. Raises BadRequestError for a list or a mapping."""
        value = self.values.get(name)
        if value is None:
            return default
        if isinstance(value, list) and len(value) == 1:
            [value] = value
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, str | int | float):
            return str(value)
        raise BadRequestError(f"Invalid value for parameter {name}")

    def required(self, name: str) -> str:
        text = self.text(name)
        if not text:
            raise BadRequestError(f"Missing required parameter - {name}")
        return text

    def flag(self, name: str, *, default: bool = False) -> bool:
        if name not in self:
            return default
        text = self.text(name).strip().lower()
        if text not in _TRUE + _FALSE:
            raise BadRequestError(f"Invalid value {text[:100]} for parameter {name}")
        return text in _TRUE

    def number(self, name: str, default: float | None = None) -> float | None:
        """Return a finite number; ``default`` when it is not given or empty."""
        text = self.text(name).strip()
        if not text:
            return default
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise BadRequestError(f"Invalid value {text[:100]} for parameter {name}")
        return number

    def integer(self, name: str, default: int, *, low: int, high: int) -> int:
        """Return a whole number, brought within bounds at its upper end."""
        number = self.number(name, default)
        assert number is not None
        if number != int(number) or number < low:
            raise BadRequestError(f"Invalid value {self.text(name)[:100]} for parameter {name}")
        return min(int(number), high)

    def array(self, name: str) -> list[str]:
        """Return an array; a single value is an array of one."""
        value = self.values.get(name)
        if value is None or value == "":
            return []
        if isinstance(value, Mapping):
            raise BadRequestError(f"Invalid value for parameter {name}")
        values = value if isinstance(value, list) else [value]
        if any(isinstance(one, list | Mapping) or one is None for one in values):
            raise BadRequestError(f"Invalid value for parameter {name}")
        return [str(one) for one in values]

    def words(self, name: str) -> list[str]:
        """Return a list that may come as an array or with commas between, trimmed, each once."""
        words = [word.strip() for one in self.array(name) for word in one.split(",")]
        return [*dict.fromkeys(word for word in words if word)]

    def pairs(self, name: str) -> dict[str, Any]:
        """Return a mapping, or what stands in a pipe list: ``key=value|key=value``.

        A backslash before ``=`` and ``|`` makes them part of a key or value.
        """
        value = self.values.get(name)
        if isinstance(value, Mapping):
            return {str(key): one for key, one in value.items()}
        return dict(split_pairs(self.text(name), name))

    def json(self, name: str) -> Any:
        """Return a structure that may come as JSON text; None when it is not given."""
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value.strip() else None
        except (ValueError, RecursionError):
            raise BadRequestError(f"Invalid JSON in parameter {name}") from None


def split_pipes(text: str) -> list[str]:
    r"""Split at every ``|`` that has no backslash before it; escapes stay."""
    return re.findall(r"(?:\\.|[^|\\]|\\$)+", text, re.DOTALL)


def split_pairs(text: str, name: str) -> Iterator[tuple[str, str]]:
    for part in split_pipes(text):
        key, equals, value = _at_equals(part)
        if not equals or not key:
            raise BadRequestError(f"Invalid value for parameter {name}")
        yield key, value


def _at_equals(part: str) -> tuple[str, str, str]:
    found = re.match(r"((?:\\.|[^=\\])*)(=?)(.*)", part, re.DOTALL)
    assert found is not None  # it matches anything
    key, equals, value = found.groups()
    return _bare(key), equals, _bare(value)


def _bare(text: str) -> str:
    return re.sub(r"\\([=|])", r"\1", text)


# --- Reading a request ------------------------------------------------------------------------


def read(request: HttpRequest) -> Params:
    """Read all parameters of a request; those of the body win. Raises BadRequestError."""
    params = Params()
    for name, value in _pairs(request.META.get("QUERY_STRING", "")):
        _note(params, name, value)
    from_address, params.sent = params.sent, []
    kind, _ = parse_options_header(request.META.get("CONTENT_TYPE", ""))
    if kind == "multipart/form-data":
        _read_multipart(request, params)
    elif _has_body(request):
        _read_plain(request, params, kind)
    in_body = {_bare_key(name) for name, _ in params.sent}
    params.sent[:0] = [one for one in from_address if _bare_key(one[0]) not in in_body]
    params.values = _gathered(params)
    return params


def _pairs(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        raise BadRequestError("The request has too many parameters") from None


def _has_body(request: HttpRequest) -> bool:
    length = request.META.get("CONTENT_LENGTH")
    return length not in ("", "0", None) or _is_chunked(request)


def _is_chunked(request: HttpRequest) -> bool:
    return "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower()


def _body(request: HttpRequest) -> Any:
    """Return what the body is read from. Django takes one without a length for empty."""
    if request.META.get("CONTENT_LENGTH") or not _is_chunked(request):
        return request
    return request.META["wsgi.input"]


def read_to_end(request: HttpRequest) -> None:
    """Take what is left of a request's body, up to what one may have, and forget it.

    The server hangs up on a client whose body nobody read, when that client's next request may
    be on its way already.
    """
    body, left = _body(request), MAX_DATA_URI_BYTES + MAX_FIELDS_BYTES
    with contextlib.suppress(OSError):  # the client went away
        while left > 0 and (block := body.read(min(left, _BLOCK_BYTES))):
            left -= len(block)


def _note(params: Params, name: str, value: str) -> None:
    if "\0" in name or "\0" in value:
        raise BadRequestError("A parameter has a character in it that no text has")
    params.sent.append((name, value))


def _read_plain(request: HttpRequest, params: Params, kind: str) -> None:
    with SpooledTemporaryFile(MAX_FIELDS_BYTES, dir=settings.FILE_UPLOAD_TEMP_DIR) as file:
        size_bytes = _copied(_body(request), file)
        file.seek(0)
        with _one_large if size_bytes > MAX_FIELDS_BYTES else contextlib.nullcontext():
            _understand(params, file.read(), kind)


def _copied(body: Any, file: IO[bytes]) -> int:
    """Copy a body, up to what one may have, and return its size in bytes."""
    limit, size_bytes = MAX_DATA_URI_BYTES + MAX_FIELDS_BYTES, 0
    while block := body.read(_BLOCK_BYTES):
        size_bytes += len(block)
        if size_bytes > limit:
            raise BadRequestError(f"Request too large. Maximum is {limit} bytes.")
        file.write(block)
    return size_bytes


def _understand(params: Params, body: bytes, kind: str) -> None:
    if kind == "application/json" or body.lstrip()[:1] == b"{":
        told = _json_object(body)
        params.values = {name: value for name, value in told.items() if value is not None}
        params.sent += _as_sent(params.values)
        return
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise BadRequestError("The body of the request cannot be read") from None
    for name, value in _pairs(text):
        _note(params, name, value)


def _as_sent(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return JSON as fields would have been sent, so that a signature covers all of it."""
    return [(name, _as_text(one)) for name, value in values.items() for one in _as_list(value)]


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _json_object(body: bytes) -> dict[str, Any]:
    if not body.strip():
        return {}
    if sum(map(body.count, (b"{", b"[", b","))) > MAX_JSON_PARTS:
        raise BadRequestError("The body of the request has too many parts")
    try:
        told = json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise BadRequestError("The body of the request is no JSON") from None
    if not isinstance(told, dict):
        raise BadRequestError("The body of the request is no JSON object")
    text = json.dumps(told, ensure_ascii=False)
    if "\\u0000" in text or _SURROGATE.search(text):
        raise BadRequestError("A parameter has a character in it that no text has")
    return told


def _no_number(text: str) -> Any:
    raise ValueError(text)


def _read_multipart(request: HttpRequest, params: Params) -> None:
    _, options = parse_options_header(request.META["CONTENT_TYPE"])
    parser = MultipartParser(
        _body(request),
        options.get("boundary", ""),
        charset="latin-1",  # never fails: what the bytes mean is found out part by part
        part_limit=MAX_FIELDS,
        partsize_limit=max(settings.MAX_UPLOAD_BYTES, MAX_DATA_URI_BYTES),
        memory_limit=MAX_FIELDS_BYTES,
        disk_limit=max(settings.MAX_UPLOAD_BYTES, MAX_DATA_URI_BYTES) + MAX_FIELDS_BYTES,
    )
    try:
        for part in parser:
            _take(params, part)
    except ParserLimitReached:
        raise _too_much(request) from None
    except (MultipartError, ValueError):
        raise BadRequestError("The form of the request cannot be read") from None


def _too_much(request: HttpRequest) -> BadRequestError:
    length, most = request.META.get("CONTENT_LENGTH") or "more", settings.MAX_UPLOAD_BYTES
    if length.isdecimal() and int(length) <= most:
        return BadRequestError("The form of the request has too many or too long fields")
    return BadRequestError(f"File size too large. Got {length}. Maximum is {most}.")


def _take(params: Params, part: Any) -> None:
    name = _text(part.name or "")
    if name == "file" and (part.filename is not None or _is_binary(part.file)):
        _close(params.files.get(name))
        params.files[name] = SentFile(part.file, _bare_name(_filename(part)), part.size)
        return
    try:
        if part.size > MAX_FIELDS_BYTES and name != "file":
            raise BadRequestError(f"Parameter {name[:100]} is too long")
        _note(params, name, part.raw.decode())
    except UnicodeDecodeError:
        raise BadRequestError(f"Parameter {name[:100]} is no text") from None
    finally:
        part.close()


def _close(sent: SentFile | None) -> None:
    if sent is not None:
        sent.file.close()


def _filename(part: Any) -> str:
    """Return a part's file name; one in the form of RFC 5987 says its character set."""
    if found := _ENCODED_NAME.search(part.disposition):
        try:
            return unquote_to_bytes(found[2]).decode(found[1] or "utf-8")
        except (LookupError, UnicodeDecodeError):
            pass
    return _text(part.filename or "")


def _is_binary(file: IO[bytes]) -> bool:
    """Tell a file that came without a name from an address that is a file's."""
    file.seek(0)
    head = file.read(512)
    file.seek(0)
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return True
    return bool(_CONTROL.search(text))


def _text(latin: str) -> str:
    """Return what a header's bytes mean: UTF-8, or else Latin-1."""
    raw = latin.encode("latin-1", "replace")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return latin


def _bare_name(name: str) -> str:
    """Return the last part of a path of any system."""
    return re.split(r"[/\\]", name)[-1]


def _gathered(params: Params) -> dict[str, Any]:
    """Join ``name[]``, ``name[0]`` and ``name[key]`` to arrays and mappings, and JSON over them."""
    plain: dict[str, Any] = {}
    for name, value in params.sent:
        bare, key = _split_name(name)
        if bare in params.values:
            continue
        if bare in plain and isinstance(plain[bare], dict) != _is_key(key):
            raise BadRequestError(f"Parameter {bare[:100]} is given in two forms")
        if key is None:
            plain[bare] = [*_as_list(plain[bare]), value] if bare in plain else value
        elif _is_key(key):
            plain[bare] = {**plain.get(bare, {}), key: value}
        else:
            plain[bare] = [*_as_list(plain.get(bare, [])), value]
    params.sent = [(_signed_name(name), value) for name, value in params.sent]
    return plain | params.values


def _is_key(key: str | None) -> bool:
    """Tell what is in brackets and names a part of a mapping from places in an array."""
    return bool(key) and not str(key).isdigit()


def _split_name(name: str) -> tuple[str, str | None]:
    """Return a name without brackets and what is in the first of them, None without any."""
    found = _INDEXED.match(name)
    return (name, None) if found is None else (found[1], found[2].split("]")[0][1:])


def _bare_key(name: str) -> str:
    return _split_name(name)[0]


def _signed_name(name: str) -> str:
    """Return under which name a field is signed: an array's without brackets, others' as it is."""
    bare, key = _split_name(name)
    return name if _is_key(key) else bare


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
