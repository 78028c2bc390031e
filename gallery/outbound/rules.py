"""What the operator lets callers reach, and how much of it for how long."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

Address = IPv4Address | IPv6Address

_HOST_AND_PORT = re.compile(r"(?P<host>.+?)(:(?P<port>[0-9]{1,5}))?")
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_])?")


@dataclass(frozen=True)
class Rules:
    """Bounds of one call.

    ``allowed`` holds what may be reached although it is not public: names (``files.lan``),
    addresses and networks (``10.0.0.7``, ``fd00::/8``), each with a port or for all of them
    (``127.0.0.1:8123``, ``[::1]:8123``). A name is let in wherever it resolves to, an address
    under whatever name. ``timeout_s`` bounds connecting and each wait for the other side,
    ``total_s`` the whole call with its redirects. Raises ValueError for an entry that is neither.
    """

    max_bytes: int
    timeout_s: float
    total_s: float
    allowed: tuple[str, ...] = ()
    max_redirects: int = 3

    def __post_init__(self) -> None:
        _ = self._entries

    def allow_host(self, host: str, port: int) -> bool:
        return any(entry.host == host and entry.fits_port(port) for entry in self._entries)

    def allow_address(self, address: Address, port: int) -> bool:
        return any(entry.holds(address) and entry.fits_port(port) for entry in self._entries)

    def name_port(self, host: str, port: int) -> bool:
        """Whether an entry is for this port and for this host, or for addresses."""
        return any(entry.port == port and entry.host in ("", host) for entry in self._entries)

    @cached_property
    def _entries(self) -> tuple[_Entry, ...]:
        return tuple(map(_entry, self.allowed))


@dataclass(frozen=True, slots=True)
class _Entry:
    """A host or a network; ``port`` is None for all ports."""

    host: str
    network: IPv4Network | IPv6Network | None
    port: int | None

    def fits_port(self, port: int) -> bool:
        return self.port in (None, port)

    def holds(self, address: Address) -> bool:
        return self.network is not None and address in self.network


def _entry(text: str) -> _Entry:
    lowered = text.strip().lower()
    if network := _network(lowered):
        return _Entry("", network, None)
    found = _HOST_AND_PORT.fullmatch(lowered)
    if not found or not 1 <= int(found["port"] or 1) <= 65535:
        raise ValueError(f"“{text[:100]}” is neither a host nor an address nor a network.")
    port = int(found["port"]) if found["port"] else None
    if network := _network(found["host"]):
        return _Entry("", network, port)
    if not _HOST.fullmatch(found["host"]):
        raise ValueError(f"“{text[:100]}” is neither a host nor an address nor a network.")
    return _Entry(found["host"], None, port)


def _network(text: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(text.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None
