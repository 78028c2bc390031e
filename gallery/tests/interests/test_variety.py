"""The order of photos: fair to all interests, varied, and something else now and then."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.interests.variety import (
    APART,
    ELSE_AT,
    ELSE_EVERY,
    IN_A_ROW,
    ROW,
    SAME_BITS,
    SAME_S,
    Candidate,
    CardKind,
    Group,
    arranged,
)
from gallery.tests.search.effort import examples

_numbers = count(1)


def candidate(
    owner: int = 0,
    *,
    score: float = 1.0,
    tag: int = 1,
    look: int | None = None,
    taken_s: float | None = None,
    kind: CardKind = CardKind.INTEREST,
) -> Candidate:
    """Return a photo of an owner (0: of one who has no other), taken at a time of its own."""
    number = next(_numbers)
    return Candidate(
        photo=number,
        owner=owner or 1_000_000 + number,
        came_s=0,
        taken_s=number * 10_000 if taken_s is None else taken_s,
        look=look,
        score=score,
        tag=tag,
        kind=kind,
    )


def order(
    liked: Sequence[Group] = (),
    unknown: Sequence[Group] = (),
    others: Sequence[Group] = (),
    *,
    size: int = 240,
    of_one: int = 24,
) -> list[Candidate]:
    return arranged(liked, unknown, lambda: others, size=size, of_one=of_one)


def group(*candidates: Candidate, share: float = 1.0) -> Group:
    return Group(sorted(candidates, key=lambda one: -one.score), share=share)


# --- Calibrated -------------------------------------------------------------------------------


def test_interests_have_places_in_proportion_however_far_one_looks() -> None:
    shares = {1: 0.6, 2: 0.3, 3: 0.1}
    groups = [
        group(*(candidate(tag=tag) for _ in range(200)), share=share)
        for tag, share in shares.items()
    ]
    chosen = [one.tag for one in order(groups)]
    for end in range(1, len(chosen)):
        seen = Counter(chosen[:end])
        assert all(abs(seen[tag] - share * end) <= 1 for tag, share in shares.items())


def test_each_interest_shows_its_best_photos_first() -> None:
    scores = [0.3, 0.9, 0.5]
    assert [one.score for one in order([group(*(candidate(score=s) for s in scores))])] == [
        0.9, 0.5, 0.3,
    ]  # fmt: skip


def test_an_interest_of_which_there_are_poor_photos_has_fewer_places() -> None:
    good = group(*(candidate(tag=1, score=0.8) for _ in range(40)))
    poor = group(*(candidate(tag=2, score=0.4) for _ in range(40)))
    seen = Counter(one.tag for one in order([good, poor], size=30))
    assert seen == {1: 20, 2: 10}


def test_an_interest_without_a_share_comes_when_the_others_are_at_an_end() -> None:
    groups = [group(candidate(tag=1), share=0), group(candidate(tag=2), candidate(tag=2))]
    assert [one.tag for one in order(groups)] == [2, 2, 1]


# --- Varied -----------------------------------------------------------------------------------


def test_no_owner_has_more_than_two_places_in_a_dozen() -> None:
    flood = [candidate(7, score=0.9) for _ in range(200)]
    others = [candidate(score=0.01) for _ in range(240)]
    owners = [one.owner for one in order([group(*flood, *others)])]
    assert all(owners[n : n + ROW].count(7) <= IN_A_ROW for n in range(len(owners)))
    assert owners.count(7) == 24


def test_an_owner_who_is_the_only_one_has_all_places() -> None:
    assert len(order([group(*(candidate(7) for _ in range(50)))])) == 50


def test_others_who_are_liked_less_come_before_one_owner_has_too_many() -> None:
    flood = group(*(candidate(7) for _ in range(50)))
    popular = group(*(candidate(kind=CardKind.POPULAR) for _ in range(60)))
    owners = [one.owner for one in order([flood], others=[popular], size=60)]
    assert all(owners[n : n + ROW].count(7) <= IN_A_ROW for n in range(len(owners)))


def test_the_same_owner_again_is_worth_less() -> None:
    first, second, other = candidate(7, score=0.9), candidate(7, score=0.85), candidate(score=0.8)
    assert order([group(first, second, other)]) == [first, other, second]


def test_near_identical_photos_are_ten_places_apart() -> None:
    alike = [candidate(look=0b111), candidate(look=0b1000)]
    others = [
        candidate(score=0.5, look=number * 0x0123_4567_89AB_CDEF % 2**64) for number in range(3, 23)
    ]
    chosen = order([group(*alike, *others)])
    places = [chosen.index(one) for one in alike]
    assert places == [0, APART]


def test_what_only_repeats_the_last_photos_is_left_out() -> None:
    assert len(order([group(*(candidate(look=5) for _ in range(4)))])) == 1


def test_photos_of_an_owner_from_the_same_minutes_are_ten_places_apart() -> None:
    burst = [candidate(7, taken_s=0), candidate(7, taken_s=SAME_S)]
    others = [candidate(score=0.2) for _ in range(20)]
    chosen = order([group(*burst, *others)])
    assert abs(chosen.index(burst[0]) - chosen.index(burst[1])) == APART


def test_photos_of_an_owner_from_the_same_minutes_are_shown_where_nothing_else_is() -> None:
    assert len(order([group(candidate(7, taken_s=0), candidate(7, taken_s=0))])) == 2


# --- Something else ---------------------------------------------------------------------------


def test_one_in_eight_is_something_else() -> None:
    liked = [group(*(candidate() for _ in range(300)))]
    unknown = [group(*(candidate(tag=9, kind=CardKind.EXPLORE) for _ in range(60)))]
    kinds = [one.kind for one in order(liked, unknown)]
    places = [place for place, kind in enumerate(kinds) if kind == CardKind.EXPLORE]
    assert places == list(range(ELSE_AT, 240, ELSE_EVERY))


def test_where_nothing_is_unknown_something_popular_takes_its_place() -> None:
    liked = [group(*(candidate() for _ in range(300)))]
    popular = [group(*(candidate(kind=CardKind.POPULAR) for _ in range(60)))]
    kinds = [one.kind for one in order(liked, others=popular)]
    assert kinds.count(CardKind.POPULAR) == 240 // ELSE_EVERY


def test_where_what_is_liked_is_at_an_end_the_rest_is_popular() -> None:
    popular = [group(*(candidate(kind=CardKind.POPULAR) for _ in range(60)))]
    kinds = [one.kind for one in order([group(candidate(), candidate())], others=popular)]
    assert kinds == [CardKind.INTEREST] * 2 + [CardKind.POPULAR] * 60


def test_others_are_asked_for_only_when_they_are_needed() -> None:
    def asked() -> Sequence[Group]:
        pytest.fail("nobody needs them")

    liked = [group(*(candidate() for _ in range(30)))]
    unknown = [group(*(candidate(kind=CardKind.EXPLORE) for _ in range(10)))]
    assert len(arranged(liked, unknown, asked, size=20, of_one=24)) == 20


# --- Whatever there is ------------------------------------------------------------------------

candidates = st.builds(
    candidate,
    owner=st.integers(1, 5),
    score=st.sampled_from((0.1, 0.5, 0.9)),
    tag=st.integers(1, 3),
    look=st.none() | st.sampled_from((0, 0xFF, 0xFFFF, 2**64 - 1)),
    taken_s=st.sampled_from((0.0, 100.0, 1000.0, 5000.0)),
)


@given(some=st.lists(candidates, max_size=40))
@examples(60)
def test_a_rule_is_broken_only_where_nothing_else_is_left(some: list[Candidate]) -> None:
    tags = {one.tag for one in some}
    groups = [group(*(one for one in some if one.tag == tag), share=tag) for tag in sorted(tags)]
    chosen = order(groups, of_one=6)
    assert len(set(chosen)) == len(chosen)
    assert set(chosen) <= set(some)
    for place, one in enumerate(chosen):
        before, rest = chosen[:place], set(some) - set(chosen[:place])
        assert not looks_alike(one, before)
        if any(is_fine(other, before) for other in rest):
            assert is_fine(one, before)
    assert all(looks_alike(one, chosen) for one in set(some) - set(chosen))


def is_fine(one: Candidate, before: Sequence[Candidate]) -> bool:
    owners = [other.owner for other in before]
    near = before[-APART + 1 :]
    return (
        owners[-ROW + 1 :].count(one.owner) < IN_A_ROW
        and owners.count(one.owner) < 6
        and not looks_alike(one, before)
        and not any(o.owner == one.owner and abs(o.taken_s - one.taken_s) <= SAME_S for o in near)
    )


def looks_alike(one: Candidate, before: Sequence[Candidate]) -> bool:
    looks = [other.look for other in before[-APART + 1 :]]
    return one.look is not None and any(
        look is not None and (one.look ^ look).bit_count() <= SAME_BITS for look in looks
    )
