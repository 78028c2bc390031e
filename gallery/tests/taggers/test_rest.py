"""Services that fail: which sentence, and whether asking again can help."""

from __future__ import annotations

import ssl
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from pytest_httpserver import HTTPServer
from werkzeug import Response

from gallery.taggers.base import Opinion, TaggerError
from gallery.taggers.rest import RestTagger
from gallery.tests.taggers.services import photo, raw_server


class EchoTagger(RestTagger):
    """Posts a photo and takes `said` of the answer at its word."""

    def tag(self, image: Image.Image) -> Opinion:
        told = self.ask("POST", "/look", content=self.jpeg(image))
        return Opinion(model="echo/1", suggestions=self.suggestions(map(tuple, told["said"])))


def tagger(server: HTTPServer, **options: Any) -> EchoTagger:
    return EchoTagger(url=server.url_for("/"), **options)


def failure(tagger: RestTagger) -> TaggerError:
    with pytest.raises(TaggerError) as caught:
        tagger.tag(photo())
    return caught.value


def test_photo_is_sent_small_and_the_answer_is_taken(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/look", method="POST").respond_with_json(
        {"said": [["dog", 0.5], ["koala", 0.91239], [" tall \n tree ", 1], ["dog", 0.7], ["", 1]]}
    )
    opinion = tagger(httpserver).tag(photo())
    said = [(one.label, one.confidence) for one in opinion.suggestions]
    assert said == [("tall tree", 1.0), ("koala", 0.9124), ("dog", 0.7)]
    [(request, _)] = httpserver.log
    with Image.open(BytesIO(request.data)) as sent:
        assert (sent.format, sent.size) == ("JPEG", (600, 400))


@pytest.mark.parametrize(
    ("status", "permanent", "words"),
    [
        (400, True, "refused with HTTP 400 (too dark)"),
        (401, True, "does not accept its credentials (too dark)"),
        (403, True, "refused with HTTP 403"),
        (404, True, "refused with HTTP 404"),
        (408, False, "refused with HTTP 408"),
        (429, False, "refused with HTTP 429"),
        (500, False, "refused with HTTP 500"),
        (503, False, "refused with HTTP 503"),
    ],
)
def test_refusals_say_why_and_whether_asking_again_can_help(
    status: int, permanent: bool, words: str, httpserver: HTTPServer
) -> None:
    answer = {"error": {"message": "too dark."}}
    httpserver.expect_request("/look").respond_with_json(answer, status=status)
    error = failure(tagger(httpserver))
    assert words in str(error)
    assert error.permanent == permanent
    assert len(httpserver.log) == (1 if permanent else 3), "tried again only where it can help"


def test_second_try_may_succeed(httpserver: HTTPServer) -> None:
    httpserver.expect_ordered_request("/look").respond_with_data("busy", status=503)
    httpserver.expect_ordered_request("/look").respond_with_json({"said": [["dog", 0.5]]})
    assert tagger(httpserver).tag(photo()).suggestions[0].label == "dog"


def test_short_wait_that_is_asked_for_is_kept(httpserver: HTTPServer) -> None:
    busy = Response("busy", status=429, headers={"Retry-After": "1"})
    httpserver.expect_ordered_request("/look").respond_with_response(busy)
    httpserver.expect_ordered_request("/look").respond_with_json({"said": []})
    started = time.monotonic()
    tagger(httpserver).tag(photo())
    assert time.monotonic() - started >= 1


@pytest.mark.parametrize("as_date", [False, True])
def test_long_wait_that_is_asked_for_is_left_to_the_run(
    as_date: bool, httpserver: HTTPServer
) -> None:
    until = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    busy = Response("busy", status=429, headers={"Retry-After": until if as_date else "3600"})
    httpserver.expect_request("/look").respond_with_response(busy)
    error = failure(tagger(httpserver))
    assert error.retry_in_s == pytest.approx(3600, abs=5)
    assert len(httpserver.log) == 1


