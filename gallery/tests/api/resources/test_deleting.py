"""Assets are deleted by name, beginning, tag and id, and restored; never another cloud's."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client

from gallery.api.resources import deleting
from gallery.assets import labels, storing
from gallery.assets.storing import Draft
from gallery.models import Asset, AssetVersion, Cloud, Derived, Notification, Photo
from gallery.tests.api.asking import ask, auth_of
from gallery.tests.factories import make_asset, make_cloud
from gallery.tests.pictures import picture

pytestmark = pytest.mark.django_db


@pytest.fixture
def cloud() -> Cloud:
    return make_cloud()


def make_derived(asset: Asset, transformation: str = "w_10") -> Derived:
    return Derived.objects.create(
        asset=asset, key=transformation, transformation=transformation, format="jpg",
        content_type="image/jpeg", width=1, height=1, size_bytes=1, etag="",
    )  # fmt: skip


def delete(client: Client, cloud: Cloud, path: str, **params: Any) -> Any:
    answer = ask(client, cloud, "DELETE", path, **params)
    assert answer.status_code == 200, answer.content
    return answer.json()


def left() -> list[str]:
    return sorted(Asset.objects.values_list("public_id", flat=True))


def test_by_name_each_is_told_of(client: Client, cloud: Cloud) -> None:
    make_derived(make_asset(cloud, "a"))
    make_asset(cloud, "b")
    make_asset(cloud, "c", type="private")
    make_asset(make_cloud(), "d")
    told = delete(client, cloud, "resources/image/upload", public_ids=["a", "c", "d"])
    assert told == {
        "deleted": {"a": "deleted", "c": "not_found", "d": "not_found"},
        "deleted_counts": {"a": {"original": 1, "derived": 1}},
        "partial": False,
    }
    assert left() == ["b", "c", "d"]


def test_parameters_may_stand_in_the_query_too(client: Client, cloud: Cloud) -> None:
    make_asset(cloud, "a")
    delete(client, cloud, "resources/image/upload?public_ids[]=a")
    assert left() == []


def test_by_beginning_by_type_by_tag_and_by_id(client: Client, cloud: Cloud) -> None:
    for name in ("sea/a", "sea/b", "Sea/c", "d", "e", "f"):
        make_asset(cloud, name)
    theirs = make_asset(make_cloud(), "sea/z")
    labels.set_tags(theirs, ["beach"])
    labels.set_tags(Asset.objects.get(public_id="d"), ["beach"])
    assert set(delete(client, cloud, "resources/image/upload", prefix="sea/")["deleted"]) == {
        "sea/a", "sea/b",
    }  # fmt: skip
    assert delete(client, cloud, "resources/image/tags/beach")["deleted"] == {"d": "deleted"}
    ids = [Asset.objects.get(public_id="e").asset_id, theirs.asset_id]
    told = delete(client, cloud, "resources", asset_ids=ids)
    assert told["deleted"] == {ids[0]: "deleted", ids[1]: "not_found"}
    assert left() == ["Sea/c", "f", "sea/z"]
    delete(client, cloud, "resources/image/upload", all=True)
    assert left() == ["sea/z"]


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("resources/image/upload", {}),
        ("resources/image/upload", {"prefix": ""}),
        ("resources/image/upload", {"all": False}),
        ("resources/image/upload", {"all": "perhaps"}),
        ("resources/image/upload", {"public_ids": {"a": 1}}),
        ("resources/image/upload", {"public_ids": [["a"]]}),
        ("resources/image/upload", {"public_ids": [str(one) for one in range(101)]}),
        ("resources/image/upload", {"public_ids": ["a"], "notification_url": "file:///etc"}),
        ("resources", {}),
        ("resources", {"asset_ids": []}),
        ("derived_resources", {}),
    ],
)
def test_without_saying_what_nothing_goes(
    client: Client, cloud: Cloud, path: str, params: dict[str, Any]
) -> None:
    make_asset(cloud, "a")
    answer = ask(client, cloud, "DELETE", path, **params)
    assert answer.status_code == 400
    assert left() == ["a"]


def test_the_original_or_other_pictures_may_stay(client: Client, cloud: Cloud) -> None:
    asset = make_asset(cloud, "a")
    for text in ("w_1", "w_2", "w_3"):
        make_derived(asset, text)
    path = "resources/image/upload"
    told = delete(client, cloud, path, public_ids=["a"], transformations=["w_1"])
    assert told["deleted_counts"] == {"a": {"original": 0, "derived": 1}}
    told = delete(client, cloud, path, public_ids=["a"], keep_original=True)
    assert told["deleted_counts"] == {"a": {"original": 0, "derived": 2}}
    assert left() == ["a"]


def test_many_go_in_several_requests(
    client: Client, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deleting, "AT_ONCE", 2)
    for name in "abc":
        make_derived(make_asset(cloud, name))
    path = "resources/image/upload"
    first = delete(client, cloud, path, all=True, keep_original=True)
    assert first["partial"] is True
    cursor = first["next_cursor"]
    rest = delete(client, cloud, path, all=True, keep_original=True, next_cursor=cursor)
    assert rest["partial"] is False
    assert {*first["deleted"], *rest["deleted"]} == {*"abc"}
    assert ask(client, cloud, "DELETE", path, prefix="a", next_cursor=cursor).status_code == 400


def test_pictures_go_by_their_ids_in_this_cloud_alone(client: Client, cloud: Cloud) -> None:
    mine, theirs = make_derived(make_asset(cloud)), make_derived(make_asset())
    ids = [mine.derived_id, theirs.derived_id]
    told = delete(client, cloud, "derived_resources", derived_resource_ids=ids)
    assert told["deleted"] == {ids[0]: "deleted", ids[1]: "not_found"}
    assert list(Derived.objects.all()) == [theirs]


def test_addresses_that_want_to_know_are_told(client: Client, cloud: Cloud) -> None:
    make_asset(cloud, "a")
    url = "https://example.org/hook"
    delete(client, cloud, "resources/image/upload", public_ids=["a", "b"], notification_url=url)
    notification = Notification.objects.get()
    assert notification.url == url
    assert '"public_id":"a"' in notification.body.replace(": ", ":")


# --- Restoring --------------------------------------------------------------------------------


def upload(cloud: Cloud, *, seed: int = 0) -> Asset:
    file = ContentFile(picture(seed=seed), name="a.jpg")
    draft = Draft(public_id="a", keeps_backups=True)
    return storing.store(cloud, file=file, draft=draft).asset


def test_a_deleted_asset_is_marked_and_comes_back(client: Client, cloud: Cloud) -> None:
    asset, size_bytes = upload(cloud), len(picture())
    path = "resources/image/upload"
    delete(client, cloud, path, public_ids=["a"])
    told = ask(client, cloud, "GET", f"{path}/a").json()
    assert (told["bytes"], told["placeholder"]) == (0, True)
    answer = ask(client, cloud, "POST", f"{path}/restore", public_ids=["a", "b"]).json()
    assert answer["a"]["bytes"] == size_bytes
    assert answer["b"] == {"error": "no_backup"}
    told = ask(client, cloud, "GET", f"{path}/a").json()
    assert (told["bytes"], told["asset_id"]) == (size_bytes, asset.asset_id)


def test_an_asset_may_be_called_restore(client: Client, cloud: Cloud) -> None:
    storing.store(
        cloud, file=ContentFile(picture(), name="a.jpg"), draft=Draft(public_id="restore")
    )
    told = ask(client, cloud, "GET", "resources/image/upload/restore").json()
    assert told["public_id"] == "restore"


def test_a_version_comes_back_by_its_id(client: Client, cloud: Cloud) -> None:
    first, second = upload(cloud), upload(cloud, seed=5)
    answer = ask(
        client, cloud, "POST", "resources/restore",
        asset_ids=[second.asset_id], versions=[first.version_id],
    ).json()  # fmt: skip
    assert answer[second.asset_id]["etag"] == first.etag


def test_nothing_comes_back_in_another_cloud(client: Client, cloud: Cloud) -> None:
    asset = upload(cloud)
    delete(client, cloud, "resources/image/upload", public_ids=["a"])
    other = make_cloud()
    by_name = ask(client, other, "POST", "resources/image/upload/restore", public_ids=["a"])
    assert by_name.json() == {"a": {"error": "no_backup"}}
    by_id = ask(client, other, "POST", "resources/restore", asset_ids=[asset.asset_id])
    assert by_id.json() == {asset.asset_id: {"error": "no_backup"}}
    path = f"resources/backup/{asset.asset_id}"
    assert ask(client, other, "DELETE", path, version_ids=["x"]).status_code == 404
    assert not Photo.objects.exists()


def test_backups_are_deleted_by_version(client: Client, cloud: Cloud) -> None:
    asset = upload(cloud)
    path = f"resources/backup/{asset.asset_id}"
    told = delete(client, cloud, path, version_ids=[asset.version_id, "x"])
    assert told["deleted_version_ids"] == [asset.version_id]
    assert not AssetVersion.objects.exists()
    assert ask(client, cloud, "DELETE", path).status_code == 400


@pytest.mark.parametrize(
    "params",
    [{}, {"public_ids": []}, {"public_ids": ["a"], "versions": ["1", "2"]}, {"public_ids": 1.5}],
)
def test_what_to_restore_has_to_be_said(
    client: Client, cloud: Cloud, params: dict[str, Any]
) -> None:
    answer = ask(client, cloud, "POST", "resources/image/upload/restore", **params)
    assert answer.status_code == (200 if params.get("public_ids") == 1.5 else 400)


@pytest.mark.parametrize("body", ['{"public_ids": ["\\ud800"]}', '{"public_ids": ["a\\u0000"]}'])
def test_text_that_is_none_does_not_get_far(client: Client, cloud: Cloud, body: str) -> None:
    headers = {"Authorization": auth_of(cloud)}
    for method, path in (("delete", "upload"), ("post", "upload/restore"), ("put", "upload/a")):
        url = f"/v1_1/{cloud.name}/resources/image/{path}"
        answer = getattr(client, method)(
            url, body, content_type="application/json", headers=headers
        )
        assert answer.status_code in (400, 405)
