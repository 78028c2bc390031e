"""What is counted, and when that is due again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks, Settings

from gallery import tagging
from gallery.models import Length, Period, Photo, PhotoTag, Tag, TagCount, TagState, Visibility
from gallery.tests.factories import make_user
from gallery.trends import counting, upkeep
from gallery.trends.periods import Span

from .history import count_all, make_people, people_of, photo_of, photos_of

pytestmark = pytest.mark.django_db


def withheld() -> set[tuple[str, str]]:
    rows = TagCount.objects.filter(is_withheld=True)
    return set(rows.values_list("tag__label", "period__length"))


def due() -> set[str]:
    return set(Period.objects.exclude(changed_at=None).values_list("length", flat=True))


# --- Counting ---------------------------------------------------------------------------------


def test_people_count_once_however_many_photos_they_upload() -> None:
    ann, ben = make_people(2)
    for _ in range(5):
        photo_of(ann, "koala")
    photo_of(ben, "koala")
    count_all()
    [count] = TagCount.objects.filter(period__length=Length.WEEK)
    assert (count.people, count.photos) == (2, 6)


def test_private_photos_count_for_the_whole_site_alone() -> None:
    ann, ben = make_people(2)
    photo_of(ann, "koala")
    photo_of(ben, "koala", visibility="private")
    count_all()
    assert people_of("koala", "week") == (2, 1)
    period = Period.objects.get(length=Length.WEEK)
    assert (period.people, period.public_people, period.photos, period.public_photos) == (
        2,
        1,
        2,
        1,
    )


def test_only_tags_that_are_shown_count() -> None:
    photo = photo_of(make_user(), "koala")
    PhotoTag.objects.filter(photo=photo).update(state=TagState.SUGGESTED)
    count_all()
    assert not TagCount.objects.exists()


def test_a_visit_is_a_day_on_which_somebody_uploads() -> None:
    ann, ben = make_people(2)
    for days in (0, 0, 1, 2):
        photo_of(ann, days_ago=days)
    photo_of(ben, visibility="private")
    week = counting.count(Span.now(Length.WEEK))
    assert (week.visits, week.public_visits) == (4, 3)


def test_days_are_those_of_the_site(settings: Settings) -> None:
    settings.TIME_ZONE = "Pacific/Auckland"  # where it is Saturday at midnight
    photo_of(make_user(), "koala", days_ago=0.01)
    count_all()
    assert people_of("koala", "day", days_ago=0) is None
    assert people_of("koala", "day", days_ago=1) == (1, 1)


def test_counting_costs_the_same_for_few_photos_and_many(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    photos_of(make_people(20), "koala", "tree")
    counting.count(Span.now(Length.WEEK))
    with django_assert_max_num_queries(11):
        counting.count(Span.now(Length.WEEK))


# --- When it is due ---------------------------------------------------------------------------


def test_the_past_is_counted_back_to_the_first_photo() -> None:
    photo_of(make_user(), "koala", days_ago=20)
    count_all()
    lengths = list(Period.objects.order_by().values_list("length", flat=True))
    assert [lengths.count(length) for length in ("day", "week", "month")] == [21, 4, 2]


def test_a_round_ends_in_time_and_the_next_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "ROUND_S", 0)
    photo_of(make_user(), "koala", days_ago=3)
    assert [upkeep.recount() for _ in range(7)] == [1, 1, 1, 1, 1, 1, 0]
    newest = Period.objects.order_by("counted_at", "pk").first()
    assert newest is not None
    assert newest.length == Length.MONTH  # which ends last


def test_what_lasts_is_counted_again_once_an_hour_only() -> None:
    photo_of(make_user(), "koala")
    count_all()
    assert upkeep.recount() == 0
    assert upkeep.recount(thorough=True) == 3


def test_what_has_ended_since_is_counted_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    ann, ben = make_people(2)
    photo_of(ann, "koala")
    count_all()
    photo_of(ben, "koala")
    tomorrow = timezone.now() + timedelta(days=1)
    monkeypatch.setattr(timezone, "now", lambda: tomorrow)
    count_all()
    assert people_of("koala", "day", days_ago=1) == (2, 2)
    assert upkeep.recount() == 0


def test_what_is_long_past_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    photo_of(make_user(), "koala", days_ago=3)
    count_all()
    monkeypatch.setitem(upkeep.KEPT, Length.DAY, 2)
    upkeep.recount(thorough=True)
    assert Period.objects.filter(length=Length.DAY).count() == 2


# --- Photos that change -----------------------------------------------------------------------


@pytest.mark.parametrize("days_ago", [0, 40])
def test_hiding_a_photo_withholds_the_counts_of_its_tags_at_once(days_ago: int) -> None:
    photo = photo_of(make_user(), "koala", days_ago=days_ago)
    photo_of(make_user(), "tree", days_ago=days_ago)
    count_all()
    photo.visibility = Visibility.PRIVATE
    photo.save()
    assert withheld() == {("koala", "day"), ("koala", "week"), ("koala", "month")}
    count_all()
    assert not withheld()
    assert people_of("koala", "month", days_ago) == (1, 0)


def test_hiding_many_at_once_does_so_too() -> None:
    photos_of(make_people(3), "koala")
    count_all()
    assert Photo.objects.all().set_visibility(Visibility.PRIVATE) == 3
    assert len(withheld()) == 3


def test_deleting_a_photo_does_so_too() -> None:
    photo = photo_of(make_user(), "koala")
    count_all()
    photo.delete()
    assert len(withheld()) == 3
    count_all()
    assert people_of("koala", "week") == (0, 0)


def test_deleting_a_person_does_so_too() -> None:
    ann = make_user()
    photo_of(ann, "koala")
    count_all()
    ann.delete()
    assert len(withheld()) == 3


def test_deleting_a_private_photo_withholds_nothing() -> None:
    photo = photo_of(make_user(), "koala", visibility="private", days_ago=40)
    count_all()
    photo.delete()
    assert not withheld()
    assert due() == {"day", "week", "month"}


def test_other_changes_of_a_photo_withhold_nothing() -> None:
    photo = photo_of(make_user(), "koala", days_ago=40)
    count_all()
    photo.title = "At the zoo"
    photo.save()
    assert not withheld()
    assert not due()


def test_publishing_a_photo_has_its_past_periods_counted_anew() -> None:
    photo = photo_of(make_user(), "koala", visibility="private", days_ago=40)
    count_all()
    photo.visibility = Visibility.PUBLIC
    photo.save()
    assert due() == {"day", "week", "month"}
    count_all()
    assert people_of("koala", "week", days_ago=40) == (1, 1)


def test_tags_that_change_have_past_periods_counted_anew(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    photo = photo_of(make_user(), "koala", days_ago=40)
    count_all()
    with django_capture_on_commit_callbacks(execute=True):
        tagging.reject(photo.photo_tags.get())
    assert due() == {"day", "week", "month"}
    count_all()
    assert not TagCount.objects.exists()


def test_a_photo_hidden_while_its_period_is_counted_is_not_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    photo = photo_of(make_user(), "koala")
    count_all()
    really = counting._tag_counts

    def hidden_meanwhile(span: Span) -> dict[int, tuple[int, int, int, int]]:
        counts = really(span)
        Photo.objects.filter(pk=photo.pk).set_visibility(Visibility.PRIVATE)
        return counts

    monkeypatch.setattr(counting, "_tag_counts", hidden_meanwhile)
    counting.count(Span.now(Length.WEEK))
    assert "week" in due()
    assert ("koala", "week") in withheld()


def test_counts_stay_withheld_until_all_that_was_made_of_them_is_made_anew() -> None:
    photo = photo_of(make_user(), "koala")
    count_all()
    photo.delete()
    counting.count(Span.now(Length.WEEK))
    assert ("koala", "week") in withheld()
    counting.release(Length.WEEK)
    assert ("koala", "week") not in withheld()


def test_hiding_costs_the_same_for_one_photo_and_for_twenty(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    photos = photos_of(make_people(20), "koala", "tree")
    count_all()
    for some in (photos[:1], photos):
        with django_assert_num_queries(4):
            counting.note_hidden([photo.pk for photo in some])


def test_merged_tags_take_their_counts_with_them() -> None:
    photo_of(make_user(), "koala")
    count_all()
    Tag.objects.all().delete()
    assert not TagCount.objects.exists()
