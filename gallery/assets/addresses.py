"""Addresses of delivered files: which file is meant, changed how, and whether it is signed."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import product, takewhile

from django.utils.crypto import constant_time_compare

from ..transformations import looks_like_component
from .urls import escape_name, escape_words

#: The longest that is read, in characters.
MAX_CHARS = 4000
MAX_NAME_CHARS = 255
#: So many first parts are tried as a transformation; more would be refused anyway.
MAX_COMPONENTS = 40
STORED_TYPES = frozenset({"upload", "private", "authenticated", "text", "sprite", "multi"})
TYPES = STORED_TYPES | {"fetch", "list"}
#: Kinds with a type of their own, and whether the last part of the address is for readers only.
_SHORT = {
    "iu": ("image", "upload", False),
    "images": ("image", "upload", True),
    "private_images": ("image", "private", True),
    "authenticated_images": ("image", "authenticated", True),
    "files": ("raw", "upload", True),
}
_SIGNATURE = re.compile(r"s--([A-Za-z0-9_-]{1,64})--\Z", re.ASCII)
_VERSION = re.compile(r"v(\d{1,15})\Z", re.ASCII)


class AddressError(ValueError):
    """The address is none of a file; the message says why in one sentence."""


@dataclass(frozen=True, slots=True)
class Name:
    """A public id, and the format that the address asks for; None for the stored one."""

    public_id: str
    format: str | None


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to understand an address. ``source`` is the name as it is signed."""

    transformation: str
    version: int | None
    source: str
    names: tuple[Name, ...]

    @property
    def signed_texts(self) -> tuple[str, ...]:
        """What may have been signed: client libraries sign the escaped form, which is not told."""
        texts = product(_forms(self.transformation, escape_words), _forms(self.source, escape_name))
        joined = ("/".join(filter(None, pair)) for pair in texts)
        return tuple(dict.fromkeys(joined))


@dataclass(frozen=True, slots=True)
class Address:
    """``segments`` is all behind the type and the signature, which is "" when there is none.

    ``has_suffix`` says that the last segment is for readers only, but for its extension; None:
    perhaps.
    """

    resource_type: str
    type: str
    signature: str
    segments: tuple[str, ...]
    has_suffix: bool | None = False

    def readings(self) -> Iterator[Reading]:
        """Yield the ways to read it, the likeliest first: the most components first."""
        parts = self.segments[: min(len(self.segments) - 1, MAX_COMPONENTS)]
        most = sum(1 for _ in takewhile(looks_like_component, parts))
        for taken in range(most, -1, -1):
            transformation, rest = "/".join(self.segments[:taken]), self.segments[taken:]
            if len(rest) > 1 and (found := _VERSION.match(rest[0])):
                yield from self._named(transformation, int(found[1]), rest[1:])
            yield from self._named(transformation, None, rest)  # or it is a folder's name

    def _named(
        self, transformation: str, version: int | None, rest: tuple[str, ...]
    ) -> Iterator[Reading]:
        if not self.has_suffix:
            whole = "/".join(rest)
            yield Reading(transformation, version, whole, _names(whole, self.resource_type))
        if self.has_suffix is not False and len(rest) > 1:
            public_id, last = "/".join(rest[:-1]), rest[-1]
            _, dot, extension = last.rpartition(".")
            source = f"{public_id}.{extension}" if dot else public_id
            if self.resource_type == "raw":
                names = [Name(source, None), Name(public_id, None)]
            else:
                names = [Name(public_id, extension if dot else None)]
            yield Reading(transformation, version, source, _short_enough(names))


def read(path: str) -> Address:
    """Read what follows the name of the cloud. Raises AddressError."""
    if len(path) > MAX_CHARS:
        raise AddressError(f"An address may have {MAX_CHARS:,} characters")
    if "\0" in path:
        raise AddressError("An address has no control characters")
    address = _of_kind(tuple(path.split("/")))
    if address.segments and (found := _SIGNATURE.match(address.segments[0])):
        address = replace(address, signature=found[1], segments=address.segments[1:])
    if not any(address.segments):
        raise AddressError("The address names no file")
    return address


def _of_kind(segments: tuple[str, ...]) -> Address:
    kind, *rest = segments
    if kind in _SHORT:
        resource_type, type_, has_suffix = _SHORT[kind]
        return Address(resource_type, type_, "", tuple(rest), has_suffix)
    if kind not in ("image", "raw", "video"):
        return Address("image", "upload", "", segments, None)
    if kind == "video":
        raise AddressError("Videos are not offered")
    if not rest or rest[0] not in TYPES:
        raise AddressError(f"Unknown delivery type {rest[0][:40] if rest else ''}")
    return Address(kind, rest[0], "", tuple(rest[1:]))


def _names(whole: str, resource_type: str) -> tuple[Name, ...]:
    names = [Name(whole, None)]
    stem, dot, extension = whole.rpartition(".")
    if dot and stem and extension and "/" not in extension and resource_type == "image":
        names.append(Name(stem, extension))
    return _short_enough(names)


def _short_enough(names: Iterable[Name]) -> tuple[Name, ...]:
    return tuple(name for name in names if len(name.public_id) <= MAX_NAME_CHARS)


# --- Signatures -------------------------------------------------------------------------------


def fits(signature: str, texts: Iterable[str], secrets: Iterable[str]) -> bool:
    """Say whether one of the secrets signed one of the texts.

    A signature is the first 8 characters of the URL-safe base64 of the SHA-1 or SHA-256 of text
    and secret, or 32 of the latter. Source: the vendor's documentation of signed delivery.
    """
    algorithms = {8: (hashlib.sha1, hashlib.sha256), 32: (hashlib.sha256,)}.get(len(signature), ())
    keys = [secret for secret in secrets if secret]
    for text, secret, algorithm in product(texts, keys, algorithms):
        digest = algorithm((text + secret).encode()).digest()
        expected = base64.urlsafe_b64encode(digest).decode()[: len(signature)]
        if constant_time_compare(expected, signature):
            return True
    return False


def _forms(text: str, escape: Callable[[str], str]) -> tuple[str, ...]:
    return text, escape(text)
