"""The photos that come into question, against looking at every photo there is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from gallery.interests import candidates, hierarchy
from gallery.interests.candidates import Pool, Wanted, gathered
from gallery.interests.taste import taste_of
from gallery.interests.variety import Candidate
from gallery.models import Block, Favourite, Photo, Tag, User
from gallery.tests.factories import make_photo, make_tag, make_user
from gallery.tests.interests.naive import worths
from gallery.tests.search.effort import examples

pytestmark = pytest.mark.django_db

PARENTS = {"animal": (), "dog": ("animal",), "pet": (), "puppy": ("dog", "pet"), "boat": ()}


def looked_for(
    person: User,
    weights: Mapping[str, float],
    *,
    muted: Sequence[str] = (),
    unknown: Sequence[str] = (),
    unwanted: Sequence[Photo] = (),
    needs: float = 20.0,
    now: datetime | None = None,
) -> Pool:
    keys = dict(Tag.objects.values_list("label", "pk"))
    known = hierarchy.hierarchy()
    muted_keys = known.kinds_of(frozenset(keys[label] for label in muted))
    taste = taste_of({keys[label]: one for label, one in weights.items()}, muted_keys, known)
    return gathered(
        Wanted(
            person=person,
            taste=taste,
            needs=dict.fromkeys(taste.weights, needs),
            unknown=[keys[label] for label in unknown],
            unwanted=frozenset(photo.pk for photo in unwanted),
            now=now or timezone.now(),
        )
    )


def titles(groups: Mapping[int, Sequence[Candidate]]) -> dict[str, list[str]]:
    """Return the titles of photos by the label of what they are shown for."""
    named = dict(Photo.objects.values_list("pk", "title"))
    labels = dict(Tag.objects.values_list("pk", "label"))
    return {labels[tag]: [named[one.photo] for one in some] for tag, some in groups.items()}


# --- Against all photos -----------------------------------------------------------------------


@dataclass(frozen=True)
class Shot:
    """A photo of a made-up library; ``tags`` has how sure each is, above 1: confirmed."""

    owner: int
    age_d: float
    tags: Mapping[str, float]
    is_public: bool = True
    is_liked: bool = False


shots = st.builds(
    Shot,
    owner=st.integers(0, 4),
    age_d=st.sampled_from((0.5, 10.0, 30.0, 100.0, 1000.0)),
    tags=st.dictionaries(st.sampled_from(list(PARENTS)), st.sampled_from((0.2, 0.5, 0.9, 1.5))),
    is_public=st.booleans(),
    is_liked=st.sampled_from((False, False, True)),
)
weights = st.dictionaries(
    st.sampled_from(list(PARENTS)), st.sampled_from((0.1, 0.4, 0.7, 1.0)), min_size=1
)


@contextmanager
def library(some: Sequence[Shot], now: datetime) -> Iterator[User]:
    """Store a library in which one person is owner 0 and apart from owner 4."""
    with transaction.atomic():
        hierarchy.forget()
        for label, parents in PARENTS.items():
            make_tag(label, parents=[Tag.objects.get(label=one) for one in parents])
        people = [make_user() for _ in range(5)]
        Block.objects.create(person=people[4], blocked=people[0])
        User.objects.filter(pk__in=[people[0].pk, people[4].pk]).update(has_blocks=True)
        for number, shot in enumerate(sorted(some, key=lambda shot: -shot.age_d)):
            _store(number, shot, people, now)
        yield User.objects.get(pk=people[0].pk)
        transaction.set_rollback(True)


def _store(number: int, shot: Shot, people: Sequence[User], now: datetime) -> None:
    photo = make_photo(
        people[shot.owner],
        title=str(number),
        visibility="public" if shot.is_public else "private",
        tags={label: min(sure, 1) for label, sure in shot.tags.items()},
    )
    sure = [label for label, one in shot.tags.items() if one > 1]
    photo.photo_tags.filter(tag__label__in=sure).update(state="confirmed", confidence=0.3)
    Photo.objects.filter(pk=photo.pk).update(created_at=now - timedelta(days=shot.age_d))
    if shot.is_liked:
        Favourite.objects.create(photo=photo, person=people[0])


@given(some=st.lists(shots, max_size=25), liked=weights, muted=st.sampled_from(("", "dog", "pet")))
@examples(40)
def test_all_photos_of_a_small_library_are_found_and_scored(
    some: list[Shot], liked: dict[str, float], muted: str
) -> None:
    now = timezone.now()
    unmuted = {"dog": {"puppy", "dog"}, "pet": {"puppy", "pet"}}.get(muted, set())
    liked = {label: one for label, one in liked.items() if label not in unmuted}
    with library(some, now) as person:
        pool = looked_for(person, liked, muted=[muted] * bool(muted), now=now)
        found = titles(pool.liked)
        expected = worths(person, liked, muted=frozenset({muted}), now=now)
        scores = {one.photo: one.score for some in pool.liked.values() for one in some}
        named = dict(Photo.objects.values_list("pk", "title"))
        assert {named[key]: score for key, score in scores.items()} == pytest.approx(
            {title: worth.score for title, worth in expected.items()}
        )
        for interest, of_it in found.items():
            assert all(interest in expected[title].interests for title in of_it)


@given(some=st.lists(shots, min_size=5, max_size=25), liked=weights, depth=st.integers(1, 4))
@examples(25)
def test_whatever_is_found_of_a_large_library_may_be_shown_and_is_scored_exactly(
    some: list[Shot], liked: dict[str, float], depth: int
) -> None:
    now = timezone.now()
    with library(some, now) as person, pytest.MonkeyPatch.context() as patch:
        patch.setattr(candidates, "DEPTH", depth)
        patch.setattr(candidates, "BEST", 1)
        patch.setattr(candidates, "AT_LEAST", 1)
        pool = looked_for(person, liked, needs=1, now=now)
        expected = worths(person, liked, now=now)
        named = dict(Photo.objects.values_list("pk", "title"))
        for one in (one for some in pool.liked.values() for one in some):
            assert one.score == pytest.approx(expected[named[one.photo]].score)


# --- When the first photos will not do --------------------------------------------------------


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of each tag a few photos are read, the newest."""
    monkeypatch.setattr(candidates, "DEPTH", 5)
    make_tag("boat")


