"""Who is let in: signatures of both versions and hashes, HTTP Basic, presets."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.test import Client

from gallery.api.auth import ALLOWED_UNSIGNED, answer_signature, signature_of, string_to_sign
from gallery.models import ApiKey, Cloud, UploadPreset
from gallery.tests.api.asking import auth_of, basic, key_of, sign, signed
from gallery.tests.factories import make_cloud

URL = "/v1_1/demo/image/destroy"
OK = {"result": "not found"}  # let in, and nothing is there to be destroyed


@pytest.fixture
def cloud(db: None) -> Cloud:
    return make_cloud(name="demo", key="111", secret="abcd")


def refused(answer: Any, status: int = 401) -> str:
    assert answer.status_code == status, answer.content
    message: str = answer.json()["error"]["message"]
    return message


# --- What is signed ---------------------------------------------------------------------------


def test_documented_example_has_its_signature() -> None:
    sent = [
        ("timestamp", "1315060510"),
        ("public_id", "sample_image"),
        ("eager", "w_400,h_300,c_pad|w_260,h_200,c_crop"),
    ]
    to_sign = string_to_sign(sent, version=2)
    assert to_sign == (
        "eager=w_400,h_300,c_pad|w_260,h_200,c_crop&public_id=sample_image&timestamp=1315060510"
    )
    assert signature_of(to_sign, "abcd") == "bfd09f95f331f558cbd1320e67aa8d488770583e"


@pytest.mark.parametrize(
    ("sent", "version", "wanted"),
    [
        ([("b", "2"), ("a", "1")], 2, "a=1&b=2"),
        ([("a", ""), ("b", "0")], 2, "b=0"),
        ([("a", "1"), ("a", "2")], 2, "a=1,2"),
        ([("a", ""), ("a", "")], 2, ""),
        ([("a", "x&b=1")], 1, "a=x&b=1"),
        ([("a", "x&b=1")], 2, "a=x%26b=1"),
        ([("a", " x=|ž ")], 2, "a= x=|ž "),
        ([("file", "f"), ("api_key", "k"), ("cloud_name", "c"), ("resource_type", "r")], 2, ""),
        ([("signature", "s"), ("public_id", "p")], 2, "public_id=p"),
    ],
)
def test_string_to_sign(sent: list[tuple[str, str]], version: int, wanted: str) -> None:
    assert string_to_sign(sent, version=version) == wanted


def test_answers_are_signed_by_the_first_version() -> None:
    assert answer_signature("a&b", 1, "abcd") == signature_of("public_id=a&b&version=1", "abcd")


# --- Signed requests --------------------------------------------------------------------------


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_both_versions_and_hashes_are_taken(
    client: Client, cloud: Cloud, version: int, algorithm: str
) -> None:
    params = {"public_id": "a", "notification_url": "http://e.org/?a&b", "timestamp": _now()}
    signature = sign(params, "abcd", version=version, algorithm=algorithm)
    answer = client.post(URL, params | {"api_key": "111", "signature": signature})
    assert answer.json() == OK


def test_first_version_can_be_refused(client: Client, cloud: Cloud) -> None:
    Cloud.objects.update(takes_first_signatures=False)
    params = {"public_id": "a", "notification_url": "http://e.org/?a&b", "timestamp": _now()}
    signature = sign(params, "abcd", version=1)
    refused(client.post(URL, params | {"api_key": "111", "signature": signature}))


@pytest.mark.parametrize("names", [["x[]", "x[]"], ["x[0]", "x[1]"], ["x", "x"]])
def test_arrays_are_signed_by_their_bare_name(
    client: Client, cloud: Cloud, names: list[str]
) -> None:
    stamp = _now()
    signature = signature_of(f"public_id=a&timestamp={stamp}&x=1,2", "abcd")
    fields = [*zip(names, ("1", "2"), strict=True), ("public_id", "a"), ("timestamp", stamp)]
    body = "&".join(f"{name}={value}" for name, value in fields)
    body += f"&api_key=111&signature={signature}"
    answer = client.post(URL, body, content_type="application/x-www-form-urlencoded")
    assert answer.json() == OK


def test_signature_may_be_in_capitals(client: Client, cloud: Cloud) -> None:
    params = signed(cloud, {"public_id": "a"})
    params["signature"] = params["signature"].upper()
    assert client.post(URL, params).json() == OK


def test_wrong_signature_is_told_what_was_to_be_signed(client: Client, cloud: Cloud) -> None:
    params = signed(cloud, {"public_id": "a"})
    told = refused(client.post(URL, params | {"public_id": "b"}))
    stamp = params["timestamp"]
    assert told == (
        f"Invalid Signature {params['signature']}. "
        f"String to sign - 'public_id=b&timestamp={stamp}'."
    )
    assert "abcd" not in told


@pytest.mark.parametrize("signature", ["", "x", "a" * 40, "a" * 64, "ž" * 40, "a" * 100_000])
def test_nonsense_for_a_signature(client: Client, cloud: Cloud, signature: str) -> None:
    params = signed(cloud, {"public_id": "a"}) | {"signature": signature}
    assert len(refused(client.post(URL, params))) < 1000


def test_what_is_added_to_a_signed_request_is_noticed(client: Client, cloud: Cloud) -> None:
    params = signed(cloud, {"public_id": "a"})
    query = "&".join(f"{name}={value}" for name, value in params.items())
    for body, kind in (
        ('{"invalidate": {"a": 1}}', "application/json"),
        ("x[key]=1", "application/x-www-form-urlencoded"),
        ("x=1", "application/x-www-form-urlencoded"),
    ):
        refused(client.post(f"{URL}?{query}", body, content_type=kind))


def test_key_of_a_field_is_signed_with_it(client: Client, cloud: Cloud) -> None:
    stamp = _now()
    signature = signature_of(f"context=x&public_id=a&timestamp={stamp}", "abcd")
    params = {"context[alt]": "x", "public_id": "a", "timestamp": stamp}
    refused(client.post(URL, params | {"api_key": "111", "signature": signature}))


def test_json_may_be_signed(client: Client, cloud: Cloud) -> None:
    params = signed(cloud, {"public_id": "a"})
    assert client.post(URL, params, content_type="application/json").json() == OK


def test_key_of_another_cloud_and_revoked_keys_are_unknown(client: Client, cloud: Cloud) -> None:
    other = make_cloud(key="222")
    assert refused(client.post(URL, signed(other, {"public_id": "a"}))) == "Invalid api_key 222"
    ApiKey.objects.get(cloud=cloud).revoke()
    assert refused(client.post(URL, signed(cloud, {"public_id": "a"}))) == "Invalid api_key 111"


def test_key_whose_secret_cannot_be_read_lets_nobody_in(client: Client, cloud: Cloud) -> None:
    ApiKey.objects.update(sealed_secret=b"nonsense")
    params = {"public_id": "a", "timestamp": _now()}
    refused(client.post(URL, params | {"api_key": "111", "signature": sign(params, "")}))
    headers = {"Authorization": basic("111", "")}
    refused(client.post(URL, {"public_id": "a"}, headers=headers))


def test_closed_accounts_are_closed_to_programs(client: Client, cloud: Cloud) -> None:
    cloud.owner.is_active = False
    cloud.owner.save()
    assert refused(client.post(URL, signed(cloud, {}))) == "Invalid cloud_name demo"


@pytest.mark.parametrize("name", ["nobody", "x" * 300, "%00", "a%0Ab"])
def test_unknown_clouds(client: Client, db: None, name: str) -> None:
    assert client.post(f"/v1_1/{name}/image/upload").status_code in (400, 401)


@pytest.mark.parametrize(
    ("stamp", "message"),
    [
        ("1315060510", "Stale request - reported time is 2011-09-03 14:35:10 UTC which is"),
        ("99999999999", "Invalid timestamp - 99999999999 is in the future"),
        ("", "Missing required parameter - timestamp"),
        ("soon", "Missing required parameter - timestamp"),
        ("-5", "Missing required parameter - timestamp"),
        ("1" * 400, "Missing required parameter - timestamp"),
        ("١٢٣", "Missing required parameter - timestamp"),
    ],
)
def test_times_that_are_not_now(client: Client, cloud: Cloud, stamp: str, message: str) -> None:
    answer = client.post(URL, signed(cloud, {"public_id": "a", "timestamp": stamp}))
    assert refused(answer, 400).startswith(message)


def test_signature_without_a_key(client: Client, cloud: Cloud) -> None:
    told = refused(client.post(URL, {"signature": "x", "public_id": "a"}), 400)
    assert told == "Missing required parameter - api_key"


# --- HTTP Basic -------------------------------------------------------------------------------


@pytest.mark.parametrize("alphabet", ["plain", "url"])
@pytest.mark.parametrize("padding", ["=", ""])
def test_basic_in_both_alphabets(client: Client, db: None, alphabet: str, padding: str) -> None:
    make_cloud(name="demo", key="111", secret="~~~???>>>ÿ")
    header = basic("111", "~~~???>>>ÿ", alphabet=alphabet).rstrip("=") + padding * 2
    assert client.get("/v1_1/demo/ping", headers={"Authorization": header}).status_code == 200


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (basic("111", "wrong"), "api_secret mismatch"),
        (basic("111", ""), "api_secret mismatch"),
        (basic("999", "abcd"), "unknown api_key"),
        (basic("", ""), "unknown api_key"),
        ("Basic", "unknown api_key"),
        ("Basic !!!", "unknown api_key"),
        ("Basic " + "A" * 10_000, "unknown api_key"),
        ("Bearer abc", "Authorization by Bearer is not supported; use Basic"),
        ("", "Missing credentials - use HTTP Basic with api_key and api_secret"),
    ],
)
def test_wrong_credentials(client: Client, cloud: Cloud, header: str, message: str) -> None:
    answer = client.get("/v1_1/demo/ping", headers={"Authorization": header})
    assert refused(answer) == message
    assert answer["WWW-Authenticate"].startswith("Basic")


def test_valid_signature_suffices_whatever_basic_says(client: Client, cloud: Cloud) -> None:
    headers = {"Authorization": basic("111", "wrong")}
    answer = client.post(URL, signed(cloud, {"public_id": "a"}), headers=headers)
    assert answer.json() == OK


def test_basic_suffices_where_a_signature_is_no_good(client: Client, cloud: Cloud) -> None:
    asked = {"public_id": "a", "api_key": "111", "timestamp": "5", "signature": "0" * 40}
    headers = {"Authorization": auth_of(cloud)}
    assert client.post(URL, asked, headers=headers).json() == OK
    for wrong in (basic("111", "wrong"), "Bearer x"):
        answer = client.post(URL, asked, headers={"Authorization": wrong})
        assert refused(answer).startswith("Invalid Signature 000")


def test_basic_does_for_the_upload_api(client: Client, cloud: Cloud) -> None:
    headers = {"Authorization": auth_of(cloud)}
    asked = {"public_id": "a", "api_key": "111", "timestamp": "5"}
    assert client.post(URL, asked, headers=headers).json() == OK


def test_use_of_a_key_is_noted(client: Client, cloud: Cloud) -> None:
    client.get("/v1_1/demo/ping", headers={"Authorization": auth_of(cloud)})
    assert key_of(cloud).last_used_at is not None


# --- Without a signature ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({}, "Upload preset must be specified when using unsigned upload"),
        ({"upload_preset": "none"}, "Upload preset not found"),
        ({"upload_preset": "closed"}, "Upload preset must be whitelisted for unsigned uploads"),
        ({"api_key": "111"}, "Missing required parameter - signature"),
        ({"upload_preset": "open", "eager": "w_1"}, "Eager parameter is not allowed when using"),
        ({"upload_preset": "open", "x" * 500: "1"}, "X"),
    ],
)
def test_neither_signature_nor_preset(
    client: Client, cloud: Cloud, asked: dict[str, str], message: str
) -> None:
    UploadPreset.objects.create(cloud=cloud, name="open", unsigned=True)
    UploadPreset.objects.create(cloud=cloud, name="closed")
    UploadPreset.objects.create(cloud=make_cloud(), name="none", unsigned=True)
    told = refused(client.post("/v1_1/demo/image/upload", {"file": "x"} | asked), 400)
    assert told.startswith(message)


def test_presets_open_uploads_alone(client: Client, cloud: Cloud) -> None:
    """Whoever knows a preset's name, and everyone may, can add and not take away."""
    UploadPreset.objects.create(cloud=cloud, name="open", unsigned=True)
    for action in ("destroy", "explicit", "rename", "tags", "context", "metadata", "sprite",
                   "multi", "explode", "text", "generate_archive"):  # fmt: skip
        answer = client.post(
            f"/v1_1/demo/image/{action}", {"upload_preset": "open", "public_id": "a"}
        )
        assert refused(answer, 401)


