"""What is nearest for a viewer: in searches, and in the strip on a photo's page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from pytest_django import DjangoAssertNumQueries

from gallery.following import block
from gallery.models import DroppedImage, Photo, User
from gallery.similar import UnlikeError, likest, nearest_for, seen, strip
from gallery.similar.seen import Viewer
from gallery.tests.factories import make_photo, make_user
from gallery.tests.similar.looks import EYES, features, flipped, make_seen

pytestmark = pytest.mark.django_db

NOBODY = AnonymousUser()
LOOK = 0x0F0F_1234_5678_9ABC


@pytest.fixture
def owner() -> User:
    return make_user("olga")


@pytest.fixture
def viewer() -> User:
    return make_user("vera")


def asked_anew(photo: Photo) -> Photo:
    return Photo.objects.get(pk=photo.pk)


# --- Enough for whoever sees few of them --------------------------------------------------------


@pytest.fixture
def hidden_ones(owner: User, monkeypatch: pytest.MonkeyPatch) -> Photo:
    """A photo whose twelve likest are private, and of which four are asked for at first."""
    monkeypatch.setattr(seen, "MOST", 20)
    photo = make_seen(owner)
    for number in range(12):
        make_seen(owner, visibility="private", apart=0.01 * number)
    return asked_anew(photo)


def test_viewer_of_whose_likest_most_are_hidden_gets_the_next(
    hidden_ones: Photo, viewer: User
) -> None:
    far = make_seen(apart=0.5)
    near = nearest_for(hidden_ones, viewer, limit=4)
    assert [one.photo for one in near] == [hidden_ones.pk, far.pk]


def test_owner_of_all_is_asked_no_further(
    hidden_ones: Photo, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seen, "MOST", 0)
    assert len(nearest_for(hidden_ones, owner, limit=4)) == 4


def test_no_more_is_looked_for_where_there_is_no_more(
    owner: User, viewer: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    photo = Photo.objects.select_related("fingerprint").get(pk=make_seen(owner).pk)
    with django_assert_num_queries(1):
        nearest_for(photo, viewer)


# --- What a search is like ------------------------------------------------------------------------


def drop(person: User, **fields: Any) -> DroppedImage:
    said: dict[str, Any] = {"embedding": features(0).tobytes(), "model": EYES}
    return DroppedImage.objects.create(person=person, **(said | fields))


def test_own_picture_is_like_photos(viewer: User) -> None:
    photo, other = make_seen(apart=0.1), make_seen(kind=1)
    assert [one.photo for one in likest(drop(viewer).token, viewer)] == [photo.pk]
    assert other.pk


def test_photo_goes_before_a_picture_of_the_same_name(viewer: User) -> None:
    dropped = drop(viewer)
    photo = make_seen(kind=3, public_id=dropped.token)
    assert likest(dropped.token, viewer)[0].photo == photo.pk


@pytest.mark.parametrize("who", ["stranger", "nobody"])
def test_picture_of_another_person_is_as_good_as_none(who: str, viewer: User) -> None:
    make_seen()
    dropped = drop(make_user())
    asking = viewer if who == "stranger" else NOBODY
    with pytest.raises(UnlikeError, match="no such picture"):
        likest(dropped.token, asking)


def test_picture_that_nobody_looked_at_yet_says_so(viewer: User) -> None:
    with pytest.raises(UnlikeError, match="still to be looked at"):
        likest(drop(viewer, embedding=None).token, viewer)


def test_photo_of_another_person_is_not_there(owner: User, viewer: User) -> None:
    photo = make_seen(owner, visibility="private")
    with pytest.raises(UnlikeError, match=f"no photo “{photo.public_id}”"):
        likest(photo.public_id, viewer)


# --- The strip ----------------------------------------------------------------------------------


def test_strip_has_the_likest_but_not_the_photo_itself(owner: User) -> None:
    photo = make_seen(owner)
    near, far = make_seen(owner, apart=0.1), make_seen(owner, apart=0.6)
    make_seen(owner, kind=1)
    assert strip(asked_anew(photo), NOBODY) == [near, far]


@pytest.mark.parametrize("who", ["nobody", "stranger", "staff"])
def test_strip_never_has_private_photos_of_others(who: str, owner: User, viewer: User) -> None:
    photo = make_seen(owner)
    make_seen(owner, visibility="private")
    own = make_seen(viewer, visibility="private")
    people: dict[str, Viewer] = {
        "nobody": NOBODY,
        "stranger": viewer,
        "staff": make_user(is_staff=True),
    }
    expected = [own] if who == "stranger" else []
    assert strip(asked_anew(photo), people[who]) == expected


def test_strip_has_nothing_of_people_one_is_apart_from(owner: User, viewer: User) -> None:
    photo = make_seen(make_user())
    make_seen(owner)
    assert len(strip(asked_anew(photo), viewer)) == 1
    block(viewer, owner)
    for person in (viewer, owner):
        shown = strip(asked_anew(photo), User.objects.get(pk=person.pk))
        assert all(one.owner_id in (photo.owner_id, person.pk) for one in shown)


@pytest.mark.parametrize("by", ["look", "time"])
def test_strip_has_two_of_a_series_and_then_others(by: str, owner: User) -> None:
    taken_at = datetime(2024, 5, 1, 12, tzinfo=UTC)
    photo = make_seen(owner, look=LOOK, taken_at=taken_at)
    for number in range(6):
        moment = taken_at + timedelta(seconds=20 * number)
        make_seen(
            owner,
            apart=0.01 * number,
            look=flipped(LOOK, number) if by == "look" else 0xFF << (8 * number),
            taken_at=moment if by == "time" else None,
        )
    others = [make_seen(apart=0.3 + number / 100) for number in range(4)]
    shown = strip(asked_anew(photo), NOBODY, size=6)
    assert [one for one in shown if one in others] == others
    assert len(shown) == 6


def test_strip_has_more_of_a_series_where_nothing_else_is_like_it(owner: User) -> None:
    photo = make_seen(owner, look=LOOK)
    series = [make_seen(owner, apart=0.01 * n, look=flipped(LOOK, n)) for n in range(5)]
    assert set(strip(asked_anew(photo), NOBODY)) == set(series)


def test_photo_that_no_model_saw_has_no_strip(
    owner: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_seen(owner)
    photo = asked_anew(make_photo(owner))
    with django_assert_num_queries(1):
        assert strip(photo, NOBODY) == []


@pytest.mark.parametrize("count", [1, 20])
def test_strip_takes_four_statements(
    count: int, owner: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    photo = asked_anew(make_seen(owner))
    for number in range(count):
        make_seen(owner, apart=number / 100)
    with django_assert_num_queries(4):
        strip(photo, NOBODY)
