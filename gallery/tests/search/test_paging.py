"""Pages by key."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gallery.models import Photo
from gallery.search import paging
from gallery.search.paging import Key, page
from gallery.tests.factories import make_photo

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "PAGE_SIZE", 3)


def titles(shown: paging.Page) -> list[str]:
    return [photo.title for photo in shown.photos]


@pytest.fixture
def seven() -> None:
    """Seven photos, two and two of the same instant."""
    for number in range(7):
        photo = make_photo(title=str(number))
        at = datetime(2026, 1, 1 + number // 2, tzinfo=UTC)
        Photo.objects.filter(pk=photo.pk).update(created_at=at)


@pytest.mark.usefixtures("seven")
def test_pages_go_there_and_back() -> None:
    photos = Photo.objects.all()
    first = page(photos)
    second = page(photos, before=str(first.older))
    third = page(photos, before=str(second.older))
    assert [titles(one) for one in (first, second, third)] == [
        ["6", "5", "4"],
        ["3", "2", "1"],
        ["0"],
    ]
    assert third.older is None
    assert first.newer is None
    assert titles(page(photos, after=str(third.newer))) == ["3", "2", "1"]
    assert page(photos, after=str(second.newer)).is_first


@pytest.mark.parametrize("text", ["", "x", "1", "1-", "-1-1-1", "9" * 40 + "-1", "1-" + "9" * 40])
def test_key_that_is_none_gives_the_first_page(text: str) -> None:
    make_photo(title="only")
    key = Key.read(text)
    assert key is None or key.pk <= 2**63 - 1
    assert page(Photo.objects.all(), before=text) is not None


def test_key_is_written_as_it_is_read() -> None:
    key = Key(datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC), 42)
    assert Key.read(str(key)) == key
