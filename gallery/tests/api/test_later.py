"""What is asked to be done later is done by a worker, and whoever asked is told."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from gallery.assets import jobs, labels
from gallery.models import ApiJob, Asset, Cloud, Notification, WorkStatus
from gallery.tests.api.asking import post
from gallery.tests.factories import make_cloud
from gallery.tests.pictures import picture
from gallery.tests.taggers.stubs import ToldTagger

pytestmark = pytest.mark.django_db

JPEG = picture()
HOOK = "http://93.184.216.34/hook"


@pytest.fixture
def cloud() -> Cloud:
    return make_cloud(name="demo")


def done() -> ApiJob:
    job = ApiJob.objects.get()
    jobs.perform(job)
    job.refresh_from_db()
    return job


def body() -> dict[str, Any]:
    told: dict[str, Any] = json.loads(Notification.objects.get().body)
    return told


def bodies() -> list[str]:
    return list(Notification.objects.values_list("body", flat=True))


@pytest.mark.parametrize("way", ["part", "text"])
def test_upload_is_done_later(client: Client, cloud: Cloud, way: str) -> None:
    uri = "data:;base64," + base64.b64encode(JPEG).decode()
    sent = {"content": JPEG, "name": "a.jpg"} if way == "part" else {"file": uri}
    asked = {"async": "1", "public_id": "a", "tags": "x", "notification_url": HOOK}
    told = post(client, cloud, "image/upload", **sent, **asked).json()
    job = ApiJob.objects.get()
    assert told == {
        "status": "pending", "resource_type": "image", "type": "upload", "public_id": "a",
        "batch_id": job.batch_id,
    }  # fmt: skip
    assert not Asset.objects.exists()
    job = done()
    assert (job.status, job.file.name) == (WorkStatus.DONE, "")
    assert (body()["notification_type"], body()["tags"]) == ("upload", ["x"])
    assert body()["batch_id"] == job.batch_id
    assert body()["url"].startswith("http://testserver/demo/image/upload/")
    jobs.perform(job)
    assert Asset.objects.count() == 1


def broken_off(client: Client, cloud: Cloud) -> ApiJob:
    """Return an upload whose worker died when it had stored the file."""
    post(client, cloud, "image/upload", content=JPEG, **{"async": "1", "public_id": "a"})
    job = done()
    ApiJob.objects.update(status=WorkStatus.QUEUED, file="incoming/gone")
    job.refresh_from_db()
    return job


def test_upload_that_broke_off_does_not_undo_what_was_done_since(
    client: Client, cloud: Cloud
) -> None:
    job = broken_off(client, cloud)
    post(client, cloud, "image/tags", command="add", tag="mine", public_ids=["a"])
    version = Asset.objects.get().version_id
    jobs.perform(job)
    asset = Asset.objects.get()
    assert asset.version_id == version
    assert labels.tags_of([asset])[asset.pk] == ["mine"]
    assert ApiJob.objects.get().status == WorkStatus.DONE


def test_upload_that_broke_off_and_was_deleted_stays_deleted(client: Client, cloud: Cloud) -> None:
    job = broken_off(client, cloud)
    post(client, cloud, "image/destroy", public_id="a")
    jobs.perform(job)
    assert not Asset.objects.exists()
    assert ApiJob.objects.get().status == WorkStatus.DONE


def test_bad_request_is_refused_at_once(client: Client, cloud: Cloud) -> None:
    asked: list[dict[str, str]] = [{"eager": "w_abc"}, {"public_id": "a?"}, {"detection": "x"}, {}]
    for wrong in asked:
        content = JPEG if wrong else None
        answer = post(client, cloud, "image/upload", content=content, **{"async": "1"}, **wrong)
        assert answer.status_code == 400
    assert not ApiJob.objects.exists()


def test_failure_is_told(client: Client, cloud: Cloud) -> None:
    asked = {"async": "1", "notification_url": HOOK}
    post(client, cloud, "image/upload", content=b"no picture", **asked)
    job = done()
    assert (job.status, job.error) == (WorkStatus.FAILED, "Invalid image file")
    assert body()["error"] == {"message": "Invalid image file"}
    assert body()["batch_id"] == job.batch_id


def test_eager_pictures_are_made_later(client: Client, cloud: Cloud) -> None:
    asked = {"eager": "w_10|w_5/png", "eager_async": "1", "eager_notification_url": HOOK}
    told = post(client, cloud, "image/upload", content=JPEG, public_id="a", **asked).json()
    assert [one["status"] for one in told["eager"]] == ["processing"] * 2
    assert told["eager"][1]["url"].endswith(f"/w_5/v{told['version']}/a.png")
    assert not Asset.objects.get().derived.exists()
    assert done().status == WorkStatus.DONE
    assert [one["width"] for one in body()["eager"]] == [10, 5]
    assert body()["notification_type"] == "eager"


def test_eager_pictures_of_a_deleted_asset(client: Client, cloud: Cloud) -> None:
    asked = {"eager": "w_10", "eager_async": "1"}
    post(client, cloud, "image/upload", content=JPEG, public_id="a", **asked)
    post(client, cloud, "image/destroy", public_id="a")
    assert done().status == WorkStatus.FAILED


def test_explicit_later(client: Client, cloud: Cloud) -> None:
    post(client, cloud, "image/upload", content=JPEG, public_id="a")
    asked = {"public_id": "a", "type": "upload", "tags": "x", "async": "true"}
    told = post(client, cloud, "image/explicit", **asked, notification_url=HOOK).json()
    assert told["status"] == "pending"
    assert done().status == WorkStatus.DONE
    assert (body()["notification_type"], body()["batch_id"]) == ("explicit", told["batch_id"])
    told = post(client, cloud, "image/explicit", public_id="a", type="upload").json()
    assert told["tags"] == ["x"]


def test_tags_that_came_later_are_news(
    client: Client, cloud: Cloud, told: ToldTagger, settings: Settings
) -> None:
    settings.ADD_ONS, told.says = {"imagga_tagging": "told"}, {"tree": 0.9}
    asked = {"async": "1", "categorization": "imagga_tagging", "auto_tagging": "0.5"}
    post(client, cloud, "image/upload", content=JPEG, notification_url=HOOK, **asked)
    done()
    news = {b["notification_type"]: b for b in map(json.loads, bodies())}
    assert news["info"]["info_kind"] == "imagga_tagging"
    assert news["info"]["info_data"] == [{"tag": "tree", "confidence": 0.9}]
    assert news["upload"]["tags"] == ["tree"]


def test_notification_has_the_answer(client: Client, cloud: Cloud) -> None:
    told = post(client, cloud, "image/upload", content=JPEG, notification_url=HOOK).json()
    assert told.items() <= body().items()
