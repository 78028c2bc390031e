"""Every answer is JSON with the headers that browsers and client libraries look for."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from gallery.api.doors import as_api_error
from gallery.assets import usage
from gallery.assets.errors import InvalidError, MissingError, TakenError
from gallery.models import Cloud, CloudUsage
from gallery.tests.api.asking import ask, auth_of, post, signed
from gallery.tests.factories import make_cloud

pytestmark = pytest.mark.django_db


@pytest.fixture
def cloud() -> Cloud:
    return make_cloud(name="demo")


def assert_json(answer: Any, status: int) -> str:
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/json; charset=utf-8"
    assert re.fullmatch(r"[0-9a-f]{32}", answer["X-Request-Id"])
    assert answer["Access-Control-Allow-Origin"] == "*"
    message: str = answer.json()["error"]["message"]
    return message


@pytest.mark.parametrize("path", ["v1_1", "v1_1/", "v1_1/demo", "v1_1/demo/none", "v1_1/a/b/c/d/e"])
@pytest.mark.parametrize("method", ["get", "post", "put", "delete"])
def test_unknown_routes_are_404_in_json(client: Client, path: str, method: str) -> None:
    answer = getattr(client, method)(f"/{path}")
    assert assert_json(answer, 404) == f"There is no /{path}"
    assert answer["X-Cld-Error"]


def test_slash_at_the_end_is_no_redirect(client: Client, cloud: Cloud) -> None:
    assert_json(client.post("/v1_1/demo/image/upload/", {}), 404)


def test_wrong_method_is_405_in_json(client: Client, cloud: Cloud) -> None:
    params = signed(cloud, {})
    assert_json(client.get("/v1_1/demo/image/upload", params), 405)
    assert_json(ask(client, cloud, "DELETE", "ping"), 405)


def test_what_breaks_is_500_in_json_and_tells_nothing(
    client: Client, cloud: Cloud, monkeypatch: Any
) -> None:
    def broken(call: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr("gallery.api.doors.note_request", broken)
    answer = ask(client, cloud, "GET", "ping")
    assert assert_json(answer, 500) == "General Error"


def test_upload_api_has_only_statuses_that_its_libraries_read(client: Client, cloud: Cloud) -> None:
    post(client, cloud, "raw/upload", content=b"a", public_id="a")
    post(client, cloud, "raw/upload", content=b"b", public_id="b")
    asked = {"from_public_id": "a", "to_public_id": "b"}
    assert_json(post(client, cloud, "raw/rename", **asked), 400)


def test_refusal_is_repeated_in_a_header_in_one_line(client: Client, cloud: Cloud) -> None:
    answer = post(client, cloud, "image/upload", content=b"x", public_id="kůň\r\nX-Evil: 1" * 100)
    assert_json(answer, 400)
    assert "\n" not in answer["X-Cld-Error"]
    assert len(answer["X-Cld-Error"]) <= 500
    assert "X-Evil" not in answer.headers


@pytest.mark.parametrize("path", ["image/upload", "auto/upload", "delete_by_token"])
def test_browsers_may_ask_before_they_upload(client: Client, path: str) -> None:
    answer = client.options(f"/v1_1/demo/{path}")
    assert answer.status_code == 200
    assert answer["Access-Control-Allow-Origin"] == "*"
    for name in ("X-Unique-Upload-Id", "Content-Range", "X-Requested-With", "Cache-Control"):
        assert name in answer["Access-Control-Allow-Headers"]
    assert answer["Access-Control-Expose-Headers"] == "X-Cld-Error, X-Request-Id"


def test_no_cookie_of_a_person_lets_in(client: Client, cloud: Cloud) -> None:
    client.force_login(cloud.owner)
    assert_json(client.get("/v1_1/demo/ping"), 401)
    assert_json(client.post("/v1_1/demo/image/destroy", {"public_id": "a"}), 401)


def test_csrf_is_off_for_programs(cloud: Cloud) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert post(strict, cloud, "raw/upload", content=b"a").status_code == 200


def test_admin_answers_tell_the_limits(client: Client, cloud: Cloud) -> None:
    answer = ask(client, cloud, "GET", "ping")
    assert answer.json() == {"status": "ok"}
    assert int(answer["X-FeatureRateLimit-Limit"]) > 0
    assert int(answer["X-FeatureRateLimit-Remaining"]) > 0
    pattern = r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:00:00 GMT"
    assert re.fullmatch(pattern, answer["X-FeatureRateLimit-Reset"])


def test_too_many_requests_are_420(client: Client, cloud: Cloud, settings: Settings) -> None:
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"api-admin": "1 per hour"}
    assert ask(client, cloud, "GET", "ping").status_code == 200
    answer = ask(client, cloud, "GET", "ping")
    told = assert_json(answer, 420)
    assert (answer["X-FeatureRateLimit-Limit"], answer["X-FeatureRateLimit-Remaining"]) == (
        "1",
        "0",
    )
    assert re.match(r"Rate Limit Exceeded. Limit of 1 api operations reached. Try again on ", told)


def test_requests_are_counted(client: Client, cloud: Cloud) -> None:
    ask(client, cloud, "GET", "ping")
    usage.flush()
    assert CloudUsage.objects.get(cloud=cloud).requests >= 1


@pytest.mark.parametrize(
    ("error", "status"),
    [(InvalidError("x"), 400), (MissingError.asset("x"), 404), (TakenError("x"), 409)],
)
def test_what_verbs_refuse_has_a_status(error: Exception, status: int) -> None:
    assert as_api_error(error).status == status


def test_nothing_is_kept_by_caches_unless_said(client: Client, cloud: Cloud) -> None:
    assert ask(client, cloud, "GET", "ping")["Cache-Control"] == "no-store"


def test_bad_characters_in_an_address(client: Client, cloud: Cloud) -> None:
    headers = {"Authorization": auth_of(cloud)}
    answer = client.get("/v1_1/demo/resources/image/upload/a%00b", headers=headers)
    assert_json(answer, 400)
