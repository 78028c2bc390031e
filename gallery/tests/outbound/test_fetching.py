"""Files from elsewhere: as they should be, and from servers that wish us ill."""

from __future__ import annotations

import gzip
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
import trustme
from pytest_httpserver import HTTPServer
from werkzeug import Response

from gallery.outbound import connections, fetch
from gallery.tests.taggers.services import raw_server

from .calls import content, refusal, rules
from .conftest import ToldResolver

HERE = "127.0.0.1"
OK = b"HTTP/1.1 200 OK\r\n"


def test_file_comes_with_its_facts(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/a/my photo.jpg").respond_with_data(
        b"picture", content_type="Image/JPEG; a=b"
    )
    url = httpserver.url_for("/a/my%20photo.jpg?v=1")
    fetched = fetch(url, rules=rules("localhost", HERE))
    with fetched.file as file:
        assert file.read() == b"picture"
    assert (fetched.size_bytes, fetched.name) == (7, "my photo.jpg")
    assert (fetched.content_type, fetched.url) == ("image/jpeg", url)


def test_nothing_of_this_machine_is_told(
    httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    away = Response("", 302, {"Location": "/b", "Set-Cookie": "a=b"})
    httpserver.expect_request("/a").respond_with_response(away)
    httpserver.expect_request("/b").respond_with_data(b"picture")
    content(httpserver.url_for("/a"), "localhost", HERE)
    told = {name for request, _ in httpserver.log for name, _ in request.headers}
    assert told == {"Host", "User-Agent", "Accept", "Accept-Encoding", "Connection"}


@pytest.mark.parametrize(
    ("status", "words"),
    [(404, "404 Not Found"), (500, "500 Internal Server Error"), (204, "204 No Content"),
     (206, "206 Partial Content"), (304, "304 Not Modified"), (599, "599")],
)  # fmt: skip
def test_only_200_will_do(status: int, words: str, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/").respond_with_data("", status=status)
    assert refusal(httpserver.url_for("/"), "localhost", HERE) == words


def test_few_redirects_are_followed_and_the_asked_name_stays(httpserver: HTTPServer) -> None:
    for number in range(3):
        away = {"Location": f"{number + 1}.png"}
        httpserver.expect_request(f"/{number}.png").respond_with_data("", 307, away)
    httpserver.expect_request("/3.png").respond_with_data(b"picture")
    fetched = fetch(httpserver.url_for("/0.png"), rules=rules("localhost", HERE))
    fetched.file.close()
    assert (fetched.name, fetched.url) == ("0.png", httpserver.url_for("/3.png"))


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("/", "redirects too often"),
        ("", "redirects too often"),
        ("http://10.0.0.1/", "not one that may be reached"),
        ("http://169.254.169.254/latest/meta-data/", "not one that may be reached"),
        ("//[::ffff:10.0.0.1]/", "not one that may be reached"),
        ("file:///etc/passwd", "only http and https"),
        ("gopher://127.0.0.1/", "only http and https"),
        ("http://a:b@photos.example/", "user name or password"),
        ("http://127.0.0.1:25/", "port 25 is not for web servers"),
        ("http://[", "redirect leads to an address that is none"),
        ("/\x7f", "the address is none"),
        ("/a b", "the address is none"),
        ("/" + "a" * 9000, "the address is none"),
    ],
)
def test_redirects_are_checked_like_any_address(location: str, words: str) -> None:
    head = f"HTTP/1.1 302 Found\r\nLocation: {location}\r\n\r\n"
    with raw_server(head.encode()) as url:
        assert words in refusal(url, HERE)


def test_file_that_says_it_is_too_large_is_not_loaded() -> None:
    with raw_server(OK + b"Content-Length: 1001\r\n\r\n", falls_silent=True) as url:
        assert refusal(url, HERE) == "it is larger than 1,000 bytes"


@pytest.mark.parametrize("head", [b"", b"Content-Length: 99999999999999999999\r\n"])
def test_file_without_end_is_cut_off(head: bytes) -> None:
    with raw_server(OK + head + b"\r\n", forever=b"x" * 4096) as url:
        assert refusal(url, HERE) == "it is larger than 1,000 bytes"


