"""Notification triggers as the Admin API has them."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from gallery.models import Cloud, Trigger
from gallery.tests.api.asking import ask
from gallery.tests.factories import make_cloud

pytestmark = pytest.mark.django_db

SAID = {"uri": "https://hooks.example/a", "event_type": "upload"}


@pytest.fixture
def cloud() -> Cloud:
    return make_cloud()


def test_trigger_is_made_listed_moved_and_deleted(client: Client, cloud: Cloud) -> None:
    made = ask(client, cloud, "POST", "triggers", **SAID, uri_type="webhook").json()
    assert made.items() >= {**SAID, "uri_type": "webhook"}.items()
    assert made["created_at"].endswith("Z")
    assert ask(client, cloud, "GET", "triggers").json() == {"triggers": [made]}
    assert ask(client, cloud, "GET", "triggers", event_type="delete").json() == {"triggers": []}
    path = f"triggers/{made['id']}"
    moved = ask(client, cloud, "PUT", path, new_uri="https://hooks.example/b").json()
    assert (moved["id"], moved["uri"]) == (made["id"], "https://hooks.example/b")
    assert ask(client, cloud, "DELETE", path).json() == {"message": "ok"}
    assert ask(client, cloud, "DELETE", path).status_code == 404


@pytest.mark.parametrize(
    "said",
    [
        {"uri": "https://a.example/"},
        {"event_type": "upload"},
        {**SAID, "uri": "ftp://a.example/"},
        {**SAID, "uri": "http://a.example:22/"},
        {**SAID, "uri": "poll://channel", "uri_type": "poll"},
        {**SAID, "uri": "https://a.example/" + "x" * 2000},
        {**SAID, "uri": ["https://a.example/", "https://b.example/"]},
        {**SAID, "event_type": "Upload!"},
        {**SAID, "event_type": "x" * 51},
        {**SAID, "uri_type": "flow"},
    ],
)
def test_bad_trigger_is_refused(client: Client, cloud: Cloud, said: dict[str, Any]) -> None:
    assert ask(client, cloud, "POST", "triggers", **said).status_code == 400
    assert not Trigger.objects.exists()


def test_same_trigger_twice_is_a_conflict(client: Client, cloud: Cloud) -> None:
    first = ask(client, cloud, "POST", "triggers", **SAID).json()
    assert ask(client, cloud, "POST", "triggers", **SAID).status_code == 409
    other = {**SAID, "uri": "https://b.example/"}
    ask(client, cloud, "POST", "triggers", **other)
    path = f"triggers/{first['id']}"
    assert ask(client, cloud, "PUT", path, new_uri=other["uri"]).status_code == 409
    assert ask(client, cloud, "PUT", path, new_uri=SAID["uri"]).status_code == 200
    assert ask(client, cloud, "PUT", path).status_code == 400


def test_triggers_of_other_clouds_are_not_there(client: Client, cloud: Cloud) -> None:
    made = ask(client, make_cloud(), "POST", "triggers", **SAID).json()
    path = f"triggers/{made['id']}"
    assert ask(client, cloud, "PUT", path, new_uri="https://b.example/").status_code == 404
    assert ask(client, cloud, "DELETE", path).status_code == 404
    assert ask(client, cloud, "GET", "triggers").json() == {"triggers": []}


def test_number_of_triggers_is_bounded(client: Client, cloud: Cloud) -> None:
    Trigger.objects.bulk_create(
        Trigger(cloud=cloud, uri=f"https://a.example/{n}", event_type="all") for n in range(100)
    )
    assert ask(client, cloud, "POST", "triggers", **SAID).status_code == 400
