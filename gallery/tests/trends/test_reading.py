"""What is told of trends, and above all what is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from pytest_django import DjangoAssertNumQueries, Settings

from gallery.models import Block, Length, Photo, Tag, TrendReport, User, Visibility
from gallery.tests.factories import make_photo, make_tag, make_user
from gallery.trends import History, Trends, history_of, rising_tags, trends_for, upkeep
from gallery.trends.reading import Shown

from .history import count_all, make_people, photo_of, photos_of, usual_weeks

pytestmark = pytest.mark.django_db

ANYONE = AnonymousUser()


@pytest.fixture
def people() -> list[User]:
    """People who upload a photo of the sky every week."""
    people = make_people(30)
    usual_weeks(people)
    return people


def told(viewer: User | AnonymousUser = ANYONE, **asked: Any) -> Trends:
    return trends_for(viewer, Length.WEEK, **asked)


def names(those: list[Shown]) -> list[str]:
    return [" + ".join(tag.label for tag in one.tags) for one in those]


def everything(trends: Trends) -> set[str]:
    parts = (trends.rising, trends.new, trends.together, trends.common)
    return {tag.label for part in parts for one in part for tag in one.tags}


# --- What is told -----------------------------------------------------------------------------


def test_a_tag_of_many_more_people_than_usual_rises(people: list[User]) -> None:
    for week in range(1, 11):
        photo_of(people[week], "koala", days_ago=7 * week)
    photos_of(people[:12], "koala")
    count_all()
    [one] = told().rising
    assert (one.tag.label, one.people, round(one.usual)) == ("koala", 12, 1)
    assert [point.people for point in one.points] == [None, None, *[1] * 10, 12]


def test_one_bulk_upload_does_not_rise(people: list[User]) -> None:
    for _ in range(50):
        photo_of(people[0], "koala")
    count_all()
    assert everything(told()) == {"sky"}


def test_what_was_never_there_before_is_new(people: list[User]) -> None:
    photos_of(people[:4], "koala")
    count_all()
    [one] = told().rising + told().new
    assert (one.tag.label, one.is_new) == ("koala", True)


def test_what_was_there_long_ago_is_not_new(people: list[User]) -> None:
    photo_of(people[0], "koala", days_ago=2000)
    photos_of(people[:4], "koala")
    count_all()
    assert not any(one.is_new for one in told().rising + told().new)


def test_in_the_first_week_nothing_is_called_new() -> None:
    photos_of(make_people(5), "koala")
    count_all()
    trends = told()
    assert (trends.new, trends.has_history) == ([], False)
    assert names(trends.common) == ["koala"]


def test_tags_that_go_together_are_told_of_the_rarer_first(people: list[User]) -> None:
    photos_of(people[:6], "wave")
    photos_of(people[:5], "wave", "surfboard")
    count_all()
    [one] = told().together
    assert (names([one]), one.people, one.of) == (["surfboard + wave"], 5, 5)


def test_a_tag_is_in_two_pairs_at_most(people: list[User]) -> None:
    for other in ("surfboard", "beach", "palm"):
        photos_of(people[:6], "wave", other)
    count_all()
    assert len(told().together) == 2


def test_each_category_has_trends_of_its_own(people: list[User]) -> None:
    photos_of(people[:8], "koala")
    photos_of(people[:8], "bread")
    make_tag("koala", category="animals")
    make_tag("bread", category="food")
    count_all()
    assert everything(told(category="animals")) == {"koala"}
    assert told().categories >= {"animals", "food"}


def test_the_last_week_is_told_of_too_and_first_on_a_monday(people: list[User]) -> None:
    photos_of(people[:8], "koala", days_ago=7)
    count_all()
    assert "koala" not in everything(told())
    assert "koala" in everything(told(when="last"))
    assert told(when="last").span.is_over


def test_when_a_week_has_hardly_begun_the_last_is_told_of(
    people: list[User], monkeypatch: pytest.MonkeyPatch
) -> None:
    from datetime import timedelta

    from django.utils import timezone

    count_all()
    monday = timezone.now() + timedelta(days=3)
    monkeypatch.setattr(timezone, "now", lambda: monday)
    trends = told()  # of a report that was made before the week was over
    assert trends.span.is_over
    assert names(trends.common) == ["sky"]


def test_before_anything_is_counted_nothing_is_told() -> None:
    trends = told()
    assert not trends.is_made
    assert trends.is_empty


def test_a_report_of_what_is_over_is_kept_as_it_was(people: list[User]) -> None:
    count_all()
    before = TrendReport.objects.get(length=Length.WEEK, is_public=True).told["last"]
    upkeep.recount(thorough=True)
    assert TrendReport.objects.get(length=Length.WEEK, is_public=True).told["last"] == before


def test_months_and_days_are_told_of(people: list[User]) -> None:
    photos_of(people[:10], "koala")
    count_all()
    for length in (Length.DAY, Length.MONTH):
        assert "koala" in everything(trends_for(ANYONE, length))


# --- What is not told -------------------------------------------------------------------------


def test_a_tag_of_fewer_people_than_may_be_named_is_not(
    people: list[User], settings: Settings
) -> None:
    photos_of(people[:2], "secret")
    count_all()
    assert everything(told()) == {"sky"}
    settings.MIN_PEOPLE = 2
    upkeep.recount(thorough=True)
    assert "secret" in everything(told())


def test_private_photos_count_nowhere_but_for_administrators(people: list[User]) -> None:
    photos_of(people[:10], "secret", visibility="private")
    photos_of(people[:5], "sky", "hidden", visibility="private")
    count_all()
    assert everything(told()) == {"sky"}
    assert told().common[0].photos == 30
    assert everything(told(is_public=False)) >= {"secret", "sky"}


def test_private_photos_do_not_make_a_public_tag_rise(people: list[User]) -> None:
    photos_of(people[:3], "koala")
    photos_of(people[3:20], "koala", visibility="private")
    for week in range(1, 11):
        photos_of(people[20:23], "koala", days_ago=7 * week)
    count_all()
    assert names(told().rising) == []
    assert past(Tag.objects.get(label="koala"))[-2:] == [3, 3]
    assert "koala" in names(told(is_public=False).rising)


def hide_one(photos: list[Photo]) -> None:
    photos[0].visibility = Visibility.PRIVATE
    photos[0].save()


def hide_all(photos: list[Photo]) -> None:
    Photo.objects.filter(pk__in=[photo.pk for photo in photos]).set_visibility(Visibility.PRIVATE)


def delete_one(photos: list[Photo]) -> None:
    photos[0].delete()


def delete_owner(photos: list[Photo]) -> None:
    photos[0].owner.delete()


@pytest.mark.parametrize("do", [hide_one, hide_all, delete_one, delete_owner])
@pytest.mark.parametrize("when", ["now", "last"])
def test_what_is_hidden_or_deleted_is_out_at_once_and_stays_out(
    do: Callable[[list[Photo]], None], when: str, people: list[User]
) -> None:
    photos = photos_of(people[:3], "secret", "wave", days_ago=7 if when == "last" else 0)
    count_all()
    assert "secret" in everything(told(when=when))
    do(photos)
    assert "secret" not in everything(told(when=when))
    count_all()
    assert "secret" not in everything(told(when=when))


def test_the_past_of_a_tag_is_without_what_was_hidden_since(people: list[User]) -> None:
    photos = photos_of(people[:9], "koala", days_ago=14)
    photos_of(people[:20], "koala")
    count_all()
    koala = Tag.objects.get(label="koala")
    assert past(koala)[-3:] == [9, 0, 20]
    hide_one(photos)
    assert past(koala)[-3:] == [None, 0, 20]
    assert names(told().rising) == []
    count_all()
    assert past(koala)[-3:] == [8, 0, 20]
    assert [point.people for point in told().rising[0].points][-3:] == [8, 0, 20]


def past(tag: Tag, **asked: Any) -> list[int | None]:
    history = history_of(tag, ANYONE, Length.WEEK, **asked)
    assert history is not None
    return [point.people for point in history.points]


def test_other_tags_stay_when_one_is_withheld(people: list[User]) -> None:
    photos_of(people[:5], "koala")
    photos = photos_of(people[:5], "bread")
    count_all()
    hide_one(photos)
    assert everything(told()) == {"koala", "sky"}


# --- Pictures ---------------------------------------------------------------------------------


def strip(viewer: User | AnonymousUser = ANYONE, **asked: Any) -> set[Photo]:
    trends = told(viewer, **asked)
    return {photo for one in [*trends.rising, *trends.new] for photo in one.strip}


def test_pictures_are_of_different_people_and_few(people: list[User]) -> None:
    for _ in range(3):
        photos_of(people[:8], "koala")
    count_all()
    pictures = strip()
    assert len(pictures) == len({photo.owner_id for photo in pictures}) == 5


def test_a_picture_hidden_since_is_not_shown(people: list[User]) -> None:
    photos = photos_of(people[:4], "koala")
    count_all()
    Photo.objects.filter(pk=photos[0].pk).update(visibility=Visibility.PRIVATE)  # behind our back
    assert strip() == set(photos[1:])
    assert strip(photos[0].owner) == set(photos[1:]), "not even to its owner"


def test_a_picture_that_lost_the_tag_is_not_shown(people: list[User]) -> None:
    photos = photos_of(people[:4], "koala")
    count_all()
    photos[0].photo_tags.all().delete()
    assert strip() == set(photos[1:])


def test_a_picture_of_somebody_one_is_apart_from_is_not_shown(people: list[User]) -> None:
    photos = photos_of(people[:4], "koala")
    count_all()
    viewer = make_user()
    for blocker, blocked in [(viewer, people[0]), (people[1], viewer)]:
        Block.objects.create(person=blocker, blocked=blocked)
        User.objects.filter(pk__in=[blocker.pk, blocked.pk]).update(has_blocks=True)
    assert strip(User.objects.get(pk=viewer.pk)) == set(photos[2:])


def test_administrators_see_private_photos_of_nobody_else(people: list[User]) -> None:
    photos_of(people[:8], "koala", visibility="private")
    count_all()
    admin = make_user(is_superuser=True)
    assert strip(admin, is_public=False) == set()
    assert "koala" in everything(told(admin, is_public=False))


def test_the_same_picture_is_not_shown_twice_while_there_are_others(people: list[User]) -> None:
    photos = photos_of(people[:10], "koala", "tree")
    count_all()
    first, second = told().rising
    assert {photo.pk for photo in first.strip + second.strip} == {photo.pk for photo in photos}


# --- One tag ----------------------------------------------------------------------------------


def history(tag: str, viewer: User | AnonymousUser = ANYONE, **asked: Any) -> History | None:
    return history_of(Tag.objects.get(label=tag), viewer, Length.WEEK, **asked)


def test_a_tags_past_begins_with_what_is_counted(people: list[User]) -> None:
    photos_of(people[:4], "koala", days_ago=7)
    count_all()
    assert past(Tag.objects.get(label="koala")) == [*[0] * 9, 4, 0]


def test_a_tag_of_few_people_has_no_past(people: list[User]) -> None:
    photos_of(people[:2], "secret")
    photos_of(people[2:20], "secret", visibility="private")
    count_all()
    assert history("secret") is None
    assert history("secret", people[0]) is None
    assert history("secret", is_public=False) is not None


def test_a_tag_has_no_past_as_soon_as_it_is_of_few_people(people: list[User]) -> None:
    photos = photos_of(people[:3], "secret")
    count_all()
    assert history("secret") is not None
    hide_one(photos)
    assert history("secret") is None


def test_a_tags_pictures_are_the_newest_of_different_people(people: list[User]) -> None:
    photos = [*photos_of(people[:6], "koala"), *photos_of(people[:2], "koala")]
    count_all()
    found = history("koala")
    assert found is not None
    assert found.strip == [photos[at] for at in (7, 6, 5, 4, 3)]


# --- What it costs ----------------------------------------------------------------------------


def test_it_costs_the_same_for_one_tag_and_for_twenty(
    people: list[User], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    photos_of(people[:8], "koala")
    count_all()
    with django_assert_num_queries(5):
        told()
    for number in range(20):
        photos_of(people[:8], f"animal {number}", f"tree {number}")
    count_all()
    with django_assert_num_queries(5):
        told()


def test_a_tags_past_costs_the_same_for_one_photo_and_for_twenty(
    people: list[User], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_photo(people[0], tags={"koala": 0.9})
    for some in (people[:3], people):
        photos_of(some, "koala")
        count_all()
        with django_assert_num_queries(6):
            history_of(Tag.objects.get(label="koala"), ANYONE, Length.WEEK)


def test_what_rises_this_week_can_be_asked_for(people: list[User]) -> None:
    photos_of(people[:12], "comet", days_ago=1)
    count_all()
    assert rising_tags() == [Tag.objects.get(slug="comet").pk]
