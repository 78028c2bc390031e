"""Folders are listed, made, moved and deleted; never another cloud's."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from gallery.models import Asset, Cloud, Folder
from gallery.tests.api.asking import ask
from gallery.tests.factories import make_asset, make_cloud

pytestmark = pytest.mark.django_db


@pytest.fixture
def cloud() -> Cloud:
    return make_cloud()


def make(cloud: Cloud, *paths: str) -> None:
    Folder.objects.bulk_create(Folder(cloud=cloud, path=path) for path in paths)


def asked(client: Client, cloud: Cloud, method: str, path: str, **params: Any) -> Any:
    answer = ask(client, cloud, method, path, **params)
    assert answer.status_code == 200, answer.content
    return answer.json()


def refusal(client: Client, cloud: Cloud, method: str, path: str, **params: Any) -> tuple[int, str]:
    answer = ask(client, cloud, method, path, **params)
    return answer.status_code, answer.json()["error"]["message"]


def paths(told: Any) -> list[str]:
    return [one["path"] for one in told["folders"]]


def stored(cloud: Cloud) -> list[str]:
    return sorted(Folder.objects.filter(cloud=cloud).values_list("path", flat=True))


def test_a_list_has_the_folders_directly_within(client: Client, cloud: Cloud) -> None:
    make(cloud, "a", "a-b", "a/b", "a/b/c", "a/ä b", "a0", "b")
    make(make_cloud(), "a", "a/x", "z")
    told = asked(client, cloud, "GET", "folders")
    assert paths(told) == ["a", "a-b", "a0", "b"]
    assert (told["next_cursor"], told["total_count"]) == (None, 4)
    told = asked(client, cloud, "GET", "folders/a")
    assert paths(told) == ["a/b", "a/ä b"]
    assert told["folders"][1]["name"] == "ä b"
    assert len(told["folders"][0]["external_id"]) == 32


def test_a_list_comes_page_by_page(client: Client, cloud: Cloud) -> None:
    make(cloud, *"abcde", "a/x")
    found: list[str] = []
    cursor: str | None = ""
    for _ in range(3):
        told = asked(client, cloud, "GET", "folders", max_results=2, next_cursor=cursor)
        assert told["total_count"] == 5
        found += paths(told)
        cursor = told["next_cursor"]
    assert found == list("abcde")
    assert cursor is None
    cursor = asked(client, cloud, "GET", "folders", max_results=1)["next_cursor"]
    assert refusal(client, cloud, "GET", "folders/a", next_cursor=cursor)[0] == 400


def test_a_folder_that_is_not_there_is_missing(client: Client, cloud: Cloud) -> None:
    make(make_cloud(), "theirs")
    missing = (404, "Can't find folder with path theirs")
    assert refusal(client, cloud, "GET", "folders/theirs") == missing
    assert refusal(client, cloud, "DELETE", "folders/theirs") == missing
    assert refusal(client, cloud, "PUT", "folders/theirs", to_folder="mine") == missing


def test_a_folder_is_made_with_all_above_it(client: Client, cloud: Cloud) -> None:
    for _ in range(2):
        told = asked(client, cloud, "POST", "folders/a/b c/d")
        assert told == {"success": True, "path": "a/b c/d", "name": "d"}
    assert stored(cloud) == ["a", "a/b c", "a/b c/d"]


@pytest.mark.parametrize("path", ["a//b", "..", "a/../b", "a%01b", "x" * 300, "%20a", "a%3Fb"])
def test_a_path_that_is_none_is_refused(client: Client, cloud: Cloud, path: str) -> None:
    status, message = refusal(client, cloud, "POST", f"folders/{path}")
    assert status == 400
    assert "is invalid" in message
    assert stored(cloud) == []


def test_a_folder_moves_with_all_that_is_in_it(client: Client, cloud: Cloud) -> None:
    make(cloud, "a", "a/b", "a/b/c", "a-b")
    for name in ("a/x", "a/b/y", "a-b/z", "A/w"):
        make_asset(cloud, name)
    make_asset(cloud, "elsewhere", folder="a/b")
    other = make_asset(make_cloud(), "a/x")
    told = asked(client, cloud, "PUT", "folders/a", to_folder="n/m")
    assert told == {"from": {"name": "a", "path": "a"}, "to": {"name": "m", "path": "n/m"}}
    assert stored(cloud) == ["a-b", "n", "n/m", "n/m/b", "n/m/b/c"]
    names = dict(Asset.objects.filter(cloud=cloud).values_list("public_id", "folder"))
    assert names == {
        "n/m/x": "n/m", "n/m/b/y": "n/m/b", "a-b/z": "a-b", "A/w": "A", "elsewhere": "n/m/b",
    }  # fmt: skip
    other.refresh_from_db()
    assert other.public_id == "a/x"


@pytest.mark.parametrize(
    ("to_folder", "status"),
    [("b", 409), ("a", 400), ("a/b", 400), ("", 400), ("c//d", 400), ("n/" + "x" * 250, 400)],
)
def test_a_folder_does_not_move_just_anywhere(
    client: Client, cloud: Cloud, to_folder: str, status: int
) -> None:
    make(cloud, "a", "b")
    make_asset(cloud, "a/long name")
    assert refusal(client, cloud, "PUT", "folders/a", to_folder=to_folder)[0] == status
    assert Asset.objects.get().public_id == "a/long name"
    assert stored(cloud) == ["a", "b"]


def test_a_folder_does_not_move_onto_names_of_others(client: Client, cloud: Cloud) -> None:
    make(cloud, "a")
    make_asset(cloud, "a/x")
    make_asset(cloud, "b/x")
    assert refusal(client, cloud, "PUT", "folders/a", to_folder="b")[0] == 409
    assert stored(cloud) == ["a"]


def test_only_an_empty_folder_is_deleted(client: Client, cloud: Cloud) -> None:
    make(cloud, "a", "a/b", "a/b/c", "ab")
    asset = make_asset(cloud, "a/b/x")
    assert refusal(client, cloud, "DELETE", "folders/a") == (400, "Folder is not empty")
    asset.deleted_at = timezone.now()
    asset.save()
    assert refusal(client, cloud, "DELETE", "folders/a")[0] == 400
    told = asked(client, cloud, "DELETE", "folders/a", skip_backup=True)
    assert told == {"deleted": ["a", "a/b", "a/b/c"]}
    assert stored(cloud) == ["ab"]


def test_what_was_put_into_a_folder_keeps_it(client: Client, cloud: Cloud) -> None:
    make(cloud, "a")
    make_asset(cloud, "elsewhere", folder="a")
    assert refusal(client, cloud, "DELETE", "folders/a")[0] == 400
