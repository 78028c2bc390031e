"""The bulk editor, and having photos tagged again."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from gallery.models import BulkAct, Photo, PhotoTag, User
from gallery.tests.factories import make_photo, make_user
from gallery.tests.taggers.stubs import ToldTagger

pytestmark = pytest.mark.django_db


@pytest.fixture
def olga(client: Client) -> User:
    user = make_user("olga")
    client.force_login(user)
    return user


@pytest.fixture
def photos(olga: User) -> list[Photo]:
    return [make_photo(olga, tags={label: 0.9}) for label in ("koala", "koala", "dog")]


def edit(client: Client, query: str = "", **fields: Any) -> Any:
    return client.post(f"/mine/edit/{query}", {"scope": "ticked", "deed": "add"} | fields)


def carrying(label: str) -> int:
    return PhotoTag.objects.shown().filter(tag__label=label).count()


def test_tag_is_added_to_the_ticked_photos(client: Client, photos: list[Photo]) -> None:
    ticked = [photos[0].public_id, photos[2].public_id]
    answer = edit(client, label=" Easter  2026 ", photo=ticked)
    act = BulkAct.objects.get()
    assert answer.headers["Location"] == act.get_absolute_url()
    assert carrying("Easter 2026") == 2
    page = client.get(act.get_absolute_url()).content.decode()
    assert "Add “Easter 2026”" in page
    assert ">Undo<" in page


def test_tag_is_removed_from_all_that_a_search_finds(client: Client, photos: list[Photo]) -> None:
    edit(client, "?q=koala", label="koala", scope="all", deed="remove")
    assert carrying("koala") == 0
    assert carrying("dog") == 1
    assert BulkAct.objects.get().details["query"] == "koala"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"label": "x"}, "Tick at least one photo"),
        ({"label": "!!", "scope": "all"}, "at least one letter or digit"),
        ({"label": "zebra", "scope": "all", "deed": "remove"}, "There is no tag “zebra”"),
        ({"label": "", "scope": "all"}, "This field is required"),
        ({"label": "x" * 101, "scope": "all"}, "at most 100 characters"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_sentence(
    fields: dict[str, str], words: str, client: Client, photos: list[Photo]
) -> None:
    answer = edit(client, **fields)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not BulkAct.objects.exists()


def test_ticks_survive_a_refusal(client: Client, photos: list[Photo]) -> None:
    page = edit(client, label="!!", photo=[photos[0].public_id]).content.decode()
    assert f'value="{photos[0].public_id}" checked' in page


def test_other_peoples_photos_are_out_of_reach(client: Client, photos: list[Photo]) -> None:
    other = make_photo(make_user("sven"))
    edit(client, label="mine", photo=[other.public_id])
    assert carrying("mine") == 0


def test_page_costs_the_same_for_one_photo_and_for_twenty(
    client: Client, olga: User, django_assert_max_num_queries: Any
) -> None:
    make_photo(olga, tags={"koala": 0.9})
    with django_assert_max_num_queries(8) as one:
        client.get("/mine/edit/")
    for _ in range(19):
        make_photo(olga, tags={"koala": 0.9})
    with django_assert_max_num_queries(len(one)):
        client.get("/mine/edit/")


@pytest.mark.parametrize("address", ["/mine/edit/", "/mine/retag/", "/mine/export/"])
def test_strangers_sign_in_first(address: str, client: Client) -> None:
    assert client.get(address).headers["Location"].startswith("/sign-in/")


# --- Tagging again ----------------------------------------------------------------------------


def test_tagging_again_begins_by_looking(
    client: Client, photos: list[Photo], told: ToldTagger
) -> None:
    client.post("/mine/retag/?q=koala", {"tagger": "told", "which": "all"})
    act = BulkAct.objects.get()
    assert (act.status, act.photo_count, act.details["tagger"]) == ("looking", 2, "told")


@pytest.mark.parametrize(("which", "count"), [("unseen", 3), ("outdated", 0)])
def test_photos_can_be_chosen_by_what_the_tagger_has_seen(
    which: str, count: int, client: Client, photos: list[Photo], told: ToldTagger
) -> None:
    page = client.post("/mine/retag/", {"tagger": "told", "which": which}).content.decode()
    if count:
        assert BulkAct.objects.get().photo_count == count
    else:
        assert "There is no such photo." in page


def test_unknown_tagger_is_refused(client: Client, photos: list[Photo]) -> None:
    assert client.post("/mine/retag/", {"tagger": "x", "which": "all"}).status_code == 422


@pytest.mark.parametrize(("is_staff", "count"), [(True, 2), (False, 1)])
def test_only_an_operator_has_everyones_photos_tagged(
    is_staff: bool, count: int, client: Client, told: ToldTagger
) -> None:
    person = make_user(is_staff=is_staff, is_superuser=is_staff)
    client.force_login(person)
    make_photo(person)
    make_photo()
    client.post("/mine/retag/?everyone=1", {"tagger": "told", "which": "all"})
    assert BulkAct.objects.get().photo_count == count
