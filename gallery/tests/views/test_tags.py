"""The tag index and tag pages."""

from __future__ import annotations

import pytest
from django.test import Client

from gallery.models import User
from gallery.tests.factories import make_photo, make_tag, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> User:
    return make_user("olga")


def counts(client: Client) -> dict[str, int]:
    categories = client.get("/tags/").context["categories"]
    return {tag.label: tag.photo_count for _, tags in categories for tag in tags}


def test_index_counts_each_photo_once_for_all_it_is_a_kind_of(client: Client, owner: User) -> None:
    animal = make_tag("animal")
    make_tag("koala", parents=[animal])
    make_photo(owner, tags={"koala": 0.9, "animal": 0.95})
    make_photo(owner, tags={"koala": 0.9})
    assert counts(client) == {"animal": 2, "koala": 2}


def test_index_counts_only_what_one_may_see(client: Client, owner: User) -> None:
    make_photo(owner, tags={"koala": 0.9})
    make_photo(owner, tags={"koala": 0.9, "secret": 0.9}, visibility="private")
    assert counts(client) == {"koala": 1}
    client.force_login(owner)
    assert counts(client) == {"koala": 2, "secret": 1}


def test_tag_page_shows_photos_of_its_kinds(client: Client, owner: User) -> None:
    animal = make_tag("animal")
    make_tag("koala", parents=[animal])
    photo = make_photo(owner, tags={"koala": 0.9})
    assert photo.public_id in client.get("/tags/animal/").content.decode()


def test_tag_that_is_only_on_a_strangers_private_photo_does_not_exist(
    client: Client, owner: User
) -> None:
    make_photo(owner, tags={"secret": 0.9}, visibility="private")
    assert client.get("/tags/secret/").status_code == 404


def test_tag_page_has_one_address(client: Client, owner: User) -> None:
    tag = make_tag("mobile phone", category="electronics")
    tag.aliases.create(slug="cell-phone", label="cell phone")
    assert client.get("/tags/cell-phone/").headers["Location"] == "/tags/mobile-phone/"
    assert "cell phone" in client.get("/tags/mobile-phone/").content.decode()
