"""Whoever passes a signed request on can neither take from it nor add to it."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from gallery.api.auth import signature_of
from gallery.models import Asset, Cloud, UploadPreset
from gallery.tests.api.asking import key_of, post, signed
from gallery.tests.factories import make_cloud

UPLOAD, DOWNLOAD = "/v1_1/demo/raw/upload", "/v1_1/demo/raw/download"
TEXT = {"file": "data:,abc"}


@pytest.fixture
def cloud(db: None) -> Cloud:
    return make_cloud(name="demo", key="111", secret="abcd")


def stored(client: Client, fields: Mapping[str, Any]) -> Asset:
    answer = client.post(UPLOAD, {**fields, **TEXT})
    assert answer.status_code == 200, answer.content
    return Asset.objects.get(asset_id=answer.json()["asset_id"])


def test_null_in_the_body_takes_nothing_from_the_address(client: Client, cloud: Cloud) -> None:
    query = urlencode(signed(cloud, {"moderation": "manual"}))
    body = json.dumps({"moderation": None, **TEXT})
    told = client.post(f"{UPLOAD}?{query}", body, content_type="application/json").json()
    assert told["moderation"][0]["status"] == "pending"


def test_null_does_not_let_a_link_live_longer(client: Client, cloud: Cloud) -> None:
    post(client, cloud, "raw/upload", content=b"x", public_id="a")
    query = urlencode(signed(cloud, {"public_id": "a", "expires_at": "1000"}))
    answer = client.generic(
        "GET", f"{DOWNLOAD}?{query}", '{"expires_at": null}', content_type="application/json"
    )
    assert answer.status_code == 401


@pytest.mark.parametrize("empty", [{"moderation": ""}, {"moderation[]": ""}])
def test_empty_takes_nothing_from_a_preset(
    client: Client, cloud: Cloud, empty: dict[str, str]
) -> None:
    UploadPreset.objects.create(cloud=cloud, name="p", settings={"moderation": "manual"})
    asset = stored(client, signed(cloud, {"upload_preset": "p"}) | empty)
    assert asset.moderation_status == "pending"


def test_empty_array_in_json_takes_nothing_from_a_preset(client: Client, cloud: Cloud) -> None:
    UploadPreset.objects.create(cloud=cloud, name="p", settings={"moderation": "manual"})
    body = signed(cloud, {"upload_preset": "p"}) | {"moderation": []} | TEXT
    told = client.post(UPLOAD, json.dumps(body), content_type="application/json").json()
    assert told["moderation"][0]["status"] == "pending"


def test_empty_value_that_is_not_signed_clears_nothing(client: Client, cloud: Cloud) -> None:
    rules = '[{"access_type": "token"}]'
    post(client, cloud, "raw/upload", content=b"x", public_id="a", tags="t", access_control=rules)
    fields = signed(cloud, {"public_id": "a"}) | {"tags": "", "access_control": ""}
    told = client.post("/v1_1/demo/raw/explicit", fields).json()
    assert told["tags"] == ["t"]
    assert told["access_control"] == [{"access_type": "token"}]


def test_empty_part_takes_nothing_from_a_list_of_pairs(client: Client, cloud: Cloud) -> None:
    fields = signed(cloud, {"context": "a=b"}) | {"context[z]": ""} | TEXT
    answer = client.post(UPLOAD, fields)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == "Parameter context is given in two forms"


@pytest.mark.parametrize("name", ["moderation=manual&timestamp", "context=a", "a&b"])
def test_names_do_not_pass_for_others(client: Client, cloud: Cloud, name: str) -> None:
    now = str(int(time.time()))
    signature = signature_of(f"{name}=x&timestamp={now}", key_of(cloud).secret)
    asked = {name: "x", "timestamp": now, "api_key": "111", "signature": signature, **TEXT}
    assert client.post(UPLOAD, asked).status_code in (400, 401)
    assert not Asset.objects.exists()


def test_json_of_countless_parts_is_refused(client: Client, cloud: Cloud) -> None:
    body = '{"a": [' + "[]," * 200_000 + "0]}"
    answer = client.post(UPLOAD, body, content_type="application/json")
    assert answer.status_code == 400
    assert "too many parts" in answer.json()["error"]["message"]
