"""The page of programs: a cloud is opened, keys are made and revoked."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import Settings

from gallery import clouds
from gallery.models import ApiKey, Cloud, User
from gallery.tests.factories import make_user

pytestmark = pytest.mark.django_db
PAGE = "/settings/programs/"


@pytest.fixture
def ann(client: Client) -> User:
    ann = make_user("ann")
    client.force_login(ann)
    return ann


@pytest.fixture
def cloud(ann: User) -> Cloud:
    return clouds.open_cloud(ann, "holiday")


def test_stranger_has_to_sign_in(client: Client) -> None:
    assert client.get(PAGE).status_code == 302


def test_library_is_opened_under_a_name(client: Client, ann: User) -> None:
    assert "Open my library" in client.get(PAGE).content.decode()
    assert client.post(PAGE, {"name": "holiday"}).status_code == 302
    assert Cloud.objects.get().owner == ann


def test_name_that_is_none_is_told(client: Client, ann: User) -> None:
    answer = client.post(PAGE, {"name": "search"})
    assert "own addresses; choose another name." in answer.content.decode()
    assert not Cloud.objects.exists()


def test_operator_may_keep_it_to_themselves(client: Client, ann: User, settings: Settings) -> None:
    settings.CLOUDS_OPEN = False
    assert "ask them for a key" in client.get(PAGE).content.decode()
    client.post(PAGE, {"name": "holiday"})
    assert not Cloud.objects.exists()


def test_secret_is_shown_once(client: Client, cloud: Cloud) -> None:
    answer = client.post(f"{PAGE}keys/", {"label": "the shop"})
    key = ApiKey.objects.get()
    assert key.secret in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    page = client.get(PAGE).content.decode()
    assert key.key in page
    assert "the shop" in page
    assert key.secret not in page


def test_key_is_revoked_by_its_owner_alone(client: Client, cloud: Cloud) -> None:
    mine = clouds.issue_key(cloud).key
    other = clouds.issue_key(clouds.open_cloud(make_user(), "other")).key
    assert client.post(f"{PAGE}keys/{mine.pk}/revoke/").status_code == 302
    assert client.post(f"{PAGE}keys/{other.pk}/revoke/").status_code == 404
    mine.refresh_from_db()
    other.refresh_from_db()
    assert not mine.is_active
    assert other.is_active


def test_options_are_kept(client: Client, cloud: Cloud) -> None:
    client.post(PAGE, {"strict_transformations": "on", "takes_first_signatures": ""})
    cloud.refresh_from_db()
    assert cloud.strict_transformations
    assert not cloud.takes_first_signatures
