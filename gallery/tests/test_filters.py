"""The filter form."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.http import QueryDict

from gallery.filters import PhotoFilter, form_data, narrowings
from gallery.imaging import colors
from gallery.models import Photo
from gallery.search.language import parse
from gallery.tests.factories import make_photo, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def library() -> None:
    olga = make_user("olga")
    make_photo(olga, title="wide", width=200, height=100, tags={"dog": 0.9, "beach": 0.5},
               taken_at=datetime(2019, 8, 3, 14, tzinfo=UTC))  # fmt: skip
    make_photo(title="tall", width=100, height=200, tags={"dog": 0.6},
               taken_at=datetime(2020, 8, 3, 14, tzinfo=UTC))  # fmt: skip
    make_photo(title="even", width=100, height=100, colors=colors.BITS["teal"])


@pytest.mark.parametrize(
    ("asked", "titles"),
    [
        ({}, {"wide", "tall", "even"}),
        ({"tags": "dog"}, {"wide", "tall"}),
        ({"tags": "dog, beach"}, {"wide"}),
        ({"tags": "dog", "min_confidence": "0.8"}, {"wide"}),
        ({"tags": "dog, beach", "min_confidence": "0.8"}, set()),
        ({"color": "teal"}, {"even"}),
        ({"q": "tag:beach OR orientation:square"}, {"wide", "even"}),
        ({"owner": "olga"}, {"wide"}),
        ({"orientation": "portrait"}, {"tall"}),
        ({"orientation": "square"}, {"even"}),
        ({"taken_from": "2020-01-01"}, {"tall"}),
        ({"taken_to": "2019-08-03"}, {"wide"}),
        ({"q": "-tag:beach"}, {"tall", "even"}),
    ],
)
def test_filter_finds(asked: dict[str, str], titles: set[str]) -> None:
    search = PhotoFilter(_data(asked), queryset=Photo.objects.all())
    assert search.is_valid(), search.errors
    assert set(search.qs.values_list("title", flat=True)) == titles


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"q": "nofield:x"}, "q"),
        ({"tags": ",".join("abcdefghijklmnopqrstu")}, "tags"),
        ({"min_confidence": "1.5"}, "min_confidence"),
        ({"min_confidence": "nan"}, "min_confidence"),
        ({"owner": "nobody"}, "q"),
        ({"min_confidence": "0.5"}, "tags"),
        ({"orientation": "upside"}, "orientation"),
        ({"taken_from": "soon"}, "taken_from"),
        ({"taken_from": "2020-01-02", "taken_to": "2020-01-01"}, "taken_to"),
    ],
)
def test_nonsense_is_refused_by_its_field(asked: dict[str, str], field: str) -> None:
    search = PhotoFilter(_data(asked), queryset=Photo.objects.all())
    assert not search.is_valid()
    assert set(search.errors) == {field}


def test_each_condition_says_what_it_is_and_how_to_do_without() -> None:
    query = parse("dog -by:olga")
    assert [(one.words, str(one.without)) for one in narrowings(query)] == [
        ("dog", "-by:olga"),
        ("-by:olga", "dog"),
    ]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", {}),
        ("tag:dog tag:cat", {"tags": "dog, cat"}),
        ("tag:dog>=0.7 tag:cat>=0.7", {"tags": "dog, cat", "min_confidence": "0.7"}),
        ("tag:dog>=0.7 tag:cat", {"tags": "cat", "q": "tag:dog>=0.7"}),
        ("dog by:ann", {"q": "dog", "owner": "ann"}),
        ("by:ann|ben", {"q": "by:ann|ben"}),
        ("taken:2024-05-01..2024-05-31", {"taken_from": "2024-05-01", "taken_to": "2024-05-31"}),
        ("taken:2024", {"q": "taken:2024"}),
        ("color:teal orientation:square", {"color": "teal", "orientation": "square"}),
        ("dog OR cat sort:oldest", {"q": "dog OR cat", "sort": "oldest"}),
    ],
)
def test_form_shows_what_its_fields_can_hold(text: str, values: dict[str, str]) -> None:
    shown = {name: value for name, value in form_data(parse(text)).items() if value}
    assert shown == values


def _data(asked: dict[str, str]) -> QueryDict:
    data = QueryDict(mutable=True)
    data.update(asked)
    return data