def test_basic_is_ignored_with_an_open_preset(client: Client, cloud: Cloud) -> None:
    UploadPreset.objects.create(cloud=cloud, name="open", unsigned=True)
    headers = {"Authorization": basic("111", "wrong")}
    asked = {"upload_preset": "open", "file": "data:,abc"}
    answer = client.post("/v1_1/demo/raw/upload", asked, headers=headers)
    assert answer.status_code == 200


def test_signed_requests_win_over_their_preset(client: Client, cloud: Cloud) -> None:
    UploadPreset.objects.create(
        cloud=cloud, name="p", settings={"public_id": "preset", "tags": ["a"], "folder": "in"}
    )
    asked = {"upload_preset": "p", "public_id": "own", "tags": "b"}
    fields = signed(cloud, asked) | {"file": "data:,abc"}
    told = client.post("/v1_1/demo/raw/upload", fields).json()
    assert (told["public_id"], told["tags"]) == ("in/own", ["a", "b"])
    fields = signed(cloud, asked | {"upload_preset": "none"}) | {"file": "data:,abc"}
    assert refused(client.post("/v1_1/demo/raw/upload", fields), 400) == "Upload preset not found"


def test_what_is_allowed_without_a_signature_can_do_no_harm() -> None:
    assert ALLOWED_UNSIGNED.isdisjoint({
        "overwrite", "eager", "transformation", "notification_url", "async", "headers",
        "categorization", "return_delete_token", "access_control", "backup",
    })  # fmt: skip


def test_case_of_a_cloud_name_does_not_matter(client: Client, cloud: Cloud) -> None:
    headers = {"Authorization": auth_of(cloud)}
    assert client.get("/v1_1/DeMo/ping", headers=headers).status_code == 200


def _now() -> str:
    return str(int(time.time()))
