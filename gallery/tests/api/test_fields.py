"""Structured metadata fields as the Admin API has them."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from gallery.models import Cloud, MetadataField
from gallery.tests.api.asking import ask
from gallery.tests.factories import make_cloud

pytestmark = pytest.mark.django_db

VALUES = [{"external_id": f"v{n}", "value": f"V{n}"} for n in (2, 1, 3)]


@pytest.fixture
def cloud() -> Cloud:
    return make_cloud()


def create(client: Client, cloud: Cloud, **told: Any) -> dict[str, Any]:
    said = {"type": "string", "external_id": "f", "label": "F", **told}
    answer = ask(client, cloud, "POST", "metadata_fields", **said)
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def create_set(client: Client, cloud: Cloud, **told: Any) -> dict[str, Any]:
    return create(client, cloud, type="set", datasource={"values": VALUES}, **told)


def test_field_is_answered_with_all_its_keys(client: Client, cloud: Cloud) -> None:
    assert create(client, cloud) == {
        "type": "string",
        "external_id": "f",
        "label": "F",
        "mandatory": False,
        "default_value": None,
        "validation": None,
        "restrictions": None,
        "default_disabled": False,
        "allow_dynamic_list_values": False,
    }
    assert ask(client, cloud, "GET", "metadata_fields/f").json()["label"] == "F"


def test_field_without_an_id_gets_one(client: Client, cloud: Cloud) -> None:
    assert len(create(client, cloud, external_id="")["external_id"]) == 32


def test_list_is_answered_with_the_state_of_its_entries(client: Client, cloud: Cloud) -> None:
    told = create_set(client, cloud)
    expected = [{**entry, "state": "active"} for entry in VALUES]
    assert told["datasource"] == {"values": expected}


@pytest.mark.parametrize(
    "validation",
    [
        {"type": "less_than", "value": 5, "equals": False},
        {"type": "and", "rules": [{"type": "greater_than", "value": 1, "equals": True}]},
    ],
)
def test_what_is_told_of_a_field_comes_back(
    client: Client, cloud: Cloud, validation: dict[str, Any]
) -> None:
    told = {
        "type": "integer",
        "mandatory": True,
        "default_value": 3,
        "validation": validation,
        "restrictions": {"readonly_ui": True},
        "default_disabled": True,
    }
    assert create(client, cloud, **told).items() >= told.items()


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"type": "float"}, "Type float is invalid"),
        ({"type": ["string"]}, "is invalid"),
        ({"label": ""}, "Missing required parameter - label"),
        ({"label": {"a": 1}}, "A label has to be a text"),
        ({"label": "x" * 256}, "A label has"),
        ({"external_id": "x" * 256}, "is invalid"),
        ({"external_id": "a/b"}, "is invalid"),
        ({"external_id": "taken"}, "already exists"),
        ({"label": "Taken"}, "already exists"),
        ({"type": "integer", "default_value": "x"}, "not a valid integer"),
        ({"type": "date", "default_value": "2024-13-01"}, "not a valid date"),
        (
            {"default_value": "x", "validation": {"type": "strlen", "min": 2}},
            "invalid for field f",
        ),
        ({"validation": {"type": "regex"}}, "is not supported"),
        ({"validation": {"type": "less_than", "value": 3}}, "is not supported"),
        ({"validation": {"type": "strlen", "min": 3, "max": 2}}, "min not above max"),
        ({"validation": {"type": "strlen", "min": "3"}}, "whole numbers"),
        ({"validation": {"type": "and", "rules": []}}, "rules"),
        ({"validation": {"type": "and", "rules": [{}]}}, "empty"),
        ({"validation": "{"}, "Invalid JSON"),
        ({"validation": [1]}, "is not supported"),
        ({"restrictions": [1]}, "restrictions"),
        ({"mandatory": "perhaps"}, "mandatory"),
        ({"type": "enum"}, "needs a datasource"),
        ({"type": "enum", "datasource": {"values": "x"}}, "list"),
        ({"type": "enum", "datasource": {"values": [{"value": ""}]}}, "datasource value"),
        ({"type": "enum", "datasource": {"values": [{"value": 5}]}}, "datasource value"),
        ({"type": "set", "datasource": {"values": VALUES * 2}}, "same external_id"),
        (
            {"type": "set", "datasource": {"values": VALUES}, "default_value": ["v9"]},
            "not in the list",
        ),
    ],
)
def test_bad_field_is_refused_and_not_made(
    client: Client, cloud: Cloud, told: dict[str, Any], message: str
) -> None:
    create(client, cloud, external_id="taken", label="Taken")
    said = {"type": "string", "external_id": "f", "label": "F", **told}
    answer = ask(client, cloud, "POST", "metadata_fields", **said)
    assert answer.status_code == 400
    assert message in answer.json()["error"]["message"]
    assert MetadataField.objects.count() == 1


def test_deeply_nested_validation_is_refused(client: Client, cloud: Cloud) -> None:
    rule: dict[str, Any] = {"type": "strlen", "min": 1}
    for _ in range(50):
        rule = {"type": "and", "rules": [rule]}
    said = {"type": "string", "external_id": "f", "label": "F", "validation": rule}
    assert ask(client, cloud, "POST", "metadata_fields", **said).status_code == 400


def test_update_changes_what_is_told_but_id_and_type(client: Client, cloud: Cloud) -> None:
    create(client, cloud, default_value="old")
    told = {"external_id": "x", "type": "date", "label": "New", "mandatory": True}
    answer = ask(client, cloud, "PUT", "metadata_fields/f", **told, default_value="new").json()
    expected = {"external_id": "f", "type": "string", "label": "New", "mandatory": True}
    assert answer.items() >= {**expected, "default_value": "new"}.items()


def test_update_that_is_refused_changes_nothing(client: Client, cloud: Cloud) -> None:
    create(client, cloud, validation={"type": "strlen", "max": 3})
    answer = ask(client, cloud, "PUT", "metadata_fields/f", label="New", default_value="long one")
    assert answer.status_code == 400
    assert ask(client, cloud, "GET", "metadata_fields/f").json()["label"] == "F"


def test_deleted_field_is_gone(client: Client, cloud: Cloud) -> None:
    create(client, cloud)
    assert ask(client, cloud, "DELETE", "metadata_fields/f").json() == {"message": "ok"}
    answer = ask(client, cloud, "GET", "metadata_fields/f")
    assert (answer.status_code, "f doesn't exist" in answer.json()["error"]["message"]) == (
        404,
        True,
    )


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("PUT", ""), ("DELETE", ""), ("PUT", "/datasource"), ("DELETE", "/datasource")],
)
def test_fields_of_other_clouds_are_not_there(
    client: Client, cloud: Cloud, method: str, path: str
) -> None:
    create_set(client, make_cloud())
    said = {"external_ids": ["v1"], "values": [], "label": "x"}
    params = {} if method == "GET" else said
    answer = ask(client, cloud, method, f"metadata_fields/f{path}", **params)
    assert answer.status_code == 404


def test_datasource_changes_known_entries_and_adds_the_others(client: Client, cloud: Cloud) -> None:
    create_set(client, cloud)
    values = [{"external_id": "v1", "value": "One"}, {"external_id": "v4", "value": "Four"}]
    answer = ask(client, cloud, "PUT", "metadata_fields/f/datasource", values=values).json()
    assert answer == {"values": [VALUES[0], values[0], VALUES[2], values[1]]}


def test_deleted_entries_are_inactive_until_they_are_restored(client: Client, cloud: Cloud) -> None:
    create_set(client, cloud)
    path = "metadata_fields/f/datasource"
    left = ask(client, cloud, "DELETE", path, external_ids=["v1", "v2"]).json()
    assert left == {"values": [{**VALUES[2], "state": "active"}]}
    told = ask(client, cloud, "GET", "metadata_fields/f").json()["datasource"]["values"]
    assert [one["state"] for one in told] == ["inactive", "inactive", "active"]
    path = "metadata_fields/f/datasource_restore"
    every = ask(client, cloud, "POST", path, external_ids=["v1"]).json()["values"]
    assert [one["state"] for one in every] == ["inactive", "active", "active"]


@pytest.mark.parametrize("ids", [["v9"], [], ["v1", "v9"]])
def test_entries_there_are_not_cannot_be_deleted(
    client: Client, cloud: Cloud, ids: list[str]
) -> None:
    create_set(client, cloud)
    answer = ask(client, cloud, "DELETE", "metadata_fields/f/datasource", external_ids=ids)
    assert answer.status_code in (400, 404)
    told = ask(client, cloud, "GET", "metadata_fields/f").json()["datasource"]["values"]
    assert {one["state"] for one in told} == {"active"}


def test_field_of_no_list_has_no_datasource(client: Client, cloud: Cloud) -> None:
    create(client, cloud)
    answer = ask(client, cloud, "PUT", "metadata_fields/f/datasource", values=VALUES)
    assert answer.status_code == 400


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_entries_are_ordered_by_their_value(client: Client, cloud: Cloud, method: str) -> None:
    create_set(client, cloud)
    path = "metadata_fields/f/datasource/order"
    up = ask(client, cloud, method, path, order_by="value").json()["values"]
    assert [one["value"] for one in up] == ["V1", "V2", "V3"]
    down = ask(client, cloud, method, path, order_by="value", direction="desc").json()["values"]
    assert [one["value"] for one in down] == ["V3", "V2", "V1"]
    assert ask(client, cloud, method, path, direction="up").status_code == 400


def test_fields_are_ordered(client: Client, cloud: Cloud) -> None:
    for label in ("b", "C", "a"):
        create(client, cloud, external_id=f"id-{label}", label=label)

    def order(**said: Any) -> list[str]:
        told = ask(client, cloud, "PUT", "metadata_fields/order", **said).json()
        return [one["label"] for one in told["metadata_fields"]]

    assert order(order_by="label", direction="asc") == ["a", "b", "C"]
    assert order(order_by="label", direction="desc") == ["C", "b", "a"]
    listed = ask(client, cloud, "GET", "metadata_fields").json()["metadata_fields"]
    assert [one["label"] for one in listed] == ["C", "b", "a"]
    assert order(order_by="created_at") == ["b", "C", "a"]
    assert ask(client, cloud, "PUT", "metadata_fields/order", order_by="x").status_code == 400


def test_there_are_no_rules_and_none_are_made(client: Client, cloud: Cloud) -> None:
    assert ask(client, cloud, "GET", "metadata_rules").json() == {"metadata_rules": []}
    assert ask(client, cloud, "POST", "metadata_rules", name="x").status_code == 400
    assert ask(client, cloud, "PUT", "metadata_rules/x", name="x").status_code == 404
    assert ask(client, cloud, "DELETE", "metadata_rules/x").status_code == 404
