"""Taggers that are services meet a real server on loopback."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_httpserver import HTTPServer

from gallery.taggers import rest


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "FIRST_WAIT_S", 0.01)


@pytest.fixture
def httpserver(httpserver: HTTPServer) -> Iterator[HTTPServer]:
    """The server; uploads that it keeps would be complained of if nobody closed them."""
    yield httpserver
    for request, _ in httpserver.log:
        request.close()
