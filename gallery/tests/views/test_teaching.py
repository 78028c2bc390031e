"""The pages on which people teach tags."""

from __future__ import annotations

import numpy as np
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from gallery import tagging, teaching
from gallery.models import Fingerprint, Photo, Tag, TaughtTag, User
from gallery.tests.factories import make_photo, make_tag, make_user

pytestmark = pytest.mark.django_db


def photo_of(owner: User, like: int, seed: int) -> Photo:
    noise = np.abs(np.random.default_rng(seed).normal(0, 0.5, 40))
    noise[like] += 4
    photo = make_photo(owner)
    embedding = noise.astype("<f2").tobytes()
    Fingerprint.objects.create(photo=photo, embedding=embedding, model="eyes/1")
    return photo


@pytest.fixture
def owner(client: Client) -> User:
    owner = make_user("olga")
    client.force_login(owner)
    return owner


@pytest.fixture
def rex(owner: User) -> list[Photo]:
    """Eight photos of Rex beside ten of something else; nothing is marked."""
    for seed in range(20, 30):
        photo_of(owner, 1, seed)
    return [photo_of(owner, 0, seed) for seed in range(8)]


def mark(client: Client, photos: list[Photo], choice: str = "yes") -> str:
    """Mark photos as Rex, or not, in the browser's way; return the page that follows."""
    data = {f"mark-{photo.public_id}": choice for photo in photos} | {"label": "Rex"}
    return client.post("/tags/rex/teach/", data, follow=True).content.decode()


def test_naming_a_tag_leads_to_its_page_and_stores_nothing(client: Client, owner: User) -> None:
    answer = client.post("/mine/taught/", {"label": " Our  Rex "})
    assert answer.headers["Location"] == "/tags/our-rex/teach/?label=Our+Rex"
    page = client.get(answer.headers["Location"]).content.decode()
    assert "Our Rex" in page
    assert not Tag.objects.exists()


def test_name_without_a_letter_is_refused_with_a_sentence(client: Client, owner: User) -> None:
    page = client.post("/mine/taught/", {"label": "!!"}).content.decode()
    assert "at least one letter or digit" in page


def test_page_shows_own_photos_to_mark(client: Client, rex: list[Photo]) -> None:
    stranger = make_photo(make_user("sven"))
    page = client.get("/tags/rex/teach/").content.decode()
    assert page.count('class="mark-card"') == 18
    assert stranger.public_id not in page
    assert "0 of 5" in page


def test_marks_are_kept_as_the_persons_word(client: Client, rex: list[Photo]) -> None:
    page = mark(client, rex[:2])
    tag = Tag.objects.get(slug="rex")
    assert tag.label == "Rex"
    assert rex[0].photo_tags.get(tag=tag).state == "confirmed"
    assert "2 of 5" in page
    assert "Mark 3 more photos that show it." in page


def test_mark_can_be_changed_and_taken_back(client: Client, rex: list[Photo]) -> None:
    mark(client, rex[:2])
    mark(client, rex[:1], "no")
    mark(client, rex[1:2], "")
    assert rex[0].photo_tags.get().state == "rejected"
    assert not rex[1].photo_tags.exists()


def test_saving_without_a_mark_makes_no_tag(client: Client, rex: list[Photo]) -> None:
    mark(client, rex, "")
    assert not Tag.objects.exists()


def test_five_marks_show_the_best_matches_before_anything_is_applied(
    client: Client, rex: list[Photo]
) -> None:
    page = mark(client, rex[:5])
    assert "Best matches" in page
    assert "Apply: 3 more photos" in page
    assert page.index(rex[6].public_id) < page.index("Save marks")
    assert Photo.objects.tagged(Tag.objects.all()).count() == 5


def test_applying_and_undoing(client: Client, rex: list[Photo]) -> None:
    mark(client, rex[:5])
    page = client.post("/tags/rex/teach/apply/", follow=True).content.decode()
    assert "8 of your photos show “Rex” now." in page
    assert "found on 3 photos" in client.get("/mine/taught/").content.decode()
    assert "You taught this" in client.get("/tags/rex/").content.decode()
    page = client.post("/tags/rex/teach/undo/", follow=True).content.decode()
    assert "no longer found by itself" in page
    assert Photo.objects.tagged(Tag.objects.all()).count() == 5


