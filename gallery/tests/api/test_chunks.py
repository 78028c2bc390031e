"""Large files come in parts, in any order, and become one asset once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from gallery.assets import partial
from gallery.models import ApiKey, Asset, Chunk, Cloud, PartialUpload
from gallery.tests.api.asking import post
from gallery.tests.factories import make_cloud
from gallery.tests.pictures import picture

pytestmark = pytest.mark.django_db

BMP = picture(format="BMP")
SIZE = len(BMP)


@pytest.fixture
def cloud() -> Cloud:
    return make_cloud(name="demo")


def send(
    client: Client, cloud: Cloud, first: int, last: int, total: object = SIZE, *,
    upload_id: str = "u1", kind: str = "image", content: bytes | None = None, **asked: Any,
) -> Any:  # fmt: skip
    end = "" if total is None else f"/{total}"
    headers = {"X-Unique-Upload-Id": upload_id, "Content-Range": f"bytes {first}-{last}{end}"}
    part = BMP[first : last + 1] if content is None else content
    return post(
        client, cloud, f"{kind}/upload", content=part, name="big.bmp", http_headers=headers, **asked
    )


def test_parts_become_one_picture(client: Client, cloud: Cloud, own_media: Path) -> None:
    told = send(client, cloud, 0, 2999).json()
    assert told == {
        "done": False, "bytes": 3000, "resource_type": "image", "type": "upload", "kind": "upload",
    }  # fmt: skip
    assert not Asset.objects.exists()
    told = send(client, cloud, 3000, SIZE - 1, tags="a").json()
    assert (told["bytes"], told["format"], told["tags"]) == (SIZE, "bmp", ["a"])
    assert told["original_filename"] == "big"
    assert not PartialUpload.objects.exists()


def test_files_of_parts_are_gone_afterwards(
    client: Client, cloud: Cloud, own_media: Path, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        send(client, cloud, 0, 2999)
        send(client, cloud, 3000, SIZE - 1)
    assert not [path for path in (own_media / "incoming").rglob("*") if path.is_file()]


@pytest.mark.parametrize("unknown", [-1, "*", None])
def test_total_may_be_told_by_the_last_part_alone(
    client: Client, cloud: Cloud, unknown: object
) -> None:
    assert send(client, cloud, 0, 99, unknown, kind="raw").json()["done"] is False
    assert send(client, cloud, 100, 2999, unknown, kind="raw").json()["bytes"] == 3000
    told = send(client, cloud, 3000, SIZE - 1, SIZE, kind="raw").json()
    assert told["bytes"] == SIZE
    with Asset.objects.get().stored.open("rb") as file:
        assert file.read() == BMP


def test_parts_come_in_any_order(client: Client, cloud: Cloud) -> None:
    send(client, cloud, 5000, SIZE - 1)
    send(client, cloud, 2000, 4999, -1)
    assert send(client, cloud, 0, 1999, -1).json()["bytes"] == SIZE
    assert Asset.objects.count() == 1


def test_part_that_comes_again_replaces_the_first(client: Client, cloud: Cloud) -> None:
    send(client, cloud, 0, 2999, content=b"x" * 3000)
    assert send(client, cloud, 0, 2999).json()["bytes"] == 3000
    assert send(client, cloud, 3000, SIZE - 1).json()["format"] == "bmp"


def test_one_part_that_is_all_is_an_upload(client: Client, cloud: Cloud) -> None:
    assert send(client, cloud, 0, SIZE - 1).json()["format"] == "bmp"
    assert not PartialUpload.objects.exists()


def test_files_with_a_gap_wait(client: Client, cloud: Cloud) -> None:
    send(client, cloud, 0, 999)
    assert send(client, cloud, 2000, SIZE - 1).json()["done"] is False
    assert not Asset.objects.exists()


def test_parts_that_overlap_are_no_file(client: Client, cloud: Cloud) -> None:
    send(client, cloud, 0, 2999)
    told = send(client, cloud, 2000, SIZE - 1).json()
    assert told["done"] is False
    assert not Asset.objects.exists()


def test_uploads_of_other_keys_are_others(client: Client, cloud: Cloud) -> None:
    send(client, cloud, 0, 2999)
    key = ApiKey.objects.get(cloud=cloud)
    other = ApiKey(cloud=cloud, key="999")
    other.secret = "other"
    other.save()
    key.revoke()
    ApiKey.objects.filter(pk=key.pk).delete()
    assert send(client, cloud, 3000, SIZE - 1).json()["done"] is False
    assert PartialUpload.objects.count() == 2


def test_failing_upload_leaves_nothing(client: Client, cloud: Cloud) -> None:
    send(client, cloud, 0, 2999, content=b"x" * 3000)
    answer = send(client, cloud, 3000, SIZE - 1)
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, "Invalid image file")
    assert not PartialUpload.objects.exists()
    assert not Asset.objects.exists()


@pytest.mark.parametrize(
    "range_",
    ["bytes 0-10", "bytes 5-4/10", "bytes 0-9/5", "bytes a-b/c", "0-2999/5", "bytes 0-2999/2999",
     "bytes -5-10/20", "x" * 5000, "bytes 0-99999999999999999999/1"],
)  # fmt: skip
def test_ranges_that_cannot_be(client: Client, cloud: Cloud, range_: str) -> None:
    headers = {"X-Unique-Upload-Id": "u", "Content-Range": range_}
    answer = post(client, cloud, "raw/upload", content=b"x" * 3000, http_headers=headers)
    assert answer.status_code == 400
    assert not Chunk.objects.exists()


def test_upload_id_that_is_too_long(client: Client, cloud: Cloud) -> None:
    assert send(client, cloud, 0, 99, upload_id="x" * 300).status_code == 400


def test_whole_may_not_be_too_large(client: Client, cloud: Cloud, settings: Settings) -> None:
    settings.MAX_UPLOAD_BYTES = 4000
    answer = send(client, cloud, 0, 99, 5000)
    told = answer.json()["error"]["message"]
    assert told == "File size too large. Got 5000. Maximum is 4000."
    assert send(client, cloud, 0, 2999, -1).status_code == 200
    assert send(client, cloud, 3000, 5999, -1, content=b"x" * 3000).status_code == 400
    assert Chunk.objects.count() == 1


def test_uploads_under_way_are_counted(client: Client, cloud: Cloud, monkeypatch: Any) -> None:
    monkeypatch.setattr(partial, "MAX_UPLOADS", 2)
    answers = [send(client, cloud, 0, 9, upload_id=f"u{number}") for number in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 400]


def test_only_one_request_puts_it_together(client: Client, cloud: Cloud) -> None:
    send(client, cloud, 0, 2999)
    PartialUpload.objects.update(taken_at=timezone.now())
    answer = send(client, cloud, 3000, SIZE - 1)
    assert answer.json()["error"]["message"] == "This upload is complete already"


def test_what_never_became_whole_is_dropped_after_a_day(
    client: Client, cloud: Cloud, own_media: Path, django_capture_on_commit_callbacks: Any
) -> None:
    send(client, cloud, 0, 99)
    send(client, cloud, 0, 99, upload_id="u2")
    PartialUpload.objects.filter(upload_id="u1").update(created_at="2020-01-01T00:00:00Z")
    with django_capture_on_commit_callbacks(execute=True):
        assert partial.drop_old() == 1
    assert [one.upload_id for one in PartialUpload.objects.all()] == ["u2"]
    assert len([path for path in own_media.rglob("*") if path.is_file()]) == 1
