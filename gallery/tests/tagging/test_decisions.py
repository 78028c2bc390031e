"""What people decide, and what their word is worth."""

from __future__ import annotations

from threading import Thread

import pytest
from django.db import connection, transaction

from gallery import tagging
from gallery.models import Photo, PhotoTag
from gallery.tests.factories import make_photo
from gallery.tests.taggers.stubs import ToldTagger
from gallery.tests.tagging.doing import perform, states

pytestmark = pytest.mark.django_db


def test_what_a_person_decided_survives_every_later_run(photo: Photo, told: ToldTagger) -> None:
    perform(photo)
    tagging.reject(photo.photo_tags.get(tag__slug="koala"))
    tagging.confirm(photo.photo_tags.get(tag__slug="dog"))
    tagging.add_by_hand(photo, "Bondi")
    told.says = {"koala": 1.0, "sand": 0.8}
    perform(photo)
    assert states(photo) == {
        "koala": "rejected",
        "dog": "confirmed",
        "Bondi": "confirmed",
        "sand": "assigned",
    }


def test_word_about_a_tag_that_a_run_took_away_meanwhile_still_counts(
    photo: Photo, told: ToldTagger
) -> None:
    perform(photo)
    seen = photo.photo_tags.get(tag__slug="koala")
    told.says = {"sand": 0.8}
    perform(photo)
    tagging.confirm(seen)
    assert states(photo) == {"koala": "confirmed", "sand": "assigned"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(
    not connection.features.has_select_for_update, reason="only one writer at a time here"
)
def test_run_waits_while_a_person_decides(photo: Photo) -> None:
    perform(photo)
    koala = photo.photo_tags.get(tag__slug="koala")

    def settle() -> None:
        tagging.settle(photo)
        connection.close()

    run = Thread(target=settle)
    with transaction.atomic():
        tagging.reject(koala)
        run.start()
        run.join(timeout=0.5)
        assert run.is_alive()
    run.join()
    assert states(photo)["koala"] == "rejected"


def test_undo_gives_the_tag_back_to_the_tagger(photo: Photo) -> None:
    perform(photo)
    tagging.reject(photo.photo_tags.get(tag__slug="koala"))
    tagging.undo(photo.photo_tags.get(tag__slug="koala"))
    assert states(photo)["koala"] == "assigned"


def test_tag_that_only_a_person_said_is_gone_when_rejected(photo: Photo) -> None:
    photo_tag = tagging.add_by_hand(photo, "Bondi")
    assert photo_tag is not None
    tagging.reject(photo_tag)
    assert states(photo) == {}


def test_tags_of_a_photo_are_unique() -> None:
    photo = make_photo()
    tagging.add_by_hand(photo, "Koala")
    tagging.add_by_hand(photo, "koala ")
    assert PhotoTag.objects.count() == 1
