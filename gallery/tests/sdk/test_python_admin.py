"""Python's library looks after a library: lists, labels, fields, folders, presets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cloudinary.api
import cloudinary.exceptions
import cloudinary.uploader
import pytest

from ..pictures import picture

pytestmark = pytest.mark.usefixtures("sdk")
PICTURE = picture(60, 40)


def store(*public_ids: str, **options: Any) -> None:
    for public_id in public_ids:
        cloudinary.uploader.upload(PICTURE, public_id=public_id, **options)


def names(resources: Sequence[dict[str, Any]]) -> list[str]:
    return [one["public_id"] for one in resources]


# --- Coming in --------------------------------------------------------------------------------


def test_ping_tells_the_limits() -> None:
    told = cloudinary.api.ping()
    assert dict(told) == {"status": "ok"}
    assert 0 < told.rate_limit_remaining < told.rate_limit_allowed
    assert told.rate_limit_reset_at is not None
    assert len(told.request_id) == 32


@pytest.mark.parametrize(
    "wrong",
    [{"api_secret": "wrong"}, {"api_key": "nobody"}, {"cloud_name": "nowhere"}],
)
def test_nobody_else_comes_in(wrong: dict[str, str]) -> None:
    with pytest.raises(cloudinary.exceptions.AuthorizationRequired, match=r"Error 401 - "):
        cloudinary.api.ping(**wrong)
    with pytest.raises(cloudinary.exceptions.AuthorizationRequired):
        cloudinary.uploader.upload(PICTURE, **wrong)


def test_cloud_tells_of_itself() -> None:
    told = cloudinary.api.config(settings="true")
    assert (told["cloud_name"], told["settings"]) == ("shoebox", {"folder_mode": "fixed"})
    assert "image" in cloudinary.api.resource_types()["resource_types"]


def test_usage_has_all_that_libraries_read() -> None:
    usage = cloudinary.api.usage()
    counted = ("transformations", "objects", "bandwidth", "storage")
    assert all(usage[one]["usage"] >= 0 for one in counted)
    assert {"plan", "last_updated", "requests", "resources", "derived_resources"} <= set(usage)
    assert usage["media_limits"]["image_max_size_bytes"] > 0


# --- Lists ------------------------------------------------------------------------------------


def test_pages_have_everything_once(name: str) -> None:
    wanted = [f"{name}/{at}" for at in range(5)]
    store(*wanted)
    found, cursor = [], ""
    while True:
        page = cloudinary.api.resources(
            type="upload", prefix=f"{name}/", max_results=2, next_cursor=cursor
        )
        found += names(page["resources"])
        cursor = page.get("next_cursor")
        if cursor is None:
            break
    assert found == wanted


def test_newest_comes_first_unless_turned_round(name: str) -> None:
    wanted = [f"{name}-{at}" for at in range(3)]
    store(*wanted, tags=[name])
    newest = cloudinary.api.resources_by_tag(name)
    oldest = cloudinary.api.resources_by_tag(name, direction="asc")
    assert names(newest["resources"]) == wanted[::-1]
    assert names(oldest["resources"]) == wanted


def test_list_has_the_labels_asked_for(name: str) -> None:
    store(name, tags=["zoo", "bear"], context={"alt": "x"})
    plain = cloudinary.api.resources_by_ids([name])["resources"][0]
    full = cloudinary.api.resources_by_ids([name, "no"], tags=True, context=True)["resources"][0]
    assert "tags" not in plain
    assert full["tags"] == ["bear", "zoo"]
    assert full["context"] == {"custom": {"alt": "x"}}


def test_asset_is_found_by_its_own_id(name: str) -> None:
    store(name)
    asset_id = cloudinary.api.resource(name)["asset_id"]
    assert cloudinary.api.resource_by_asset_id(asset_id)["public_id"] == name
    assert names(cloudinary.api.resources_by_asset_ids([asset_id])["resources"]) == [name]


def test_assets_are_found_by_context(name: str) -> None:
    store(f"{name}-1", context={name: "bear"})
    store(f"{name}-2", context={name: "hare"})
    assert len(cloudinary.api.resources_by_context(name)["resources"]) == 2
    found = cloudinary.api.resources_by_context(name, "bear")["resources"]
    assert names(found) == [f"{name}-1"]


def test_assets_are_found_by_moderation(name: str) -> None:
    store(name, moderation="manual")
    pending = cloudinary.api.resources_by_moderation("manual", "pending", max_results=500)
    assert name in names(pending["resources"])
    told = cloudinary.api.update(name, moderation_status="rejected")
    assert told["moderation"][0]["status"] == "rejected"


def test_tags_are_listed(name: str) -> None:
    store(name, tags=[f"{name}-b", f"{name}-a"])
    assert cloudinary.api.tags(prefix=name)["tags"] == [f"{name}-a", f"{name}-b"]


@pytest.mark.parametrize("cursor", ["x", "\0", "a" * 5000, "eyJhIjoxfQ", "null"])
def test_cursor_of_nobody_is_refused(cursor: str) -> None:
    with pytest.raises(cloudinary.exceptions.BadRequest):
        cloudinary.api.resources(next_cursor=cursor)


def test_missing_asset_is_not_found(name: str) -> None:
    expected = f"Error 404 - Resource not found - {name}"
    with pytest.raises(cloudinary.exceptions.NotFound, match=expected):
        cloudinary.api.resource(name)


# --- One asset --------------------------------------------------------------------------------


def test_update_changes_what_it_names(name: str) -> None:
    store(name, tags=["old"], context={"alt": "old"})
    told = cloudinary.api.update(
        name, tags=["b", "a"], face_coordinates=[[1, 2, 10, 12]], access_mode="public"
    )
    assert told["tags"] == ["a", "b"]
    assert told["context"] == {"custom": {"alt": "old"}}
    found = cloudinary.api.resource(name, coordinates=True, faces=True)
    assert found["faces"] == found["coordinates"]["faces"] == [[1, 2, 10, 12]]


@pytest.mark.parametrize(
    "wrong",
    [
        {"tags": ["x" * 256]},
        {"tags": [f"t{at}" for at in range(1001)]},
        {"face_coordinates": "1,2,3"},
        {"face_coordinates": "a,b,c,d"},
        {"moderation_status": "perhaps"},
        {"detection": "people"},
        {"metadata": {"no_such_field": "x"}},
        {"auto_tagging": 2},
    ],
)
def test_update_with_anything_wrong_changes_nothing(name: str, wrong: dict[str, Any]) -> None:
    store(name, tags=["old"], moderation="manual")
    with pytest.raises(cloudinary.exceptions.BadRequest):
        cloudinary.api.update(name, **({"tags": ["new"]} | wrong))
    assert cloudinary.api.resource(name)["tags"] == ["old"]


def test_deleting_tells_of_each(name: str) -> None:
    store(f"{name}-1", f"{name}-2")
    told = cloudinary.api.delete_resources([f"{name}-1", f"no-{name}"])
    assert told["deleted"] == {f"{name}-1": "deleted", f"no-{name}": "not_found"}
    assert told["partial"] is False
    told = cloudinary.api.delete_resources_by_prefix(name)
    assert told["deleted"] == {f"{name}-2": "deleted"}


def test_backed_up_asset_comes_back(name: str) -> None:
    store(name, backup=True)
    cloudinary.api.delete_resources([name])
    gone = cloudinary.api.resource(name)
    assert (gone["bytes"], gone["placeholder"]) == (0, True)
    assert cloudinary.api.restore([name])[name]["bytes"] == len(PICTURE)
    assert not cloudinary.api.resource(name).get("placeholder")


def test_asset_without_backup_does_not_come_back(name: str) -> None:
    store(name)
    cloudinary.api.delete_resources([name])
    assert cloudinary.api.restore([name])[name] == {"error": "no_backup"}


def test_authenticated_asset_is_published(name: str) -> None:
    store(name, type="authenticated")
    told = cloudinary.api.publish_by_ids([name], type="authenticated")
    assert names(told["published"]) == [name]
    assert cloudinary.api.resource(name)["type"] == "upload"


def test_assets_are_related(name: str) -> None:
    store(f"{name}-1", f"{name}-2")
    told = cloudinary.api.add_related_assets(f"{name}-1", [f"image/upload/{name}-2"])
    assert len(told["success"]) == 1
    related = cloudinary.api.resource(f"{name}-2", related=True)["related_assets"]
    assert len(related) == 1


# --- Fields -----------------------------------------------------------------------------------


def test_field_keeps_values_in_order(name: str) -> None:
    made = cloudinary.api.add_metadata_field(
        {
            "external_id": name,
            "label": name,
            "type": "integer",
            "default_value": 5,
            "validation": {"type": "greater_than", "value": 3, "equals": False},
        }
    )
    assert (made["external_id"], made["mandatory"], made["default_value"]) == (name, False, 5)
    try:
        store(name)
        assert cloudinary.api.resource(name)["metadata"][name] == 5
        cloudinary.uploader.update_metadata({name: 7}, [name])
        assert cloudinary.api.resource(name)["metadata"][name] == 7
        with pytest.raises(cloudinary.exceptions.BadRequest):
            cloudinary.api.update(name, metadata={name: 3})
    finally:
        cloudinary.api.delete_metadata_field(name)
    with pytest.raises(cloudinary.exceptions.NotFound):
        cloudinary.api.metadata_field_by_field_id(name)


def test_field_of_a_set_knows_its_entries(name: str) -> None:
    entries = [{"external_id": "b", "value": "Bear"}, {"external_id": "h", "value": "Hare"}]
    cloudinary.api.add_metadata_field(
        {"external_id": name, "label": name, "type": "set", "datasource": {"values": entries}}
    )
    try:
        store(name, metadata={name: ["b", "h"]})
        assert sorted(cloudinary.api.resource(name)["metadata"][name]) == ["b", "h"]
        with pytest.raises(cloudinary.exceptions.BadRequest):
            store(f"{name}-2", metadata={name: ["x"]})
        left = cloudinary.api.delete_datasource_entries(name, ["b"])
        assert [one["external_id"] for one in left["values"]] == ["h"]
        back = cloudinary.api.restore_metadata_field_datasource(name, ["b"])
        assert len(back["values"]) == 2
    finally:
        cloudinary.api.delete_metadata_field(name)


# --- Folders, presets, transformations --------------------------------------------------------


def test_folders_are_made_with_what_is_in_them(name: str) -> None:
    store(f"{name}/in/one")
    cloudinary.api.create_folder(f"{name}/empty")
    told = cloudinary.api.subfolders(name)
    assert [one["path"] for one in told["folders"]] == [f"{name}/empty", f"{name}/in"]
    assert (told["total_count"], told["next_cursor"]) == (2, None)
    with pytest.raises(cloudinary.exceptions.BadRequest):
        cloudinary.api.delete_folder(name)
    cloudinary.api.delete_resources([f"{name}/in/one"])
    assert name in cloudinary.api.delete_folder(name)["deleted"]
    with pytest.raises(cloudinary.exceptions.NotFound, match="Can't find folder with path"):
        cloudinary.api.subfolders(name)


def test_preset_is_kept_and_changed(name: str) -> None:
    made = cloudinary.api.create_upload_preset(
        name=name, tags=["a", "b"], transformation={"width": 20, "crop": "scale"}
    )
    assert (made["message"], made["name"]) == ("created", name)
    found = cloudinary.api.upload_preset(name)
    assert (found["name"], found["unsigned"]) == (name, False)
    assert found["settings"]["tags"] == ["a", "b"]
    assert found["settings"]["transformation"] == [{"crop": "scale", "width": 20}]
    cloudinary.api.update_upload_preset(name, tags="c")
    told = cloudinary.uploader.upload(PICTURE, upload_preset=name)
    assert told["tags"] == ["c"]
    cloudinary.api.delete_upload_preset(name)
    with pytest.raises(cloudinary.exceptions.NotFound):
        cloudinary.api.upload_preset(name)


def test_preset_tags_what_it_stores(name: str) -> None:
    cloudinary.api.create_upload_preset(
        name=name, unsigned=True, categorization="imagga_tagging", auto_tagging=0.8
    )
    assert cloudinary.uploader.unsigned_upload(PICTURE, name)["tags"] == ["koala"]


def test_transformation_has_a_name(name: str) -> None:
    cloudinary.api.create_transformation(name, {"width": 20, "crop": "scale"})
    found = cloudinary.api.transformation(name)
    assert (found["info"], found["used"]) == ([{"crop": "scale", "width": 20}], False)
    with pytest.raises(cloudinary.exceptions.AlreadyExists):
        cloudinary.api.create_transformation(name, {"width": 21})
    store(name, eager=[{"transformation": name}])
    assert cloudinary.api.transformation(name)["used"] is True
    listed = cloudinary.api.transformations(named=True, max_results=500)["transformations"]
    assert f"t_{name}" in [one["name"] for one in listed]
    cloudinary.api.delete_transformation(name)
    with pytest.raises(cloudinary.exceptions.NotFound):
        cloudinary.api.transformation(name)


@pytest.mark.parametrize("text", ["nonsense", "w_", "c_nothing,w_5", "w_5,e_gen_fill", "\0", "é"])
def test_transformation_of_nonsense_is_refused(name: str, text: str) -> None:
    with pytest.raises(cloudinary.exceptions.BadRequest):
        cloudinary.api.create_transformation(name, text)


def test_mapping_is_kept(name: str) -> None:
    cloudinary.api.create_upload_mapping(name, template="https://example.com/photos/")
    found = cloudinary.api.upload_mapping(name)
    assert found["template"] == "https://example.com/photos/"
    cloudinary.api.delete_upload_mapping(name)
    mappings = cloudinary.api.upload_mappings(max_results=500)["mappings"]
    assert name not in [one["folder"] for one in mappings]
