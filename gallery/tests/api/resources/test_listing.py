"""Lists of assets page by page, and all that is known of one; never another cloud's."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from gallery.assets import labels, relating
from gallery.models import Asset, AssetVersion, Cloud, Derived
from gallery.tests.api.asking import ask
from gallery.tests.factories import make_asset, make_cloud

pytestmark = pytest.mark.django_db


@pytest.fixture
def cloud() -> Cloud:
    return make_cloud()


def get(client: Client, cloud: Cloud, path: str, **params: Any) -> Any:
    answer = ask(client, cloud, "GET", path, **params)
    assert answer.status_code == 200, answer.content
    return answer.json()


def refusal(client: Client, cloud: Cloud, path: str, **params: Any) -> tuple[int, str]:
    answer = ask(client, cloud, "GET", path, **params)
    return answer.status_code, answer.json()["error"]["message"]


def names(told: Any) -> list[str]:
    return [item["public_id"] for item in told["resources"]]


def all_names(client: Client, cloud: Cloud, path: str, **params: Any) -> list[str]:
    """Turn pages of two until the last."""
    found, cursor = [], ""
    for _ in range(20):
        told = get(client, cloud, path, max_results=2, next_cursor=cursor, **params)
        found += names(told)
        cursor = told.get("next_cursor", "")
        if not cursor:
            return found
    raise AssertionError("The pages do not end")


def make_aged(cloud: Cloud, names: str, **fields: Any) -> None:
    """Make assets of these one-letter names, the first the oldest."""
    for age, name in enumerate(reversed(names)):
        make_asset(cloud, name, created_at=timezone.now() - timedelta(hours=age), **fields)


def test_the_newest_come_first_over_all_pages(client: Client, cloud: Cloud) -> None:
    make_aged(cloud, "acbed")
    make_aged(make_cloud(), "xyz")
    path = "resources/image/upload"
    assert all_names(client, cloud, path) == list("debca")
    assert all_names(client, cloud, path, direction="asc") == list("acbed")
    assert all_names(client, cloud, path, direction="1") == list("acbed")


def test_without_a_type_those_of_all_types_come_in_one_order(client: Client, cloud: Cloud) -> None:
    made = timezone.now()
    for place, name in enumerate("abcdef"):
        kind = ("upload", "private", "authenticated")[place % 3]
        make_asset(cloud, name, type=kind, created_at=made + timedelta(seconds=place // 2))
    make_asset(cloud, "notes.txt", resource_type="raw")
    assert all_names(client, cloud, "resources/image") == list("fedcba")
    assert all_names(client, cloud, "resources/image", direction="asc") == list("abcdef")
    assert all_names(client, cloud, "resources/image/private") == list("eb")
    assert all_names(client, cloud, "resources/raw") == ["notes.txt"]
    assert all_names(client, cloud, "resources/video") == []


def test_a_beginning_lists_by_name_and_minds_capitals(client: Client, cloud: Cloud) -> None:
    for name in ("sea/b", "sea/a", "Sea/c", "sea", "sea0", "sea/ä", "sea/%", "sea/_"):
        make_asset(cloud, name)
    path = "resources/image/upload"
    assert all_names(client, cloud, path, prefix="sea/") == [
        "sea/%", "sea/_", "sea/a", "sea/b", "sea/ä",
    ]  # fmt: skip
    assert all_names(client, cloud, "resources/image", prefix="Sea") == ["Sea/c"]
    assert all_names(client, cloud, path, prefix="sea/%") == ["sea/%"]


def test_names_list_those_that_there_are(client: Client, cloud: Cloud) -> None:
    make_asset(cloud, "a")
    make_asset(cloud, "b", type="private")
    make_asset(make_cloud(), "c")
    asked = {"public_ids": ["a", "b", "c"]}
    assert names(get(client, cloud, "resources/image/upload", **asked)) == ["a"]
    many = [str(number) for number in range(101)]
    status, message = refusal(client, cloud, "resources/image/upload", public_ids=many)
    assert (status, "Maximum is 100" in message) == (400, True)


@pytest.mark.parametrize(
    "written",
    [
        "2026-08-19T12:00:00Z",
        "2026-08-19T14:00:00+02:00",
        "2026-08-19 12:00:00 UTC",
        "2026-08-19 14:00:00 +0200",
        "2026-08-19",
        "Wed, 19 Aug 2026 12:00:00 GMT",
        "Wed Aug 19 2026 14:00:00 GMT+0200 (Central European Summer Time)",
        "1787140800",
    ],
)
def test_a_list_may_start_at_an_instant(client: Client, cloud: Cloud, written: str) -> None:
    make_asset(cloud, "old", created_at="2026-08-18T12:00:00Z")
    make_asset(cloud, "new", created_at="2026-08-19T12:00:01Z")
    path = "resources/image/upload"
    assert names(get(client, cloud, path, start_at=written, direction="asc")) == ["new"]


@pytest.mark.parametrize(
    "params",
    [
        {"start_at": "yesterday"},
        {"start_at": "9" * 30},
        {"start_at": "2026-99-99"},
        {"start_at": "Wed Aug 99 2026 14:00:00 GMT+0200"},
        {"direction": "sideways"},
        {"max_results": "0"},
        {"max_results": "-1"},
        {"max_results": "many"},
        {"max_results": "1.5"},
        {"next_cursor": "made-up"},
        {"next_cursor": "x" * 10_000},
        {"tags": "perhaps"},
    ],
)
def test_what_makes_no_sense_is_refused(
    client: Client, cloud: Cloud, params: dict[str, str]
) -> None:
    status, message = refusal(client, cloud, "resources/image/upload", **params)
    assert status == 400
    assert message


def test_a_cursor_is_good_for_its_own_list_and_cloud(client: Client, cloud: Cloud) -> None:
    make_aged(cloud, "abc")
    other = make_cloud()
    make_aged(other, "xyz")
    path = "resources/image/upload"
    cursor = get(client, cloud, path, max_results=1)["next_cursor"]
    for who, where, more in (
        (other, path, {}),
        (cloud, "resources/image/private", {}),
        (cloud, "resources/image", {}),
        (cloud, path, {"direction": "asc"}),
        (cloud, path, {"prefix": "a"}),
    ):
        assert refusal(client, who, where, next_cursor=cursor, **more)[0] == 400


def test_flags_add_labels_and_fields_take_away(client: Client, cloud: Cloud) -> None:
    asset = make_asset(cloud, "a", moderation_kind="manual", moderation_status="pending")
    labels.set_tags(asset, ["sea", "beach"])
    labels.set_context(asset, {"alt": "A beach"})
    path = "resources/image/upload"
    [plain] = get(client, cloud, path)["resources"]
    assert not {"tags", "context", "metadata", "moderation_kind"} & set(plain)
    flags = {"tags": "true", "context": "true", "metadata": "true", "moderations": "true"}
    [told] = get(client, cloud, path, **flags)["resources"]
    assert told["tags"] == ["beach", "sea"]
    assert told["context"] == {"custom": {"alt": "A beach"}}
    assert told["metadata"] == {}
    assert (told["moderation_kind"], told["moderation_status"]) == ("manual", "pending")
    [few] = get(client, cloud, path, fields="tags,bytes")["resources"]
    assert set(few) == {"asset_id", "public_id", "resource_type", "type", "tags", "bytes"}


def test_a_list_by_tag_or_context_is_of_this_cloud(client: Client, cloud: Cloud) -> None:
    other = make_cloud()
    for number, where in enumerate((cloud, cloud, cloud, other)):
        asset = make_asset(where, f"a{number}")
        labels.set_tags(asset, ["by the sea/2"])
        labels.set_context(asset, {"alt": f"value {number % 2}"})
    make_asset(cloud, "untagged")
    tagged = "resources/image/tags/by the sea%2F2"
    assert all_names(client, cloud, tagged) == ["a2", "a1", "a0"]
    assert all_names(client, cloud, "resources/image/tags/sea") == []
    by_context = "resources/image/context"
    assert all_names(client, cloud, by_context, key="alt") == ["a2", "a1", "a0"]
    assert all_names(client, cloud, by_context, key="alt", value="value 1") == ["a1"]
    assert refusal(client, cloud, by_context) == (400, "Missing required parameter - key")


def test_a_list_by_moderation_folder_or_id(client: Client, cloud: Cloud) -> None:
    waiting: dict[str, Any] = {"moderation_kind": "manual", "moderation_status": "pending"}
    mine = make_asset(cloud, "f/a", **waiting)
    make_asset(cloud, "f/b")
    make_asset(cloud, "f/g/c")
    theirs = make_asset(make_cloud(), "f/d", **waiting)
    assert all_names(client, cloud, "resources/image/moderations/manual/pending") == ["f/a"]
    assert all_names(client, cloud, "resources/image/moderations/manual/rejected") == []
    in_folder = "resources/by_asset_folder"
    assert all_names(client, cloud, in_folder, asset_folder="f") == ["f/b", "f/a"]
    assert all_names(client, cloud, in_folder, asset_folder="nowhere") == []
    ids = [mine.asset_id, theirs.asset_id, "nothing"]
    assert names(get(client, cloud, "resources/by_asset_ids", asset_ids=ids)) == ["f/a"]


def test_kinds_are_those_that_there_are(client: Client, cloud: Cloud) -> None:
    assert get(client, cloud, "resources") == {"resource_types": ["image"]}
    make_asset(cloud, "notes.txt", resource_type="raw")
    assert get(client, cloud, "resources") == {"resource_types": ["raw"]}


@pytest.mark.parametrize("count", [1, 20])
def test_a_page_takes_as_many_statements_however_long(
    client: Client,
    cloud: Cloud,
    count: int,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(count):
        labels.set_tags(make_asset(cloud, f"a{number}"), ["sea"])
    flags = {"tags": "true", "context": "true", "metadata": "true", "max_results": 100}
    get(client, cloud, "resources/image/upload", **flags)
    with django_assert_max_num_queries(10):
        assert len(get(client, cloud, "resources/image/upload", **flags)["resources"]) == count


# --- One asset --------------------------------------------------------------------------------


def test_an_asset_is_found_by_name_and_by_id(client: Client, cloud: Cloud) -> None:
    asset = make_asset(cloud, "f/ä b", etag="0" * 32)
    by_name = get(client, cloud, "resources/image/upload/f%2F%C3%A4%20b")
    assert by_name == get(client, cloud, "resources/image/upload/f/ä b")
    assert by_name == get(client, cloud, f"resources/{asset.asset_id}")
    assert by_name["public_id"] == "f/ä b"
    assert by_name["placeholder"] is False
    assert not {"tags", "context", "metadata", "versions", "error"} & set(by_name)


def test_nobody_sees_another_clouds_asset(client: Client, cloud: Cloud) -> None:
    asset = make_asset(make_cloud(), "secret")
    missing = (404, "Resource not found - secret")
    assert refusal(client, cloud, "resources/image/upload/secret") == missing
    assert refusal(client, cloud, f"resources/{asset.asset_id}")[0] == 404
    make_asset(cloud, "mine", type="private")
    assert refusal(client, cloud, "resources/image/upload/mine")[0] == 404
    assert refusal(client, cloud, "resources/raw/private/mine")[0] == 404


def test_what_was_made_of_it_comes_page_by_page(client: Client, cloud: Cloud) -> None:
    asset = make_asset(cloud, "a", etag="0" * 32)
    for number in range(3):
        Derived.objects.create(
            asset=asset, key=str(number), transformation=f"w_{number + 1}", format="png",
            content_type="image/png", file="x", width=1, height=1, size_bytes=7, etag="",
        )  # fmt: skip
    path = "resources/image/upload/a"
    told = get(client, cloud, path, max_results=2)
    assert [one["transformation"] for one in told["derived"]] == ["w_3", "w_2"]
    assert told["derived"][0]["url"].endswith("/w_3/v1/a.png")
    rest = get(client, cloud, path, max_results=2, derived_next_cursor=told["next_cursor"])
    assert [one["transformation"] for one in rest["derived"]] == ["w_1"]
    assert "next_cursor" not in rest


def test_versions_relations_and_coordinates_are_told_when_asked(
    client: Client, cloud: Cloud
) -> None:
    asset = make_asset(cloud, "a", etag="0" * 32, coordinates={"faces": [[1, 2, 300, 400]]})
    relating.relate(asset, [make_asset(cloud, "b")])
    AssetVersion.objects.create(
        asset=asset, version=1, version_id="1" * 32, file="x", format="jpg", size_bytes=5
    )
    path = "resources/image/upload/a"
    told = get(client, cloud, path, versions="true", related="true", coordinates="true")
    [version] = told["versions"]
    assert (version["version_id"], version["size"], version["restorable"]) == ("1" * 32, 5, True)
    assert [one["asset"] for one in told["related_assets"]] == ["image/upload/b"]
    assert told["coordinates"] == {"faces": [[1, 2, 300, 400]]}


def test_of_a_deleted_asset_its_mark_is_told_and_no_list_has_it(
    client: Client, cloud: Cloud
) -> None:
    make_asset(cloud, "a", deleted_at=timezone.now(), size_bytes=0)
    Asset.objects.update(photo=None)
    told = get(client, cloud, "resources/image/upload/a", faces="true", colors="true")
    assert (told["bytes"], told["placeholder"]) == (0, True)
    assert names(get(client, cloud, "resources/image/upload")) == []
    assert names(get(client, cloud, "resources/image/upload", public_ids=["a"])) == []
