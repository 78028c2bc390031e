"""Near-duplicates: which photos are in a group, and what an owner decides about them."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone

from gallery import tasks
from gallery.models import Fingerprint, NotTwins, Photo, TwinScan, User
from gallery.similar import hashes, twins
from gallery.tests.factories import make_photo, make_user
from gallery.tests.similar.looks import flipped, make_seen

pytestmark = pytest.mark.django_db

LOOK = 0x0F0F_1234_5678_9ABC
FAR = 0xF0F0_EDCB_A987_6543


@pytest.fixture
def owner() -> User:
    return make_user("olga")


def groups(owner: User) -> list[set[int]]:
    return [set(group) for group in twins.scan_for(owner).groups]


# --- Groups -----------------------------------------------------------------------------------


def test_photos_that_look_the_same_are_in_a_group(owner: User) -> None:
    same = {make_seen(owner, look=flipped(LOOK, *range(n))).pk for n in (0, 2, 4)}
    make_seen(owner, look=FAR)
    assert groups(owner) == [same]


def test_identical_hashes_are_in_a_group(owner: User) -> None:
    pairs = [{make_seen(owner, look=look).pk for _ in range(2)} for look in (LOOK, FAR)]
    assert groups(owner) == pairs[::-1]


@pytest.mark.parametrize(("apart", "is_twin"), [(0.1, True), (3.0, False)])
def test_what_the_hash_leaves_open_the_model_decides(
    apart: float, is_twin: bool, owner: User
) -> None:
    make_seen(owner, look=LOOK)
    make_seen(owner, look=flipped(LOOK, *range(10)), apart=apart)
    assert bool(groups(owner)) is is_twin


@pytest.mark.parametrize("bits", [10, 12])
def test_photos_that_no_model_or_another_one_saw_must_be_closer(bits: int, owner: User) -> None:
    make_seen(owner, look=LOOK)
    make_seen(owner, look=flipped(LOOK, *range(bits)), model="other eyes")
    Fingerprint.objects.create(
        photo_id=make_photo(owner).pk, perceptual_hash=f"{flipped(LOOK, *range(bits - 1)):016x}"
    )
    assert len(groups(owner)) == 1


def test_photos_without_hash_have_no_twins(owner: User) -> None:
    for _ in range(2):
        make_seen(owner)
    assert groups(owner) == []


def test_photos_of_others_are_no_twins_of_ones_own(owner: User) -> None:
    make_seen(owner, look=LOOK)
    make_seen(look=LOOK)
    assert groups(owner) == []


def test_chain_of_small_steps_does_not_become_one_group(owner: User) -> None:
    chain = [make_seen(owner, look=flipped(LOOK, *range(4 * n))) for n in range(9)]
    looks = {photo.pk: 4 * place for place, photo in enumerate(chain)}
    found = groups(owner)
    assert len(found) > 1
    assert len(set.union(*found)) == sum(map(len, found))  # nothing is in two of them
    for group in found:
        steps = [looks[key] for key in group]
        assert max(steps) - min(steps) <= 2 * hashes.MOST_BITS


def test_no_group_is_larger_than_can_be_looked_at(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hashes, "MAX_GROUP", 3)
    for _ in range(7):
        make_seen(owner, look=LOOK)
    assert sorted(map(len, groups(owner))) == [3, 3]


def test_pairs_are_those_that_comparing_all_finds() -> None:
    chance = np.random.default_rng(0)
    codes = np.unique(chance.integers(0, 256, (300, 8), np.uint8) & 0x18, axis=0)
    pairs = hashes.close_pairs(codes)
    bits = np.unpackbits(codes, axis=1).astype(int)
    apart = np.abs(bits[:, None] - bits[None]).sum(axis=2)
    first, second = np.nonzero(np.triu(apart <= hashes.MOST_BITS, 1))
    near: dict[int, list[int]] = {}
    for one, other in zip(first.tolist(), second.tolist(), strict=True):
        near.setdefault(one, []).append(int(apart[one, other]))
    expected = {one: sorted(some)[: hashes.MAX_GROUP] for one, some in near.items()}
    found: dict[int, list[int]] = {}
    for one, number in zip(pairs.first.tolist(), pairs.bits.tolist(), strict=True):
        found.setdefault(one, []).append(number)
    assert found == expected


# --- When a library is looked through -----------------------------------------------------------


def test_library_is_looked_through_again_when_it_has_changed(owner: User) -> None:
    first = make_seen(owner, look=LOOK)
    assert groups(owner) == []
    made_at = twins.scan_for(owner).made_at
    assert twins.scan_for(owner).made_at == made_at
    second = make_seen(owner, look=LOOK)
    assert groups(owner) == [{first.pk, second.pk}]
    second.delete()
    assert groups(owner) == []


def test_large_library_is_left_to_a_worker(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(twins, "AT_ONCE", 1)
    same = {make_seen(owner, look=LOOK).pk for _ in range(2)}
    scan = twins.scan_for(owner)
    assert (scan.wanted_at is not None, scan.groups) == (True, [])
    tasks.look_for_twins.call(owner.pk)
    scan = twins.scan_for(owner)
    assert (scan.wanted_at, [set(group) for group in scan.groups]) == (None, [same])


def test_large_library_is_asked_for_once(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(twins, "AT_ONCE", 0)
    make_seen(owner, look=LOOK)
    wanted_at = twins.scan_for(owner).wanted_at
    assert twins.scan_for(owner).wanted_at == wanted_at


def test_scan_that_was_asked_for_meanwhile_is_made_again(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(twins, "AT_ONCE", 0)
    make_seen(owner, look=LOOK)
    scan, later = twins.scan_for(owner), timezone.now() + timedelta(seconds=1)
    TwinScan.objects.update(wanted_at=later)
    assert twins.look_through(scan).wanted_at == later


@pytest.mark.django_db(transaction=True)
def test_bell_is_rung_for_a_scan_and_again_when_nobody_hears(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[int] = []
    monkeypatch.setattr(
        "gallery.signals.tasks.look_for_twins",
        type("Bell", (), {"enqueue": staticmethod(rung.append)}),
    )
    monkeypatch.setattr(twins, "AT_ONCE", 0)
    make_seen(owner, look=LOOK)
    twins.scan_for(owner)
    assert (rung, twins.sweep()) == ([owner.pk], 0)
    TwinScan.objects.update(wanted_at=timezone.now() - 2 * twins.PATIENCE)
    assert (twins.sweep(), rung) == (1, [owner.pk, owner.pk])


# --- Decisions --------------------------------------------------------------------------------


def test_largest_and_then_oldest_is_the_best(owner: User) -> None:
    small = make_seen(owner, look=LOOK, width=640, height=480)
    newer, older = (
        make_seen(owner, look=LOOK, width=4000, height=3000, size_bytes=size) for size in (5, 6)
    )
    twin = make_seen(owner, look=LOOK, width=4000, height=3000, size_bytes=6)
    [found] = twins.twins_among(twins.scan_for(owner).groups, owner)
    assert list(found.photos) == [older, twin, newer, small]
    assert (found.best, list(found.others)) == (older, [twin, newer, small])


def test_photos_told_apart_stay_apart(owner: User) -> None:
    first, second = (make_seen(owner, look=LOOK) for _ in range(2))
    twins.tell_apart(owner, groups(owner)[0])
    assert groups(owner) == []
    third = make_seen(owner, look=LOOK)
    assert groups(owner) == [{first.pk, third.pk}]
    twins.tell_apart(owner, [first.pk, third.pk])
    assert twins.look_through(TwinScan.objects.get()).groups == [[second.pk, third.pk]]


def test_nobody_tells_photos_of_others_apart(owner: User) -> None:
    keys = [make_seen(owner, look=LOOK).pk for _ in range(2)]
    assert twins.tell_apart(make_user(), keys) == 0
    assert not NotTwins.objects.exists()


def test_photos_told_apart_by_two_requests_at_once_are_noted_once(owner: User) -> None:
    keys = [make_seen(owner, look=LOOK).pk for _ in range(3)]
    for _ in range(2):
        assert twins.tell_apart(owner, keys) == 3
    assert NotTwins.objects.count() == 3


def test_deleted_photos_leave_their_groups_without_a_new_scan(owner: User) -> None:
    first, second, third = (make_seen(owner, look=LOOK) for _ in range(3))
    made_at = twins.scan_for(owner).made_at
    assert twins.delete(owner, [second.pk]) == 1
    scan = twins.scan_for(owner)
    assert (scan.made_at, scan.groups) == (made_at, [[first.pk, third.pk]])


def test_nobody_deletes_photos_of_others(owner: User) -> None:
    photo = make_seen(owner, look=LOOK)
    assert twins.delete(make_user(), [photo.pk]) == 0
    assert Photo.objects.filter(pk=photo.pk).exists()


def test_groups_show_only_what_is_there_and_ones_own(owner: User) -> None:
    own, gone = (make_seen(owner, look=LOOK) for _ in range(2))
    foreign = make_seen(look=LOOK)
    group = [own.pk, gone.pk, foreign.pk]
    assert len(twins.twins_among([group], owner)[0].photos) == 2
    gone.delete()
    assert twins.twins_among([group], owner) == []
