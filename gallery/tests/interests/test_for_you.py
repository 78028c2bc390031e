"""For you: what is shown to a person, what never is, and how long it stays the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from gallery import following
from gallery.interests import choices, choosing, decks
from gallery.interests.for_you import PAGE_SIZE, Card, CardKind, Feed, for_you
from gallery.interests.hierarchy import hierarchy
from gallery.models import Deck, Favourite, Opening, Photo, Profile, Tag, User
from gallery.tests.factories import make_photo, make_tag, make_user

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def person() -> User:
    """Somebody who likes boats."""
    somebody = make_user("fan")
    choices.pin(somebody, make_tag("boat"))
    return somebody


def boats(count: int, owner: User | None = None, *, label: str = "boat") -> list[Photo]:
    """Make photos of something, each of somebody else or all of one owner, the newest last."""
    return [make_photo(owner, title=f"{label} {n}", tags={label: 0.9}) for n in range(count)]


def shown(person: User, *, page: int = 1, fresh: bool = False) -> list[str]:
    return [card.photo.title for card in for_you(person, page=page, fresh=fresh).cards]


def all_cards(person: User) -> Iterator[Card]:
    feed, page = for_you(person), 1
    yield from feed.cards
    while feed.has_next:
        page += 1
        feed = for_you(person, page=page)
        yield from feed.cards


def age(photos: Collection[Photo], days: float) -> None:
    Photo.objects.filter(pk__in=[photo.pk for photo in photos]).update(
        created_at=timezone.now() - days * DAY
    )


# --- What is shown ----------------------------------------------------------------------------


def test_photos_of_an_interest_are_shown_with_the_reason(person: User) -> None:
    boats(1)
    (card,) = for_you(person).cards
    assert card.photo.title == "boat 0"
    assert card.kind == CardKind.INTEREST
    assert card.reason == "Because you like “boat”"


def test_a_kind_of_an_interest_is_shown_for_its_sake(person: User) -> None:
    make_tag("dinghy", parents=[Tag.objects.get(label="boat")])
    boats(1, label="dinghy")
    (card,) = for_you(person).cards
    assert card.reason == "Because you like “boat”"


def test_surer_tags_come_first(person: User) -> None:
    for sure in (0.5, 0.9, 0.7):
        make_photo(title=str(sure), tags={"boat": sure})
    assert shown(person) == ["0.9", "0.7", "0.5"]


def test_fresher_photos_come_first(person: User) -> None:
    age(boats(1, label="boat"), days=60)
    make_photo(title="fresh", tags={"boat": 0.8})
    assert shown(person) == ["fresh", "boat 0"]


def test_something_else_is_shown_and_said_to_be(person: User) -> None:
    boats(20)
    boats(10, label="harbour")
    (card, *_) = [one for one in all_cards(person) if one.kind == CardKind.EXPLORE]
    assert card.photo.title.startswith("harbour")
    assert card.reason == "Something else: harbour"


def test_one_in_eight_is_something_else(person: User) -> None:
    boats(220)
    boats(40, label="harbour")
    kinds = Counter(card.kind for card in all_cards(person))
    assert kinds == {CardKind.INTEREST: 210, CardKind.EXPLORE: 30}


def test_where_an_interest_has_few_photos_new_ones_fill_up(person: User) -> None:
    boats(2)
    for _ in range(3):
        make_photo()
    assert [card.reason for card in all_cards(person)].count("New here") == 3


def test_interests_share_the_places_in_proportion(person: User) -> None:
    choices.pin(person, make_tag("train"))
    boats(60)
    boats(20, label="train")
    first = Counter(title.split()[0] for title in shown(person))
    assert abs(first["boat"] - first["train"]) <= 4


def test_one_bulk_uploader_does_not_flood(person: User) -> None:
    boats(40)
    boats(300, make_user("bulk"))
    cards = list(all_cards(person))
    owners = [card.photo.owner.username for card in cards]
    assert len(set(owners)) > 40
    assert max(owners[:40][n : n + 12].count("bulk") for n in range(28)) <= 2


# --- What never is ----------------------------------------------------------------------------


def test_ones_own_and_private_photos_are_not_shown(person: User) -> None:
    make_photo(person, tags={"boat": 0.9})
    make_photo(visibility="private", tags={"boat": 0.9})
    assert shown(person) == []


@pytest.mark.parametrize("is_deck_made", [False, True])
def test_photos_of_people_one_is_apart_from_are_not_shown(person: User, is_deck_made: bool) -> None:
    blocked, blocker = make_user(), make_user()
    for owner in (blocked, blocker):
        boats(1, owner)
    if is_deck_made:
        assert len(shown(person)) == 2
    following.block(person, blocked)
    following.block(blocker, person)
    assert shown(User.objects.get(pk=person.pk)) == []


@pytest.mark.parametrize("is_deck_made", [False, True])
def test_muted_tags_and_their_kinds_are_not_shown(person: User, is_deck_made: bool) -> None:
    tanker = make_tag("tanker")
    make_tag("supertanker", parents=[tanker])
    make_photo(title="muted", tags={"boat": 0.9, "supertanker": 0.5})
    make_photo(title="new and muted", tags={"tanker": 0.9})
    if is_deck_made:
        assert len(shown(person)) == 2
    choices.mute(person, tanker)
    assert shown(person) == []


def test_what_one_likes_already_is_not_shown(person: User) -> None:
    Favourite.objects.create(person=person, photo=boats(1)[0])
    assert shown(person) == []


def test_what_one_opened_is_not_shown_for_a_week(person: User) -> None:
    lately, before = boats(2)
    for photo, days in ((lately, 6), (before, 8)):
        opened_at = timezone.now() - days * DAY
        Opening.objects.create(person=person, photo=photo, opened_at=opened_at)
    assert shown(person) == ["boat 1"]


def test_what_was_shown_three_times_is_not_shown_again(person: User) -> None:
    boats(3)
    for _ in range(3):
        assert len(shown(person, fresh=True)) == 3
    feed = for_you(person, fresh=True)
    assert feed.cards == []
    assert feed.has_seen_all
    make_photo(title="another", tags={"boat": 0.9})
    assert shown(person, fresh=True) == ["another"]


def test_after_a_month_it_may_be_shown_again(person: User) -> None:
    boats(1)
    for _ in range(3):
        shown(person, fresh=True)
    deck = Deck.objects.get(pk=person.pk)
    deck.shown = [[photo, times, day - 31] for photo, times, day in deck.shown]
    deck.save()
    assert shown(person, fresh=True) == ["boat 0"]


def test_a_newcomer_who_has_seen_the_newest_sees_older_ones() -> None:
    newcomer = make_user()
    boats(2)
    for _ in range(3):
        shown(newcomer, fresh=True)
    make_photo(title="another")
    assert shown(newcomer, fresh=True) == ["another"]


def test_a_page_that_is_loaded_again_counts_once(person: User) -> None:
    boats(3)
    for _ in range(5):
        shown(person)
    assert {times for _, times, _ in Deck.objects.get(pk=person.pk).shown} == {1}


def test_photos_of_pages_that_nobody_looked_at_do_not_count_as_shown(person: User) -> None:
    boats(PAGE_SIZE + 5)
    shown(person)
    assert len(Deck.objects.get(pk=person.pk).shown) == PAGE_SIZE
    shown(person, page=2)
    assert len(Deck.objects.get(pk=person.pk).shown) == PAGE_SIZE + 5


def test_not_all_that_was_shown_is_remembered(
    person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decks, "REMEMBERED", 2)
    boats(3)
    shown(person)
    assert len(Deck.objects.get(pk=person.pk).shown) == 2


# --- How long it stays ------------------------------------------------------------------------


def test_pages_stay_the_same_while_photos_come(person: User) -> None:
    boats(PAGE_SIZE + 10)
    first, second = shown(person), shown(person, page=2)
    boats(5)
    assert (shown(person), shown(person, page=2)) == (first, second)
    assert not set(first) & set(second)


def test_a_photo_that_was_hidden_makes_room_for_the_next(person: User) -> None:
    boats(PAGE_SIZE + 3)
    first, second = shown(person), shown(person, page=2)
    Photo.objects.filter(title__in=first[:2]).update(visibility="private")
    Photo.objects.filter(title=first[2]).delete()
    assert shown(person) == first[3:] + second


def test_behind_the_last_page_there_is_none(person: User) -> None:
    boats(2)
    feed = for_you(person, page=7)
    assert feed == Feed([], page=7, has_next=False)


@pytest.mark.parametrize(
    ("made", "is_first", "is_new"),
    [
        (timedelta(minutes=59), True, False),
        (timedelta(minutes=61), True, True),
        (timedelta(minutes=61), False, False),
    ],
)
def test_after_an_hour_the_first_page_is_made_anew(
    person: User, made: timedelta, is_first: bool, is_new: bool
) -> None:
    boats(1)
    shown(person)
    Deck.objects.update(made_at=timezone.now() - made)
    boats(1, label="later boat")
    make_photo(title="later", tags={"boat": 0.9})
    for_you(person, page=1 if is_first else 2)
    assert (len(Deck.objects.get(pk=person.pk).cards) > 1) is is_new


def test_whoever_wants_other_photos_gets_others(person: User) -> None:
    boats(2 * PAGE_SIZE + 5)
    assert not set(shown(person)) & set(shown(person, fresh=True))


def test_where_there_are_no_others_the_same_are_shown(person: User) -> None:
    boats(5)
    assert set(shown(person)) == set(shown(person, fresh=True))


def test_what_a_person_says_by_hand_counts_at_once(person: User) -> None:
    boats(1)
    shown(person)
    choices.pin(person, make_tag("train"))
    boats(1, label="train")
    assert "Because you like “train”" in [card.reason for card in all_cards(person)]


@pytest.mark.parametrize(("minutes", "is_new"), [(5, False), (15, True)])
def test_what_a_person_does_counts_after_some_minutes(
    person: User, minutes: int, is_new: bool
) -> None:
    boats(1)
    shown(person)
    made_at = timezone.now() - timedelta(minutes=minutes)
    Deck.objects.update(made_at=made_at)
    Profile.objects.update_or_create(person=person, defaults={"as_of": timezone.now()})
    for_you(person)
    assert (Deck.objects.get(pk=person.pk).made_at > made_at + DAY / 24 / 60) is is_new


def test_what_was_shown_is_forgotten_of_whoever_has_not_been_here_for_long(person: User) -> None:
    boats(1)
    shown(person)
    assert decks.forget_old() == 0
    Deck.objects.update(made_at=timezone.now() - 91 * DAY)
    assert decks.forget_old() == 1


# --- Newcomers, and who wants none of it ------------------------------------------------------


def test_a_newcomer_sees_what_is_new() -> None:
    boats(3)
    feed = for_you(make_user())
    assert feed.is_newcomer
    assert {card.reason for card in feed.cards} == {"New here"}


def test_a_newcomer_who_picks_an_interest_is_none_any_more() -> None:
    boats(3)
    newcomer = make_user()
    assert for_you(newcomer).is_newcomer
    choices.pin(newcomer, Tag.objects.get(label="boat"))
    feed = for_you(newcomer)
    assert not feed.is_newcomer
    assert {card.kind for card in feed.cards} == {CardKind.INTEREST}


def test_a_newcomer_whose_interests_are_known_now_is_none_any_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    boats(1)
    newcomer = make_user()
    assert for_you(newcomer).is_newcomer
    boat = Tag.objects.get(label="boat")
    monkeypatch.setattr(choosing, "weights_of", lambda person, limit: {boat.pk: 1.0})
    Profile.objects.create(person=newcomer, as_of=timezone.now())
    assert not for_you(newcomer).is_newcomer


def test_who_switched_it_off_sees_what_is_new_and_nothing_is_kept(person: User) -> None:
    boats(PAGE_SIZE + 1)
    shown(person)
    choices.switch_off(person)
    feed = for_you(person)
    assert feed.is_off
    assert {card.kind for card in feed.cards} == {CardKind.NEW}
    assert feed.has_next
    assert len(for_you(person, page=2).cards) == 1
    assert not Deck.objects.exists()


def test_nothing_is_kept_of_who_switches_it_off_at_that_moment(
    person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    boats(1)
    choose = choosing.choose

    def meanwhile(*args: Any, **kwargs: Any) -> choosing.Chosen:
        choices.switch_off(person)
        return choose(*args, **kwargs)

    monkeypatch.setattr(choosing, "choose", meanwhile)
    shown(person)
    assert not Deck.objects.exists()


# --- What it costs ----------------------------------------------------------------------------


def statements(person: User, *, page: int = 1, fresh: bool = False) -> int:
    hierarchy()  # is kept in memory
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert for_you(person, page=page, fresh=fresh).cards
    return len(queries)


def test_a_page_takes_seven_statements(person: User) -> None:
    boats(PAGE_SIZE * 2)
    shown(person)
    assert statements(person, page=2) == 7
    assert statements(person, page=2) == 6  # it has been seen already


def test_choosing_takes_no_more_statements_for_more_photos(person: User) -> None:
    boats(1)
    few = statements(person)
    boats(80)
    boats(20, label="train")
    assert statements(person, fresh=True) <= few <= 40
