"""Ping, usage with all that programs read of it, and configuration."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from gallery.assets import usage
from gallery.models import Cloud, CloudUsage, Derived
from gallery.tests.api.asking import ask
from gallery.tests.factories import make_asset, make_cloud

pytestmark = pytest.mark.django_db
KEYS = {
    "plan", "last_updated", "transformations", "objects", "bandwidth", "storage", "requests",
    "resources", "derived_resources", "media_limits",
}  # fmt: skip


@pytest.fixture
def cloud() -> Cloud:
    return make_cloud()


def get(client: Client, cloud: Cloud, path: str, **params: Any) -> Any:
    answer = ask(client, cloud, "GET", path, **params)
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_ping_and_config(client: Client, cloud: Cloud) -> None:
    assert get(client, cloud, "ping") == {"status": "ok"}
    told = get(client, cloud, "config")
    assert set(told) == {"cloud_name", "created_at"}
    told = get(client, cloud, "config", settings="true")
    assert told["settings"] == {"folder_mode": "fixed"}


def test_usage_is_of_this_month_and_this_cloud(client: Client, cloud: Cloud) -> None:
    today = datetime.now(UTC).date()
    for where, day, number in (
        (cloud, today, 5),
        (cloud, today.replace(day=1) - timedelta(days=1), 70),
        (make_cloud(), today, 900),
    ):
        CloudUsage.objects.create(
            cloud=where, day=day, requests=number, transformations=number, bandwidth_bytes=number
        )
    asset = make_asset(cloud, size_bytes=100)
    make_asset(size_bytes=5000)
    Derived.objects.create(
        asset=asset, key="1", format="jpg", content_type="image/jpeg", file="x", width=1,
        height=1, size_bytes=20, etag="",
    )  # fmt: skip
    told = get(client, cloud, "usage")
    assert set(told) >= KEYS
    assert told["transformations"]["usage"] == 5
    assert told["bandwidth"]["usage"] == 5
    assert told["requests"] >= 5
    assert told["requests"] < 70
    assert (told["resources"], told["derived_resources"]) == (1, 1)
    assert (told["objects"], told["storage"]) == ({"usage": 2}, {"usage": 120})


def test_usage_has_what_was_counted_a_moment_ago(client: Client, cloud: Cloud) -> None:
    usage.count(cloud.pk, transformations=3)
    assert get(client, cloud, "usage")["transformations"]["usage"] == 3


@pytest.mark.parametrize("written", ["%d-%m-%Y", "%Y-%m-%d"])
def test_usage_of_a_day_has_no_limits(client: Client, cloud: Cloud, written: str) -> None:
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    CloudUsage.objects.create(cloud=cloud, day=yesterday, bandwidth_bytes=7)
    told = get(client, cloud, f"usage/{yesterday:{written}}")
    assert set(told) >= KEYS
    assert told["bandwidth"] == {"usage": 7}


@pytest.mark.parametrize(
    "day", ["yesterday", "2026-13-01", "99-99-9999", "0000-00-00", "1", "٣-1-2026"]
)
def test_a_day_that_is_none_is_refused(client: Client, cloud: Cloud, day: str) -> None:
    answer = ask(client, cloud, "GET", f"usage/{day}")
    assert answer.status_code == 400
    assert "parameter date" in answer.json()["error"]["message"]


def test_each_tagger_is_told_of(client: Client, cloud: Cloud, settings: Any) -> None:
    told = get(client, cloud, "usage")
    for add_on in settings.ADD_ONS:
        assert told[add_on]["usage"] == 0
