"""Vectors turned onto main axes: what is near stays near, and the database keeps the turn."""

from __future__ import annotations

import numpy as np
import pytest

from gallery.vectors import turning
from gallery.vectors.turning import Turn


def units_like(axes: int, count: int = 300) -> np.ndarray:
    """Return unit vectors of 40 numbers that vary along so many directions."""
    chance = np.random.default_rng(0)
    places = chance.standard_normal((count, axes)) @ chance.standard_normal((axes, 40)) + 1
    return np.asarray(places / np.linalg.norm(places, axis=1)[:, None], "<f2")


def distances(places: np.ndarray) -> np.ndarray:
    return np.asarray(np.linalg.norm(places[:, None] - places[None], axis=2))


@pytest.mark.parametrize(("axes", "kept"), [(40, 256), (5, 12)])
def test_turned_vectors_are_as_far_apart_as_before(
    axes: int, kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turning, "AXES", kept)
    units = units_like(axes)
    turned = Turn.drawn(units).of(units.astype(np.float32))
    assert turned.shape == (300, min(kept, 40))
    np.testing.assert_allclose(distances(turned), distances(units.astype(np.float32)), atol=0.02)


def test_first_axis_tells_most() -> None:
    units = units_like(10)
    spread = Turn.drawn(units).of(units.astype(np.float32)).var(axis=0)
    assert list(spread[:10]) == sorted(spread[:10], reverse=True)
    assert max(spread[10:]) < min(spread[:10])


def test_turn_is_what_was_kept() -> None:
    drawn = Turn.drawn(units_like(10))
    read = Turn.read(drawn.matrix.tobytes(), drawn.dimensions)
    np.testing.assert_array_equal(read.matrix, drawn.matrix)
    assert (read.dimensions, read.axes) == (40, 40)
