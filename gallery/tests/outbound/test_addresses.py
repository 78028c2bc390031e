"""Which addresses are for everybody, in every disguise, and that a name is resolved once."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from ipaddress import ip_address

import pytest
from pytest_httpserver import HTTPServer

from gallery.outbound.addresses import is_public, resolve
from gallery.outbound.urls import read_url

from .calls import content, refusal, rules
from .conftest import ToldResolver

Tell = Callable[..., ToldResolver]
NOT_FROM_HERE = "the address is not one that may be reached from here"


@pytest.mark.parametrize("address", ["93.184.216.34", "8.8.8.8", "2606:4700::1111", "2a00::1"])
def test_public_addresses_are_for_everybody(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104
        "0.1.2.3", "10.1.2.3", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.9.9.9",
        "168.63.129.16", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.192",
        "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1",
        "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255",
        "::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "100::1",
        "2001:db8::1", "3fff::1", "5f00::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:0:127.0.0.1", "::127.0.0.1",
        "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1",
        "2002:7f00:1::", "2002:a00:1::1", "2001:0:7f00:1::1", "2001::1",
    ],
)  # fmt: skip
def test_special_addresses_are_for_nobody(address: str) -> None:
    assert not is_public(ip_address(address))


def test_public_address_behind_a_translator_is_public() -> None:
    assert is_public(ip_address("64:ff9b::8.8.8.8"))


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "2130706433", "0x7f.1", "0x7f000001", "0177.0.0.1", "127.1", "0", "localhost",
     "[::1]", "[::ffff:127.0.0.1]", "[0:0:0:0:0:ffff:7f00:1]", "127.0.0.1.",
     "\uff11\uff12\uff17.0.0.1",
     "169.254.169.254", "[fe80::1]", "[64:ff9b::7f00:1]"],
)  # fmt: skip
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_this_machine_is_refused_however_it_is_spelt(scheme: str, host: str) -> None:
    assert refusal(f"{scheme}://{host}/a.jpg") == NOT_FROM_HERE


def test_one_inner_address_among_outer_ones_is_enough_to_refuse(resolver: Tell) -> None:
    resolver(["93.184.216.34", "10.0.0.1"])
    assert refusal("http://photos.example/") == NOT_FROM_HERE


def test_name_is_resolved_once_and_the_checked_address_is_connected_to(
    resolver: Tell, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/a.jpg").respond_with_data(b"picture")
    told = resolver(["127.0.0.1"], ["10.0.0.1"])
    url = f"http://photos.example:{httpserver.port}/a.jpg"
    assert content(url, f"127.0.0.1:{httpserver.port}") == b"picture"
    assert told.asked == ["photos.example"]
    [(request, _)] = httpserver.log
    assert request.headers["Host"] == f"photos.example:{httpserver.port}"


def test_name_that_moves_inside_between_redirects_is_refused(
    resolver: Tell, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/").respond_with_data("", 302, {"Location": "/again"})
    told = resolver(["127.0.0.1"], ["127.0.0.2"])
    url = f"http://photos.example:{httpserver.port}/"
    assert refusal(url, "127.0.0.1") == NOT_FROM_HERE
    assert told.asked == ["photos.example"] * 2
    assert len(httpserver.log) == 1


def test_next_address_is_tried_when_the_first_is_dead(
    resolver: Tell, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/").respond_with_data(b"picture")
    resolver(["::1", "127.0.0.1"])
    url = f"http://photos.example:{httpserver.port}/"
    assert content(url, "photos.example") == b"picture"


def test_name_that_nobody_knows_is_said_to_be_unknown(resolver: Tell) -> None:
    resolver([])
    assert refusal("http://nowhere.example/") == "the host cannot be found"


def test_resolver_that_falls_silent_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: released.wait() and [])
    said = refusal("http://slow.example/", timeout_s=0.05)
    released.set()
    assert said == "the host's name was not found in time"


@pytest.mark.parametrize(
    ("allowed", "is_let_in"),
    [
        ("127.0.0.1", True),
        ("127.0.0.0/8", True),
        ("127.0.0.1:{port}", True),
        ("127.0.0.0/8:{port}", True),
        ("photos.example", True),
        ("PHOTOS.example:{port}", True),
        ("127.0.0.1:1", False),
        ("photos.example:1", False),
        ("example", False),
        ("127.0.0.2", False),
        ("::1", False),
    ],
)
def test_what_the_operator_allows_is_let_in(
    allowed: str, is_let_in: bool, resolver: Tell, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/").respond_with_data(b"picture")
    resolver(["127.0.0.1"])
    url = f"http://photos.example:{httpserver.port}/"
    entry = allowed.format(port=httpserver.port)
    if is_let_in:
        assert content(url, entry) == b"picture"
    else:
        assert refusal(url, entry) == NOT_FROM_HERE
        assert not httpserver.log


def test_allowed_address_is_let_in_in_the_clothes_of_ipv6(resolver: Tell) -> None:
    resolver(["::ffff:10.0.0.1"])
    let_in = rules("10.0.0.1")
    [endpoint] = resolve(read_url("http://photos.example/", let_in), let_in, timeout_s=5)
    assert endpoint.sockaddr[0] == "::ffff:10.0.0.1"
