"""The upload page: an outcome for every file."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from gallery.models import Photo, TaggingRun, User
from gallery.tests.factories import make_user
from gallery.tests.pictures import uploaded

pytestmark = pytest.mark.django_db


@pytest.fixture
def member(client: Client) -> User:
    user = make_user("olga")
    client.force_login(user)
    return user


def post(client: Client, *files: SimpleUploadedFile, **fields: Any) -> str:
    answer = client.post("/upload/", {"files": list(files), "visibility": "public"} | fields)
    return answer.content.decode()


def test_strangers_sign_in_first(client: Client) -> None:
    assert client.get("/upload/").headers["Location"].startswith("/sign-in/")


def test_several_files_each_get_their_outcome(client: Client, member: User) -> None:
    post(client, uploaded("known.jpg", seed=1))
    page = post(
        client,
        uploaded("known.jpg", seed=1),
        uploaded("new.jpg", seed=2),
        SimpleUploadedFile("notes.txt", b"not a picture at all"),
    )
    for words in ("Already there.", "Stored.", "Refused."):
        assert words in page
    assert Photo.objects.count() == 2


def test_choices_of_the_form_reach_the_photo_and_its_run(client: Client, member: User) -> None:
    post(client, uploaded(), visibility="private", threshold="0.7")
    assert Photo.objects.get().visibility == "private"
    assert TaggingRun.objects.get().threshold == 0.7


TAGGERS = {
    "told": {"BACKEND": "gallery.tests.taggers.stubs.ToldTagger"},
    "far": {
        "BACKEND": "gallery.taggers.openai.OpenAITagger",
        "OPTIONS": {"url": "https://models.example.org/v1", "model": "m"},
    },
}


@pytest.mark.parametrize(
    ("fields", "asked"),
    [
        ({}, {"told"}),
        ({"choose_taggers": "True", "taggers": ["told", "far"]}, {"told", "far"}),
        ({"choose_taggers": "True", "taggers": ["far"]}, {"far"}),
        ({"choose_taggers": "True"}, set()),
    ],
)
def test_upload_may_choose_any_set_of_taggers(
    fields: dict[str, Any], asked: set[str], client: Client, member: User, settings: Settings
) -> None:
    settings.TAGGERS, settings.DEFAULT_TAGGERS = TAGGERS, ["told"]
    post(client, uploaded(), **fields)
    assert set(TaggingRun.objects.values_list("tagger", flat=True)) == asked


@pytest.mark.parametrize(("is_automatic", "ticked"), [(True, 1), (False, 0)])
def test_who_opted_out_finds_no_tagger_ticked(
    is_automatic: bool, ticked: int, client: Client, member: User
) -> None:
    User.objects.update(automatic_tagging=is_automatic)
    page = client.get("/upload/").content.decode()
    assert page.count('name="taggers" value="bundled"') == 1
    assert sum("checked" in line for line in page.splitlines() if "taggers" in line) == ticked


def test_every_page_says_where_photos_may_be_sent(
    client: Client, member: User, settings: Settings
) -> None:
    settings.TAGGERS = TAGGERS
    assert "far, sends photos to models.example.org" in client.get("/upload/").content.decode()
    assert "may be sent to models.example.org" in client.get("/").content.decode()
    settings.TAGGERS = {"told": TAGGERS["told"]}
    assert "worked out on this very machine" in client.get("/").content.decode()


def test_no_file_is_refused_with_a_sentence(client: Client, member: User) -> None:
    assert "Choose at least one photo." in post(client)


def test_oversized_file_does_not_hinder_its_neighbours(
    client: Client, member: User, settings: Settings
) -> None:
    settings.MAX_UPLOAD_BYTES = 5000
    large = SimpleUploadedFile("large.jpg", b"\xff\xd8\xff" + b"x" * 200_000)
    page = post(client, large, uploaded("small.jpg"))
    assert "are accepted" in page
    assert Photo.objects.get().original_name == "small.jpg"


def test_script_gets_the_outcome_alone(client: Client, member: User) -> None:
    answer = client.post(
        "/upload/", {"files": [uploaded()], "visibility": "public"}, headers={"X-Fragment": "1"}
    )
    page = answer.content.decode()
    assert "<html" not in page
    assert "outcome-stored" in page


def test_too_many_uploads_are_refused(client: Client, member: User, settings: Settings) -> None:
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"upload": "1 per hour"}
    page = post(client, uploaded(seed=1), uploaded(seed=2))
    assert "more than one person may upload" in page
    assert Photo.objects.count() == 1
