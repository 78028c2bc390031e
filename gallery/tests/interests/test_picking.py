"""Tags from which a newcomer picks their first interests."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from gallery.interests import choices
from gallery.interests.picking import tags_to_pick
from gallery.models import Tag, User
from gallery.tags import note_counts
from gallery.tests.factories import make_photo, make_tag, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def viewer() -> User:
    return make_user()


def labels(viewer: User, limit: int = 24) -> list[str]:
    return [tag.label for tag, _ in tags_to_pick(viewer, limit)]


def shoot(label: str, count: int, **fields: Any) -> None:
    for _ in range(count):
        make_photo(tags={label: 0.9}, **fields)


def test_tags_of_public_photos_are_offered_with_a_picture_of_each(viewer: User) -> None:
    make_photo(title="unsure", tags={"boat": 0.5})
    make_photo(title="sure", tags={"boat": 0.9})
    (pick,) = tags_to_pick(viewer)
    assert (pick[0].label, pick[1] and pick[1].title) == ("boat", "sure")


def test_no_two_tags_have_the_same_picture(viewer: User) -> None:
    make_photo(tags={"boat": 0.9, "sea": 0.9})
    make_photo(tags={"boat": 0.9})
    assert len({photo for _, photo in tags_to_pick(viewer)}) == 2


def test_tags_of_private_photos_are_not_offered(viewer: User) -> None:
    shoot("secret", 3, visibility="private")
    make_photo(viewer, visibility="private", tags={"mine": 0.9})
    assert labels(viewer) == []


def test_no_tag_is_a_kind_of_another(viewer: User) -> None:
    make_tag("dinghy", parents=[make_tag("boat")])
    shoot("boat", 2)
    shoot("dinghy", 2)
    assert len(labels(viewer)) == 1


def test_every_category_has_its_turn(viewer: User) -> None:
    for label in ("dog", "cat", "horse"):
        make_tag(label, category="animals")
        shoot(label, 3)
    make_tag("boat", category="vehicles")
    shoot("boat", 1)
    assert "boat" in labels(viewer, limit=2)


def test_tags_that_enough_people_have_come_first(viewer: User) -> None:
    shoot("boat", 10, owner=make_user())
    shoot("train", 5)
    note_counts()
    assert labels(viewer) == ["train", "boat"]


def test_what_the_viewer_muted_is_not_offered(viewer: User) -> None:
    shoot("boat", 2)
    choices.mute(viewer, Tag.objects.get(label="boat"))
    assert labels(viewer) == []


def test_a_tag_may_be_without_a_picture_the_viewer_may_see(viewer: User) -> None:
    photo = make_photo(tags={"boat": 0.9})
    User.objects.filter(pk=viewer.pk).update(has_blocks=True)
    viewer.blocks.create(blocked=photo.owner)
    viewer = User.objects.get(pk=viewer.pk)
    assert [photo for _, photo in tags_to_pick(viewer)] == [None]


def test_more_tags_take_no_more_statements(viewer: User) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            tags_to_pick(viewer)
        return len(queries)

    shoot("boat", 1)
    tags_to_pick(viewer)
    few = statements()
    for label in ("train", "dog", "cat"):
        shoot(label, 2)
    assert statements() == few <= 6
