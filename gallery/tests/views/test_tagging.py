"""What a person sees and decides of a photo's tags."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from gallery import tagging
from gallery.models import Photo, PhotoTag, TaggingRun, TagState, User
from gallery.tests.factories import make_photo, make_run, make_user

pytestmark = pytest.mark.django_db
FRAGMENT = {"X-Fragment": "1"}


@pytest.fixture
def owner() -> User:
    return make_user("olga")


@pytest.fixture
def photo(owner: User) -> Photo:
    return make_photo(owner, tags={"koala": 0.9})


def decide(client: Client, photo: Photo, decision: str, slug: str = "koala") -> int:
    address = reverse("gallery:photo-tag-decide", args=[photo.public_id, slug, decision])
    return client.post(address).status_code


@pytest.mark.parametrize(
    ("decision", "state"), [("confirm", TagState.CONFIRMED), ("reject", TagState.REJECTED)]
)
def test_owner_decides_on_a_tag(
    decision: str, state: str, client: Client, owner: User, photo: Photo
) -> None:
    make_run(photo, suggestions={"koala": 0.9}, status="complete")
    PhotoTag.objects.update(run=TaggingRun.objects.latest("pk"))
    client.force_login(owner)
    assert decide(client, photo, decision) == 302
    assert PhotoTag.objects.get().state == state


@pytest.mark.parametrize("decision", ["confirm", "reject", "undo"])
def test_stranger_decides_nothing(decision: str, client: Client, photo: Photo) -> None:
    before = PhotoTag.objects.get().state
    client.force_login(make_user("sven"))
    assert decide(client, photo, decision) == 404
    assert PhotoTag.objects.get().state == before


def test_unknown_decision_does_not_exist(client: Client, owner: User, photo: Photo) -> None:
    client.force_login(owner)
    assert decide(client, photo, "adore") == 404


def test_owner_adds_a_tag(client: Client, owner: User, photo: Photo) -> None:
    client.force_login(owner)
    client.post(
        reverse("gallery:photo-tag-add", args=[photo.public_id]), {"label": " Bondi  Beach"}
    )
    added = PhotoTag.objects.get(tag__slug="bondi-beach")
    assert (added.tag.label, added.state, added.confidence) == ("Bondi Beach", "confirmed", 1.0)


def test_tag_without_a_letter_is_refused(client: Client, owner: User, photo: Photo) -> None:
    client.force_login(owner)
    answer = client.post(
        reverse("gallery:photo-tag-add", args=[photo.public_id]), {"label": "!!!"}, headers=FRAGMENT
    )
    assert answer.status_code == 422
    assert "at least one letter or digit" in answer.content.decode()


def test_owner_asks_for_tagging_again(client: Client, owner: User, photo: Photo) -> None:
    TaggingRun.objects.all().delete()
    client.force_login(owner)
    client.post(reverse("gallery:tagging-again", args=[photo.public_id]))
    assert TaggingRun.objects.get().requested_by == owner


def test_panel_says_that_it_waits(client: Client, photo: Photo) -> None:
    TaggingRun.objects.all().delete()
    make_run(photo, status="queued")
    address = reverse("gallery:tagging-panel", args=[photo.public_id])
    page = client.get(address, headers=FRAGMENT).content.decode()
    assert "data-unfinished" in page
    assert "Waiting for the tagger" in page


def test_panel_tells_the_owner_which_tagger_failed_and_why(
    client: Client, owner: User, photo: Photo
) -> None:
    TaggingRun.objects.all().delete()
    make_run(photo, tagger="imagga", status="failed", error="The photo's file is missing.")
    make_run(photo, status="complete")
    assert "file is missing" not in client.get(photo.get_absolute_url()).content.decode()
    client.force_login(owner)
    page = client.get(photo.get_absolute_url()).content.decode()
    assert "imagga could not tag this photo. The photo&#x27;s file is missing." in page


def test_page_tells_what_a_program_asked_for_under_which_name(
    client: Client, owner: User, photo: Photo
) -> None:
    TaggingRun.objects.all().delete()
    make_run(photo, suggestions={"otter": 0.81}, status="complete", threshold=0.9)
    run = make_run(photo, suggestions={"otter": 0.81}, add_on="imagga_tagging", status="complete")
    tagging.settle(photo)
    kept = photo.photo_tags.get(tag__label="otter")
    assert (kept.run, kept.is_kept) == (run, True)
    client.force_login(owner)
    page = client.get(f"{photo.get_absolute_url()}?threshold=0.95").content.decode()
    assert '<span class="tag-row-by">bundled</span>' in page
    assert "<strong>bundled (imagga_tagging)</strong> complete" in page
    assert "would go" not in page


def test_page_refreshes_itself_without_scripts_until_done(client: Client, photo: Photo) -> None:
    TaggingRun.objects.all().delete()
    run = make_run(photo, status="running")
    assert 'http-equiv="refresh"' in client.get(photo.get_absolute_url()).content.decode()
    TaggingRun.objects.filter(pk=run.pk).update(status="complete")
    assert 'http-equiv="refresh"' not in client.get(photo.get_absolute_url()).content.decode()


def test_rejected_tags_are_shown_to_the_owner_alone(
    client: Client, owner: User, photo: Photo
) -> None:
    PhotoTag.objects.update(state=TagState.REJECTED)
    assert "tag-row" not in client.get(photo.get_absolute_url()).content.decode()
    client.force_login(owner)
    assert "Rejected by you (1)" in client.get(photo.get_absolute_url()).content.decode()