def test_applying_with_too_few_marks_says_why(client: Client, rex: list[Photo]) -> None:
    mark(client, rex[:4])
    page = client.post("/tags/rex/teach/apply/", follow=True).content.decode()
    assert "Mark 1 more photo that shows it." in page
    assert not TaughtTag.objects.exists()


def test_search_narrows_what_there_is_to_mark(client: Client, rex: list[Photo]) -> None:
    rex[3].title = "on the sofa"
    rex[3].save()
    page = client.get("/tags/rex/teach/?q=sofa").content.decode()
    assert page.count('class="mark-card"') == 1
    assert rex[3].public_id in page


def test_search_that_makes_no_sense_is_refused_with_a_sentence(
    client: Client, rex: list[Photo]
) -> None:
    page = client.get("/tags/rex/teach/", {"q": "shade:red"}).content.decode()
    assert 'role="alert"' in page
    assert "mark-card" not in page


def test_search_goes_on_until_something_is_learnt(client: Client, rex: list[Photo]) -> None:
    data = {f"mark-{photo.public_id}": "yes" for photo in rex[:5]}
    first = dict([data.popitem()])
    assert client.post("/tags/rex/teach/?q=photo", first).headers["Location"].endswith("?q=photo")
    assert client.post("/tags/rex/teach/?q=photo", data).headers["Location"].endswith("/teach/")


def test_photos_that_a_tagger_suspects_come_first(client: Client, rex: list[Photo]) -> None:
    tag = make_tag("Rex")
    rex[7].photo_tags.create(tag=tag, confidence=0.2, state="suggested")
    page = client.get("/tags/rex/teach/").content.decode()
    assert page.count('class="mark-card"') == 1


def test_alias_leads_to_the_tag(client: Client, owner: User) -> None:
    make_tag("dog").aliases.create(slug="hound", label="hound")
    answer = client.get("/tags/hound/teach/")
    assert answer.headers["Location"] == "/tags/dog/teach/"


def test_marks_on_other_peoples_photos_are_ignored(client: Client, owner: User) -> None:
    stranger = make_photo(make_user("sven"))
    mark(client, [stranger])
    assert not stranger.photo_tags.exists()


def test_mark_that_no_page_sends_is_not_found(client: Client, rex: list[Photo]) -> None:
    answer = client.post("/tags/rex/teach/", {f"mark-{rex[0].public_id}": "maybe"})
    assert answer.status_code == 404


@pytest.mark.parametrize("action", ["apply", "undo"])
def test_what_others_taught_is_out_of_reach(
    action: str, client: Client, owner: User, rex: list[Photo]
) -> None:
    for photo in rex[:5]:
        tagging.mark(photo, make_tag("Rex"), shows=True)
    teaching.apply(owner, Tag.objects.get(slug="rex"))
    client.force_login(make_user("sven"))
    client.post(f"/tags/rex/teach/{action}/")
    assert TaughtTag.objects.get().owner == owner
    assert "None yet" in client.get("/mine/taught/").content.decode()


@pytest.mark.parametrize("path", ["/mine/taught/", "/tags/rex/teach/"])
def test_visitors_are_asked_to_sign_in(path: str, client: Client) -> None:
    assert client.get(path).headers["Location"].startswith("/sign-in/")


def statements(client: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as counted:
        assert client.get(path).status_code == 200
    return len(counted)


@pytest.mark.parametrize("path", ["/tags/rex/teach/", "/tags/rex/teach/?q="])
def test_page_costs_the_same_however_many_photos_it_shows(
    path: str, client: Client, owner: User, rex: list[Photo]
) -> None:
    mark(client, rex[:6])
    few = statements(client, path)
    for seed in range(100, 120):
        photo_of(owner, 0, seed)
    assert statements(client, path) == few
