"""Photos like one in some ways: candidates, order, reasons, and what nobody may learn."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test.utils import CaptureQueriesContext

from gallery.following import block
from gallery.imaging.colors import BITS
from gallery.models import Photo, User
from gallery.similar.blend import Way
from gallery.similar.matches import matches_of
from gallery.similar.seen import Viewer
from gallery.tests.factories import make_photo, make_tag, make_user
from gallery.tests.similar.looks import make_seen

pytestmark = pytest.mark.django_db

NOBODY = AnonymousUser()
NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
EVERY_WAY = tuple(Way)


def found(photo: Photo, viewer: Viewer = NOBODY, ways: Iterable[Way] = EVERY_WAY) -> list[int]:
    asked = Photo.objects.get(pk=photo.pk)
    return [match.photo for match in matches_of(asked, viewer, [*ways]).found]


def reasons(photo: Photo, viewer: Viewer = NOBODY, ways: Iterable[Way] = EVERY_WAY) -> list[str]:
    matches = matches_of(Photo.objects.get(pk=photo.pk), viewer, [*ways])
    shown = Photo.objects.filter(pk__in=[match.photo for match in matches.found])
    return list(matches.reasons(shown).values())


@pytest.fixture
def koala() -> Photo:
    return make_seen(tags={"koala": 0.9}, taken_at=NOON, colors=BITS["green"])


def test_by_look_the_likest_come_first(koala: Photo) -> None:
    far, near = make_seen(apart=0.6), make_seen(apart=0.1)
    make_seen(kind=1, tags={"koala": 0.9})
    assert found(koala, ways=[Way.LOOK]) == [near.pk, far.pk]


def test_by_tags_photos_are_found_that_look_different(koala: Photo) -> None:
    other = make_seen(kind=1, tags={"koala": 0.9})
    make_seen(tags={"dog": 0.9})
    assert found(koala, ways=[Way.TAGS]) == [other.pk]
    assert reasons(koala, ways=[Way.TAGS]) == ["Shares koala"]


def test_tags_that_are_only_suggested_do_not_count(koala: Photo) -> None:
    make_seen(kind=1, tags={"koala": 0.2}, state="suggested")
    make_seen(kind=1, tags={"koala": 0.9}, state="rejected")
    assert found(koala, ways=[Way.TAGS]) == []


def test_by_time_photos_before_and_after_are_found(koala: Photo) -> None:
    later = make_photo(taken_at=NOON + timedelta(minutes=12))
    before = make_photo(taken_at=NOON - timedelta(hours=30))
    make_photo(taken_at=NOON + timedelta(days=60))
    make_photo()
    assert found(koala, ways=[Way.TIME]) == [later.pk, before.pk]
    assert set(reasons(koala, ways=[Way.TIME])) == {
        "Taken 12 minutes later",
        "Taken 30 hours earlier",
    }


def test_by_colours_those_that_share_some_are_found(koala: Photo) -> None:
    both = make_photo(colors=BITS["green"] | BITS["blue"])
    same = make_photo(colors=BITS["green"])
    make_photo(colors=BITS["red"])
    make_photo()
    assert found(koala, ways=[Way.COLORS]) == [same.pk, both.pk]
    assert reasons(koala, ways=[Way.COLORS]) == ["The same green"] * 2


def test_all_ways_together_rank_by_their_mean(koala: Photo) -> None:
    look_alone = make_seen()
    look_and_tag = make_seen(apart=0.2, tags={"koala": 0.9})
    everything = make_seen(apart=0.2, tags={"koala": 0.9}, taken_at=NOON, colors=BITS["green"])
    assert found(koala) == [everything.pk, look_and_tag.pk, look_alone.pk]


def test_likeness_of_candidates_by_tag_is_worked_out(
    koala: Photo, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gallery.similar import matches

    monkeypatch.setattr(matches, "LIKEST_OF_SOME", 1)
    near, far = (make_seen(apart=apart, tags={"koala": 0.9}) for apart in (0.1, 0.6))
    assert found(koala, ways=[Way.LOOK, Way.TAGS]) == [near.pk, far.pk]


def test_reason_leaves_out_what_a_tag_is_a_kind_of(koala: Photo) -> None:
    make_tag("koala", parents=[make_tag("animal")])
    for photo in (koala, make_seen()):
        for label in ("koala", "animal"):
            photo.photo_tags.update_or_create(
                tag=make_tag(label), defaults={"confidence": 0.9, "state": "assigned"}
            )
    assert reasons(koala, ways=[Way.LOOK]) == ["Looks nearly the same · also koala"]


def test_photo_without_anything_is_like_nothing() -> None:
    make_seen(tags={"koala": 0.9})
    assert found(make_photo()) == []


@pytest.mark.parametrize("way", EVERY_WAY)
@pytest.mark.parametrize("who", ["nobody", "stranger", "staff", "blocked"])
def test_no_way_leads_to_what_may_not_be_seen(way: Way, who: str, koala: Photo) -> None:
    owner = make_user("olga")
    visibility = "public" if who == "blocked" else "private"
    make_seen(
        owner,
        tags={"koala": 0.9},
        taken_at=NOON,
        colors=BITS["green"],
        visibility=visibility,
    )
    viewer: Viewer = NOBODY
    if who != "nobody":
        viewer = make_user(is_staff=who == "staff")
        if who == "blocked":
            block(owner, viewer)
            viewer = User.objects.get(pk=viewer.pk)
    assert found(koala, viewer, ways=[way]) == []
    assert len(found(koala, owner, ways=[way])) == 1


def test_hidden_photos_do_not_crowd_out_what_may_be_seen(
    koala: Photo, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gallery.similar import matches

    monkeypatch.setattr(matches, "OF_A_TAG", 2)
    shown = make_seen(kind=1, tags={"koala": 0.9})
    for _ in range(5):
        make_seen(kind=1, tags={"koala": 0.9}, visibility="private")
    assert found(koala, ways=[Way.TAGS]) == [shown.pk]


def test_answer_costs_the_same_for_one_and_for_twenty(koala: Photo) -> None:
    def add() -> None:
        make_seen(apart=0.1, tags={"koala": 0.9}, taken_at=NOON)
        make_photo(taken_at=NOON - timedelta(hours=1), tags={"koala": 0.9})

    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            reasons(koala)
        return len(captured)

    add()
    found(koala)  # the tags are remembered for a minute
    one = statements()
    for _ in range(20):
        add()
    assert statements() == one <= 14
