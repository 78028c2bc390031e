"""Which tags go together, and which photos show them."""

from __future__ import annotations

import pytest

from gallery.models import Length, Tag
from gallery.tests.factories import make_photo, make_tag, make_user
from gallery.trends import together
from gallery.trends.periods import Span
from gallery.trends.together import pairs, read_uses

from .history import make_people, photo_of, photos_of

pytestmark = pytest.mark.django_db


def found(*, min_people: int = 3) -> list[set[str]]:
    labels = dict(Tag.objects.values_list("pk", "label"))
    uses = read_uses(Span.now(Length.WEEK))
    return [{labels[tag] for tag in pair.tags} for pair in pairs(uses, min_people=min_people)]


def test_tags_that_people_put_on_one_photo_go_together() -> None:
    people = make_people(30)
    photos_of(people, "sky")
    photos_of(people[:5], "wave", "surfboard")
    assert found() == [{"wave", "surfboard"}]


def test_what_is_together_by_chance_does_not() -> None:
    people = make_people(30)
    photos_of(people, "sky", "tree")
    assert found() == []


def test_tags_on_different_photos_of_a_person_do_not() -> None:
    people = make_people(30)
    photos_of(people, "sky")
    photos_of(people[:5], "wave")
    photos_of(people[:5], "surfboard")
    assert found() == []


def test_one_person_makes_no_pair_however_many_photos_they_upload() -> None:
    photos_of(make_people(30), "sky")
    ann = make_user()
    for _ in range(10):
        photo_of(ann, "wave", "surfboard")
    assert found() == []


def test_a_tag_and_its_kind_are_no_pair() -> None:
    make_tag("koala", parents=[make_tag("marsupial", parents=[make_tag("animal")])])
    people = make_people(30)
    photos_of(people, "sky")
    photos_of(people[:5], "koala", "animal")
    assert found() == []


def test_nothing_goes_together_in_nothing() -> None:
    assert found() == []


def test_only_the_newest_photos_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together, "MOST_PHOTOS", 2)
    people = make_people(4)
    for days, person in enumerate(people):
        photo_of(person, "sky", days_ago=days)
    assert sorted(read_uses(Span.now(Length.WEEK)).owners) == sorted(
        person.pk for person in people[:2]
    )


def test_examples_are_of_different_people_the_surest_first() -> None:
    ann, ben = make_people(2)
    make_photo(ann, tags={"koala": 0.6})
    surest = make_photo(ann, tags={"koala": 0.9})
    other = make_photo(ben, tags={"koala": 0.7, "tree": 0.5})
    uses = read_uses(Span.now(Length.WEEK))
    koala, tree = (Tag.objects.get(label=label).pk for label in ("koala", "tree"))
    assert uses.examples(koala) == [surest.pk, other.pk]
    assert uses.examples(koala, tree) == [other.pk]
