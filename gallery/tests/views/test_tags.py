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


# --- Renaming and merging ---------------------------------------------------------------------


@pytest.fixture
def keeper(client: Client) -> User:
    user = make_user("keeper", is_staff=True, is_superuser=True)
    client.force_login(user)
    return user


def test_keeper_renames_a_tag_and_old_addresses_lead_on(client: Client, keeper: User) -> None:
    make_photo(tags={"dog": 0.9})
    client.post("/tags/dog/edit/", {"deed": "rename", "label": "Hound"})
    assert client.get("/tags/dog/").headers["Location"] == "/tags/hound/"
    assert "Also found as dog" in client.get("/tags/hound/").content.decode()


def test_keeper_merges_tags_and_can_undo_it(client: Client, keeper: User) -> None:
    photo = make_photo(tags={"puppy": 0.9, "hound": 0.8})
    make_photo(tags={"dog": 0.9})
    act = client.post("/tags/dog/edit/", {"deed": "merge", "names": "puppy, Hound"}).headers[
        "Location"
    ]
    assert [row.tag.label for row in photo.photo_tags.all()] == ["dog"]
    client.post(f"{act}undo/")
    assert {row.tag.label for row in photo.photo_tags.all()} == {"puppy", "hound"}


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"deed": "rename", "label": "cat"}, "merge the two instead"),
        ({"deed": "rename", "label": "?!"}, "at least one letter or digit"),
        ({"deed": "merge", "names": "zebra"}, "There is no tag “zebra”"),
        ({"deed": "merge", "names": "dog"}, "at least one tag besides “dog”"),
        ({"deed": "merge", "names": " , "}, "at least one tag besides “dog”"),
    ],
)
def test_what_cannot_be_done_to_a_tag_is_refused_with_a_sentence(
    sent: dict[str, str], words: str, client: Client, keeper: User
) -> None:
    make_photo(tags={"dog": 0.9, "cat": 0.9})
    answer = client.post("/tags/dog/edit/", sent)
    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_tags_are_the_keepers_to_edit(client: Client) -> None:
    make_photo(tags={"dog": 0.9})
    client.force_login(make_user("sven"))
    assert client.get("/tags/dog/edit/").status_code == 404
    assert "Rename or merge" not in client.get("/tags/dog/").content.decode()
