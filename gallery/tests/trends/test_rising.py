"""What counts as a rise, of plain counts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from gallery.models import Length
from gallery.trends.rising import Counts, Judged, judge, surely

#: People who upload in a usual week.
ACTIVE = 200


def judged(
    *tags: Sequence[int],
    length: Length = Length.WEEK,
    active: Sequence[int] | int = ACTIVE,
    visits: Sequence[float] | None = None,
    ago: Sequence[int] | None = None,
    others: int = 50,
) -> Judged | None:
    """Judge a period by each tag's people in it and those before, the newest first.

    Beside it, ``others`` tags of which nothing is new.
    """
    rows = len(tags[0])
    steady = np.random.default_rng(0).poisson(10, (rows, others))
    people = np.concatenate([np.array(tags, float).T, steady], axis=1)
    uploading = np.broadcast_to(np.array(active, float), rows)
    counts = Counts(
        ago=np.array(ago if ago is not None else range(rows)),
        active=uploading,
        visits=uploading if visits is None else np.array(visits, float),
        people=people,
        known=np.ones(people.shape, bool),
    )
    before = people[1:].sum(0)
    per_visit = (before + 0.5) / (counts.visits[1:].sum() + 1)
    return judge(counts, length, per_visit=per_visit, min_people=3)


def rises(*people: int, **more: object) -> bool:
    found = judged(people, **more)  # type: ignore[arg-type]
    assert found is not None
    return bool(found.is_rising[0])


@pytest.mark.parametrize(
    ("people", "expected"),
    [
        ((30, 10, 9, 11, 10, 8, 12, 10, 10), True),
        ((13, 10, 9, 11, 10, 8, 12, 10, 10), False),  # within chance
        ((8, 1, 0, 1, 2, 0, 1, 1, 0), True),
        ((2, 0, 0, 0, 0, 0, 0, 0, 0), False),  # too few to be named
        ((10, 0, 0, 0, 0, 0, 0, 0, 0), True),  # never seen before
        ((60, 50, 52, 48, 51, 50, 49, 50, 51), False),  # sure, but no great news
        ((30, 10, 30, 10, 30, 10, 30, 10, 30), False),  # it always goes up and down
    ],
)
def test_a_rise_is_more_people_than_usual_beyond_chance(
    people: tuple[int, ...], expected: bool
) -> None:
    assert rises(*people) is expected


def test_a_short_history_says_nothing() -> None:
    assert judged((30, 10, 9, 11)) is None
    assert judged((30, 10, 9, 11, 10)) is not None


def test_periods_in_which_nobody_uploads_are_no_history() -> None:
    assert judged((30, 0, 0, 0, 10), active=(ACTIVE, 0, 0, 0, ACTIVE)) is None


def test_when_nobody_uploads_nothing_rises() -> None:
    assert judged((0, 9, 9, 9, 9), active=(0, *[ACTIVE] * 4)) is None


def test_a_busy_week_makes_nothing_rise() -> None:
    usual = [ACTIVE] * 8
    assert not rises(40, *[10] * 8, active=[4 * ACTIVE, *usual])
    assert rises(40, *[10] * 8, active=[ACTIVE, *usual])


def test_half_a_week_is_compared_with_half_a_week() -> None:
    """The same people come again within a week, so that shares of people grow with its days."""
    active = [80, *[ACTIVE] * 8]
    visits = [80.0, *[500.0] * 8]
    rare, common = (2, *[12] * 8), (40, *[160] * 8)
    found = judged(rare, common, active=active, visits=visits)
    assert found is not None
    assert 1 < found.usual[0] < 3
    assert 20 < found.usual[1] < 60
    assert rises(12, *[12] * 8, active=active, visits=visits)


def test_what_rose_at_the_same_time_last_year_is_no_news() -> None:
    ago = [*range(9), 51, 52, 53]
    calm = [2] * 8
    assert rises(40, *calm, 2, 2, 2, ago=ago)
    assert not rises(40, *calm, 5, 41, 9, ago=ago)
    assert not rises(40, *calm, 41, 9, 2, ago=ago), "a week sooner or later"


def test_more_than_last_year_is_news_again() -> None:
    assert rises(120, *[2] * 8, 5, 30, 9, ago=[*range(9), 51, 52, 53])


def test_what_is_usual_on_this_day_of_the_week_is_no_news() -> None:
    sundays = [20 if ago in (7, 14, 21, 28) else 1 for ago in range(1, 29)]
    assert not rises(21, *sundays, length=Length.DAY)
    assert rises(21, *[1] * 28, length=Length.DAY)


def test_what_is_not_known_is_left_out() -> None:
    people = np.array([[30.0], *[[10.0]] * 4, *[[30.0]] * 4])
    known = np.array([[True], *[[True]] * 4, *[[False]] * 4])
    active = np.full(9, float(ACTIVE))
    counts = Counts(np.arange(9), active, active, people, known)
    found = judge(counts, Length.WEEK, per_visit=np.array([0.05]), min_people=3)
    assert found is not None
    assert found.usual[0] < 12


def test_growth_is_surer_of_many_people_than_of_few() -> None:
    few, many = surely(np.array([8.0, 80.0]), np.array([2.0, 20.0]), prior=2)
    assert 1 < few < many < 4


def test_hardly_any_of_a_thousand_steady_tags_is_named() -> None:
    chance = np.random.default_rng(1)
    rates = 60 / np.arange(1, 1001)
    named = [
        found.is_rising.sum()
        for _ in range(20)
        if (found := judged(*chance.poisson(rates[:, None], (1000, 9)), others=1))
    ]
    assert sum(named) <= 2
