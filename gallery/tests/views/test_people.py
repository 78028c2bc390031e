"""Accounts: the first one, and everyone's after it."""

from __future__ import annotations

import pytest
from django.core import mail
from django.test import Client
from pytest_django import Settings

from gallery.models import User
from gallery.tests.factories import make_user

pytestmark = pytest.mark.django_db
PASSWORD = "a long walk at dusk"
NEW = {"username": "olga", "email": "", "password1": PASSWORD, "password2": PASSWORD}


def test_first_account_is_the_administrators(client: Client) -> None:
    answer = client.post("/welcome/", NEW)
    assert answer.headers["Location"] == "/upload/"
    user = User.objects.get()
    assert user.is_superuser
    assert user.is_staff


def test_there_is_one_first_account(client: Client) -> None:
    make_user("anna")
    assert client.post("/welcome/", NEW).headers["Location"] == "/"
    assert User.objects.count() == 1


def test_later_accounts_are_plain(client: Client) -> None:
    make_user("anna")
    client.post("/sign-up/", NEW)
    assert not User.objects.get(username="olga").is_staff


def test_site_may_be_closed_to_strangers(client: Client, settings: Settings) -> None:
    settings.SIGN_UP_OPEN = False
    make_user("anna")
    assert client.post("/sign-up/", NEW).status_code == 404


def test_weak_password_is_refused(client: Client) -> None:
    page = client.post("/welcome/", NEW | {"password1": "123", "password2": "123"})
    assert "too short" in page.content.decode()
    assert not User.objects.exists()


def test_sign_in_and_out(client: Client) -> None:
    User.objects.create_user("olga", password=PASSWORD)
    client.post("/sign-in/", {"username": "olga", "password": PASSWORD})
    assert "Sign out" in client.get("/").content.decode()
    client.post("/sign-out/")
    assert "Sign out" not in client.get("/").content.decode()


def test_guessing_is_stopped_even_with_the_right_password(
    client: Client, settings: Settings
) -> None:
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"sign-in": "2 per hour"}
    User.objects.create_user("olga", password=PASSWORD)
    for _ in range(2):
        client.post("/sign-in/", {"username": "olga", "password": "wrong"})
    page = client.post("/sign-in/", {"username": "olga", "password": PASSWORD})
    assert "Too many tries." in page.content.decode()


def test_sign_up_is_limited(client: Client, settings: Settings) -> None:
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"sign-up": "1 per hour"}
    make_user("anna")
    client.post("/sign-up/", NEW)
    client.logout()
    page = client.post("/sign-up/", NEW | {"username": "second"})
    assert "Too many new accounts" in page.content.decode()


def test_person_sets_own_threshold(client: Client) -> None:
    user = make_user("olga")
    client.force_login(user)
    client.post("/settings/", {"email": "", "automatic_tagging": "on", "tagging_threshold": "0.8"})
    user.refresh_from_db()
    assert user.threshold == 0.8


@pytest.mark.parametrize("threshold", ["-0.1", "1.1", "nan", "much"])
def test_threshold_that_is_no_share_is_refused(threshold: str, client: Client) -> None:
    user = make_user("olga")
    client.force_login(user)
    client.post("/settings/", {"email": "", "tagging_threshold": threshold})
    user.refresh_from_db()
    assert user.tagging_threshold is None


def test_forgotten_password_is_reset_by_mail(client: Client) -> None:
    user = User.objects.create_user("olga", "olga@example.org", PASSWORD)
    client.post("/password/", {"email": "olga@example.org"})
    link = next(line for line in mail.outbox[0].body.splitlines() if line.startswith("http"))
    address = client.get(link.split("testserver")[1]).headers["Location"]
    client.post(address, {"new_password1": PASSWORD[::-1], "new_password2": PASSWORD[::-1]})
    user.refresh_from_db()
    assert user.check_password(PASSWORD[::-1])


def test_asking_for_reset_links_is_limited(client: Client, settings: Settings) -> None:
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"password-reset": "1 per hour"}
    User.objects.create_user("olga", "olga@example.org", PASSWORD)
    client.post("/password/", {"email": "olga@example.org"})
    page = client.post("/password/", {"email": "olga@example.org"})
    assert "Too many links" in page.content.decode()
    assert len(mail.outbox) == 1
