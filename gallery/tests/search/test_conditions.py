"""What each term finds."""

from __future__ import annotations

import pytest

from gallery.models import Photo, TagState
from gallery.search.conditions import narrow
from gallery.search.language import parse
from gallery.tests.factories import make_photo, make_tag

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def library() -> None:
    animal = make_tag("animal")
    make_tag("koala", parents=[animal]).aliases.create(slug="koala-bear", label="koala bear")
    make_photo(title="one", tags={"koala": 0.9})
    make_photo(title="two", tags={"dog": 0.9, "animal": 0.9})
    make_photo(title="three", caption="A koala, they say", tags={"tree": 0.7})
    make_photo(title="four", tags={"koala": 0.3}, state=TagState.SUGGESTED)
    make_photo(title="five", tags={"koala": 0.3}, state=TagState.REJECTED)


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("koala", {"one", "three"}),
        ("KOALA", {"one", "three"}),
        ("tag:koala", {"one"}),
        ('tag:"koala bear"', {"one"}),
        ("tag:animal", {"one", "two"}),
        ("tag:animal -tag:dog", {"one"}),
        ("-tag:koala", {"two", "three", "four", "five"}),
        ("-koala", {"two", "four", "five"}),
        ("tag:nonsense", set()),
        ("-tag:nonsense", {"one", "two", "three", "four", "five"}),
        ("dog koala", set()),
        ("tag:!!!", set()),
        ("", {"one", "two", "three", "four", "five"}),
    ],
)
def test_query_finds(query: str, titles: set[str]) -> None:
    found = narrow(Photo.objects.all(), parse(query))
    assert set(found.values_list("title", flat=True)) == titles
