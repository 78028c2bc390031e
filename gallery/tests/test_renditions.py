"""Sizes that are found, made and made again."""

from __future__ import annotations

import pytest

from gallery import ingest, renditions
from gallery.models import Photo
from gallery.tests.factories import make_user
from gallery.tests.pictures import uploaded

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("size", "widths"),
    [
        ((1, 1), [320]),
        ((320, 240), [320]),
        ((451, 300), [320, 451]),
        ((700, 500), [320, 640]),
        ((800, 600), [320, 640, 800]),
        ((2047, 100), [320, 640, 1280, 2047]),
        ((2048, 100), [320, 640, 1280, 2048]),
        ((9000, 6000), [320, 640, 1280, 2048]),
        ((3000, 4000), [320, 640, 1280, 1536]),
        ((1, 40000), [320]),
    ],
)
def test_photo_is_offered_in_widths_up_to_its_own(size: tuple[int, int], widths: list[int]) -> None:
    assert renditions.widths_of(Photo(width=size[0], height=size[1])) == widths


@pytest.fixture
def photo() -> Photo:
    return ingest.add_photo(owner=make_user("olga"), file=uploaded(width=1200, height=800))


def test_tagger_input_needs_no_original(photo: Photo) -> None:
    photo.file.storage.delete(str(photo.file))
    assert renditions.tagger_input(photo).size == (576, 384)


def test_lost_tagger_input_is_made_again(photo: Photo) -> None:
    stored = photo.renditions.get(spec="tagger")
    stored.file.storage.delete(str(stored.file))
    assert renditions.tagger_input(photo).size == (576, 384)
    assert photo.renditions.filter(spec="tagger").count() == 1


def test_photo_without_tagger_input_gets_one(photo: Photo) -> None:
    photo.renditions.all().delete()
    assert renditions.tagger_input(photo).size == (576, 384)
    assert photo.renditions.get().spec == "tagger"


def test_width_that_another_request_renders_meanwhile_is_stored_once(
    photo: Photo, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = photo.renditions.get(spec="w640")
    monkeypatch.setattr(renditions, "_find_or_render", renditions._render)
    assert renditions.find_or_render(photo, 640) == first
    assert photo.renditions.filter(spec="w640").count() == 1
