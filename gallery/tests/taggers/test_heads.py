"""Heads: what is read, and what is refused with which sentence."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gallery import vocabulary
from gallery.taggers import heads
from gallery.taggers.heads import Heads, HeadsError

MODEL = "tiny/1"


def two_heads(**changes: Any) -> Heads:
    each = np.full(2, 0.5, dtype=np.float32)
    made = Heads(
        model=MODEL, labels=("snow", "sky"), weights=np.eye(2, 4, dtype=np.float32),
        class_weights=each, biases=each, thresholds=each, precision=each, recall=each, auc=each,
        temperature=1.0, class_slope=1.0, class_offset=0.0,
        shifted=("maze",), shifts=np.array([-1.5], dtype=np.float32),
    )  # fmt: skip
    return replace(made, **changes)


def read(path: Path) -> Heads:
    return heads.read(path, vocabulary.load(), model=MODEL, features=4)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    heads.write(two_heads(), tmp_path / "heads.npz")
    again = read(tmp_path / "heads.npz")
    assert again.labels == ("snow", "sky")
    assert again.weights.tolist() == [[1, 0, 0, 0], [0, 1, 0, 0]]
    assert (again.shifted, again.shifts.tolist()) == (("maze",), [-1.5])
    assert again.rows == {"snow": 0, "sky": 1}


def test_a_head_weighs_features_and_classes() -> None:
    made = two_heads(biases=np.zeros(2, dtype=np.float32))
    sure = made.confidences(np.array([3.0, 4.0, 0, 0]), np.array([0.0, 2.0]))
    assert sure == pytest.approx([1 / (1 + np.exp(-0.6)), 1 / (1 + np.exp(-1.8))])


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"model": "other/2"}, "is for the model “other/2”, not for “tiny/1”"),
        ({"labels": ("snow", "blizzard")}, "head 2, “blizzard”: the vocabulary has no such tag"),
        ({"labels": ("snow", "snow")}, "head 2, “snow”: there is such a head already"),
        ({"labels": ("snow", "hook")}, "head 2, “hook”: the vocabulary has no such tag, or mutes"),
        ({"biases": np.zeros(3)}, r"biases has the shape \(3,\), not \(2,\)"),
        ({"weights": np.zeros((2, 5))}, r"weights has the shape \(2, 5\), not \(2, 4\)"),
        ({"auc": np.array([1, np.nan])}, "head 2, “sky”: has values that are no numbers"),
        ({"shifted": ("hook",)}, "shift 1, “hook”: the vocabulary has no such tag, or mutes it"),
        ({"shifts": np.array([np.inf])}, "shift 1, “maze”: is no number"),
        ({"shifts": np.zeros(2)}, "not as many shifts as shifted tags"),
        ({"temperature": 0.0}, "the temperature is 0, not above 0"),
    ],
)
def test_wrong_heads_are_refused_by_name(
    tmp_path: Path, changes: dict[str, Any], complaint: str
) -> None:
    heads.write(two_heads(**changes), tmp_path / "heads.npz")
    with pytest.raises(HeadsError, match=complaint):
        read(tmp_path / "heads.npz")


@pytest.mark.parametrize("content", [None, b"", b"no archive", b"PK\x03\x04 cut short"])
def test_a_missing_or_damaged_file_is_refused(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "heads.npz").write_bytes(content)
    with pytest.raises(HeadsError, match=r"heads.npz is missing or damaged"):
        read(tmp_path / "heads.npz")


def test_a_file_without_an_array_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "heads.npz", model=np.array(MODEL))
    with pytest.raises(HeadsError, match="lacks an array"):
        read(tmp_path / "heads.npz")


def test_log_odds_are_bounded_and_undone_by_the_logistic() -> None:
    odds = heads.log_odds(np.array([0.0, 0.25, 1.0]))
    assert odds[[0, 2]].tolist() == [-heads.MAX_LOG_ODDS, heads.MAX_LOG_ODDS]
    assert heads.logistic(odds)[1] == pytest.approx(0.25)


def test_features_of_nothing_stay_nothing() -> None:
    assert heads.unit(np.zeros((2, 3))).tolist() == [[0, 0, 0], [0, 0, 0]]
