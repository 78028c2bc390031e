"""Add-ons of a Cloudinary account."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from gallery.taggers.base import TaggerError
from gallery.taggers.cloudinary import CloudinaryTagger, sign
from gallery.tests.taggers.services import photo

UPLOAD, DESTROY = "/v1_1/demo/image/upload", "/v1_1/demo/image/destroy"


def tagger(server: HTTPServer, **options: Any) -> CloudinaryTagger:
    return CloudinaryTagger(
        cloud_name="demo", key="1234", secret="abcd", url=server.url_for("/"), **options
    )


def uploaded(block: Any, add_on: str = "imagga_tagging") -> dict[str, Any]:
    return {"public_id": "x", "info": {"categorization": {add_on: block}}}


COMPLETE = {
    "status": "complete",
    "data": [{"tag": "koala", "confidence": 0.8921}, {"tag": "tree", "confidence": 0.4313}],
}


def failure(tagger: CloudinaryTagger) -> TaggerError:
    with pytest.raises(TaggerError) as caught:
        tagger.tag(photo())
    return caught.value


def test_signature_is_the_documented_one() -> None:
    asked = {
        "public_id": "sample_image",
        "timestamp": "1315060510",
        "eager": "w_400,h_300,c_pad|w_260,h_200,c_crop",
    }
    assert sign(asked, "abcd") == "bfd09f95f331f558cbd1320e67aa8d488770583e"


@pytest.mark.parametrize("add_on", ["imagga_tagging", "google_tagging", "aws_rek_tagging"])
def test_photo_is_uploaded_tagged_and_deleted(add_on: str, httpserver: HTTPServer) -> None:
    httpserver.expect_ordered_request(UPLOAD).respond_with_json(uploaded(COMPLETE, add_on))
    httpserver.expect_ordered_request(DESTROY).respond_with_json({"result": "ok"})
    made = tagger(httpserver, add_on=add_on)
    said = {one.label: one.confidence for one in made.tag(photo()).suggestions}
    assert said == {"koala": 0.8921, "tree": 0.4313}
    assert made.model == f"cloudinary/{add_on}"
    (upload, _), (destroy, _) = httpserver.log
    assert upload.form["categorization"] == add_on
    assert upload.form["public_id"] == destroy.form["public_id"]
    for request in (upload, destroy):
        sent = {name: value for name, value in request.form.items() if name != "api_key"}
        assert sent.pop("signature") == sign(sent, "abcd")
        assert "abcd" not in request.form.values()


@pytest.mark.parametrize(
    ("told", "permanent", "words"),
    [
        (uploaded({"status": "failed", "error": "x"}), False, "the status “failed”"),
        (uploaded({"status": "pending"}), False, "the status “pending”"),
        (uploaded({"status": "complete"}), True, "without a word of its add-on"),
        (uploaded([]), True, "without a word of its add-on"),
        ({"public_id": "x"}, True, "without a word of its add-on"),
    ],
)
def test_upload_without_an_answer_fails_and_the_copy_is_deleted(
    told: dict[str, Any], permanent: bool, words: str, httpserver: HTTPServer
) -> None:
    httpserver.expect_request(UPLOAD).respond_with_json(told)
    httpserver.expect_request(DESTROY).respond_with_json({"result": "ok"})
    error = failure(tagger(httpserver))
    assert words in str(error)
    assert error.permanent == permanent
    assert httpserver.log[-1][0].path == DESTROY


@pytest.mark.parametrize(
    ("status", "message", "permanent"),
    [
        (400, "Categorization imagga_tagging is not valid", True),
        (401, "Invalid Signature", True),
        (420, "Rate Limited", False),
        (500, "Internal error", False),
    ],
)
def test_refusals_give_cloudinarys_reason(
    status: int, message: str, permanent: bool, httpserver: HTTPServer
) -> None:
    answer = {"error": {"message": message}}
    httpserver.expect_request(UPLOAD).respond_with_json(answer, status=status)
    httpserver.expect_request(DESTROY).respond_with_json({"result": "not found"})
    error = failure(tagger(httpserver, tries=1))
    assert message in str(error)
    assert error.permanent == permanent


def test_copy_that_cannot_be_deleted_is_logged_and_the_tags_are_kept(
    httpserver: HTTPServer, caplog: pytest.LogCaptureFixture
) -> None:
    httpserver.expect_request(UPLOAD).respond_with_json(uploaded(COMPLETE))
    httpserver.expect_request(DESTROY).respond_with_json({"error": {"message": "no"}}, status=400)
    assert tagger(httpserver).tag(photo()).suggestions
    assert "was not deleted" in caplog.text
    assert "abcd" not in caplog.text


def test_unknown_add_on_is_refused_at_start_up(httpserver: HTTPServer) -> None:
    with pytest.raises(ValueError, match="add_on is one of"):
        tagger(httpserver, add_on="telepathy")
