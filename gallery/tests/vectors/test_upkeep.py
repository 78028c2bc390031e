"""Indexes follow what they are of, and whatever goes wrong, the old one serves on."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import DatabaseError
from django.utils import timezone

from gallery.models import Fingerprint
from gallery.similar import nearest
from gallery.tests.vectors.seen import (
    EYES,
    MANY,
    card,
    features_of,
    keys,
    looked_at_all,
    make_seen,
    refresh_indexes,
    see,
)
from gallery.vectors.stores import store

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("kept")]


@pytest.mark.parametrize(("new", "written", "count"), [(9, 0, MANY), (10, 1, MANY + 10)])
def test_new_photos_are_added_once_they_are_some(new: int, written: int, count: int) -> None:
    make_seen(MANY)
    refresh_indexes()
    photos = make_seen(new, first=MANY, at=timezone.now())
    assert refresh_indexes() == written
    assert (card().count, card().drawn_for) == (count, MANY)
    assert keys(nearest(photos[0])) == looked_at_all(photos[0])


def test_photo_seen_anew_is_in_the_index_once() -> None:
    photos = make_seen(MANY)
    refresh_indexes()
    for photo in photos[:10]:
        see(photo, features_of(99), at=timezone.now())
    assert refresh_indexes() == 1
    assert card().count == MANY
    Fingerprint.objects.update(embedded_at=None)  # so that nothing counts as new
    assert set(keys(nearest(photos[0]))[:10]) == {photo.pk for photo in photos[:10]}


def test_index_that_is_outgrown_is_laid_out_anew() -> None:
    make_seen(MANY)
    refresh_indexes()
    make_seen(MANY, first=MANY, at=timezone.now())
    refresh_indexes()
    assert (card().count, card().drawn_for) == (2 * MANY, 2 * MANY)


@pytest.mark.parametrize(("thorough", "count"), [(False, MANY), (True, MANY - 1)])
def test_what_is_deleted_leaves_the_index_within_the_hour(thorough: bool, count: int) -> None:
    photos = make_seen(MANY)
    refresh_indexes()
    photos[0].delete()
    refresh_indexes(thorough=thorough)
    assert card().count == count


def test_photo_overlooked_is_added_within_the_hour() -> None:
    make_seen(MANY)
    refresh_indexes()
    make_seen(1, first=MANY, at=timezone.now() - timedelta(hours=1))
    assert refresh_indexes() == 0
    assert refresh_indexes(thorough=True) == 1
    assert card().count == MANY + 1


def test_each_model_has_an_index_until_it_has_seen_nothing() -> None:
    photos = make_seen(MANY)
    refresh_indexes()
    for number, photo in enumerate(photos[: MANY - 1]):
        see(photo, features_of(number), model="new eyes", at=timezone.now())
    assert refresh_indexes() == 1
    assert keys(nearest(photos[0]))[0] == photos[0].pk
    assert card(EYES).space == EYES
    see(photos[-1], features_of(MANY), model="new eyes", at=timezone.now())
    refresh_indexes()
    assert store().card(EYES) is None
    assert card("new eyes").space == "new eyes"


def test_housekeeping_does_it() -> None:
    make_seen(MANY)
    call_command("housekeeping")
    assert card().count == MANY


def test_command_makes_it_anew(capsys: pytest.CaptureFixture[str]) -> None:
    photos = make_seen(MANY)
    refresh_indexes()
    made_at = card().made_at
    call_command("index_similar")
    assert card().made_at > made_at
    assert "Indexes made: 1." in capsys.readouterr().out
    assert keys(nearest(photos[0])) == looked_at_all(photos[0])


BREAKING = {
    "embedded": ("index.Index.add", "files.publish", "files._checksum"),
    "pgvector": ("pgvector.Table.add", "pgvector.Table._lay_out", "pgvector._drop"),
}


@pytest.mark.parametrize("place", range(3))
def test_index_serves_on_when_making_the_next_breaks_off(
    place: int, kept: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    photos = make_seen(MANY)
    refresh_indexes()
    before = card()

    def break_off(*_: object) -> None:
        raise DatabaseError("No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(f"gallery.vectors.{BREAKING[kept][place]}", break_off)
        call_command("index_similar", verbosity=0)
    assert "could not be brought up to date" in caplog.text
    assert card() == before
    assert keys(nearest(photos[0])) == looked_at_all(photos[0])
