"""Connections of httpcore that go to checked addresses only and end in time."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterable
from functools import cache
from typing import Any

import httpcore
import httpx

from .addresses import Endpoint, resolve
from .errors import OutboundError
from .rules import Rules
from .urls import Target


class UntrustedError(httpcore.ConnectError):
    """Nobody vouches that the other side is who it should be."""


class Deadline:
    """The moment at which a whole call has to be over."""

    def __init__(self, total_s: float) -> None:
        self._ends_at = time.monotonic() + total_s

    def left_s(self, at_most_s: float) -> float:
        """Return how long to wait at most. Raises OutboundError when time is up."""
        left = min(at_most_s, self._ends_at - time.monotonic())
        if left <= 0:
            raise OutboundError("it did not answer in time")
        return left


class PinnedBackend(httpcore.NetworkBackend):
    """Connects to the addresses it is given; the name in the URL is for TLS and Host alone."""

    def __init__(self, endpoints: list[Endpoint], deadline: Deadline, timeout_s: float) -> None:
        self._endpoints = endpoints
        self._deadline = deadline
        self._timeout_s = timeout_s

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        failure: OSError | None = None
        for endpoint in self._endpoints:
            try:
                return TimedStream(self._connected(endpoint), self._deadline, self._timeout_s)
            except OSError as error:
                failure = error
        raise httpcore.ConnectError(str(failure)) from failure

    def _connected(self, endpoint: Endpoint) -> socket.socket:
        connection = socket.socket(endpoint.family, socket.SOCK_STREAM)
        try:
            connection.settimeout(self._deadline.left_s(self._timeout_s))
            connection.connect(endpoint.sockaddr)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except (OSError, OutboundError):
            connection.close()
            raise
        return connection


class TimedStream(httpcore.NetworkStream):
    """A socket each of whose waits is bounded, and all of them together."""

    def __init__(self, connection: socket.socket, deadline: Deadline, timeout_s: float) -> None:
        self._connection = connection
        self._deadline = deadline
        self._timeout_s = timeout_s

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            self._wait_no_longer()
            return self._connection.recv(max_bytes)
        except TimeoutError as error:
            raise httpcore.ReadTimeout(str(error)) from error
        except OSError as error:
            raise httpcore.ReadError(str(error)) from error

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        rest = memoryview(buffer)
        try:
            while rest:
                self._wait_no_longer()
                rest = rest[self._connection.send(rest) :]
        except TimeoutError as error:
            raise httpcore.WriteTimeout(str(error)) from error
        except OSError as error:
            raise httpcore.WriteError(str(error)) from error

    def close(self) -> None:
        self._connection.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        try:
            self._wait_no_longer()
            wrapped = ssl_context.wrap_socket(self._connection, server_hostname=server_hostname)
        except TimeoutError as error:
            self.close()
            raise httpcore.ConnectTimeout(str(error)) from error
        except ssl.SSLCertVerificationError as error:
            self.close()
            raise UntrustedError(str(error)) from error
        except (OSError, ValueError) as error:
            self.close()
            raise httpcore.ConnectError(str(error)) from error
        return TimedStream(wrapped, self._deadline, self._timeout_s)

    def _wait_no_longer(self) -> None:
        self._connection.settimeout(self._deadline.left_s(self._timeout_s))


def open_pool(target: Target, rules: Rules, deadline: Deadline) -> httpcore.ConnectionPool:
    """Return a pool for one request to a target, its name resolved and checked.

    Raises OutboundError. It knows neither proxies nor cookies, and follows no redirects.
    """
    endpoints = resolve(target, rules, timeout_s=deadline.left_s(rules.timeout_s))
    return httpcore.ConnectionPool(
        ssl_context=trust(),
        network_backend=PinnedBackend(endpoints, deadline, rules.timeout_s),
        max_connections=1,
        max_keepalive_connections=0,
    )


@cache
def trust() -> ssl.SSLContext:
    """Return whose certificates are trusted; loading them takes long enough to do it once."""
    return httpx.create_ssl_context()


def url_of(target: Target) -> httpcore.URL:
    return httpcore.URL(
        scheme=target.scheme.encode(),
        host=target.host.encode(),
        port=target.port,
        target=target.path.encode(),
    )


def reason_of(error: Exception) -> str:
    """Say in a fragment of a sentence why a connection failed."""
    if isinstance(error, httpcore.TimeoutException):
        return "it did not answer in time"
    if isinstance(error, UntrustedError):
        return "its certificate cannot be trusted"
    if isinstance(error, httpcore.ConnectError):
        return "it cannot be reached"
    if isinstance(error, httpcore.ProtocolError):
        return "it does not speak HTTP or broke off"
    return "the connection broke off"
