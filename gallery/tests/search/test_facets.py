"""What else there is among the photos found."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import AnonymousUser

from gallery.imaging.colors import BITS
from gallery.models import Tag, User
from gallery.search import facets as facets_module
from gallery.search.facets import Facet, facets, note_labels
from gallery.search.finding import Search
from gallery.search.language import parse
from gallery.search.meaning import Viewer, visible_to
from gallery.tests.factories import make_photo, make_tag, make_user
from gallery.tests.search.sizes import Sizes

BOTH = BITS["teal"] | BITS["red"]
pytestmark = pytest.mark.django_db


def asked(text: str, viewer: Viewer | None = None) -> Search:
    who = viewer or AnonymousUser()
    return Search(parse(text), viewer=who, scope=visible_to(who))


def counts(text: str = "", viewer: Viewer | None = None) -> dict[str, dict[str, str]]:
    """The number beside each value of each facet."""
    search = asked(text, viewer)
    return {
        facet.field: {value.label: value.count_words for value in facet.values}
        for facet in facets(search, search.page().photos)
    }


@pytest.fixture
def ann() -> User:
    """The owner of a few photos, one of them private."""
    ann, ben = make_user("ann"), make_user("ben")
    animal = make_tag("animal", category="animals")
    make_tag("koala", parents=[animal], category="animals")
    make_tag("beach", category="water")
    make_photo(ann, tags={"koala": 0.9, "beach": 0.8}, camera="EOS R5", width=2, height=1,
               taken_at=datetime(2019, 12, 31, 23, tzinfo=UTC), colors=BITS["teal"])  # fmt: skip
    make_photo(ann, tags={"animal": 0.7}, camera="Z 6", width=1, height=2,
               taken_at=datetime(2020, 1, 1, tzinfo=UTC), colors=BOTH)  # fmt: skip
    make_photo(ben, tags={"beach": 0.7}, width=1, height=1)
    make_photo(ann, tags={"secret": 0.9}, camera="Minox", visibility="private")
    return ann


@pytest.mark.usefixtures("ann")
def test_everything_among_the_photos_found_is_counted() -> None:
    assert counts() == {
        "tags": {"animal": "2", "beach": "2", "koala": "1"},
        "category": {"Wild & farm animals": "2", "Water & coast": "2"},
        "taken": {"2019": "1", "2020": "1"},
        "camera": {"EOS R5": "1", "Z 6": "1"},
        "by": {"ann": "2", "ben": "1"},
        "orientation": {"landscape": "1", "portrait": "1", "square": "1"},
        "color": {"teal": "2", "red": "1"},
    }


def test_own_private_photos_count_for_their_owner_alone(ann: User) -> None:
    assert counts("", ann)["tags"]["secret"] == "1"
    assert counts("", ann)["camera"]["Minox"] == "1"
    assert "secret" not in counts("", User.objects.get(username="ben"))["tags"]


@pytest.mark.usefixtures("ann")
def test_what_is_asked_for_or_on_every_photo_is_not_told() -> None:
    assert counts("tag:beach") == {
        "tags": {"animal": "1", "koala": "1"},
        "category": {"Wild & farm animals": "1"},
        "taken": {"2019": "1"},
        "camera": {"EOS R5": "1"},
        "by": {"ann": "1", "ben": "1"},
        "orientation": {"landscape": "1", "square": "1"},
        "color": {"teal": "1"},
    }
    assert "by" not in counts("by:ann")


@pytest.mark.usefixtures("ann")
def test_tag_with_a_state_that_is_no_tag_is_not_counted() -> None:
    make_photo(tags={"fog": 0.2}, state="suggested")
    make_photo(tags={"hail": 0.9}, state="rejected")
    assert set(counts()["tags"]) == {"animal", "beach", "koala"}


def facet(field: str, text: str = "") -> Facet:
    search = asked(text)
    return next(one for one in facets(search, search.page().photos) if one.field == field)


@pytest.mark.usefixtures("ann")
def test_value_leads_to_the_photos_that_have_it_and_to_those_that_have_it_not() -> None:
    value = facet("by", "is:public sort:taken").values[0]
    assert str(value.only) == "is:public by:ann sort:taken"
    assert str(value.without) == "is:public -by:ann sort:taken"


@pytest.mark.usefixtures("ann")
def test_name_of_several_words_is_quoted_where_it_leads() -> None:
    assert [str(value.only) for value in facet("camera").values] == [
        'camera:"EOS R5"',
        'camera:"Z 6"',
    ]


def test_name_with_quotation_marks_leads_to_its_photos() -> None:
    make_photo(camera='7" tablet', tags={'say "cheese"': 0.9})
    make_photo()
    for field in ("camera", "tags"):
        (value,) = facet(field).values
        search = Search(value.only, viewer=AnonymousUser(), scope=None)
        assert search.mistakes == ()
        assert search.found.count == value.count == 1


def test_counts_of_many_photos_are_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    Sizes(counted=2).hold(monkeypatch)
    for _ in range(3):
        make_photo(tags={"koala": 0.9}, format="png")
    assert counts()["tags"] == {"koala": "2+"}
    assert counts()["orientation"] == {"landscape": "2+"}


def test_counts_of_a_search_that_was_not_finished_are_bounds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Sizes(scan=1, page=1).hold(monkeypatch)
    for _ in range(3):
        make_photo(tags={"koala": 0.9})
    assert counts()["tags"] == {"koala": "2+"}


def test_commonest_values_are_shown_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(facets_module.SHOWN, "tags", 2)
    make_photo(tags={"koala": 0.9, "beach": 0.9, "fog": 0.9})
    make_photo(tags={"koala": 0.9, "beach": 0.9})
    make_photo(tags={"beach": 0.9})
    make_photo()
    assert counts()["tags"] == {"beach": "3", "koala": "2"}


@pytest.mark.usefixtures("ann")
def test_tag_that_is_gone_since_the_tree_was_read_is_not_told() -> None:
    assert "animal" in counts()["tags"]
    Tag.objects.get(slug="animal").delete()
    assert set(counts()["tags"]) == {"beach", "koala"}


def test_no_photo_has_no_facets() -> None:
    assert counts() == {}


def test_three_surest_tags_are_noted_on_the_photos_of_a_page() -> None:
    make_photo(tags={"a": 0.5, "b": 0.9, "c": 0.7, "d": 0.6})
    make_photo(tags={"fog": 0.9}, state="suggested")
    search = asked("")
    page = search.page().photos
    facets(search, page)
    assert [list(photo.surest_labels) for photo in page] == [[], ["b", "c", "d"]]
    again = asked("").page().photos
    note_labels(again)
    assert [photo.noted_labels for photo in again] == [photo.noted_labels for photo in page]
