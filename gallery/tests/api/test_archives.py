from __future__ import annotations

import io
import tarfile
import time
import zipfile
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client

from gallery.assets import archives, jobs, labels
from gallery.models import (
    ApiJob,
    Asset,
    AssetVersion,
    Cloud,
    Derived,
    Notification,
    Photo,
    UploadPreset,
)
from gallery.tests.api.asking import auth_of, post, signed
from gallery.tests.assets.stored import bytes_of, image_of, make_stored
from gallery.tests.factories import make_cloud
from gallery.tests.pictures import picture

pytestmark = pytest.mark.django_db


@pytest.fixture
def cloud() -> Cloud:
    cloud = make_cloud()
    for number, name in enumerate(("pets/cat", "pets/dog")):
        asset = make_stored(
            cloud, name, content=picture(seed=number), original_filename=f"Bild {number}"
        )
        labels.set_tags(asset, ["pet"])
    make_stored(cloud, "notes.txt", content=b"Words", resource_type="raw")
    strange = make_stored(make_cloud(), "pets/strange")
    labels.set_tags(strange, ["pet"])
    return cloud


def content(answer: Any) -> bytes:
    assert answer.status_code == 200, answer.content
    return b"".join(answer) if answer.streaming else answer.content


def fetched(client: Client, cloud: Cloud, path: str, **params: Any) -> Any:
    return client.get(f"/v1_1/{cloud.name}/{path}", signed(cloud, params))


def unzipped(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def downloaded(client: Client, cloud: Cloud, kind: str = "image", **params: Any) -> list[str]:
    params = {"mode": "download"} | params
    return sorted(unzipped(content(fetched(client, cloud, f"{kind}/generate_archive", **params))))


# --- Originals --------------------------------------------------------------------------------


def test_an_original_is_downloaded_byte_by_byte(client: Client, cloud: Cloud) -> None:
    answer = fetched(client, cloud, "image/download", public_id="pets/cat", format="jpg")
    assert content(answer) == picture(seed=0)
    assert answer["Content-Type"] == "image/jpeg"
    assert "Content-Disposition" not in answer
    answer = fetched(client, cloud, "image/download", public_id="pets/cat", attachment="true")
    assert answer["Content-Disposition"] == 'attachment; filename="cat.jpg"'
    answer = fetched(client, cloud, "raw/download", public_id="notes.txt")
    assert content(answer) == b"Words"


def test_another_format_is_made_on_the_way(client: Client, cloud: Cloud) -> None:
    answer = fetched(client, cloud, "image/download", public_id="pets/cat", format="png")
    assert image_of(content(answer)).format == "PNG"
    assert not Derived.objects.exists()


def test_a_private_original_is_for_those_with_a_signature(client: Client, cloud: Cloud) -> None:
    make_stored(cloud, "secret", type="private")
    answer = fetched(client, cloud, "image/download", public_id="secret", type="private")
    assert content(answer) == picture()
    url = f"/v1_1/{cloud.name}/image/download"
    assert client.get(url, {"public_id": "secret", "type": "private"}).status_code in (400, 401)


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("image/download", {"public_id": "pets/cat"}),
        ("image/download_tag.zip", {"tag": "pet"}),
        ("image/generate_archive", {"mode": "download", "tags": ["pet"]}),
    ],
)
def test_links_end_and_need_more_than_an_open_preset(
    client: Client, cloud: Cloud, path: str, params: dict[str, Any]
) -> None:
    past, future = int(time.time()) - 1, int(time.time()) + 60
    assert fetched(client, cloud, path, **params, expires_at=past).status_code == 401
    assert fetched(client, cloud, path, **params, expires_at=future).status_code == 200
    assert fetched(client, cloud, path, **params, expires_at="soon").status_code == 400
    UploadPreset.objects.create(cloud=cloud, name="open", unsigned=True)
    url = f"/v1_1/{cloud.name}/{path}"
    answer = client.get(url, {"upload_preset": "open", "public_id": "pets/cat"})
    assert answer.status_code in (400, 401)


