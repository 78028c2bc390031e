from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from gallery.models import AssetContext, AssetTag, AssetVersion, Cloud, Folder
from gallery.tests.api.asking import ask, key_of
from gallery.tests.factories import make_asset, make_cloud

pytestmark = pytest.mark.django_db


@pytest.fixture
def cloud() -> Cloud:
    cloud = make_cloud()
    for number in range(5):
        make_asset(cloud, f"pets/{number}", size_bytes=100 * 10**number)
    raw = make_asset(cloud, "list.txt", resource_type="raw")
    AssetTag.objects.create(asset=raw, name="pet")
    AssetContext.objects.create(asset=raw, key="alt", value="A list")
    make_asset(make_cloud(), "pets/strange")
    return cloud


def found(client: Client, cloud: Cloud, **params: Any) -> Any:
    answer = ask(client, cloud, "POST", "resources/search", **params)
    assert answer.status_code == 200, answer.content
    return answer.json()


def names(body: Any) -> list[str]:
    return [item["public_id"] for item in body["resources"]]


def test_a_search_tells_how_many_and_what(client: Client, cloud: Cloud) -> None:
    body = found(client, cloud, expression="folder=pets AND bytes>=1000")
    assert (body["total_count"], len(body["resources"])) == (4, 4)
    assert isinstance(body["time"], int)
    assert "next_cursor" not in body
    assert "aggregations" not in body


def test_an_item_is_flat_and_has_dates_of_searches(client: Client, cloud: Cloud) -> None:
    asset = make_asset(cloud, "a/b", api_key=key_of(cloud), format="png", etag="0" * 32)
    AssetVersion.objects.create(asset=asset, version=1, version_id="1" * 32, size_bytes=7)
    [item] = found(client, cloud, expression="public_id=a/b")["resources"]
    assert item["created_at"].endswith("+00:00")
    assert item["uploaded_at"].endswith("+00:00")
    expected = {
        "asset_id": asset.asset_id, "folder": "a", "filename": "b", "format": "png",
        "resource_type": "image", "type": "upload", "bytes": 1000, "backup_bytes": 7,
        "width": 64, "height": 48, "pixels": 3072, "aspect_ratio": 1.33333, "status": "active",
        "access_mode": "public", "etag": "0" * 32,
        "uploaded_by": {"access_key": key_of(cloud).key},
    }  # fmt: skip
    assert item.items() >= expected.items()
    assert item["url"].endswith(f"/{cloud.name}/image/upload/v1/a/b.png")
    assert not {"tags", "context", "metadata", "image_metadata"} & item.keys()


def test_more_is_told_when_asked_for(client: Client, cloud: Cloud) -> None:
    with_field = ["tags", "context", "metadata", "image_metadata", "image_analysis"]
    body = found(client, cloud, expression="resource_type:raw", with_field=with_field)
    [item] = body["resources"]
    assert item["tags"] == ["pet"]
    assert item["context"] == {"alt": "A list"}
    assert (item["metadata"], item["image_metadata"], item["image_analysis"]) == ({}, {}, {})


def test_fields_leave_out_the_rest(client: Client, cloud: Cloud) -> None:
    [item] = found(client, cloud, expression="tags=pet", fields=["tags", "bytes"])["resources"]
    assert item.keys() == {"asset_id", "public_id", "resource_type", "type", "tags", "bytes"}


def test_pages_go_on_where_the_last_one_ended(client: Client, cloud: Cloud) -> None:
    query = {"expression": "folder=pets", "sort_by": [{"public_id": "asc"}], "max_results": "2"}
    cursor, seen = "", []
    for _ in range(3):
        body = found(client, cloud, **query, next_cursor=cursor)
        assert body["total_count"] == 5
        seen += names(body)
        cursor = body.get("next_cursor", "")
    assert seen == [f"pets/{number}" for number in range(5)]
    assert cursor == ""


