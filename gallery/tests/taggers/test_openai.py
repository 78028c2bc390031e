"""Vision models behind an OpenAI-compatible address."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from gallery.taggers.base import TaggerError
from gallery.taggers.openai import OpenAITagger
from gallery.tests.taggers.services import photo

GOOD = '{"tags": [{"tag": "koala", "confidence": 0.95}, {"tag": "tree", "confidence": 0.6}]}'


def tagger(server: HTTPServer, **options: Any) -> OpenAITagger:
    return OpenAITagger(url=server.url_for("/v1"), model="eyes-7b", **options)


def answer(content: Any, **message: Any) -> dict[str, Any]:
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": "eyes-7b",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": content} | message,
                "finish_reason": "stop",
            }
        ],
    }


def failure(tagger: OpenAITagger) -> TaggerError:
    with pytest.raises(TaggerError) as caught:
        tagger.tag(photo())
    return caught.value


@pytest.mark.parametrize(
    "content", [GOOD, f"```json\n{GOOD}\n```", f"```\n{GOOD}\n```", f" {GOOD}"]
)
def test_tags_are_read_from_the_models_json(content: str, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/v1/chat/completions").respond_with_json(answer(content))
    opinion = tagger(httpserver).tag(photo())
    said = [(one.label, one.confidence) for one in opinion.suggestions]
    assert said == [("koala", 0.95), ("tree", 0.6)]
    assert opinion.model == "eyes-7b"


def test_photo_prompt_and_schema_are_sent(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/v1/chat/completions").respond_with_json(answer(GOOD))
    tagger(httpserver, key="sk-1", language="German", limit=10).tag(photo())
    [(request, _)] = httpserver.log
    sent = json.loads(request.data)
    text, picture = sent["messages"][0]["content"]
    assert request.headers["Authorization"] == "Bearer sk-1"
    assert "German" in text["text"]
    assert "at most 10" in text["text"]
    assert picture["image_url"]["url"].startswith("data:image/jpeg;base64,")
    assert sent["response_format"]["json_schema"]["schema"]["required"] == ["tags"]


@pytest.mark.parametrize(
    ("structured", "sent"), [("json_object", {"type": "json_object"}), ("none", None)]
)
def test_models_that_know_no_schema_are_asked_without(
    structured: str, sent: dict[str, str] | None, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/v1/chat/completions").respond_with_json(answer(GOOD))
    tagger(httpserver, structured=structured).tag(photo())
    [(request, _)] = httpserver.log
    assert json.loads(request.data).get("response_format") == sent
    assert "Authorization" not in request.headers


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"choices": []},
        {"choices": [{}]},
        answer(None),
        answer("I see a koala in a tree."),
        answer('{"tags": "koala"}'),
        answer('{"tags": [{"label": "koala"}]}'),
        answer('["koala"]'),
    ],
)
def test_answer_in_no_form_may_be_asked_for_again(
    told: dict[str, Any], httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/v1/chat/completions").respond_with_json(told)
    error = failure(tagger(httpserver))
    assert "did not answer in the form" in str(error)
    assert not error.permanent


def test_confidence_of_seven_is_refused(httpserver: HTTPServer) -> None:
    content = '{"tags": [{"tag": "koala", "confidence": 7}]}'
    httpserver.expect_request("/v1/chat/completions").respond_with_json(answer(content))
    assert "a confidence of 7" in str(failure(tagger(httpserver)))


def test_refusal_is_final(httpserver: HTTPServer) -> None:
    told = answer(None, refusal="I cannot help with that.")
    httpserver.expect_request("/v1/chat/completions").respond_with_json(told)
    error = failure(tagger(httpserver))
    assert "refuses to look" in str(error)
    assert error.permanent


@pytest.mark.parametrize(
    ("status", "permanent"), [(400, True), (401, True), (404, True), (429, False), (503, False)]
)
def test_errors_give_the_services_reason(
    status: int, permanent: bool, httpserver: HTTPServer
) -> None:
    told = {"error": {"message": "model 'eyes-7b' not found", "type": "api_error"}}
    httpserver.expect_request("/v1/chat/completions").respond_with_json(told, status=status)
    error = failure(tagger(httpserver, tries=1))
    assert "model 'eyes-7b' not found" in str(error)
    assert error.permanent == permanent


def test_unknown_way_of_structuring_is_refused_at_start_up(httpserver: HTTPServer) -> None:
    with pytest.raises(ValueError, match="structured is one of"):
        tagger(httpserver, structured="xml")
