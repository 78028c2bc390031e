"""Tags, context and metadata of many assets at once, and the list of tags."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from gallery.assets import fields, labels
from gallery.models import Asset, Cloud, Notification, Trigger, UploadPreset
from gallery.tests.api.asking import ask, post
from gallery.tests.factories import make_asset, make_cloud

pytestmark = pytest.mark.django_db


@pytest.fixture
def cloud() -> Cloud:
    return make_cloud()


@pytest.fixture
def assets(cloud: Cloud) -> list[Asset]:
    return [make_asset(cloud, public_id) for public_id in ("a", "dir/Zoë", "c")]


def tags(asset: Asset) -> list[str]:
    return labels.tags_of([asset])[asset.pk]


@pytest.mark.parametrize(
    ("command", "tag", "expected"),
    [
        ("add", "new,kept", [["kept", "new", "old"], ["kept", "new", "old"], ["kept", "old"]]),
        ("remove", "old", [["kept"], ["kept"], ["kept", "old"]]),
        ("replace", "x, y", [["x", "y"], ["x", "y"], ["kept", "old"]]),
        ("remove_all", "", [[], [], ["kept", "old"]]),
        ("set_exclusive", "old", [["kept", "old"], ["kept", "old"], ["kept"]]),
    ],
)
def test_commands_change_the_tags_of_those_that_are_named(
    client: Client,
    cloud: Cloud,
    assets: list[Asset],
    command: str,
    tag: str,
    expected: list[list[str]],
) -> None:
    for asset in assets:
        labels.set_tags(asset, ["old", "kept"])
    ids = ["dir/Zoë", "unknown", "a"]
    said = {"command": command, "public_ids": ids, **({"tag": tag} if tag else {})}
    answer = post(client, cloud, "image/tags", **said)
    assert (answer.status_code, answer.json()) == (200, {"public_ids": ["dir/Zoë", "a"]})
    assert [tags(asset) for asset in assets] == expected


def test_assets_of_other_kinds_types_and_clouds_stay_as_they_are(
    client: Client, cloud: Cloud
) -> None:
    others = [
        make_asset(cloud, "a", resource_type="raw"),
        make_asset(cloud, "a", type="private"),
        make_asset(make_cloud(), "a"),
    ]
    answer = post(client, cloud, "image/tags", command="add", tag="x", public_ids=["a"])
    assert answer.json() == {"public_ids": []}
    assert [tags(asset) for asset in others] == [[], [], []]
    post(client, cloud, "image/tags", command="add", tag="x", public_ids=["a"], type="private")
    assert tags(others[1]) == ["x"]


@pytest.mark.parametrize(
    ("action", "params", "message"),
    [
        ("tags", {"command": "explode", "tag": "x", "public_ids": ["a"]}, "Invalid command"),
        ("tags", {"tag": "x", "public_ids": ["a"]}, "Missing required parameter - command"),
        ("tags", {"command": "add", "public_ids": ["a"]}, "Missing required parameter - tag"),
        ("tags", {"command": "add", "tag": "x"}, "Missing required parameter - public_ids"),
        ("tags", {"command": "add", "tag": "x" * 256, "public_ids": ["a"]}, "too long"),
        (
            "tags",
            {"command": "add", "tag": "x", "public_ids": [f"i{n}" for n in range(1001)]},
            "Too many public_ids",
        ),
        ("context", {"command": "add", "public_ids": ["a"]}, "context"),
        ("context", {"command": "replace", "context": "a=b", "public_ids": ["a"]}, "command"),
        ("context", {"command": "add", "context": "ab", "public_ids": ["a"]}, "context"),
        ("metadata", {"public_ids": ["a"]}, "metadata"),
        ("metadata", {"metadata": "none=1", "public_ids": ["x"]}, "External ID none"),
        ("metadata", {"metadata": "n=x", "public_ids": ["a"]}, "not a valid integer"),
        (
            "tags",
            {"command": "add", "tag": "x", "public_ids": ["a"], "notification_url": "ftp://x/"},
            "Invalid notification address",
        ),
    ],
)
@pytest.mark.usefixtures("assets")
def test_bad_requests_are_refused_and_nothing_changes(
    client: Client, cloud: Cloud, action: str, params: dict[str, Any], message: str
) -> None:
    fields.create_field(cloud, {"type": "integer", "external_id": "n", "label": "n"})
    answer = post(client, cloud, f"image/{action}", **params)
    assert answer.status_code == 400
    assert message in answer.json()["error"]["message"]
    every = list(Asset.objects.all())
    assert not any([*labels.tags_of(every).values(), *labels.context_of(every).values()])


@pytest.mark.parametrize("action", ["tags", "context", "metadata"])
def test_unsigned_preset_opens_none_of_these(client: Client, cloud: Cloud, action: str) -> None:
    asked = {"command": "remove_all", "public_ids": ["a"], "clear_invalid": True}
    UploadPreset.objects.create(cloud=cloud, name="open", unsigned=True, settings=asked)
    asset = make_asset(cloud, "a")
    labels.set_tags(asset, ["kept"])
    answer = client.post(f"/v1_1/{cloud.name}/image/{action}", {"upload_preset": "open"})
    assert answer.status_code == 401
    assert tags(asset) == ["kept"]


def test_context_is_added_with_its_escapes_and_removed(
    client: Client, cloud: Cloud, assets: list[Asset]
) -> None:
    said = {"command": "add", "context": r"caption=a \| b|alt=x\=y=z", "public_ids": ["a"]}
    answer = post(client, cloud, "image/context", **said)
    assert answer.json() == {"public_ids": ["a"]}
    first = assets[0]
    assert labels.context_of([first])[first.pk] == {"caption": "a | b", "alt": "x=y=z"}
    post(client, cloud, "image/context", command="remove_all", public_ids=["a"])
    assert labels.context_of([first])[first.pk] == {}


def test_metadata_is_changed_from_a_pipe_list(
    client: Client, cloud: Cloud, assets: list[Asset]
) -> None:
    for kind, name in [("string", "s"), ("integer", "n"), ("set", "set")]:
        values = [{"external_id": "id1", "value": "1"}, {"external_id": "id2", "value": "2"}]
        told = {"type": kind, "external_id": name, "label": name}
        fields.create_field(cloud, {**told, "datasource": {"values": values}})
    said = {"metadata": r's=a\|b|n=7|set=["id1","id2"]', "public_ids": ["a", "c"]}
    assert post(client, cloud, "image/metadata", **said).json() == {"public_ids": ["a", "c"]}
    expected = {"s": "a|b", "n": 7, "set": ["id1", "id2"]}
    found = labels.metadata_of(assets)
    assert [found[asset.pk] for asset in assets] == [expected, {}, expected]


def test_followers_are_told_what_changed(client: Client, cloud: Cloud, assets: list[Asset]) -> None:
    Trigger.objects.create(cloud=cloud, uri="http://a.example/", event_type="resource_tags_changed")
    said = {"command": "add", "tag": "sky", "public_ids": ["a", "c"]}
    labels.set_tags(assets[2], ["sky"])
    post(client, cloud, "image/tags", **said)
    [made] = Notification.objects.all()
    assert '"public_id":"a"' in made.body
    assert '"public_id":"c"' not in made.body
    assert '"added":["sky"],"removed":[]' in made.body


def test_tags_are_listed_sorted_and_page_by_page(client: Client, cloud: Cloud) -> None:
    labels.set_tags(make_asset(cloud), [f"t{number:02}" for number in range(12)] + ["other"])
    labels.set_tags(make_asset(make_cloud()), ["t99"])
    first = ask(client, cloud, "GET", "tags/image", prefix="t").json()
    assert first["tags"] == [f"t{number:02}" for number in range(10)]
    second = ask(
        client, cloud, "GET", "tags/image", prefix="t", next_cursor=first["next_cursor"]
    ).json()
    assert second == {"tags": ["t10", "t11"]}
    assert ask(client, cloud, "GET", "tags/raw").json() == {"tags": []}


@pytest.mark.parametrize("params", [{"max_results": "x"}, {"max_results": 0}, {"next_cursor": "x"}])
def test_bad_page_of_tags_is_refused(client: Client, cloud: Cloud, params: dict[str, Any]) -> None:
    assert ask(client, cloud, "GET", "tags/image", **params).status_code == 400