def test_a_cursor_is_good_for_its_own_search_alone(client: Client, cloud: Cloud) -> None:
    cursor = found(client, cloud, expression="folder=pets", max_results=1)["next_cursor"]
    for expression, text in [("", cursor), ("folder=pets", cursor[:-1] + "~"), ("", "x" * 5000)]:
        answer = ask(
            client, cloud, "POST", "resources/search", expression=expression, next_cursor=text
        )
        assert answer.status_code == 400
    other = make_cloud()
    answer = ask(
        client, other, "POST", "resources/search", expression="folder=pets", next_cursor=cursor
    )
    assert answer.status_code == 400


def test_assets_are_aggregated(client: Client, cloud: Cloud) -> None:
    ranges = [{"key": "tiny", "to": 500}, {"key": "medium", "from": 501, "to": 1999}]
    aggregate = ["format", "resource_type", "tags", {"type": "bytes", "ranges": ranges}]
    told = found(client, cloud, aggregate=aggregate, max_results=1)["aggregations"]
    assert told == {
        "format": {"jpg": 5},
        "resource_type": {"image": 5, "raw": 1},
        "tags": {"pet": 1},
        "bytes": {"tiny": 1, "medium": 2},
    }
    told = found(client, cloud, aggregate="bytes")["aggregations"]
    assert sum(told["bytes"].values()) == 6


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"expression": "tags:"}, "at position 5"),
        ({"expression": "sizes:5"}, "at position 0"),
        ({"expression": ["a", "b"]}, "expression"),
        ({"expression": {"a": 1}}, "expression"),
        ({"sort_by": [{"secret": "asc"}]}, "sorted"),
        ({"sort_by": [{"public_id": "up"}]}, "sort_by"),
        ({"sort_by": ["public_id"]}, "sort_by"),
        ({"sort_by": [{"public_id": []}]}, "sort_by"),
        ({"sort_by": [{"width": "asc"}] * 9}, "sorted"),
        ({"max_results": 0}, "max_results"),
        ({"max_results": "many"}, "max_results"),
        ({"with_field": ["secrets"]}, "with_field"),
        ({"with_field": [["tags"]]}, "with_field"),
        ({"aggregate": ["etag"]}, "aggregate"),
        ({"aggregate": [{"type": "bytes", "ranges": []}]}, "aggregate"),
        ({"aggregate": [{"type": "bytes", "ranges": [{"key": 1}]}]}, "aggregate"),
        ({"aggregate": [{"type": "bytes", "ranges": [{"key": "a", "to": "x"}]}]}, "to"),
        ({"aggregate": [{"type": "format", "ranges": [{"key": "a"}]}]}, "aggregate"),
        ({"aggregate": [[]]}, "aggregate"),
        ({"aggregate": ["format"] * 11}, "aggregated"),
    ],
)
def test_mistakes_are_told(client: Client, cloud: Cloud, params: dict[str, Any], said: str) -> None:
    answer = ask(client, cloud, "POST", "resources/search", **params)
    assert answer.status_code == 400
    assert said in answer.json()["error"]["message"]


def test_a_search_may_come_by_get(client: Client, cloud: Cloud) -> None:
    answer = ask(client, cloud, "GET", "resources/search", expression="tags=pet")
    assert names(answer.json()) == ["list.txt"]


def test_a_page_costs_the_same_statements_however_long(client: Client, cloud: Cloud) -> None:
    found(client, cloud, expression="folder=pets")  # the key's use is noted once
    counts = []
    for limit in (1, 5):
        with CaptureQueriesContext(connection) as queries:
            found(
                client, cloud, expression="folder=pets", max_results=limit,
                with_field=["tags", "context", "metadata"],
            )  # fmt: skip
        counts.append(len(queries))
    assert counts[0] == counts[1]


# --- By an address ----------------------------------------------------------------------------


def address(cloud: Cloud, query: Any, *, ttl: str = "300", secret: str = "") -> str:
    text = query if isinstance(query, str) else json.dumps(query)
    coded = base64.urlsafe_b64encode(text.encode()).decode()
    secret = secret or key_of(cloud).secret
    signature = hashlib.sha256(f"{ttl}{coded}{secret}".encode()).hexdigest()
    return f"/{cloud.name}/search/{signature}/{ttl}/{coded}"


