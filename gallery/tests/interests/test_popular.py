"""What many people like, which is shown to whoever has no interests yet."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from gallery.interests import choices
from gallery.interests.for_you import CardKind, for_you
from gallery.interests.popular import note_popular
from gallery.models import Favourite, Photo, PopularPhoto, User
from gallery.tests.factories import make_photo, make_tag, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def two_are_enough(settings: Settings) -> None:
    settings.MIN_PEOPLE = 2


@pytest.fixture
def people() -> list[User]:
    return [make_user() for _ in range(4)]


def like(photo: Photo, people: list[User], *, days_ago: float = 0) -> Photo:
    for one in people:
        Favourite.objects.create(person=one, photo=photo)
    at = timezone.now() - timedelta(days=days_ago)
    Favourite.objects.filter(photo=photo).update(created_at=at)
    return photo


def ranked() -> list[str]:
    note_popular()
    return list(PopularPhoto.objects.values_list("photo__title", flat=True))


# --- Counting ---------------------------------------------------------------------------------


def test_what_more_people_like_comes_first(people: list[User]) -> None:
    like(make_photo(title="two"), people[:2])
    like(make_photo(title="four"), people)
    assert ranked() == ["four", "two"]
    assert PopularPhoto.objects.get(photo__title="four").people == 4


def test_what_too_few_people_like_is_not_popular(people: list[User]) -> None:
    like(make_photo(), people[:1])
    assert ranked() == []


def test_favourites_count_less_as_they_age(people: list[User]) -> None:
    like(make_photo(title="long ago"), people, days_ago=70)
    like(make_photo(title="lately"), people[:2])
    like(make_photo(title="last year"), people, days_ago=365)
    assert ranked() == ["lately", "long ago"]


def test_private_photos_are_not_popular(people: list[User]) -> None:
    like(make_photo(visibility="private"), people)
    assert ranked() == []


def test_ones_own_photos_and_people_who_are_gone_do_not_count(people: list[User]) -> None:
    like(make_photo(people[0]), people[:2])
    people[3].is_active = False
    people[3].save()
    like(make_photo(people[0]), people[2:])
    assert ranked() == []


def test_people_who_switched_their_interests_off_do_not_count(people: list[User]) -> None:
    choices.switch_off(people[0])
    like(make_photo(), people[:2])
    assert ranked() == []


def test_one_owner_does_not_have_all_the_first_ranks(people: list[User]) -> None:
    star = make_user()
    for number in range(8):
        like(make_photo(star, title=f"star {number}"), people)
    like(make_photo(title="other"), people[:3])
    assert ranked().index("other") < 4


def test_what_is_not_popular_any_more_goes(people: list[User]) -> None:
    photo = like(make_photo(title="was"), people)
    assert ranked() == ["was"]
    Favourite.objects.filter(photo=photo).delete()
    assert ranked() == []


# --- What a newcomer sees ---------------------------------------------------------------------


def test_popular_and_new_photos_are_mixed(people: list[User]) -> None:
    for _ in range(30):
        like(make_photo(), people)
    for _ in range(30):
        make_photo()
    note_popular()
    kinds = Counter(card.kind for card in for_you(make_user()).cards)
    assert min(kinds[CardKind.POPULAR], kinds[CardKind.NEW]) > 6
    reasons = {card.reason for card in for_you(make_user()).cards}
    assert reasons == {"Popular just now", "New here"}


def test_one_subject_does_not_have_all_places() -> None:
    for label, count in (("boat", 3), ("dog", 40)):
        make_tag(label)
        for _ in range(count):
            make_photo(tags={label: 0.9}, title=label)
    first = [card.photo.title for card in for_you(make_user()).cards[:12]]
    assert first.count("boat") >= 2


def test_one_bulk_uploader_does_not_have_all_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gallery.interests.popular.LOOKED_AT", 30)
    for _ in range(15):
        make_photo()
    uploader = make_user("bulk")
    for _ in range(60):
        make_photo(uploader)
    owners = [card.photo.owner.username for card in for_you(make_user()).cards]
    assert owners[:17].count("bulk") <= 4


def test_a_newcomer_sees_nothing_private_muted_or_of_their_own(people: list[User]) -> None:
    newcomer = make_user()
    choices.mute(newcomer, make_tag("boat"))
    for photo in (make_photo(newcomer), make_photo(tags={"boat": 0.9})):
        like(photo, people)
    hidden = like(make_photo(), people)
    note_popular()
    Photo.objects.filter(pk=hidden.pk).update(visibility="private")
    assert for_you(newcomer).cards == []


def test_to_choose_for_a_newcomer_takes_few_statements(people: list[User]) -> None:
    for _ in range(5):
        like(make_photo(tags={"boat": 0.9}), people)
    note_popular()
    for_you(make_user())
    newcomer = make_user()
    with CaptureQueriesContext(connection) as queries:
        assert for_you(newcomer).cards
    assert len(queries) <= 20
