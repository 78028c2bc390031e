"""Places in lists, and pages of lists that nobody searches."""

from __future__ import annotations

import pytest

from gallery.models import Photo
from gallery.search import paging
from gallery.search.paging import MAX_KEY, Place, newest_page
from gallery.tests.factories import make_photo


@pytest.mark.parametrize(
    ("place", "text"),
    [
        (Place(42), "42"),
        (Place(42, 0.1), "0~0.1~42"),
        (Place(42, 1.0, 1), "1~1.0~42"),
        (Place(42, -1_700_000_000_000_000), "0~-1700000000000000~42"),
        (Place(42, 0, 1), "1~0~42"),
    ],
)
def test_place_is_read_as_it_is_written(place: Place, text: str) -> None:
    assert str(place) == text
    assert Place.read(text) == place


@pytest.mark.parametrize(
    "text",
    ["", "x", "~", "~~", "1~2", "1~2~3~4", "0~nan~1", "0~inf~1", "0~1.5~1", "0~-0.5~1", "x~1~1",
     "0~1~", "--5", "1.5", "\x00", "0x10", "½"],
)  # fmt: skip
def test_place_that_is_none_is_none(text: str) -> None:
    assert Place.read(text) is None


@pytest.mark.parametrize("text", ["9" * 70, "-" + "9" * 70, f"1~{'9' * 30}~{'9' * 30}", "7~1~1"])
def test_place_out_of_reach_is_within_what_databases_count(text: str) -> None:
    place = Place.read(text)
    assert place is not None
    assert abs(place.key) <= MAX_KEY
    assert abs(place.value or 0) <= MAX_KEY
    assert place.lap in (0, 1)


@pytest.mark.django_db
def test_list_goes_on_behind_a_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "PAGE_SIZE", 2)
    keys = [make_photo().pk for _ in range(3)][::-1]
    first = newest_page(Photo.objects.all())
    second = newest_page(Photo.objects.all(), before=str(first.next))
    assert [photo.pk for page in (first, second) for photo in page.photos] == keys
    assert first.is_first
    assert not second.is_first
    assert second.next is None