@pytest.mark.usefixtures("few")
def test_behind_many_private_photos_public_ones_are_found() -> None:
    make_photo(title="old", tags={"boat": 0.9})
    for _ in range(10):
        make_photo(visibility="private", tags={"boat": 0.9})
    assert titles(looked_for(make_user(), {"boat": 1.0}).liked) == {"boat": ["old"]}


@pytest.mark.usefixtures("few")
def test_behind_many_photos_seen_already_others_are_found() -> None:
    make_photo(title="old", tags={"boat": 0.9})
    seen = [make_photo(tags={"boat": 0.9}) for _ in range(10)]
    pool = looked_for(make_user(), {"boat": 1.0}, unwanted=seen)
    assert titles(pool.liked) == {"boat": ["old"]}


@pytest.mark.usefixtures("few")
def test_behind_many_photos_of_what_is_muted_others_are_found() -> None:
    make_tag("tanker")
    make_photo(title="old", tags={"boat": 0.9})
    for _ in range(10):
        make_photo(tags={"boat": 0.9, "tanker": 0.5})
    pool = looked_for(make_user(), {"boat": 1.0}, muted=["tanker"])
    assert titles(pool.liked) == {"boat": ["old"]}


@pytest.mark.usefixtures("few")
def test_behind_the_photos_of_one_bulk_uploader_those_of_others_are_found() -> None:
    for number in range(3):
        make_photo(title=f"other {number}", tags={"boat": 0.5})
    uploader = make_user()
    for _ in range(100):
        make_photo(uploader, title="bulk", tags={"boat": 0.9})
    (found,) = titles(looked_for(make_user(), {"boat": 1.0}).liked).values()
    assert {title for title in found if title != "bulk"} == {"other 0", "other 1", "other 2"}


# --- Something else ---------------------------------------------------------------------------


def test_photos_of_an_unknown_tag_are_something_else() -> None:
    make_photo(title="boat", tags={"boat": 0.9})
    make_photo(title="harbour", tags={"harbour": 0.9})
    pool = looked_for(make_user(), {"boat": 1.0}, unknown=["harbour"])
    assert titles(pool.liked) == {"boat": ["boat"]}
    assert titles(pool.unknown) == {"harbour": ["harbour"]}


def test_photos_that_show_what_is_liked_as_well_are_nothing_else() -> None:
    make_photo(title="both", tags={"boat": 0.9, "harbour": 0.9})
    pool = looked_for(make_user(), {"boat": 1.0}, unknown=["harbour"])
    assert titles(pool.liked) == {"boat": ["both"]}
    assert not pool.unknown
