"""Resolves a name once, and tells which addresses are for everybody."""

from __future__ import annotations

import socket
import threading
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from queue import Empty, SimpleQueue
from typing import Any

from .errors import OutboundError, RefusedAddressError
from .rules import Address, Rules
from .urls import Target

#: More addresses than this are nobody's; each may cost a timeout.
MAX_ADDRESSES = 16

#: IANA's registry of special IPv4 addresses, and where clouds keep what their machines may know.
_SPECIAL_IPV4 = tuple(map(ip_network, (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
    "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24",
    "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
    "224.0.0.0/4", "240.0.0.0/4",
    "168.63.129.16/32",
)))  # fmt: skip
#: All that is routed today is in here, RFC 4291; of it, what is special: IETF protocols with
#: Teredo, documentation, 6to4, AS112, SRv6.
_GLOBAL_IPV6 = ip_network("2000::/3")
_SPECIAL_IPV6 = tuple(map(ip_network, (
    "2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20",
)))  # fmt: skip
#: IPv4 as seen through a translator, RFC 6052.
_NAT64 = ip_network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address that was checked, as `socket` wants it."""

    family: socket.AddressFamily
    sockaddr: tuple[Any, ...]


def resolve(target: Target, rules: Rules, *, timeout_s: float) -> list[Endpoint]:
    """Return the addresses of a target's host, all of them checked; at least one.

    Raises RefusedAddressError when only one of them is not for everybody and not allowed, and
    OutboundError when there are none.
    """
    found = _looked_up(target.host, target.port, timeout_s)
    is_let_in = rules.allow_host(target.host, target.port)
    for endpoint in found:
        address = _address(endpoint)
        if not (is_let_in or is_public(address) or rules.allow_address(address, target.port)):
            raise RefusedAddressError("the address is not one that may be reached from here")
    if not found:
        raise OutboundError("the host cannot be found")
    return found[:MAX_ADDRESSES]


def is_public(address: Address) -> bool:
    """Whether anybody on the internet may reach it.

    False for loopback, private, link-local, shared (CGNAT), multicast, reserved and documentation
    addresses, for clouds' metadata, and for IPv4 ones of these in IPv6's clothes.
    """
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _SPECIAL_IPV4)
    inner = _inner(address)
    if inner:
        return is_public(inner)
    return address in _GLOBAL_IPV6 and not any(address in network for network in _SPECIAL_IPV6)


def _inner(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that packets to this one end up at, if any."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped


def _address(endpoint: Endpoint) -> Address:
    address = ip_address(str(endpoint.sockaddr[0]))
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address


def _looked_up(host: str, port: int, timeout_s: float) -> list[Endpoint]:
    """Ask the system's resolver, which knows no timeout, on a thread that may be left behind."""
    answers: SimpleQueue[list[Endpoint] | OSError | UnicodeError] = SimpleQueue()
    threading.Thread(target=_look_up, args=(host, port, answers), daemon=True).start()
    try:
        answer = answers.get(timeout=max(timeout_s, 0.001))
    except Empty as error:
        raise OutboundError("the host's name was not found in time") from error
    if isinstance(answer, Exception):
        raise OutboundError("the host cannot be found") from answer
    return answer


def _look_up(
    host: str, port: int, answers: SimpleQueue[list[Endpoint] | OSError | UnicodeError]
) -> None:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        answers.put(error)
    else:
        answers.put([Endpoint(family, sockaddr) for family, _, _, _, sockaddr in found])
