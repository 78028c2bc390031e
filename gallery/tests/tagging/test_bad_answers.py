"""A tagger that answers nonsense fails its run with a clear sentence; the photo stays as it was."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import trustme
from pytest_django import Settings
from pytest_httpserver import HTTPServer
from werkzeug import Response

from gallery import ingest, tagging
from gallery.models import Photo
from gallery.taggers import rest
from gallery.tests.factories import make_user
from gallery.tests.pictures import uploaded
from gallery.tests.taggers.services import raw_server
from gallery.tests.taggers.stubs import ToldTagger
from gallery.tests.tagging.doing import states

pytestmark = pytest.mark.django_db


def said(*tags: tuple[str, Any]) -> Response:
    told = [{"tag": tag, "confidence": confidence} for tag, confidence in tags]
    message = {"content": json.dumps({"tags": told})}
    return Response(json.dumps({"choices": [{"message": message}]}))


@pytest.fixture
def photo(told: ToldTagger, monkeypatch: pytest.MonkeyPatch) -> Photo:
    """A photo that the tagger `told` has tagged."""
    monkeypatch.setattr(rest, "FIRST_WAIT_S", 0.01)
    photo = ingest.add_photo(owner=make_user("olga"), file=uploaded())
    tagging.perform(photo.tagging_runs.get())
    return photo


@pytest.fixture
def ask(photo: Photo, settings: Settings) -> Callable[[str], str]:
    """Ask the model at an address about the photo; return the run's error."""
    backend = "gallery.taggers.openai.OpenAITagger"

    def ask(url: str) -> str:
        options = {"url": url, "model": "m", "tries": 1, "timeout_s": 2}
        settings.TAGGERS = settings.TAGGERS | {"llm": {"BACKEND": backend, "OPTIONS": options}}
        run = tagging.request_run(photo, tagger="llm")
        tagging.perform(run)
        run.refresh_from_db()
        assert run.status == "failed"
        assert (run.suggestions, run.added, run.removed) == ([], [], [])
        return run.error

    return ask


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Response("<html>Hello</html>", content_type="text/html"), "no JSON object"),
        (said(("koala", 0.9), ("dog", 7)), "a confidence of 7, not of 0 to 1"),
        (said(("koala", 0.9), ("x" * 3000, 0.5)), "a tag of 3,000 characters"),
        (said(("koala", "very")), "a confidence of very"),
        (Response('{"choices": []}'), "the form that was asked for"),
        (Response("", status=302, headers={"Location": "/"}), "answers from another address"),
        (Response('{"error": {"message": "no such model"}}', status=404), "no such model"),
        (Response("", status=500), "refused with HTTP 500"),
    ],
)
def test_nonsense_is_a_clear_error_and_the_photo_stays(
    answer: Response, words: str, photo: Photo, ask: Callable[[str], str], httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/chat/completions").respond_with_response(answer)
    assert words in ask(httpserver.url_for("/"))
    assert states(photo) == {"koala": "assigned", "dog": "suggested"}


def test_endless_body_is_a_clear_error_and_the_photo_stays(
    photo: Photo, ask: Callable[[str], str]
) -> None:
    with raw_server(b"HTTP/1.1 200 OK\r\n\r\n", forever=b" " * 65536) as url:
        assert "more than any tagger has to say" in ask(url)
    assert states(photo) == {"koala": "assigned", "dog": "suggested"}


@pytest.fixture
def untrusted() -> Iterator[HTTPServer]:
    """A server whose certificate no authority on this machine vouches for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with HTTPServer("127.0.0.1", ssl_context=context) as server:
        yield server


def test_certificate_nobody_vouches_for_is_a_clear_error_and_the_photo_stays(
    photo: Photo, ask: Callable[[str], str], untrusted: HTTPServer
) -> None:
    untrusted.expect_request("/chat/completions").respond_with_response(said(("dog", 0.9)))
    assert "a certificate that cannot be trusted" in ask(untrusted.url_for("/"))
    assert not untrusted.log, "nothing was sent"
    assert states(photo) == {"koala": "assigned", "dog": "suggested"}
