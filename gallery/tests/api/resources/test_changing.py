"""Updates change what they name and nothing else; publishing; relations; no other cloud's."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from gallery.assets import labels, relating
from gallery.models import Asset, AssetRelation, Cloud, Folder, Notification, Visibility
from gallery.tests.api.asking import ask
from gallery.tests.factories import make_asset, make_cloud

pytestmark = pytest.mark.django_db
PATH = "resources/image/upload/a"


@pytest.fixture
def cloud() -> Cloud:
    return make_cloud()


@pytest.fixture
def asset(cloud: Cloud) -> Asset:
    return make_asset(cloud, "a", etag="0" * 32)


def update(client: Client, cloud: Cloud, **params: Any) -> Any:
    answer = ask(client, cloud, "POST", PATH, **params)
    assert answer.status_code == 200, answer.content
    return answer.json()


def refusal(client: Client, cloud: Cloud, method: str, path: str, **params: Any) -> tuple[int, str]:
    answer = ask(client, cloud, method, path, **params)
    return answer.status_code, answer.json()["error"]["message"]


def test_tags_and_context_are_replaced(client: Client, cloud: Cloud, asset: Asset) -> None:
    labels.set_tags(asset, ["old"])
    told = update(client, cloud, tags="sea, beach", context="alt=A \\| b|caption=C")
    assert told["tags"] == ["beach", "sea"]
    assert told["context"] == {"custom": {"alt": "A | b", "caption": "C"}}
    told = update(client, cloud, tags=["one"], context={})
    assert told["tags"] == ["one"]
    assert "context" not in told
    assert update(client, cloud, display_name="Beach")["tags"] == ["one"]


def test_values_of_a_context_may_be_of_any_plain_type(
    client: Client, cloud: Cloud, asset: Asset
) -> None:
    told = update(client, cloud, context={"n": 1, "yes": True})
    assert told["context"] == {"custom": {"n": "1", "yes": "true"}}
    assert refusal(client, cloud, "POST", PATH, context={"a": [1]})[0] == 400
    assert refusal(client, cloud, "POST", PATH, context={"a": None})[0] == 400


def test_by_its_id_an_asset_is_updated_with_put(client: Client, cloud: Cloud, asset: Asset) -> None:
    answer = ask(client, cloud, "PUT", f"resources/{asset.asset_id}", tags="sea")
    assert answer.json()["tags"] == ["sea"]


def test_plain_columns_are_set(client: Client, cloud: Cloud, asset: Asset) -> None:
    told = update(
        client,
        cloud,
        face_coordinates="1,2,30,40|5,6,7,8",
        custom_coordinates=[[1, 2, 3, 4]],
        regions='{"roof": [[1, 2], [3, 4]]}',
        access_control='[{"access_type":"anonymous","start":"2018-02-22 16:20:57 +0200"}]',
        quality_override="80:420",
        display_name="The beach",
        asset_folder="trips/sea",
        coordinates=True,
    )
    asset.refresh_from_db()
    assert asset.coordinates == {"faces": [[1, 2, 30, 40], [5, 6, 7, 8]], "custom": [[1, 2, 3, 4]]}
    assert told["coordinates"] == asset.coordinates
    assert asset.regions == {"roof": [[1, 2], [3, 4]]}
    assert asset.access_control[0]["access_type"] == "anonymous"
    assert (asset.quality_override, asset.display_name) == ("80:420", "The beach")
    assert (asset.folder, asset.public_id) == ("trips/sea", "a")
    assert Folder.objects.filter(cloud=cloud, path="trips").exists()
    update(client, cloud, face_coordinates="", access_control="", quality_override="none")
    asset.refresh_from_db()
    assert asset.coordinates == {"faces": [], "custom": [[1, 2, 3, 4]]}
    assert (asset.access_control, asset.quality_override) == ([], "")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("raw_convert", "illegal"),
        ("ocr", "adv_ocr"),
        ("detection", "illegal"),
        ("similarity_search", "x"),
        ("background_removal", "illegal"),
        ("categorization", "illegal"),
        ("moderation_status", "perhaps"),
        ("quality_override", "101"),
    ],
)
def test_what_is_not_offered_is_an_illegal_value(
    client: Client, cloud: Cloud, asset: Asset, name: str, value: str
) -> None:
    status, message = refusal(client, cloud, "POST", PATH, tags="sea", **{name: value})
    assert (status, message) == (400, f"Illegal value {value} for {name}")
    assert labels.tags_of([asset]).get(asset.pk, []) == []


@pytest.mark.parametrize(
    "params",
    [
        {"face_coordinates": "1,2,3"},
        {"face_coordinates": "1,2,3,-4"},
        {"face_coordinates": "1,2,3,99999999999999999999999"},
        {"face_coordinates": [1, 2, 3, 4]},
        {"custom_coordinates": {"x": 1}},
        {"custom_coordinates": [[True, 1, 1, 1]]},
        {"regions": "[1"},
        {"regions": {"a": [[1]]}},
        {"regions": {"../x": [[1, 2], [3, 4]]}},
        {"access_control": '[{"access_type":"everyone"}]'},
        {"access_control": '[{"access_type":"anonymous","start":"soon"}]'},
        {"access_control": "[" * 5000},
        {"access_control": [{"access_type": "token", "more": 1}]},
        {"display_name": "a/b"},
        {"display_name": "x" * 256},
        {"asset_folder": "a//b"},
        {"asset_folder": "../x"},
        {"context": {"alt": "a\x00b"}},
        {"context": "no equals"},
        {"tags": ["x" * 256]},
        {"auto_tagging": "2"},
        {"auto_tagging": "much"},
        {"metadata": {"unknown": "field"}},
        {"notification_url": "file:///etc/passwd"},
    ],
)
def test_of_a_bad_update_nothing_is_stored(
    client: Client, cloud: Cloud, asset: Asset, params: dict[str, Any]
) -> None:
    before = Asset.objects.filter(pk=asset.pk).values().get()
    good = {"tags": "sea"} if "tags" not in params else {"context": "alt=x"}
    status, message = refusal(client, cloud, "POST", PATH, **(good | params))
    assert status == 400
    assert message
    after = Asset.objects.filter(pk=asset.pk).values().get()
    assert after == before
    assert labels.tags_of([asset]).get(asset.pk, []) == []


def test_nobody_changes_another_clouds_asset(client: Client, cloud: Cloud, asset: Asset) -> None:
    other = make_cloud()
    missing = (404, "Resource not found - a")
    assert refusal(client, other, "POST", PATH, tags="x") == missing
    assert refusal(client, other, "PUT", f"resources/{asset.asset_id}", tags="x")[0] == 404
    related = "resources/related_assets"
    for path in (f"{related}/image/upload/a", f"{related}/{asset.asset_id}"):
        for method in ("POST", "DELETE"):
            assert refusal(client, other, method, path, assets_to_relate=["x"])[0] == 404


# --- Moderation -------------------------------------------------------------------------------


def test_what_is_rejected_is_hidden_until_it_is_approved(
    client: Client, cloud: Cloud, asset: Asset
) -> None:
    assert asset.photo is not None
    Asset.objects.update(moderation=[{"kind": "manual", "status": "pending"}])
    for status, visibility in (
        ("rejected", Visibility.PRIVATE),
        ("rejected", Visibility.PRIVATE),
        ("approved", Visibility.PUBLIC),
    ):
        [entry] = update(client, cloud, moderation_status=status)["moderation"]
        assert (entry["kind"], entry["status"]) == ("manual", status)
        asset.photo.refresh_from_db()
        assert asset.photo.visibility == visibility
        path = f"resources/image/moderations/manual/{status}"
        assert len(ask(client, cloud, "GET", path).json()["resources"]) == 1


def test_what_its_owner_hid_stays_hidden_when_it_is_approved(
    client: Client, cloud: Cloud, asset: Asset
) -> None:
    assert asset.photo is not None
    asset.photo.visibility = Visibility.PRIVATE
    asset.photo.save()
    for status in ("rejected", "approved"):
        update(client, cloud, moderation_status=status)
    asset.photo.refresh_from_db()
    assert not asset.photo.is_public


def test_a_decision_is_told_to_those_who_want_to_know(
    client: Client, cloud: Cloud, asset: Asset
) -> None:
    update(client, cloud, moderation_status="approved", notification_url="https://example.org/x")
    assert "approved" in Notification.objects.get().body


# --- Publishing -------------------------------------------------------------------------------


@pytest.mark.parametrize("how", [{"public_ids": ["f/b"]}, {"prefix": "f/"}, {"tag": "sea"}])
def test_private_assets_are_published(client: Client, cloud: Cloud, how: dict[str, Any]) -> None:
    mine = make_asset(cloud, "f/b", type="private")
    theirs = make_asset(make_cloud(), "f/b", type="private")
    for one in (mine, theirs):
        labels.set_tags(one, ["sea"])
    told = ask(client, cloud, "POST", "resources/image/publish_resources", **how).json()
    [item] = told["published"]
    assert (item["public_id"], item["type"], item["access_mode"]) == ("f/b", "upload", "public")
    assert told["failed"] == []
    theirs.refresh_from_db()
    assert theirs.type == "private"


def test_a_name_that_is_taken_is_published_only_over_the_other(
    client: Client, cloud: Cloud, asset: Asset
) -> None:
    private = make_asset(cloud, "a", type="authenticated")
    path = "resources/image/publish_resources"
    told = ask(client, cloud, "POST", path, public_ids=["a"]).json()
    assert told == {"published": [], "failed": ["a"]}
    told = ask(client, cloud, "POST", path, public_ids=["a"], overwrite=True).json()
    assert [one["asset_id"] for one in told["published"]] == [private.asset_id]
    assert not Asset.objects.filter(pk=asset.pk).exists()


@pytest.mark.parametrize(
    "params", [{}, {"type": "upload", "prefix": "x"}, {"tag": ""}, {"public_ids": {"a": 1}}]
)
def test_what_to_publish_has_to_be_said(
    client: Client, cloud: Cloud, params: dict[str, Any]
) -> None:
    path = "resources/image/publish_resources"
    assert refusal(client, cloud, "POST", path, **params)[0] == 400


# --- Relations --------------------------------------------------------------------------------


def test_relations_are_seen_from_both_sides_and_go_again(
    client: Client, cloud: Cloud, asset: Asset
) -> None:
    other = make_asset(cloud, "f/b", type="private", etag="0" * 32)
    make_asset(make_cloud(), "c")
    path, name = "resources/related_assets/image/upload/a", "image/private/f/b"
    asked = [name, "image/upload/c", "image/upload/a"]
    told = ask(client, cloud, "POST", path, assets_to_relate=asked).json()
    assert [one["asset"] for one in told["success"]] == [name]
    assert [one["asset"] for one in told["failed"]] == asked[1:]
    assert relating.related_to(asset) == [other]
    assert relating.related_to(other) == [asset]
    told = ask(client, cloud, "DELETE", path, assets_to_unrelate=asked[:2]).json()
    assert [one["asset"] for one in told["success"]] == [name]
    assert not AssetRelation.objects.exists()


def test_relations_by_ids_are_of_this_cloud(client: Client, cloud: Cloud, asset: Asset) -> None:
    mine, theirs = make_asset(cloud, "b"), make_asset(make_cloud(), "c")
    path = f"resources/related_assets/{asset.asset_id}"
    ids = [mine.asset_id, theirs.asset_id]
    told = ask(client, cloud, "POST", path, assets_to_relate=ids).json()
    assert [one["asset"] for one in told["success"]] == ids[:1]
    told = ask(client, cloud, "DELETE", path, assets_to_unrelate=ids).json()
    assert [one["asset"] for one in told["failed"]] == ids[1:]


@pytest.mark.parametrize("given", [[], ["a"], ["image/upload/"], [[1]], {"a": 1}, [None]])
def test_relations_need_full_names(client: Client, cloud: Cloud, asset: Asset, given: Any) -> None:
    path = "resources/related_assets/image/upload/a"
    assert refusal(client, cloud, "POST", path, assets_to_relate=given)[0] == 400