def test_a_search_has_an_address_that_may_be_kept(client: Client, cloud: Cloud) -> None:
    query = {"expression": "folder=pets", "max_results": 3, "sort_by": [{"public_id": "asc"}]}
    answer = client.get(address(cloud, query))
    assert answer["Cache-Control"] == "public, max-age=300"
    assert names(answer.json()) == ["pets/0", "pets/1", "pets/2"]
    rest = client.get(f"{address(cloud, query)}/{answer.json()['next_cursor']}")
    assert names(rest.json()) == ["pets/3", "pets/4"]


def test_an_address_needs_the_secret_of_an_active_key(client: Client, cloud: Cloud) -> None:
    right = address(cloud, {"expression": ""})
    assert client.get(address(cloud, {}, secret="guess")).status_code == 401
    assert client.get(right.replace("/300/", "/301/")).status_code == 401
    assert client.get(right).status_code == 200
    key_of(cloud).revoke()
    assert client.get(right).status_code == 401


@pytest.mark.parametrize("query", ["[1]", "{", "\0", '{"expression": "tags:"}'])
def test_an_address_of_no_search_is_refused(client: Client, cloud: Cloud, query: str) -> None:
    answer = client.get(address(cloud, query))
    assert answer.status_code in (400, 404)
    assert answer.json()["error"]["message"]
    assert "public" not in answer["Cache-Control"]


# --- Folders ----------------------------------------------------------------------------------


@pytest.fixture
def folders(cloud: Cloud) -> Cloud:
    for path in ("pets", "pets/cats", "pets/old cats", "work"):
        Folder.objects.create(cloud=cloud, path=path)
    Folder.objects.create(cloud=make_cloud(), path="strange")
    return cloud


@pytest.mark.parametrize(
    ("expression", "paths"),
    [
        ("", "pets pets/cats pets/old_cats work"),
        ("name:cats", "pets/cats pets/old_cats"),
        ("name=cats", "pets/cats"),
        ("name:pets", "pets"),
        ("path:pets", "pets pets/cats pets/old_cats"),
        ("path=pets/*", "pets/cats pets/old_cats"),
        ("NOT path:pets", "work"),
        ("cats OR work", "pets/cats pets/old_cats work"),
        ("created_at>1d", "pets pets/cats pets/old_cats work"),
        ("updated_at<1d", ""),
        ("NOT (name:* AND *)", ""),
    ],
)
def test_folders_are_found(client: Client, folders: Cloud, expression: str, paths: str) -> None:
    answer = ask(client, folders, "POST", "folders/search", expression=expression).json()
    told = sorted(folder["path"].replace(" ", "_") for folder in answer["folders"])
    assert " ".join(told) == paths
    assert answer["total_count"] == len(told)


def test_folders_come_newest_first_and_in_pages(client: Client, folders: Cloud) -> None:
    first = ask(client, folders, "GET", "folders/search", max_results=1).json()
    [folder] = first["folders"]
    assert folder.keys() == {"name", "path", "created_at", "external_id"}
    assert folder["path"] == "work"
    seen, cursor = ["work"], first["next_cursor"]
    while cursor:
        page = ask(
            client, folders, "GET", "folders/search", max_results=1, next_cursor=cursor
        ).json()
        seen.append(page["folders"][0]["path"])
        cursor = page.get("next_cursor")
    assert seen == ["work", "pets/old cats", "pets/cats", "pets"]


@pytest.mark.parametrize(
    "params",
    [
        {"expression": "tags:a"},
        {"expression": "name:"},
        {"expression": "name>a"},
        {"sort_by": [{"size": "asc"}]},
        {"sort_by": [{"name": "asc"}, {"path": "asc"}]},
    ],
)
def test_mistakes_about_folders_are_told(
    client: Client, folders: Cloud, params: dict[str, Any]
) -> None:
    assert ask(client, folders, "POST", "folders/search", **params).status_code == 400
