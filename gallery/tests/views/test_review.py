"""The review queue in the browser."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from gallery.models import Photo, PhotoTag, ReviewAnswer, User
from gallery.tests.factories import make_photo, make_run, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def olga(client: Client) -> User:
    user = make_user("olga")
    client.force_login(user)
    return user


@pytest.fixture
def photo(olga: User) -> Photo:
    photo = make_photo(olga, tags={"koala": 0.5, "dog": 0.8})
    run = make_run(photo, suggestions={"koala": 0.5, "dog": 0.8}, status="complete")
    photo.photo_tags.update(run=run)
    return photo


def row(photo: Photo, label: str) -> PhotoTag:
    return photo.photo_tags.get(tag__label=label)


def say(client: Client, photo_tag: PhotoTag, answer: str, **how: Any) -> Any:
    return client.post("/review/", {"question": photo_tag.pk, "answer": answer}, **how)


def test_question_is_asked_with_the_photo(client: Client, photo: Photo) -> None:
    page = client.get("/review/").content.decode()
    assert "Does this show <strong>koala</strong>?" in page
    assert photo.public_id in page


@pytest.mark.parametrize(("answer", "state"), [("yes", "confirmed"), ("no", "rejected")])
def test_answer_decides_and_leads_to_the_next(
    answer: str, state: str, client: Client, photo: Photo
) -> None:
    assert say(client, row(photo, "koala"), answer).status_code == 302
    assert row(photo, "koala").state == state
    assert "<strong>dog</strong>" in client.get("/review/").content.decode()


def test_skipped_question_does_not_come_again_until_asked_for(client: Client, photo: Photo) -> None:
    for label in ("koala", "dog"):
        say(client, row(photo, label), "skip")
    assert "2 questions you skipped" in client.get("/review/").content.decode()
    client.post("/review/again/")
    assert "<strong>koala</strong>" in client.get("/review/").content.decode()
    assert not ReviewAnswer.objects.exists()


def test_last_answer_can_be_taken_back(client: Client, photo: Photo) -> None:
    say(client, row(photo, "koala"), "no")
    client.post("/review/undo/")
    assert row(photo, "koala").state == "assigned"
    client.post("/review/undo/")  # nothing is left to take back


def test_script_gets_the_next_question_alone(client: Client, photo: Photo) -> None:
    part = say(client, row(photo, "koala"), "yes", headers={"X-Fragment": "1"}).content.decode()
    assert "<html" not in part
    assert "<strong>dog</strong>" in part


def test_one_tag_is_reviewed_alone(client: Client, photo: Photo) -> None:
    assert "<strong>dog</strong>" in client.get("/review/?tag=dog").content.decode()
    assert client.get("/review/?tag=nothing").status_code == 404


@pytest.mark.parametrize("sent", [{"answer": "maybe"}, {"question": "x"}, {"question": ""}])
def test_answer_that_is_none_is_refused(sent: dict[str, str], client: Client, photo: Photo) -> None:
    asked = {"question": str(row(photo, "koala").pk), "answer": "yes"} | sent
    assert client.post("/review/", asked).status_code == 404


def test_other_peoples_photos_are_not_theirs_to_answer(client: Client, photo: Photo) -> None:
    client.force_login(make_user("sven"))
    say(client, row(photo, "koala"), "no")
    assert row(photo, "koala").state == "assigned"


def test_calibration_is_for_those_who_keep_the_tags(client: Client, photo: Photo) -> None:
    say(client, row(photo, "koala"), "yes")
    assert client.get("/review/calibration/").status_code == 404
    client.force_login(make_user(is_staff=True, is_superuser=True))
    page = client.get("/review/calibration/").content.decode()
    assert "koala" in page
    assert "too few answers" in page
