"""Imagga's API, with answers as its documentation has them."""

from __future__ import annotations

import time
from base64 import b64encode
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from gallery.taggers.base import TaggerError
from gallery.taggers.imagga import ImaggaTagger
from gallery.tests.taggers.services import photo

SUCCESS = {"text": "", "type": "success"}
TAGS = {
    "result": {
        "tags": [
            {"confidence": 61.41, "tag": {"en": "koala", "de": "Koala"}},
            {"confidence": 43.1299991607666, "tag": {"en": "tree", "de": "Baum"}},
            {"confidence": 20.5, "tag": {"en": "eucalypt"}},
        ]
    },
    "status": SUCCESS,
}
CATEGORIES = {
    "result": {"categories": [{"confidence": 99.1, "name": {"en": "nature landscape"}}]},
    "status": SUCCESS,
}


def tagger(server: HTTPServer, **options: Any) -> ImaggaTagger:
    return ImaggaTagger(key="acc_1", secret="s3cret", url=server.url_for("/v2"), **options)


def said(tagger: ImaggaTagger) -> dict[str, float]:
    return {one.label: one.confidence for one in tagger.tag(photo()).suggestions}


def failure(tagger: ImaggaTagger) -> TaggerError:
    with pytest.raises(TaggerError) as caught:
        tagger.tag(photo())
    return caught.value


def test_confidences_become_shares(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/v2/tags", method="POST").respond_with_json(TAGS)
    made = tagger(httpserver)
    assert said(made) == {"koala": 0.6141, "tree": 0.4313, "eucalypt": 0.205}
    assert made.model == "imagga/v2"


def test_credentials_and_options_are_sent(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/v2/tags", method="POST").respond_with_json(TAGS)
    said(tagger(httpserver, limit=20, decrease_parents=True))
    [(request, _)] = httpserver.log
    basic = b64encode(b"acc_1:s3cret").decode()
    assert request.headers["Authorization"] == f"Basic {basic}"
    assert request.args.to_dict() == {"language": "en", "limit": "20", "decrease_parents": "1"}
    assert request.files["image"].mimetype == "image/jpeg"


def test_words_come_in_the_language_asked_for_or_else_in_english(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/v2/tags").respond_with_json(TAGS)
    assert list(said(tagger(httpserver, language="de"))) == ["Koala", "Baum", "eucalypt"]


def test_categories_are_added_where_a_categorizer_is_named(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/v2/tags").respond_with_json(TAGS)
    httpserver.expect_request("/v2/categories/personal_photos").respond_with_json(CATEGORIES)
    made = tagger(httpserver, categorizer="personal_photos")
    assert said(made)["nature landscape"] == 0.991
    assert made.model == "imagga/v2+personal_photos"


@pytest.mark.parametrize(
    ("status", "text", "permanent"),
    [
        (400, "You must specify either an image_url or image", True),
        (401, "Authentication failed. Check your credentials", True),
        (403, "This feature is not in your plan", True),
        (404, "Unknown id", True),
        (429, "Too many requests", False),
        (500, "Something went wrong", False),
    ],
)
def test_refusals_give_imaggas_reason(
    status: int, text: str, permanent: bool, httpserver: HTTPServer
) -> None:
    answer = {"status": {"text": text, "type": "error"}}
    httpserver.expect_request("/v2/tags").respond_with_json(answer, status=status)
    error = failure(tagger(httpserver))
    assert text in str(error)
    assert error.permanent == permanent
    assert "s3cret" not in str(error)


def test_used_up_quota_is_waited_for_until_its_reset(httpserver: HTTPServer) -> None:
    reset = str(int(time.time()) + 86_400)
    headers = {"Monthly-Limit-Remaining": "0", "Monthly-Limit-Reset": reset}
    refused = Response('{"status": {"text": "quota", "type": "error"}}', 403, headers)
    httpserver.expect_request("/v2/tags").respond_with_response(refused)
    error = failure(tagger(httpserver))
    assert "no calls left this month" in str(error)
    assert error.retry_in_s == pytest.approx(86_400, abs=5)
    assert len(httpserver.log) == 1


def test_failure_in_a_successful_answer_is_a_failure(httpserver: HTTPServer) -> None:
    answer = {"result": {}, "status": {"type": "error", "text": "unreadable image"}}
    httpserver.expect_request("/v2/tags").respond_with_json(answer)
    assert "unreadable image" in str(failure(tagger(httpserver)))


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"result": [], "status": SUCCESS},
        {"result": {}, "status": SUCCESS},
        {"result": {"tags": None}, "status": SUCCESS},
        {"result": {"tags": [{"confidence": "61", "tag": {"en": "koala"}}]}, "status": SUCCESS},
        {"result": {"tags": [{"confidence": 61, "tag": "koala"}]}, "status": SUCCESS},
    ],
)
def test_answer_that_is_not_imaggas_is_refused(
    answer: dict[str, Any], httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/v2/tags").respond_with_json(answer)
    assert "in a way that is not its own" in str(failure(tagger(httpserver)))
