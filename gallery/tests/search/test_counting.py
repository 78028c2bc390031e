"""On how many photos tags are, for those who may see them."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser

from gallery import tags
from gallery.models import Tag, User
from gallery.search import counting
from gallery.search.counting import Count, count_all_tags, count_tags
from gallery.search.meaning import Viewer
from gallery.tests.factories import make_photo, make_tag, make_user

pytestmark = pytest.mark.django_db

NOBODY = AnonymousUser()


@pytest.fixture
def ann() -> User:
    """The owner of photos of animals, one of them private."""
    ann = make_user("ann")
    animal = make_tag("animal")
    make_tag("dog", parents=[animal])
    make_tag("cat", parents=[animal])
    make_photo(ann, tags={"dog": 0.9, "cat": 0.9})
    make_photo(ann, tags={"dog": 0.9})
    make_photo(ann, tags={"cat": 0.2}, state="suggested")
    make_photo(ann, tags={"dog": 0.9, "secret": 0.9}, visibility="private")
    return ann


def counts(viewer: Viewer = NOBODY, *, most: int = 100) -> dict[str, str]:
    labels = dict(Tag.objects.values_list("pk", "label"))
    counted = count_tags([*labels], viewer=viewer, most=most)
    return {labels[tag]: str(count) for tag, count in counted.items()}


@pytest.mark.usefixtures("ann")
def test_photo_counts_once_for_a_tag_and_all_its_kinds() -> None:
    assert counts() == {"animal": "2", "dog": "2", "cat": "1"}


def test_private_photos_count_for_their_owner_alone(ann: User) -> None:
    assert counts(ann) == {"animal": "3", "dog": "3", "cat": "1", "secret": "1"}
    assert counts(make_user()) == counts()


def test_count_of_many_is_a_bound(ann: User) -> None:
    for _ in range(25):
        make_photo(tags={"dog": 0.9})
    assert counts(most=20)["animal"] == "20+"
    assert counts(most=20)["cat"] == "1"


def test_no_tag_is_on_no_photo() -> None:
    assert count_tags([], viewer=NOBODY, most=1) == {}


@pytest.mark.parametrize(
    ("count", "words"), [(Count(1234), "1,234"), (Count(500, is_exact=False), "500+")]
)
def test_count_is_written(count: Count, words: str) -> None:
    assert str(count) == words


@pytest.mark.parametrize("most", [0, 5000])
def test_all_tags_on_photos_that_may_be_seen_are_counted(
    most: int, ann: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    tags.note_counts()
    monkeypatch.setattr(counting, "MOST_EXACT", most)

    def counted(viewer: Viewer) -> dict[str, int]:
        found = count_all_tags(viewer=viewer)
        assert found.is_exact == (most > 0)
        return {tag.label: tag.photo_count for tag in found.tags if tag.label != "animal"}

    assert counted(NOBODY) == {"dog": 2, "cat": 1}
    assert counted(make_user()) == {"dog": 2, "cat": 1}
    assert counted(ann) == {"dog": 3, "cat": 1, "secret": 1}
