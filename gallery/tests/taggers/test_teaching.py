"""A head learnt from a few photos."""

from __future__ import annotations

import numpy as np
import pytest

from gallery.taggers.teaching import Lesson, TaughtHead, learn

FEATURES = 40


def photos(count: int, *, like: int, seed: int) -> np.ndarray:
    """Return features of photos of one kind: noise, and one feature that stands out."""
    features = np.abs(np.random.default_rng(seed).normal(0, 0.5, (count, FEATURES)))
    features[:, like] += 4
    return features.astype(np.float32)


def lesson(yes: int = 6, no: int = 3, rest: int = 100) -> Lesson:
    return learn(
        photos(yes, like=0, seed=1), photos(no, like=1, seed=2), photos(rest, like=2, seed=3)
    )


def test_photos_that_show_it_are_told_from_others() -> None:
    head = lesson().head
    assert head.confidences(photos(20, like=0, seed=4)).min() > 0.5
    assert head.confidences(photos(20, like=1, seed=5)).max() < 0.3
    assert head.confidences(photos(20, like=2, seed=6)).max() < 0.3


@pytest.mark.parametrize(("no", "rest"), [(0, 100), (3, 0), (2, 5)])
def test_either_kind_of_other_photos_is_enough(no: int, rest: int) -> None:
    head = lesson(no=no, rest=rest).head
    shows = head.confidences(photos(20, like=0, seed=4)).mean()
    other = head.confidences(photos(20, like=1 if no else 2, seed=5)).mean()
    assert shows > other + 0.2


def test_rest_that_hides_photos_of_the_tag_does_not_spoil_it() -> None:
    rest = np.concatenate([photos(90, like=2, seed=3), photos(10, like=0, seed=7)])
    head = learn(photos(6, like=0, seed=1), photos(3, like=1, seed=2), rest).head
    assert head.confidences(photos(20, like=0, seed=4)).mean() > 0.3


def test_length_of_the_features_does_not_matter() -> None:
    head = lesson().head
    features = photos(5, like=0, seed=4)
    np.testing.assert_allclose(head.confidences(features), head.confidences(features * 7), 1e-4)


def test_marked_photos_are_judged_without_having_been_learnt_from() -> None:
    learnt = lesson()
    assert learnt.yes_confidences.shape == (6,)
    assert learnt.no_confidences.shape == (3,)
    assert learnt.yes_confidences.min() > learnt.no_confidences.max()
    seen = learnt.head.confidences(photos(6, like=0, seed=1))
    assert not np.allclose(learnt.yes_confidences, seen)


def test_what_has_nothing_in_common_is_not_learnt_with_confidence() -> None:
    noise = np.random.default_rng(9)
    yes, no, rest = (noise.normal(0, 1, (n, FEATURES)).astype(np.float32) for n in (6, 3, 100))
    new = noise.normal(0, 1, (200, FEATURES)).astype(np.float32)
    assert learn(yes, no, rest).head.confidences(new).mean() < 0.3


def test_head_comes_back_from_its_bytes() -> None:
    head = lesson().head
    again = TaughtHead.from_bytes(head.to_bytes())
    features = photos(5, like=0, seed=4)
    np.testing.assert_allclose(again.confidences(features), head.confidences(features), 1e-5)


def test_same_photos_teach_the_same() -> None:
    np.testing.assert_array_equal(lesson().head.weights, lesson().head.weights)
