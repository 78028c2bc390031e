"""How alike two photos are, in numbers and in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from gallery.imaging.colors import BITS
from gallery.similar.blend import Traits, Way, blended, likeness_of, reason

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
EVERY_WAY = tuple(Way)


def likeness(
    one: Traits, other: Traits, *, cosine: float = 0.0, **rarity: float
) -> dict[Way, float]:
    return likeness_of(one, other, cosine=cosine, rarity={int(k[1:]): v for k, v in rarity.items()})


@pytest.mark.parametrize(("cosine", "expected"), [(1, 1), (0.35, 0), (0.1, 0), (0.675, 0.5)])
def test_look_is_the_cosine_above_what_strangers_have(cosine: float, expected: float) -> None:
    assert likeness(Traits(), Traits(), cosine=cosine)[Way.LOOK] == pytest.approx(expected)


def test_rare_tags_in_common_count_for_more() -> None:
    one, rare, common = (Traits(frozenset(tags)) for tags in ({1, 2}, {1}, {2}))
    assert likeness(one, rare, t1=0.9, t2=0.1)[Way.TAGS] == pytest.approx(0.9)
    assert likeness(one, common, t1=0.9, t2=0.1)[Way.TAGS] == pytest.approx(0.1)


@pytest.mark.parametrize("tags", [frozenset[int](), frozenset({1})])
def test_photos_without_tags_in_common_are_not_alike_in_tags(tags: frozenset[int]) -> None:
    assert likeness(Traits(), Traits(tags))[Way.TAGS] == 0


def test_colours_are_shared_or_not() -> None:
    teal_and_orange = BITS["teal"] | BITS["orange"]
    one, other = Traits(colors=teal_and_orange), Traits(colors=BITS["teal"])
    assert likeness(one, other)[Way.COLORS] == 0.5
    assert likeness(Traits(), Traits())[Way.COLORS] == 0


@pytest.mark.parametrize(("days", "expected"), [(0, 1), (1, 0.5), (-2, 0.25)])
def test_time_halves_with_each_day(days: int, expected: float) -> None:
    later = Traits(taken_at=NOON + timedelta(days=days))
    assert likeness(Traits(taken_at=NOON), later)[Way.TIME] == pytest.approx(expected)


def test_photo_of_unknown_date_is_near_to_none() -> None:
    assert likeness(Traits(), Traits(taken_at=NOON))[Way.TIME] == 0


def test_blend_is_the_weighted_mean_of_what_is_asked_for() -> None:
    alike = {Way.LOOK: 1.0, Way.TAGS: 0.0, Way.COLORS: 1.0, Way.TIME: 0.0}
    assert blended(alike, [Way.LOOK]) == 1
    assert blended(alike, [Way.LOOK, Way.TAGS]) == pytest.approx(5 / 8)
    assert blended(alike, EVERY_WAY) == pytest.approx(6 / 11)


# --- Reasons ----------------------------------------------------------------------------------


def say(one: Traits, other: Traits, *, cosine: float = 0.5, tags: tuple[str, ...] = ()) -> str:
    return reason(one, other, cosine=cosine, tags=tags, ways=EVERY_WAY)


@pytest.mark.parametrize(
    ("cosine", "words"),
    [(0.95, "Looks nearly the same"), (0.8, "Looks much alike"), (0.5, "Looks alike"), (0.2, "")],
)
def test_reason_says_how_much_photos_look_alike(cosine: float, words: str) -> None:
    assert say(Traits(), Traits(), cosine=cosine) == words


def test_reason_names_shared_tags() -> None:
    assert say(Traits(), Traits(), tags=("koala", "eucalyptus")) == (
        "Looks alike · also koala, eucalyptus"
    )
    assert say(Traits(), Traits(), cosine=0, tags=("koala",)) == "Shares koala"


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (0, "taken at the same time"),
        (12, "taken 12 minutes later"),
        (-1, "taken 1 minute earlier"),
        (-90, "taken 90 minutes earlier"),
        (150, "taken 2 hours later"),
        (3 * 1440, "taken 3 days later"),
    ],
)
def test_reason_says_when(minutes: int, words: str) -> None:
    other = Traits(taken_at=NOON + timedelta(minutes=minutes))
    assert say(Traits(taken_at=NOON), other) == f"Looks alike · {words}"


def test_reason_is_silent_about_what_is_far_apart() -> None:
    other = Traits(taken_at=NOON + timedelta(days=40))
    assert say(Traits(taken_at=NOON), other) == "Looks alike"


def test_reason_names_colours_before_greys() -> None:
    bits = BITS["gray"] | BITS["teal"] | BITS["orange"]
    assert say(Traits(colors=bits), Traits(colors=bits)).endswith("the same orange and teal")


def test_reason_tells_only_of_ways_asked_for() -> None:
    one = Traits(colors=BITS["teal"], taken_at=NOON)
    assert reason(one, one, cosine=0.5, tags=(), ways=[Way.LOOK]) == "Looks alike"