def test_what_is_missing_or_rejected_is_not_found(client: Client, cloud: Cloud) -> None:
    make_stored(cloud, "bad", moderation_kind="manual", moderation_status="rejected")
    for name in ("none", "pets/strange", "bad"):
        assert fetched(client, cloud, "image/download", public_id=name).status_code == 404
    lost = make_stored(cloud, "lost")
    lost.stored.storage.delete(lost.stored.name or "")
    assert fetched(client, cloud, "image/download", public_id="lost").status_code == 404


def test_a_backup_is_downloaded_by_its_own_cloud(client: Client, cloud: Cloud) -> None:
    asset = Asset.objects.get(public_id="pets/cat", cloud=cloud)
    version = AssetVersion(asset=asset, version=1, version_id="1" * 32, size_bytes=3, format="jpg")
    version.file.save("old", ContentFile(b"old"))
    params = {"asset_id": asset.asset_id, "version_id": "1" * 32}
    assert content(fetched(client, cloud, "download_backup", **params)) == b"old"
    assert fetched(client, make_cloud(), "download_backup", **params).status_code == 404


# --- Archives ---------------------------------------------------------------------------------


def test_an_archive_is_downloaded(client: Client, cloud: Cloud) -> None:
    answer = fetched(client, cloud, "image/generate_archive", mode="download", tags=["pet"])
    assert answer["Content-Type"] == "application/zip"
    assert unzipped(content(answer)) == {
        "pets/cat.jpg": picture(seed=0),
        "pets/dog.jpg": picture(seed=1),
    }


def test_a_tag_has_an_archive_of_its_own(client: Client, cloud: Cloud) -> None:
    files = unzipped(content(fetched(client, cloud, "image/download_tag.zip", tag="pet")))
    assert sorted(files) == ["pets/cat.jpg", "pets/dog.jpg"]


@pytest.mark.parametrize(
    ("kind", "params", "names"),
    [
        ("image", {"public_ids": ["pets/cat"]}, ["pets/cat.jpg"]),
        ("image", {"prefixes": ["pets/"]}, ["pets/cat.jpg", "pets/dog.jpg"]),
        ("image", {"prefixes": ["PETS/"], "public_ids": ["pets/cat"]}, ["pets/cat.jpg"]),
        ("raw", {"public_ids": ["notes.txt"]}, ["notes.txt"]),
        ("all", {"prefixes": ["notes", "pets/d"]}, ["notes.txt", "pets/dog.jpg"]),
        (
            "auto",
            {"fully_qualified_public_ids": ["image/upload/pets/cat", "raw/upload/notes.txt"]},
            ["notes.txt", "pets/cat.jpg"],
        ),
        ("image", {"tags": ["pet"], "flatten_folders": "1"}, ["cat.jpg", "dog.jpg"]),
        (
            "image",
            {"tags": ["pet"], "use_original_filename": "1"},
            ["pets/Bild 0.jpg", "pets/Bild 1.jpg"],
        ),
        (
            "image",
            {"public_ids": ["pets/cat"], "transformations": "w_10|w_20/png"},
            ["pets/cat-w_10.jpg", "pets/cat-w_20.png"],
        ),
        (
            "image",
            {
                "public_ids": ["pets/cat"],
                "transformations": ["w_10", "w_20"],
                "skip_transformation_name": "1",
            },
            ["pets/cat (2).jpg", "pets/cat.jpg"],
        ),
        ("image", {"public_ids": ["pets/cat", "none"], "allow_missing": "1"}, ["pets/cat.jpg"]),
    ],
)
def test_what_is_packed_is_chosen(
    client: Client, cloud: Cloud, kind: str, params: dict[str, Any], names: list[str]
) -> None:
    assert downloaded(client, cloud, kind, **params) == names


def test_a_tar_is_packed_too(client: Client, cloud: Cloud) -> None:
    params = {"mode": "download", "tags": ["pet"], "target_format": "tgz"}
    data = content(fetched(client, cloud, "image/generate_archive", **params))
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
        assert archive.getnames() == ["pets/cat.jpg", "pets/dog.jpg"]
        packed = archive.extractfile("pets/dog.jpg")
        assert packed is not None
        assert packed.read() == picture(seed=1)


