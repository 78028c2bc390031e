"""Messages to addresses that callers name."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from gallery.outbound import OutboundError, RefusedAddressError, post
from gallery.tests.taggers.services import raw_server

from .calls import rules

HERE = "127.0.0.1"
JSON = {"Content-Type": "application/json", "X-Cld-Timestamp": "1"}


def send(url: Any, headers: dict[str, str] = JSON, body: bytes = b"{}", **bounds: Any) -> int:
    return post(url, body=body, headers=headers, rules=rules("localhost", HERE, **bounds))


@pytest.mark.parametrize("status", [200, 204, 302, 404, 500])
def test_message_arrives_and_its_status_comes_back(status: int, httpserver: HTTPServer) -> None:
    away = {"Location": "/elsewhere"}
    httpserver.expect_request("/hook", method="POST").respond_with_data("", status, away)
    assert send(httpserver.url_for("/hook")) == status
    [(request, _)] = httpserver.log
    assert (request.data, request.headers["X-Cld-Timestamp"]) == (b"{}", "1")
    assert request.content_length == 2


def test_body_of_the_answer_is_not_read() -> None:
    with raw_server(b"HTTP/1.1 200 OK\r\n\r\n", forever=b"x" * 4096) as url:
        assert send(url) == 200


def test_inner_addresses_are_refused(httpserver: HTTPServer) -> None:
    with pytest.raises(RefusedAddressError, match="not one that may be reached"):
        post(httpserver.url_for("/"), body=b"", headers={}, rules=rules())
    assert not httpserver.log


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("A", "b\r\nC: d"), ("A", "b\nc"), ("A", "\0"), ("A", "ü"), ("A", " b"), ("A\r\nB", "c"),
        ("", "b"), ("A b", "c"), ("A:", "c"), ("Host", "inner"), ("content-length", "0"),
        ("Transfer-Encoding", "chunked"), ("Connection", "upgrade"),
    ],
)  # fmt: skip
def test_headers_that_say_more_than_they_should_are_refused(
    name: str, value: str, httpserver: HTTPServer
) -> None:
    with pytest.raises(OutboundError, match="a header of the message is none"):
        send(httpserver.url_for("/"), {name: value})
    assert not httpserver.log


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-OpenSSH_9.2\r\n"])
def test_no_answer_is_an_error(answer: bytes) -> None:
    with raw_server(answer) as url, pytest.raises(OutboundError, match="broke off"):
        send(url)


def test_silence_is_not_waited_for_for_ever() -> None:
    with raw_server(falls_silent=True) as url, pytest.raises(OutboundError, match="in time"):
        send(url, timeout_s=0.2)


def test_listener_that_reads_nothing_is_not_waited_for_for_ever() -> None:
    with raw_server(falls_silent=True) as url, pytest.raises(OutboundError, match="in time"):
        send(url, body=b"x" * 20_000_000, timeout_s=0.2)
