"""Tag upkeep: the vocabulary comes in, tags are merged."""

from __future__ import annotations

import pytest

from gallery import tags
from gallery.models import Photo, PhotoTag, Tag, TagAlias, TagClosure, TagState
from gallery.tests.factories import make_photo, make_tag

pytestmark = pytest.mark.django_db


def lineage(label: str) -> set[str]:
    rows = TagClosure.objects.filter(descendant__label=label)
    return set(rows.values_list("ancestor__label", flat=True))


def test_vocabulary_brings_tags_with_categories_and_lineage() -> None:
    tags.sync_vocabulary()
    assert {"koala", "marsupial", "mammal", "animal"} <= lineage("koala")
    assert Tag.objects.get(slug="koala").category == "animals"


def test_syncing_twice_changes_nothing() -> None:
    def rows() -> list[object]:
        return [
            set(Tag.objects.values_list("pk", "label", "category")),
            set(TagClosure.objects.values_list("ancestor", "descendant")),
            set(TagAlias.objects.values_list("slug", "tag")),
        ]

    tags.sync_vocabulary()
    before = rows()
    tags.sync_vocabulary()
    assert rows() == before


def test_word_a_person_made_gets_its_place() -> None:
    photo = make_photo(tags={"koala": 0.9})
    tags.sync_vocabulary()
    assert photo.photo_tags.get().tag.category == "animals"
    assert photo in Photo.objects.tagged(Tag.objects.named("animal"))


def test_syncing_costs_few_statements(django_assert_max_num_queries: object) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    tags.sync_vocabulary()
    with CaptureQueriesContext(connection) as queries:
        tags.sync_vocabulary()
    assert len(queries) < 40


def test_merged_tag_hands_over_photos_names_and_kinds() -> None:
    animal = make_tag("animal")
    hound = make_tag("hound", parents=[animal])
    make_tag("beagle", parents=[hound])
    dog = make_tag("dog")
    photo = make_photo(tags={"hound": 0.8})
    tags.merge_tags([hound], into=dog)
    assert photo.photo_tags.get().tag == dog
    assert Tag.objects.named("hound").get() == dog
    assert lineage("beagle") == {"beagle", "dog", "animal"}


@pytest.mark.parametrize(
    ("one", "other", "stays"),
    [
        ((0.9, TagState.ASSIGNED), (0.5, TagState.ASSIGNED), (0.9, TagState.ASSIGNED)),
        ((0.9, TagState.ASSIGNED), (0.5, TagState.REJECTED), (0.5, TagState.REJECTED)),
        ((0.2, TagState.CONFIRMED), (0.5, TagState.ASSIGNED), (0.2, TagState.CONFIRMED)),
    ],
)
def test_merging_keeps_a_persons_word_and_else_the_surer(
    one: tuple[float, str], other: tuple[float, str], stays: tuple[float, str]
) -> None:
    photo = make_photo()
    for label, (confidence, state) in (("puppy", one), ("dog", other)):
        PhotoTag.objects.create(
            photo=photo, tag=make_tag(label), confidence=confidence, state=state
        )
    tags.merge_tags([make_tag("puppy")], into=make_tag("dog"))
    row = photo.photo_tags.get()
    assert (row.tag.label, row.confidence, row.state) == ("dog", *stays)


def test_merging_parent_into_child_makes_no_circle() -> None:
    animal = make_tag("animal")
    mammal = make_tag("mammal", parents=[animal])
    make_tag("dog", parents=[mammal])
    tags.merge_tags([animal], into=mammal)
    assert lineage("dog") == {"dog", "mammal"}
    assert lineage("mammal") == {"mammal"}


def test_merging_into_itself_is_nothing() -> None:
    dog = make_tag("dog")
    tags.merge_tags([dog], into=dog)
    assert Tag.objects.get() == dog


def test_merged_tag_stays_merged_when_the_vocabulary_comes_again() -> None:
    tags.sync_vocabulary()
    koala, animal = Tag.objects.get(slug="koala"), Tag.objects.get(slug="animal")
    tags.merge_tags([koala], into=animal)
    tags.sync_vocabulary()
    assert not Tag.objects.filter(slug="koala").exists()
    assert Tag.objects.named("koala").get() == animal
    assert lineage("animal") == {"animal"}


def test_tags_above_come_nearest_first() -> None:
    animal = make_tag("animal")
    mammal = make_tag("mammal", parents=[animal])
    dog = make_tag("dog", parents=[mammal])
    make_tag("cat", parents=[mammal])
    puppy = make_tag("puppy", parents=[dog])
    assert list(Tag.objects.above(puppy)) == [dog, mammal, animal]
