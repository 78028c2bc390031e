"""Follows and blocks, and what comes of them."""

from __future__ import annotations

import random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from gallery import following
from gallery.following import RefusedError, newest_of_followed
from gallery.models import Block, Follow, Photo, User
from gallery.search import paging
from gallery.tests.factories import make_photo, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def olga() -> User:
    return make_user("olga")


@pytest.fixture
def anna() -> User:
    return make_user("anna")


def keys(photos: list[Photo]) -> list[int]:
    return [photo.pk for photo in photos]


# --- Follows ----------------------------------------------------------------------------------


def test_person_follows_once(olga: User, anna: User) -> None:
    assert following.follow(olga, anna)
    assert not following.follow(olga, anna)
    follow = Follow.objects.get()
    assert (follow.person, follow.followed) == (olga, anna)


def test_follow_goes_one_way_and_ends(olga: User, anna: User) -> None:
    following.follow(olga, anna)
    following.unfollow(anna, olga)
    assert Follow.objects.exists()
    following.unfollow(olga, anna)
    assert not Follow.objects.exists()


def test_nobody_follows_themselves(olga: User) -> None:
    with pytest.raises(RefusedError, match="You cannot follow yourself"):
        following.follow(olga, olga)


def test_nobody_follows_who_is_gone(olga: User) -> None:
    gone = make_user("gone", is_active=False)
    with pytest.raises(RefusedError, match="gone is not here any more"):
        following.follow(olga, gone)


@pytest.mark.parametrize("who_blocks", ["olga", "anna"])
def test_people_apart_do_not_follow_each_other(who_blocks: str, olga: User, anna: User) -> None:
    pair = [olga, anna] if who_blocks == "olga" else [anna, olga]
    following.block(*pair)
    for one, other in ((olga, anna), (anna, olga)):
        with pytest.raises(RefusedError, match=f"You cannot follow {other}"):
            following.follow(one, other)


# --- Blocks -----------------------------------------------------------------------------------


def test_block_works_both_ways(olga: User, anna: User) -> None:
    photos = [make_photo(olga), make_photo(anna)]
    following.block(olga, anna)
    assert keys(list(Photo.objects.visible_to(olga))) == keys(photos[:1])
    assert keys(list(Photo.objects.visible_to(anna))) == keys(photos[1:])


def test_block_ends_follows_both_ways_and_no_others(olga: User, anna: User) -> None:
    third = make_user("third")
    for one, other in ((olga, anna), (anna, olga), (third, anna), (olga, third)):
        following.follow(one, other)
    following.block(olga, anna)
    left = {(one.person, one.followed) for one in Follow.objects.all()}
    assert left == {(third, anna), (olga, third)}


def test_block_counts_at_once_for_who_was_asked_before(olga: User, anna: User) -> None:
    assert not olga.apart_from
    following.block(olga, anna)
    assert olga.apart_from == {anna.pk}
    following.unblock(olga, anna)
    assert not olga.apart_from


def test_nobody_blocks_themselves(olga: User) -> None:
    with pytest.raises(RefusedError, match="You cannot block yourself"):
        following.block(olga, olga)


def test_unblocked_people_see_each_other_again(olga: User, anna: User) -> None:
    photo = make_photo(anna)
    following.block(olga, anna)
    following.unblock(olga, anna)
    assert keys(list(Photo.objects.visible_to(User.objects.get(pk=olga.pk)))) == [photo.pk]
    assert not User.objects.filter(has_blocks=True).exists()


def test_two_who_block_each_other_stay_apart_until_both_take_it_back(
    olga: User, anna: User
) -> None:
    following.block(olga, anna)
    following.block(anna, olga)
    following.unblock(olga, anna)
    assert User.objects.get(pk=olga.pk).apart_from == {anna.pk}
    assert Block.objects.get().person == anna


def test_other_blocks_stay_noted(olga: User, anna: User) -> None:
    third = make_user("third")
    following.block(olga, anna)
    following.block(third, anna)
    following.unblock(olga, anna)
    assert set(User.objects.filter(has_blocks=True)) == {anna, third}


# --- What they uploaded -----------------------------------------------------------------------


def test_newest_public_photos_of_the_followed_come_first(olga: User, anna: User) -> None:
    bert = make_user("bert")
    following.follow(olga, anna)
    following.follow(olga, bert)
    make_photo(make_user("stranger"))
    make_photo(olga)
    shown = [make_photo(owner) for owner in (anna, bert, anna)]
    make_photo(anna, visibility="private")
    assert keys(newest_of_followed(olga).photos) == keys(shown)[::-1]


def test_who_follows_nobody_sees_nothing(olga: User, anna: User) -> None:
    make_photo(anna)
    assert newest_of_followed(olga).photos == []


@pytest.mark.parametrize("seed", range(4))
def test_pages_are_those_of_the_whole_list_and_lead_both_ways(
    seed: int, olga: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "PAGE_SIZE", 3)
    chance = random.Random(seed)  # noqa: S311
    people = [make_user() for _ in range(8)]
    for person in people[:6]:
        following.follow(olga, person)
    whole = list[int]()
    for _ in range(40):
        owner = chance.choice(people)
        photo = make_photo(owner, visibility=chance.choice(["public", "public", "private"]))
        if photo.is_public and owner in people[:6]:
            whole.insert(0, photo.pk)
    page, seen = newest_of_followed(olga), list[int]()
    while page.next:
        seen += keys(page.photos)
        following_page = newest_of_followed(olga, before=str(page.next))
        back = newest_of_followed(olga, after=str(following_page.previous))
        assert keys(back.photos) == keys(page.photos)
        page = following_page
    assert seen + keys(page.photos) == whole


def test_page_of_the_followed_costs_the_same_for_one_and_for_twenty(olga: User) -> None:
    def fill() -> None:
        person = make_user()
        following.follow(olga, person)
        make_photo(person)

    fill()
    with CaptureQueriesContext(connection) as one:
        newest_of_followed(olga)
    for _ in range(20):
        fill()
    with CaptureQueriesContext(connection) as many:
        assert len(newest_of_followed(olga).photos) == 21
    assert len(many) == len(one) == 3


def test_page_holds_as_many_as_other_lists(olga: User, anna: User) -> None:
    following.follow(olga, anna)
    for _ in range(paging.PAGE_SIZE + 1):
        make_photo(anna)
    assert len(newest_of_followed(olga).photos) == paging.PAGE_SIZE
