"""Who is alike: only those who want to be found, and by nothing but their public photos."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from gallery import following, tags, vectors
from gallery.interests import choices, hierarchy, profiles
from gallery.interests.people import People, match_with, people_like
from gallery.models import Favourite, Profile, User
from gallery.tests.factories import make_photo, make_user
from gallery.vectors import index

pytestmark = pytest.mark.django_db


def make_member(name: str, *labels: str, photos: int = 4, is_listed: bool = True) -> User:
    """Return somebody with public photos of each thing."""
    person = make_user(name)
    for label in labels:
        for _ in range(photos):
            make_photo(person, tags={label: 0.9})
    if is_listed:
        choices.list_me(person, listed=True)
    return person


def work_out() -> None:
    tags.note_counts()
    hierarchy.forget()
    profiles.rebuild()


def alike(viewer: User) -> list[str]:
    return [match.person.username for match in people_like(viewer)]


@pytest.fixture
def viewer() -> User:
    """Somebody who likes boats and fog, as do others; lamps are somebody else's."""
    person = make_member("viewer", "boat", "fog", is_listed=False)
    make_member("sailor", "boat", "fog")
    make_member("angler", "boat", "lamp", "tree")
    make_member("reader", "lamp")
    work_out()
    return person


def test_who_likes_more_of_the_same_comes_first(viewer: User) -> None:
    assert alike(viewer) == ["sailor", "angler"]


def test_what_both_like_is_named(viewer: User) -> None:
    make_member("walker", "fog")
    work_out()
    shared = {
        match.person.username: [tag.label for tag in match.shared] for match in people_like(viewer)
    }
    assert set(shared["sailor"]) == {"boat", "fog"}
    assert shared["angler"] == ["boat"]


def test_what_few_people_have_public_photos_of_is_no_reason(viewer: User) -> None:
    make_photo(viewer, tags={"zeppelin": 0.9}, visibility="private")
    make_member("pilot", "zeppelin")
    work_out()
    assert "pilot" not in alike(viewer)


def test_one_rare_tag_in_common_makes_no_soulmate(viewer: User) -> None:
    make_photo(viewer, tags={"kite": 0.9})
    for name in ("one", "two"):
        make_member(name, "kite", photos=3, is_listed=False)
    kiter = make_member("kiter", "kite", photos=1)
    make_photo(kiter, tags={"kite": 0.5, "rope": 0.9})
    make_photo(kiter, tags={"rope": 0.9})
    work_out()
    found = {match.person.username: match.similarity for match in people_like(viewer)}
    assert found.get("kiter", 0) < found["sailor"] / 2


def lose_photos(person: User) -> None:
    for photo in person.photos.all()[2:]:
        photo.delete()
    profiles.rebuild()


def hide_photos(person: User) -> None:
    person.photos.update(visibility="private")
    profiles.rebuild()


#: What keeps somebody from being found: done to them, or by them and the viewer.
WHYS: dict[str, Callable[[User, User], object]] = {
    "not listed": lambda one, viewer: choices.list_me(one, listed=False),
    "switched off": lambda one, viewer: choices.switch_off(one),
    "inactive": lambda one, viewer: User.objects.filter(pk=one.pk).update(is_active=False),
    "blocks": lambda one, viewer: following.block(one, viewer),
    "blocked": lambda one, viewer: following.block(viewer, one),
    "few photos": lambda one, viewer: lose_photos(one),
    "private": lambda one, viewer: hide_photos(one),
}


@pytest.mark.parametrize("why", WHYS)
def test_never_found(viewer: User, why: str) -> None:
    sailor = User.objects.get(username="sailor")
    WHYS[why](sailor, viewer)
    viewer = User.objects.get(pk=viewer.pk)
    assert "sailor" not in alike(viewer)
    assert match_with(viewer, sailor) is None


def test_what_others_like_privately_does_not_count(viewer: User) -> None:
    before = {match.person.username: match.similarity for match in people_like(viewer)}
    reader = User.objects.get(username="reader")
    for photo in User.objects.get(username="sailor").photos.all():
        Favourite.objects.create(person=reader, photo=photo)
    make_photo(reader, tags={"boat": 0.9, "fog": 0.9}, visibility="private")
    choices.pin(reader, photo.photo_tags.get().tag)
    work_out()
    after = {match.person.username: match.similarity for match in people_like(viewer)}
    assert after == pytest.approx(before, rel=1e-3)


def test_lurker_finds_people_by_what_they_like(viewer: User) -> None:
    lurker = make_user("lurker")
    for photo in User.objects.get(username="sailor").photos.all():
        Favourite.objects.create(person=lurker, photo=photo)
    work_out()
    assert "sailor" in alike(lurker)
    assert "lurker" not in alike(viewer)


def test_switched_off_one_finds_nobody(viewer: User) -> None:
    choices.switch_off(viewer)
    assert alike(viewer) == []


def test_match_of_one_person_is_the_same_as_among_all(viewer: User) -> None:
    first = people_like(viewer)[0]
    match = match_with(viewer, first.person)
    assert match is not None
    assert match.similarity == pytest.approx(first.similarity, rel=1e-6)
    assert match.shared == first.shared


def test_large_community_is_asked_through_an_index(
    viewer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = alike(viewer)
    monkeypatch.setattr(People, "at_once", 2)
    monkeypatch.setattr(index, "AXES", 2)
    assert vectors.refresh_indexes([People()], anew=True) == 1
    assert alike(viewer) == expected
    newcomer = make_member("newcomer", "boat", "fog", photos=8)
    profiles.refresh(newcomer.pk)
    assert "newcomer" in alike(viewer)


def test_embeddings_of_the_same_likes_are_alike(viewer: User) -> None:
    make_member("twin", "boat", "fog")
    work_out()
    space = People()
    keys = dict(Profile.objects.values_list("person__username", "pk"))
    near = vectors.nearest(space, space.embeddings_of([keys["sailor"]])[keys["sailor"]], limit=9)
    likeness = {one.key: one.likeness for one in near}
    assert likeness[keys["twin"]] == pytest.approx(1, abs=0.01)
    assert likeness.get(keys["reader"], 0) < 0.2


def test_more_people_cost_no_more_queries(viewer: User) -> None:
    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            people_like(viewer)
        return len(seen)

    cost()
    before = cost()
    for number in range(12):
        make_member(f"more{number}", "boat")
    work_out()
    people_like(viewer)
    assert cost() == before <= 7
