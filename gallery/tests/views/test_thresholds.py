"""The threshold dial, on a photo and in the library."""

from __future__ import annotations

import pytest
from django.test import Client

from gallery import tagging
from gallery.models import Photo, User
from gallery.tests.factories import make_photo, make_run, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> User:
    return make_user("olga")


@pytest.fixture
def photo(owner: User) -> Photo:
    photo = make_photo(owner)
    said = {"koala": 0.9, "leaf": 0.3}
    make_run(photo, suggestions=said, status="complete", threshold=0.4)
    tagging.settle(photo)
    return photo


def shown(photo: Photo) -> set[str]:
    return set(photo.photo_tags.shown().values_list("tag__label", flat=True))


def test_trying_a_threshold_marks_what_would_change(
    client: Client, owner: User, photo: Photo
) -> None:
    client.force_login(owner)
    tried = client.post(f"/photos/{photo.public_id}/threshold/", {"threshold": "0.2"}, follow=True)
    assert "tag-row-appears" in tried.content.decode()
    assert shown(photo) == {"koala"}


def test_keeping_a_threshold_changes_the_photo(client: Client, owner: User, photo: Photo) -> None:
    client.force_login(owner)
    client.post(f"/photos/{photo.public_id}/threshold/", {"threshold": "0.2", "keep": "1"})
    assert shown(photo) == {"koala", "leaf"}


@pytest.mark.parametrize("threshold", ["", "2", "nan", "koala"])
def test_what_no_dial_sends_is_not_found(
    threshold: str, client: Client, owner: User, photo: Photo
) -> None:
    client.force_login(owner)
    answer = client.post(f"/photos/{photo.public_id}/threshold/", {"threshold": threshold})
    assert answer.status_code == 404


def test_dial_is_the_owners_alone(client: Client, photo: Photo) -> None:
    client.force_login(make_user("sven"))
    answer = client.post(f"/photos/{photo.public_id}/threshold/", {"threshold": "0.2", "keep": "1"})
    assert answer.status_code == 404
    page = client.get(f"/photos/{photo.public_id}/?threshold=0.2").content.decode()
    assert "data-dial" not in page
    assert "tag-row-appears" not in page


def test_library_says_what_would_change_and_for_how_many(
    client: Client, owner: User, photo: Photo
) -> None:
    client.force_login(owner)
    page = client.get("/mine/threshold/?threshold=0.95").content.decode()
    assert "Would go" in page
    assert "koala" in page
    assert shown(photo) == {"koala"}


def test_script_gets_the_preview_alone(client: Client, owner: User, photo: Photo) -> None:
    client.force_login(owner)
    answer = client.post("/mine/threshold/", {"threshold": "0.2"}, headers={"X-Fragment": "1"})
    assert "<html" not in answer.content.decode()
    assert "Would appear" in answer.content.decode()


def test_without_a_script_trying_leads_to_a_page_of_its_own(
    client: Client, owner: User, photo: Photo
) -> None:
    client.force_login(owner)
    answer = client.post("/mine/threshold/", {"threshold": "0.2"})
    assert answer.headers["Location"] == "/mine/threshold/?threshold=0.2"


def test_keeping_it_in_the_library_changes_all_photos_and_the_setting(
    client: Client, owner: User, photo: Photo
) -> None:
    client.force_login(owner)
    client.post("/mine/threshold/", {"threshold": "0.2", "keep": "1"})
    owner.refresh_from_db()
    assert owner.tagging_threshold == 0.2
    assert shown(photo) == {"koala", "leaf"}


def test_library_threshold_needs_an_account(client: Client) -> None:
    assert client.get("/mine/threshold/").headers["Location"].startswith("/sign-in/")
