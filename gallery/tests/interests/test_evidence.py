"""What acts on photos add up to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from gallery.interests import evidence
from gallery.interests.doing import HALF_LIFE, WORTH, Act
from gallery.interests.evidence import MOST_TAGS, Acts, Gathered, gather, vectors_of
from gallery.interests.hierarchy import Hierarchy
from gallery.interests.reading import Row

NOW = datetime(2026, 6, 1, tzinfo=UTC)
ANIMAL, MARSUPIAL, KOALA, LAMP = 1, 2, 3, 9
#: Koalas are marsupials, and those are animals.
KNOWN = Hierarchy(
    above={
        KOALA: ((KOALA, 0), (MARSUPIAL, 1), (ANIMAL, 2)),
        MARSUPIAL: ((MARSUPIAL, 0), (ANIMAL, 1)),
    },
    rarity={},
    named=frozenset(),
    kind_counts={},
)  # fmt: skip
NONE_HIDDEN: frozenset[tuple[int, int]] = frozenset()


def vector(*shown: tuple[int, float]) -> dict[int, float]:
    found = vectors_of([(7, tag, confidence) for tag, confidence in shown], KNOWN)
    return dict(zip(found.tags.tolist(), found.values.tolist(), strict=True))


def gathered(
    acts: list[Row],
    shown: list[tuple[int, int, float]],
    *,
    removed: dict[tuple[int, int], float] | None = None,
    hidden: frozenset[tuple[int, int]] = NONE_HIDDEN,
    as_of: datetime = NOW,
) -> dict[int, Gathered]:
    vectors = vectors_of(shown, KNOWN)
    return gather(Acts.of(acts), vectors, as_of=as_of, removed=removed or {}, hidden=hidden)


def act(photo: int, kind: Act, *, person: int = 1, days: float = 0, is_public: bool = True) -> Row:
    return person, photo, kind, (NOW - timedelta(days=days)).timestamp(), is_public


def sums(found: Gathered) -> dict[int, list[float]]:
    return dict(zip(found.evidence["tag"].tolist(), found.evidence["sums"].tolist(), strict=True))


def test_love_of_koalas_is_also_a_mild_love_of_marsupials() -> None:
    found = vector((KOALA, 0.8))
    assert found[MARSUPIAL] == pytest.approx(found[KOALA] / 2)
    assert found[ANIMAL] == pytest.approx(found[KOALA] / 4)


def test_photo_is_a_vector_of_length_one_however_many_tags_it_has() -> None:
    for shown in ([(KOALA, 0.4)], [(KOALA, 1.0), (LAMP, 0.5), (ANIMAL, 0.9)]):
        assert sum(one**2 for one in vector(*shown).values()) == pytest.approx(1)


def test_larger_of_what_is_said_and_what_follows_holds() -> None:
    found = vector((KOALA, 0.8), (MARSUPIAL, 0.9))
    assert found[MARSUPIAL] / found[KOALA] == pytest.approx(0.9 / 0.8)


@pytest.mark.parametrize("kind", Act)
def test_act_is_worth_what_it_is_worth_and_half_after_its_half_life(kind: Act) -> None:
    days = HALF_LIFE[kind] / timedelta(days=1)
    now = sums(gathered([act(5, kind)], [(5, LAMP, 0.7)])[1])
    later = sums(gathered([act(5, kind, days=days)], [(5, LAMP, 0.7)])[1])
    worth = WORTH[kind] / (10 if kind is Act.FOLLOW else 1)
    assert now[LAMP][kind] == pytest.approx(worth)
    assert later[LAMP][kind] == pytest.approx(worth / 2)


def test_sums_age_as_if_they_were_counted_later() -> None:
    acts = [act(5, kind, days=3) for kind in Act]
    earlier = gathered(acts, [(5, LAMP, 0.7)])[1].evidence
    later = NOW + timedelta(days=40)
    counted = gathered(acts, [(5, LAMP, 0.7)], as_of=later)[1].evidence
    np.testing.assert_allclose(evidence.sums_at(earlier, NOW, later), counted["sums"], rtol=1e-5)


def test_people_do_not_mix() -> None:
    found = gathered(
        [act(5, Act.UPLOAD), act(6, Act.UPLOAD, person=2)], [(5, LAMP, 1), (6, KOALA, 1)]
    )
    assert sums(found[1]).keys() == {LAMP}
    assert sums(found[2]).keys() == {KOALA, MARSUPIAL, ANIMAL}


def test_acts_are_counted() -> None:
    acts = [act(5, Act.UPLOAD), act(6, Act.UPLOAD), act(6, Act.FAVOURITE)]
    found = gathered(acts, [(5, KOALA, 1), (6, MARSUPIAL, 1)])[1].evidence
    counts = dict(zip(found["tag"].tolist(), found["counts"].tolist(), strict=True))
    assert counts[KOALA] == [1, 0, 0, 0]
    assert counts[MARSUPIAL] == [2, 1, 0, 0]


@pytest.mark.parametrize("kind", [Act.FAVOURITE, Act.FOLLOW, Act.OPENING])
def test_only_uploads_are_public(kind: Act) -> None:
    assert not len(gathered([act(5, kind)], [(5, LAMP, 1)])[1].public)


def test_private_uploads_are_not_public() -> None:
    found = gathered([act(5, Act.UPLOAD, is_public=False)], [(5, LAMP, 1)])[1]
    assert not len(found.public)
    assert len(found.evidence)


def test_what_is_muted_is_not_public() -> None:
    found = gathered([act(5, Act.UPLOAD)], [(5, LAMP, 1)], hidden=frozenset([(1, LAMP)]))[1]
    assert not len(found.public)


def test_what_is_public_is_the_same_whenever_it_is_counted() -> None:
    acts = [act(5, Act.UPLOAD, days=100)]
    first = gathered(acts, [(5, LAMP, 1)])[1].public
    assert gathered(acts, [(5, LAMP, 1)], as_of=NOW + timedelta(days=9))[1].public == first


def test_acts_before_a_removal_say_nothing_about_the_tag_and_later_ones_do() -> None:
    removed = {(1, LAMP): (NOW - timedelta(days=2)).timestamp()}
    old = gathered([act(5, Act.UPLOAD, days=3)], [(5, LAMP, 1), (5, KOALA, 1)], removed=removed)
    new = gathered([act(5, Act.UPLOAD, days=1)], [(5, LAMP, 1)], removed=removed)
    assert LAMP not in sums(old[1])
    assert KOALA in sums(old[1])
    assert LAMP in sums(new[1])


def test_photos_without_tags_say_nothing() -> None:
    assert gathered([act(5, Act.UPLOAD)], []) == {}


def test_tags_with_the_most_behind_them_are_kept() -> None:
    shown = [(photo, 100 + tag, 1.0) for photo in (5, 6) for tag in range(MOST_TAGS + 20)]
    acts = [act(5, Act.UPLOAD), act(6, Act.UPLOAD)]
    found = gathered(acts, [*shown, (6, LAMP, 1.0), (5, LAMP, 1.0)][20:])[1].evidence
    assert len(found) == MOST_TAGS
    assert found["tag"].tolist() == sorted(found["tag"].tolist())