def test_an_archive_is_kept_as_a_raw_asset(client: Client, cloud: Cloud) -> None:
    answer = post(
        client, cloud, "image/generate_archive", tags=["pet"],
        transformations="w_0.5|w_2.0", target_tags=["packed"], target_public_id="all pets",
    )  # fmt: skip
    body = answer.json()
    assert (body["resource_count"], body["file_count"]) == (2, 4)
    assert (body["public_id"], body["resource_type"]) == ("all pets.zip", "raw")
    assert body["tags"] == ["packed"]
    files = unzipped(bytes_of(Asset.objects.get(public_id="all pets.zip")))
    assert len(files) == 4
    assert {image_of(one).size for one in files.values()} == {(32, 24), (128, 96)}
    assert not Derived.objects.exists()


def test_an_archive_of_what_is_hidden_is_not_for_everyone(client: Client, cloud: Cloud) -> None:
    photo = Asset.objects.get(cloud=cloud, public_id="pets/cat").photo
    assert photo is not None
    Photo.objects.filter(pk=photo.pk).update(visibility="private")
    body = post(client, cloud, "image/generate_archive", tags=["pet"]).json()
    assert (body["type"], body["file_count"]) == ("authenticated", 2)
    assert client.get(body["url"].removeprefix("http://testserver")).status_code == 404


def test_derived_pictures_are_kept_when_asked(client: Client, cloud: Cloud) -> None:
    post(
        client, cloud, "image/generate_archive", tags=["pet"], transformations="w_10",
        keep_derived="1",
    )  # fmt: skip
    assert Derived.objects.count() == 2


def test_an_archive_may_be_made_later(client: Client, cloud: Cloud) -> None:
    params = {"tags": ["pet"], "async": "1", "notification_url": "https://example.org/told"}
    body = post(client, cloud, "image/generate_archive", **params).json()
    assert body["status"] == "processing"
    job = ApiJob.objects.get(batch_id=body["batch_id"])
    jobs.perform(job)
    assert ApiJob.objects.get(pk=job.pk).status == "done"
    assert '"file_count":2' in Notification.objects.get().body.replace(" ", "")


@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({}, 400),
        ({"tags": ["none"]}, 404),
        ({"public_ids": ["pets/cat", "none"]}, 404),
        ({"public_ids": ["pets/strange"]}, 404),
        ({"tags": ["pet"], "target_format": "rar"}, 400),
        ({"tags": ["pet"], "mode": "dance"}, 400),
        ({"tags": ["pet"], "type": "fetch"}, 400),
        ({"tags": ["pet"], "transformations": "zz_9"}, 400),
        ({"tags": ["pet"], "target_public_id": "../up"}, 400),
        ({"tags": ["pet"], "target_public_id": "a?b"}, 400),
        ({"fully_qualified_public_ids": ["pets"]}, 400),
        ({"public_ids": ["x"] * 1001}, 400),
    ],
)
def test_what_cannot_be_packed_is_refused(
    client: Client, cloud: Cloud, params: dict[str, Any], status: int
) -> None:
    before = Asset.objects.count()
    assert post(client, cloud, "image/generate_archive", **params).status_code == status
    assert Asset.objects.count() == before


def test_too_much_is_refused_before_anything_is_sent(
    client: Client, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MAX_FILES", 1)
    answer = fetched(client, cloud, "image/generate_archive", mode="download", tags=["pet"])
    assert answer.status_code == 400
    monkeypatch.setattr(archives, "MAX_FILES", 9)
    monkeypatch.setattr(archives, "MAX_BYTES", 100)
    answer = fetched(client, cloud, "image/generate_archive", mode="download", tags=["pet"])
    assert answer.status_code == 400


def test_archives_come_with_basic_credentials_as_well(client: Client, cloud: Cloud) -> None:
    url = f"/v1_1/{cloud.name}/image/generate_archive"
    headers = {"Authorization": auth_of(cloud)}
    answer = client.post(url, {"tags[]": ["pet"], "mode": "download"}, headers=headers)
    assert len(unzipped(content(answer))) == 2