@pytest.mark.parametrize(
    "body", [b"<html>502 Bad Gateway</html>", b"", b"[1, 2]", b'{"said": ', b"[" * 100_000]
)
def test_answer_that_is_no_json_object_is_refused(body: bytes, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/look").respond_with_data(body)
    error = failure(tagger(httpserver, tries=1))
    assert "no JSON object" in str(error)
    assert not error.permanent


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ([["dog", 7]], "a confidence of 7, not of 0 to 1"),
        ([["dog", -0.1]], "a confidence of -0.1"),
        ([["dog", "high"]], "a confidence of high"),
        ([["dog", True]], "a confidence of True"),
        ([["dog", None]], "a confidence of None"),
        ([["cat", 0.9], ["x" * 3000, 0.5]], "a tag of 3,000 characters"),
        ([[5, 0.5]], "a tag that is no text"),
    ],
)
def test_nonsense_is_refused_as_a_whole(
    said: list[list[Any]], words: str, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/look").respond_with_json({"said": said})
    error = failure(tagger(httpserver))
    assert words in str(error)
    assert error.permanent


def test_number_that_is_none_is_refused(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/look").respond_with_data('{"said": [["dog", NaN]]}')
    assert "a confidence of nan" in str(failure(tagger(httpserver)))


def test_redirects_are_not_followed(httpserver: HTTPServer) -> None:
    away = Response("", status=302, headers={"Location": "/look"})
    httpserver.expect_request("/look").respond_with_response(away)
    error = failure(tagger(httpserver))
    assert "answers from another address" in str(error)
    assert len(httpserver.log) == 1


def test_silence_is_not_waited_for_for_ever() -> None:
    with raw_server(falls_silent=True) as url:
        error = failure(EchoTagger(url=url, timeout_s=0.2, tries=1))
    assert "did not answer within 0.2 s" in str(error)
    assert not error.permanent


def test_nobody_there_may_be_tried_again() -> None:
    error = failure(EchoTagger(url="http://127.0.0.1:9", tries=1))
    assert "cannot be reached" in str(error)
    assert not error.permanent


OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"


def test_endless_answer_is_cut_off() -> None:
    with raw_server(OK, forever=b" " * 65536) as url:
        error = failure(EchoTagger(url=url))
    assert "more than any tagger has to say" in str(error)


def test_answer_that_trickles_is_cut_off() -> None:
    with raw_server(OK, forever=b" ") as url:
        error = failure(EchoTagger(url=url, timeout_s=0.2, tries=1))
    assert "did not come to an end" in str(error) or "more than any tagger" in str(error)


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{", b"SSH-2.0-OpenSSH_9.2\r\n"]
)
def test_connection_that_breaks_off_may_be_tried_again(answer: bytes) -> None:
    with raw_server(answer) as url:
        error = failure(EchoTagger(url=url, tries=1))
    assert "cannot be reached" in str(error)
    assert not error.permanent


def test_certificate_that_nobody_vouches_for_is_refused(
    monkeypatch: pytest.MonkeyPatch, httpserver: HTTPServer
) -> None:
    import httpx

    def handshake(request: httpx.Request) -> httpx.Response:
        try:
            raise ssl.SSLCertVerificationError("self-signed certificate")
        except ssl.SSLError as error:
            raise httpx.ConnectError(str(error)) from error

    made = tagger(httpserver)
    client = httpx.Client(transport=httpx.MockTransport(handshake))
    monkeypatch.setitem(made.__dict__, "_client", client)
    error = failure(made)
    assert "a certificate that cannot be trusted" in str(error)
    assert error.permanent


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://api.imagga.com/v2", "api.imagga.com"),
        ("http://192.168.1.7:11434/v1", "192.168.1.7"),
        ("http://localhost:11434/v1", ""),
        ("http://127.0.0.1:11434", ""),
        ("http://[::1]:11434", ""),
    ],
)
def test_host_is_named_unless_it_is_this_machine(url: str, host: str) -> None:
    assert EchoTagger(url=url).host == host


@pytest.mark.parametrize("url", ["", "ftp://example.org", "api.imagga.com"])
def test_address_that_is_none_is_refused_at_start_up(url: str) -> None:
    with pytest.raises(ValueError, match="no http or https address"):
        EchoTagger(url=url)
