"""The filter form."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.http import QueryDict

from gallery.filters import Narrowing, PhotoFilter, narrowings
from gallery.models import Photo
from gallery.tests.factories import make_photo, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def library() -> None:
    olga = make_user("olga")
    make_photo(olga, title="wide", width=200, height=100, tags={"dog": 0.9, "beach": 0.5},
               taken_at=datetime(2019, 8, 3, 14, tzinfo=UTC))  # fmt: skip
    make_photo(title="tall", width=100, height=200, tags={"dog": 0.6},
               taken_at=datetime(2020, 8, 3, 14, tzinfo=UTC))  # fmt: skip
    make_photo(title="even", width=100, height=100)


@pytest.mark.parametrize(
    ("asked", "titles"),
    [
        ({}, {"wide", "tall", "even"}),
        ({"tags": "dog"}, {"wide", "tall"}),
        ({"tags": "dog, beach"}, {"wide"}),
        ({"tags": "dog", "min_confidence": "0.8"}, {"wide"}),
        ({"tags": "dog, beach", "min_confidence": "0.8"}, set()),
        ({"min_confidence": "0.55"}, {"wide", "tall"}),
        ({"owner": "olga"}, {"wide"}),
        ({"orientation": "portrait"}, {"tall"}),
        ({"orientation": "square"}, {"even"}),
        ({"taken_from": "2020-01-01"}, {"tall"}),
        ({"taken_to": "2019-08-03"}, {"wide"}),
        ({"q": "-tag:beach"}, {"tall", "even"}),
    ],
)
def test_filter_finds(asked: dict[str, str], titles: set[str]) -> None:
    search = PhotoFilter(asked, queryset=Photo.objects.all())
    assert search.is_valid(), search.errors
    assert set(search.qs.values_list("title", flat=True)) == titles


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"q": "nofield:x"}, "q"),
        ({"tags": ",".join("abcdefghijklmnopqrstu")}, "tags"),
        ({"min_confidence": "1.5"}, "min_confidence"),
        ({"min_confidence": "nan"}, "min_confidence"),
        ({"owner": "nobody"}, "owner"),
        ({"orientation": "upside"}, "orientation"),
        ({"taken_from": "soon"}, "taken_from"),
        ({"taken_from": "2020-01-02", "taken_to": "2020-01-01"}, "taken_to"),
    ],
)
def test_nonsense_is_refused_by_its_field(asked: dict[str, str], field: str) -> None:
    search = PhotoFilter(asked, queryset=Photo.objects.all())
    assert not search.is_valid()
    assert set(search.errors) == {field}


def test_each_filter_in_force_says_what_it_is_and_how_to_do_without() -> None:
    asked = QueryDict("q=dog&owner=olga&orientation=portrait&taken_to=&before=abc")
    search = PhotoFilter(asked, queryset=Photo.objects.all())
    assert narrowings(search, asked) == [
        Narrowing("Whose: olga", "q=dog&orientation=portrait&taken_to="),
        Narrowing("Orientation: Portrait", "q=dog&owner=olga&taken_to="),
    ]
