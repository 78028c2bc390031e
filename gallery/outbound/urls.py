"""Reads an address once, strictly, into what a connection needs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit

from .errors import OutboundError, RefusedAddressError
from .rules import Rules

MAX_URL_CHARS = 8000
MAX_NAME_CHARS = 255
DEFAULT_PORTS = {"http": 80, "https": 443}
#: The Fetch standard's “bad ports” above 1023, and those of databases and caches.
OTHER_PROTOCOLS = frozenset({
    1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668,
    6669, 6679, 6697, 10080,
    1433, 1521, 2375, 2376, 2379, 3306, 5432, 5672, 6379, 9042, 9092, 9200, 9300, 11211, 27017,
})  # fmt: skip
#: Control characters, spaces, and the backslash that browsers take for a slash.
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f-\x9f\\\s]")
_ASCII_HOST = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?")
_IPV6 = re.compile(r"[0-9a-f:.]+")
_SAFE_IN_TARGET = "%/?&=;:@!$'()*+,~-._[]|"


@dataclass(frozen=True, slots=True)
class Target:
    """Where to connect and what to ask there; ``host`` is ASCII, an IPv6 address bare."""

    scheme: str
    host: str
    port: int
    path: str

    def __str__(self) -> str:
        return f"{self.scheme}://{self.netloc}{self.path}"

    @property
    def netloc(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


def read_url(url: str, rules: Rules) -> Target:
    """Return the target of an http or https address. Raises OutboundError."""
    parts = _split(url)
    if parts.scheme not in DEFAULT_PORTS:
        raise OutboundError("only http and https addresses can be loaded")
    if "@" in parts.netloc:
        raise OutboundError("the address holds a user name or password")
    host, port = _host(parts), _port(parts)
    if not _is_for_http(port) and not rules.name_port(host, port):
        raise RefusedAddressError(f"port {port} is not for web servers")
    path = quote(parts.path or "/", safe=_SAFE_IN_TARGET)
    query = f"?{quote(parts.query, safe=_SAFE_IN_TARGET)}" if parts.query else ""
    return Target(parts.scheme, host, port, path + query)


def joined(base: Target, location: str) -> str:
    """Return the address a redirect from ``base`` leads to. Raises OutboundError."""
    try:
        return urljoin(str(base), location)
    except ValueError as error:
        raise OutboundError("the redirect leads to an address that is none") from error


def file_name(target: Target) -> str:
    """Return the name that ends the path, decoded, without folders; "" when there is none."""
    decoded = unquote(target.path.partition("?")[0].rpartition("/")[2])
    name = decoded.replace("\\", "/").rpartition("/")[2]
    printable = "".join(char for char in name if char.isprintable())[:MAX_NAME_CHARS].strip()
    return "" if printable in (".", "..") else printable


def _split(url: str) -> SplitResult:
    if not isinstance(url, str) or len(url) > MAX_URL_CHARS or _FORBIDDEN.search(url):
        raise OutboundError("the address is none")
    try:
        url.encode()
        return urlsplit(url)
    except ValueError as error:
        raise OutboundError("the address is none") from error


def _host(parts: SplitResult) -> str:
    host = (parts.hostname or "").lower().removesuffix(".")
    if ":" in host:
        return _checked(host, is_fine=_IPV6.fullmatch(host) is not None)
    if not host.isascii():
        host = _idna(host)
    return _checked(host, is_fine=_ASCII_HOST.fullmatch(host) is not None and len(host) <= 253)


def _checked(host: str, *, is_fine: bool) -> str:
    if not is_fine or ".." in host:
        raise OutboundError("the address names no host")
    return host


def _idna(host: str) -> str:
    import idna  # most hosts are ASCII

    try:
        return idna.encode(host, uts46=True).decode("ascii").removesuffix(".")
    except (idna.IDNAError, UnicodeError) as error:
        raise OutboundError("the address names no host") from error


def _port(parts: SplitResult) -> int:
    try:
        port = parts.port
    except ValueError as error:
        raise OutboundError("the address has a port that is none") from error
    if port == 0:
        raise OutboundError("the address has a port that is none")
    return port or DEFAULT_PORTS[parts.scheme]


def _is_for_http(port: int) -> bool:
    return port in DEFAULT_PORTS.values() or (port > 1023 and port not in OTHER_PROTOCOLS)
