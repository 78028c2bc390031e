"""What interests make of the tags on a photo, and which tags are new to somebody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

import pytest

from gallery.interests.exploring import unknown_tags
from gallery.interests.hierarchy import Hierarchy
from gallery.interests.taste import (
    USUAL_TAGS,
    Taste,
    added_up,
    fresh,
    taste_of,
    to_the_point,
)

ANIMAL, MARSUPIAL, KOALA, WOMBAT, DOG, BOAT, DINGHY, TRAIN = range(1, 9)
PARENTS = {MARSUPIAL: ANIMAL, KOALA: MARSUPIAL, WOMBAT: MARSUPIAL, DOG: ANIMAL, DINGHY: BOAT}


def steps_up(tag: int) -> tuple[tuple[int, int], ...]:
    above = [tag]
    while above[-1] in PARENTS:
        above.append(PARENTS[above[-1]])
    return tuple((up, steps) for steps, up in enumerate(above))


KNOWN = Hierarchy(
    above={tag: steps_up(tag) for tag in range(1, 9)},
    rarity=dict.fromkeys(range(1, 9), 0.5),
    named=frozenset(range(1, 9)),
    kind_counts={},
)


def taste(weights: Mapping[int, float], muted: Sequence[int] = ()) -> Taste:
    return taste_of(weights, KNOWN.kinds_of(frozenset(muted)), KNOWN)


# --- Liking -----------------------------------------------------------------------------------


def test_kinds_of_an_interest_are_liked_half_as_much_with_every_step() -> None:
    assert taste({ANIMAL: 1.0}).likes == {
        ANIMAL: 1.0, MARSUPIAL: 0.5, DOG: 0.5, KOALA: 0.25, WOMBAT: 0.25,
    }  # fmt: skip


def test_what_is_above_an_interest_is_not_liked_for_it() -> None:
    assert taste({KOALA: 1.0}).likes == {KOALA: 1.0}


def test_a_tag_is_liked_for_the_interest_of_which_most_is_left() -> None:
    liked = taste({ANIMAL: 0.9, MARSUPIAL: 0.4, KOALA: 0.1})
    assert (liked.likes[KOALA], liked.meant[KOALA]) == (0.225, ANIMAL)
    assert (liked.likes[MARSUPIAL], liked.meant[MARSUPIAL]) == (0.45, ANIMAL)


def test_what_is_muted_is_not_liked_for_what_it_is_a_kind_of() -> None:
    assert taste({ANIMAL: 1.0}, muted=[MARSUPIAL]).likes == {ANIMAL: 1.0, DOG: 0.5}


def test_what_is_above_an_interest_has_a_share_for_what_it_does_not_inherit() -> None:
    shares = taste({KOALA: 1.0, MARSUPIAL: 0.6, ANIMAL: 0.2}).shares
    assert shares == {KOALA: 1.0, MARSUPIAL: pytest.approx(0.1**3), ANIMAL: 0.0}


# --- Adding up --------------------------------------------------------------------------------


def test_more_that_is_liked_adds_less_and_less() -> None:
    assert added_up([0.4, 0.8, 0.4]) == pytest.approx(0.8 + 0.2 + 0.1)


def test_nothing_comes_to_twice_what_is_liked_most() -> None:
    assert added_up([0.9] * 20) < 1.8


def test_freshness_halves_its_way_to_a_quarter() -> None:
    assert [fresh(days) for days in (0, 30, 60)] == pytest.approx([1.0, 0.625, 0.4375])
    assert fresh(10_000) == pytest.approx(0.25)


# --- Something else ---------------------------------------------------------------------------


def unknown(liked: Taste, *, rising: Sequence[int] = ()) -> list[int]:
    return unknown_tags(liked, rising=rising, chance=Random(3))  # noqa: S311


def test_nothing_is_unknown_that_is_an_interest_a_kind_of_it_or_above_it() -> None:
    assert set(unknown(taste({MARSUPIAL: 1.0}))) == {DOG, BOAT, DINGHY, TRAIN}


def test_what_is_muted_is_not_explored() -> None:
    assert set(unknown(taste({MARSUPIAL: 1.0}, muted=[BOAT]))) == {DOG, TRAIN}


def test_the_family_of_an_interest_is_explored_first_and_then_what_rises() -> None:
    assert unknown(taste({MARSUPIAL: 1.0}), rising=[TRAIN])[:2] == [DOG, TRAIN]


def test_tags_of_a_photo_with_very_many_say_less() -> None:
    assert to_the_point(1) == to_the_point(USUAL_TAGS) == 1
    assert to_the_point(3 * USUAL_TAGS) == pytest.approx(1 / 9)
