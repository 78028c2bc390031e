"""Other thresholds: what they would change, and what they change."""

from __future__ import annotations

import pytest

from gallery import tagging, thresholds
from gallery.models import Photo, Tag, TaggingRun
from gallery.models.photos import PhotoQuerySet
from gallery.tests.factories import make_photo, make_run, make_user

pytestmark = pytest.mark.django_db

SAID = {"koala": 0.9, "tree": 0.5, "leaf": 0.3}


def tagged(name: str = "olga") -> Photo:
    owner = make_user(name)
    photo = make_photo(owner)
    make_run(photo, suggestions=SAID, status="complete", threshold=0.4)
    tagging.settle(photo)
    return photo


def shown(photo: Photo) -> set[str]:
    return set(photo.photo_tags.shown().values_list("tag__label", flat=True))


def all_of(photo: Photo) -> PhotoQuerySet:
    return Photo.objects.owned_by(photo.owner)


@pytest.mark.parametrize(
    ("threshold", "appear", "go"),
    [(0.4, [], []), (0.6, [], ["tree"]), (0.3, ["leaf"], []), (0.95, [], ["koala", "tree"])],
)
def test_preview_names_what_would_appear_and_go(
    threshold: float, appear: list[str], go: list[str]
) -> None:
    seen = thresholds.preview(all_of(tagged()), threshold)
    assert sorted(change.tag.label for change in seen.appearing) == appear
    assert sorted(change.tag.label for change in seen.going) == go
    assert (seen.appear_count, seen.go_count) == (len(appear), len(go))
    assert seen.photo_count == bool(appear or go)


def test_preview_changes_nothing() -> None:
    photo = tagged()
    thresholds.preview(all_of(photo), 0.95)
    assert shown(photo) == {"koala", "tree"}


@pytest.mark.parametrize(
    ("threshold", "left"),
    [(0.3, {"koala", "tree", "leaf"}), (0.5, {"koala", "tree"}), (0.95, set())],
)
def test_threshold_that_is_kept_holds_without_asking_a_tagger(
    threshold: float, left: set[str]
) -> None:
    photo = tagged()
    thresholds.apply(all_of(photo), threshold)
    assert shown(photo) == left
    assert TaggingRun.objects.count() == 1
    tagging.settle(photo)
    assert shown(photo) == left, "and it still holds when the tags are worked out anew"


def test_what_a_person_decided_stays() -> None:
    photo = tagged()
    tagging.confirm(photo.photo_tags.get(tag__slug="tree"))
    tagging.reject(photo.photo_tags.get(tag__slug="koala"))
    thresholds.apply(all_of(photo), 0.95)
    assert shown(photo) == {"tree"}
    thresholds.apply(all_of(photo), 0.1)
    assert shown(photo) == {"tree", "leaf"}


def test_nobody_elses_photos_change() -> None:
    photo, other = tagged("olga"), tagged("sven")
    thresholds.choose(photo.owner, 0.95)
    assert (shown(photo), shown(other)) == (set(), {"koala", "tree"})


def test_chosen_threshold_holds_for_photos_to_come() -> None:
    owner = make_user("olga")
    thresholds.choose(owner, 0.7)
    owner.refresh_from_db()
    run = tagging.request_run(make_photo(owner), tagger="told")
    assert run.threshold == 0.7


def test_tag_with_a_threshold_of_its_own_minds_no_other() -> None:
    photo = tagged()
    tree = Tag.objects.get(slug="tree")
    thresholds.override(tree, 0.6)
    assert shown(photo) == {"koala"}
    thresholds.apply(all_of(photo), 0.1)
    tagging.settle(photo)
    assert shown(photo) == {"koala", "leaf"}
    thresholds.override(tree, None)
    assert shown(photo) == {"koala", "tree", "leaf"}


def test_preview_costs_the_same_for_many_photos(
    django_assert_num_queries: pytest.FixtureRequest,
) -> None:
    photo = tagged()
    for number in range(5):
        more = make_photo(photo.owner, title=str(number))
        make_run(more, suggestions=SAID, status="complete", threshold=0.4)
        tagging.settle(more)
    with django_assert_num_queries(6):  # type: ignore[operator]
        thresholds.preview(all_of(photo), 0.6)
