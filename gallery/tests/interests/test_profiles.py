"""Interests are worked out as things happen, and come to the same as when all is done anew."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.core.management import call_command
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from gallery import following, signals, tagging, tasks
from gallery.interests import choices, evidence, profiles
from gallery.interests.weighing import interests_of, strengths_of, weights_of
from gallery.models import (
    Favourite,
    Follow,
    Interest,
    Opening,
    Photo,
    Profile,
    Tag,
    User,
    Visibility,
)
from gallery.models.photos import visibility_changed
from gallery.tests.factories import make_photo, make_tag, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def words() -> None:
    """There are words besides those that a test is about: what has many kinds is common."""
    Tag.objects.by_label([f"word {number}" for number in range(40)])


def count_all() -> None:
    """Do what a worker does: count for all whose interests changed."""
    for person in Profile.objects.outdated().values_list("pk", flat=True):
        assert profiles.refresh(person)


def liked(person: User) -> dict[str, float]:
    labels = dict(Tag.objects.values_list("pk", "label"))
    return {labels[tag]: one for tag, one in weights_of(person).items()}


def stored(person: User) -> tuple[Any, Any]:
    profile = Profile.objects.get(pk=person.pk)
    own = evidence.read(profile.evidence, evidence.EVIDENCE)
    return own, evidence.read(profile.public_evidence, evidence.PUBLIC)


# --- What counts ------------------------------------------------------------------------------


def test_what_people_upload_like_and_open_are_their_interests() -> None:
    person, other = make_user(), make_user()
    make_photo(person, tags={"boat": 0.9})
    Favourite.objects.create(person=person, photo=make_photo(other, tags={"lamp": 0.9}))
    profiles.note_opening(person, make_photo(other, tags={"tree": 0.9}))
    count_all()
    profiles.rebuild()
    assert liked(person).keys() == {"boat", "lamp", "tree"}
    assert liked(person)["lamp"] > liked(person)["boat"] > liked(person)["tree"]


def test_following_somebody_is_liking_what_they_had_shown() -> None:
    person, painter = make_user(), make_user()
    make_photo(painter, tags={"boat": 0.9})
    make_photo(painter, tags={"secret": 0.9}, visibility="private")
    following.follow(person, painter)
    make_photo(painter, tags={"later": 0.9}, created_at=timezone.now())
    count_all()
    assert liked(person).keys() == {"boat"}


def test_interests_say_what_is_behind_them() -> None:
    person = make_user()
    make_tag("koala", parents=[make_tag("marsupial")])
    for _ in range(3):
        make_photo(person, tags={"koala": 0.9})
    Favourite.objects.create(person=person, photo=make_photo(tags={"koala": 0.8}))
    count_all()
    profiles.refresh(person.pk)
    koala, above = interests_of(person)
    assert (koala.tag.label, koala.uploads, koala.favourites, koala.through) == (
        "koala",
        3,
        1,
        None,
    )
    assert (above.tag.label, above.through) == ("marsupial", koala.tag)
    assert above.weight < koala.weight == 1


def test_private_photos_count_for_their_owner_alone() -> None:
    person = make_user()
    make_photo(person, tags={"zeppelin": 0.9}, visibility="private")
    make_photo(person, tags={"boat": 0.9})
    profiles.refresh(person.pk)
    own, public = stored(person)
    assert len(own) == 2
    assert public["tag"].tolist() == [Tag.objects.get(slug="boat").pk]


def test_photo_hidden_from_people_who_like_it_counts_no_more() -> None:
    person, photo = make_user(), make_photo(tags={"boat": 0.9})
    Favourite.objects.create(person=person, photo=photo)
    count_all()
    photo.visibility = Visibility.PRIVATE
    photo.save()
    count_all()
    assert liked(person) == {}


def test_photos_of_people_one_is_apart_from_count_no_more() -> None:
    person, other = make_user(), make_user()
    Favourite.objects.create(person=person, photo=make_photo(other, tags={"boat": 0.9}))
    count_all()
    following.block(other, person)
    count_all()
    assert liked(person) == {}


@pytest.mark.parametrize("how", ["confirm", "reject", "hand", "delete"])
def test_change_of_a_photos_tags_concerns_all_who_like_it(how: str) -> None:
    fan, watcher = make_user("fan"), make_user("watcher")
    photo = make_photo(make_user("owner"), tags={"boat": 0.9})
    Favourite.objects.create(person=fan, photo=photo)
    profiles.note_opening(watcher, photo)
    Profile.objects.update(changed_at=None)
    match how:
        case "confirm":
            tagging.mark(photo, Tag.objects.get(slug="boat"), shows=True)
        case "reject":
            tagging.mark(photo, Tag.objects.get(slug="boat"), shows=False)
        case "hand":
            tagging.add_by_hand(photo, "sail")
        case "delete":
            photo.delete()
    outdated = set(Profile.objects.outdated().values_list("person__username", flat=True))
    assert outdated == {"fan", "watcher", "owner"}


def test_hiding_many_at_once_concerns_all_who_like_them() -> None:
    fan, photo = make_user("fan"), make_photo(tags={"boat": 0.9})
    Favourite.objects.create(person=fan, photo=photo)
    Profile.objects.update(changed_at=None)
    visibility_changed.send(Photo, photo_ids=[photo.pk], visibility=Visibility.PRIVATE)
    assert Profile.objects.outdated().filter(pk=fan.pk).exists()


# --- As things happen, and anew ---------------------------------------------------------------


def do_something(chance: random.Random, people: list[User]) -> None:
    person, photos = chance.choice(people), list(Photo.objects.all())
    label = chance.choice(["koala", "marsupial", "boat", "lamp", "tree"])
    visibility = chance.choice(["public", "public", "private"])
    match chance.randrange(9):
        case 0 | 1:
            make_photo(person, tags={label: chance.uniform(0.4, 1)}, visibility=visibility)
            tagging.hold_tags([Photo.objects.latest("pk").pk])
        case 2 | 3 if photos:
            Favourite.objects.get_or_create(person=person, photo=chance.choice(photos))
        case 4 if photos:
            profiles.note_opening(person, chance.choice(photos))
        case 5:
            other = chance.choice([one for one in people if one != person])
            Follow.objects.get_or_create(person=person, followed=other)
        case 6 if photos:
            chance.choice(photos).delete()
        case 7 if photos:
            photo = chance.choice(photos)
            photo.visibility = visibility
            photo.save()
        case 8:
            tag = Tag.objects.filter(slug=label).first() or make_tag(label)
            chance.choice([choices.pin, choices.mute, choices.remove, choices.clear])(person, tag)


@pytest.mark.parametrize("seed", range(6))
def test_counting_as_things_happen_comes_to_the_same_as_counting_anew(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    make_tag("koala", parents=[make_tag("marsupial")])
    people = [make_user() for _ in range(4)]
    for _ in range(60):
        do_something(chance, people)
        if chance.random() < 0.3:
            count_all()
    count_all()
    now = timezone.now()
    before = {one.pk: (strengths_of(one), stored(one)) for one in people}
    call_command("rebuild_interests", verbosity=0)
    for one in people:
        (weights, sums), (own, public) = before[one.pk]
        again, again_sums = strengths_of(one)
        anew, public_anew = stored(one)
        assert weights == pytest.approx(again, rel=1e-4)
        assert sums == pytest.approx(again_sums, rel=1e-4)
        assert own["tag"].tolist() == anew["tag"].tolist()
        assert own["counts"].tolist() == anew["counts"].tolist()
        np.testing.assert_array_equal(public, public_anew)
    assert timezone.now() - now < timedelta(minutes=5)


def test_people_by_the_hundred_come_to_the_same_as_one_by_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from gallery.interests import reading

    monkeypatch.setattr(reading, "MOST_ACTS", 3)
    people = [make_user() for _ in range(5)]
    for number, person in enumerate(people):
        for n in range(number + 1):
            make_photo(person, tags={f"thing {n}": 0.9, "boat": 0.5})
    for person in people:
        for other in people:
            if other != person:
                following.follow(person, other)
    profiles.rebuild()
    together = {one.pk: stored(one) for one in people}
    Profile.objects.update(evidence=b"", public_evidence=b"")
    for one in people:
        profiles.refresh(one.pk)
        own, public = stored(one)
        assert own["counts"].tolist() == together[one.pk][0]["counts"].tolist()
        np.testing.assert_array_equal(public, together[one.pk][1])


def test_act_rings_for_a_worker_once(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    person = make_user()
    photos = [make_photo(tags={"boat": 0.9}) for _ in range(2)]
    Profile.objects.update(changed_at=None)
    with django_capture_on_commit_callbacks() as rung:
        for photo in photos:
            Favourite.objects.create(person=person, photo=photo)
    assert len(rung) == 1


def test_what_is_done_while_it_is_counted_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    person = make_user()
    Favourite.objects.create(person=person, photo=make_photo(tags={"boat": 0.9}))
    count = profiles._gathered

    def slowly(*args: Any, **kwargs: Any) -> Any:
        found = count(*args, **kwargs)
        Favourite.objects.create(person=person, photo=make_photo(tags={"lamp": 0.9}))
        return found

    monkeypatch.setattr(profiles, "_gathered", slowly)
    assert not profiles.refresh(person.pk)
    monkeypatch.undo()
    assert profiles.refresh(person.pk)
    assert liked(person).keys() == {"boat", "lamp"}


def test_lost_doorbell_is_made_good_by_housekeeping() -> None:
    person = make_user()
    Favourite.objects.create(person=person, photo=make_photo(tags={"boat": 0.9}))
    Profile.objects.update(changed_at=timezone.now() - timedelta(hours=1))
    assert profiles.sweep() >= 1
    assert liked(person).keys() == {"boat"}
    assert not Profile.objects.outdated().exists()


def test_old_openings_are_forgotten() -> None:
    person, photo = make_user(), make_photo()
    profiles.note_opening(person, photo)
    profiles.forget_old_openings()
    assert Opening.objects.exists()
    Opening.objects.update(opened_at=timezone.now() - timedelta(days=400))
    profiles.forget_old_openings()
    assert not Opening.objects.exists()


def test_opening_again_is_one_opening() -> None:
    person, photo = make_user(), make_photo()
    for _ in range(3):
        profiles.note_opening(person, photo)
    assert Opening.objects.get().times == 3


def test_own_photos_are_not_noted_as_opened() -> None:
    photo = make_photo()
    assert not profiles.note_opening(photo.owner, photo)
    assert not Opening.objects.exists()


# --- What people say themselves ---------------------------------------------------------------


@pytest.fixture
def fan() -> User:
    person = make_user("fan")
    marsupial = make_tag("marsupial")
    make_tag("koala", parents=[marsupial])
    make_photo(person, tags={"koala": 0.9, "boat": 0.9})
    profiles.note_change([person.pk])
    count_all()
    return person


def tag(slug: str) -> Tag:
    return Tag.objects.get(slug=slug)


def test_what_is_pinned_is_as_strong_as_anything(fan: User) -> None:
    choices.pin(fan, make_tag("fog"))
    assert liked(fan)["fog"] == 1
    assert interests_of(fan)[0].tag.label == "fog"


def test_what_is_muted_goes_with_all_its_kinds(fan: User) -> None:
    choices.mute(fan, tag("marsupial"))
    assert liked(fan).keys() == {"boat"}
    count_all()
    assert stored(fan)[1]["tag"].tolist() == [tag("boat").pk]


def test_what_is_removed_comes_back_with_new_acts_alone(fan: User) -> None:
    choices.remove(fan, tag("boat"))
    count_all()
    assert "boat" not in liked(fan)
    make_photo(fan, tags={"boat": 0.9})
    profiles.refresh(fan.pk)
    assert "boat" in liked(fan)


def test_hand_set_word_can_be_taken_back(fan: User) -> None:
    before = liked(fan)
    choices.mute(fan, tag("boat"))
    choices.clear(fan, tag("boat"))
    count_all()
    assert liked(fan) == pytest.approx(before, rel=1e-3)


def test_beginning_anew_forgets_all_but_what_is_muted(fan: User) -> None:
    choices.mute(fan, tag("marsupial"))
    choices.pin(fan, make_tag("fog"))
    choices.reset(fan)
    count_all()
    assert liked(fan) == {}
    assert list(Interest.objects.values_list("tag__label", flat=True)) == ["marsupial"]
    make_photo(fan, tags={"lamp": 0.9})
    profiles.refresh(fan.pk)
    assert liked(fan).keys() == {"lamp"}


def test_switched_off_nothing_is_kept_or_worked_out(fan: User) -> None:
    choices.pin(fan, make_tag("fog"))
    choices.list_me(fan, listed=True)
    profiles.note_opening(fan, make_photo())
    choices.switch_off(fan)
    choices.pin(fan, tag("boat"))
    profiles.note_opening(fan, make_photo())
    Favourite.objects.create(person=fan, photo=make_photo(tags={"lamp": 0.9}))
    profiles.refresh(fan.pk)
    profiles.rebuild()
    profile = Profile.objects.get(pk=fan.pk)
    assert (profile.is_on, profile.is_listed) == (False, False)
    assert (profile.as_of, profile.changed_at) == (None, None)
    assert (bytes(profile.evidence), bytes(profile.public_evidence)) == (b"", b"")
    assert not Interest.objects.filter(person=fan).exists()
    assert not Opening.objects.filter(person=fan).exists()
    assert liked(fan) == {}


def test_switched_on_again_all_is_worked_out_again(fan: User) -> None:
    before = liked(fan)
    choices.switch_off(fan)
    choices.switch_on(fan)
    count_all()
    assert liked(fan) == pytest.approx(before, rel=1e-3)


def test_photo_that_very_many_like_leaves_them_to_a_worker(
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    monkeypatch.setattr(signals, "CONCERNED_AT_ONCE", 3)
    photo = make_photo(make_user("owner"), tags={"boat": 0.9})
    fans = [make_user() for _ in range(5)]
    for fan in fans:
        Favourite.objects.create(person=fan, photo=photo)
    Profile.objects.update(changed_at=None)
    with django_capture_on_commit_callbacks() as rung:
        tagging.hold_tags([photo.pk])
    assert list(Profile.objects.outdated().values_list("person__username", flat=True)) == ["owner"]
    assert len(rung) >= 2
    tasks.note_concerned.func([photo.pk])
    assert Profile.objects.outdated().count() == 6
