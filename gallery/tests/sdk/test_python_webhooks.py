"""What the site tells a program is what Python's library takes for genuine."""

from __future__ import annotations

import json
import queue
from typing import Any

import cloudinary.api
import cloudinary.exceptions
import cloudinary.uploader
import cloudinary.utils
import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from ..pictures import picture

pytestmark = pytest.mark.usefixtures("sdk")
PICTURE = picture(60, 40)
PATIENCE_S = 60


class Hook:
    """An address that keeps what it is sent; checked as a receiver would."""

    def __init__(self, server: HTTPServer, path: str) -> None:
        self.url = server.url_for(path)
        self.received: queue.Queue[Request] = queue.Queue()
        server.expect_request(path, method="POST").respond_with_handler(self._receive)

    def _receive(self, request: Request) -> Response:
        request.get_data(cache=True)
        self.received.put(request)
        return Response("thanks")

    def next(self) -> dict[str, Any]:
        request = self.received.get(timeout=PATIENCE_S)
        body = request.get_data(as_text=True)
        assert cloudinary.utils.verify_notification_signature(
            body, request.headers["X-Cld-Timestamp"], request.headers["X-Cld-Signature"]
        )
        told = json.loads(body)
        assert isinstance(told, dict)
        return told


@pytest.fixture
def hook(httpserver: HTTPServer, name: str) -> Hook:
    return Hook(httpserver, f"/{name}")


def test_upload_is_told(hook: Hook, name: str) -> None:
    cloudinary.uploader.upload(PICTURE, public_id=name, notification_url=hook.url)
    told = hook.next()
    assert (told["notification_type"], told["public_id"]) == ("upload", name)
    assert told["bytes"] == len(PICTURE)
    assert told["timestamp"]
    assert told["request_id"]


def test_upload_in_the_background_is_told(hook: Hook, name: str) -> None:
    answer = cloudinary.uploader.upload(
        PICTURE,
        public_id=name,
        notification_url=hook.url,
        categorization="imagga_tagging",
        auto_tagging=0.8,
        **{"async": True},
    )
    assert (answer["status"], answer["public_id"]) == ("pending", name)
    assert answer["batch_id"]
    told = hook.next()
    while told["notification_type"] != "upload":  # what the tagger said may come first
        told = hook.next()
    assert told["public_id"] == name
    assert cloudinary.api.resource(name)["tags"] == ["koala"]


def test_eager_pictures_are_told(hook: Hook, name: str) -> None:
    answer = cloudinary.uploader.upload(
        PICTURE,
        public_id=name,
        eager=[{"width": 20, "crop": "scale"}],
        eager_async=True,
        eager_notification_url=hook.url,
    )
    assert answer["eager"][0]["status"] == "processing"
    told = hook.next()
    assert (told["notification_type"], told["public_id"]) == ("eager", name)
    assert told["eager"][0]["width"] == 20


def test_labels_are_told(hook: Hook, name: str) -> None:
    cloudinary.uploader.upload(PICTURE, public_id=name)
    cloudinary.uploader.add_tag("zoo", [name], notification_url=hook.url)
    assert hook.next()["notification_type"] == "resource_tags_changed"


def test_trigger_is_told_of_every_deletion(hook: Hook, name: str) -> None:
    made = cloudinary.api.create_trigger(hook.url, "delete")
    try:
        cloudinary.uploader.upload(PICTURE, public_id=name)
        cloudinary.uploader.destroy(name)
        told = hook.next()
        while name not in json.dumps(told):  # other tests delete too
            told = hook.next()
        assert told["notification_type"] == "delete"
    finally:
        cloudinary.api.delete_trigger(made["id"])


@pytest.mark.parametrize(
    "url", ["ftp://example.com/", "no address", "http://", "javascript:alert(1)", "http://a b/"]
)
def test_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(cloudinary.exceptions.BadRequest):
        cloudinary.uploader.upload(PICTURE, notification_url=url)