def test_file_of_the_largest_size_is_taken(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/").respond_with_data(b"x" * 1000)
    assert len(content(httpserver.url_for("/"), "localhost", HERE)) == 1000


def test_compressed_answer_that_was_not_asked_for_is_refused(httpserver: HTTPServer) -> None:
    squeezed = Response(gzip.compress(b"x" * 100_000), headers={"Content-Encoding": "gzip"})
    httpserver.expect_request("/").respond_with_response(squeezed)
    assert "compressed" in refusal(httpserver.url_for("/"), "localhost", HERE)


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        (b"", "broke off"),
        (OK + b"Content-Length: 9\r\n\r\nabc", "broke off"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n9\r\nabc", "broke off"),
        (OK + b"Content-Length: -1\r\n\r\nabc", "broke off"),
        (OK + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", "broke off"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "broke off"),
        (b"\0" * 500, "broke off"),
        (OK + b"A: " + b"x" * 200_000 + b"\r\n\r\n", "broke off"),
    ],
)
def test_answer_that_is_no_http_is_refused(parts: bytes, words: str) -> None:
    with raw_server(parts) as url:
        assert words in refusal(url, HERE)


@pytest.mark.parametrize(
    ("head", "forever"),
    [
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (OK, b"A: b\r\n"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"A: b\r\n"),
    ],
)
def test_heads_without_end_are_cut_off(head: bytes, forever: bytes) -> None:
    with raw_server(head, forever=forever) as url:
        said = refusal(url, HERE, total_s=0.5)
    assert "in time" in said or "broke off" in said


@pytest.mark.parametrize("head", [b"", OK, OK + b"Content-Length: 9\r\n\r\nabc"])
def test_silence_is_not_waited_for_for_ever(head: bytes) -> None:
    with raw_server(head, falls_silent=True) as url:
        assert refusal(url, HERE, timeout_s=0.2) == "it did not answer in time"


def test_time_of_all_waits_together_is_bounded() -> None:
    with raw_server(OK + b"\r\n", forever=b"x") as url:
        assert refusal(url, HERE, total_s=0.2, max_bytes=10**12) == "it did not answer in time"


def test_nobody_there_is_said_to_be_out_of_reach() -> None:
    assert refusal("http://127.0.0.1:9009/", HERE) == "it cannot be reached"


@pytest.fixture
def secure_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[HTTPServer]:
    """A server with a certificate for photos.example, from an authority that is trusted."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("photos.example").configure_cert(context)
    trusted = ssl.create_default_context()
    authority.configure_trust(trusted)
    monkeypatch.setattr(connections, "trust", lambda: trusted)
    with HTTPServer(host=HERE, ssl_context=context) as server:
        server.expect_request("/").respond_with_data(b"picture")
        yield server


def test_certificate_is_for_the_name_though_the_address_is_connected_to(
    secure_server: HTTPServer, resolver: Callable[..., ToldResolver]
) -> None:
    resolver([HERE])
    url = f"https://photos.example:{secure_server.port}/"
    assert content(url, HERE) == b"picture"


@pytest.mark.parametrize("host", ["other.example", HERE])
def test_certificate_of_another_name_is_refused(
    host: str, secure_server: HTTPServer, resolver: Callable[..., ToldResolver]
) -> None:
    resolver([HERE])
    url = f"https://{host}:{secure_server.port}/"
    assert refusal(url, HERE) == "its certificate cannot be trusted"


def test_plain_server_that_is_asked_for_tls_is_refused(httpserver: HTTPServer) -> None:
    url = httpserver.url_for("/").replace("http:", "https:")
    assert refusal(url, "localhost", HERE) == "it cannot be reached"


def test_start_up_loads_nothing_that_speaks_http() -> None:
    told = "import sys, gallery.outbound; print({'httpx', 'httpcore', 'ssl'} & set(sys.modules))"
    started = subprocess.run([sys.executable, "-c", told], capture_output=True, check=True)
    assert started.stdout.strip() == b"set()"
