"""Turns vectors onto the main axes of a sample, so that most of them can be cut off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from . import arithmetic

AXES = 256
#: So many of a sample tell the axes.
ENOUGH = 10_000


@dataclass(frozen=True, slots=True)
class Turn:
    """Turns vectors and moves the middle of the sample to 0: distances stay what they are.

    ``matrix``: float32 of shape (axes, d + 1); the last column is added.
    """

    matrix: np.ndarray

    @classmethod
    def drawn(cls, sample: np.ndarray) -> Self:
        """Return the turn onto the first `AXES` main axes of a sample, float16 (n, d)."""
        units = arithmetic.unit(sample[:ENOUGH])
        middle = units.mean(axis=0)
        units -= middle
        _, found = np.linalg.eigh(units.T @ units)  # the smallest first
        axes = found.T[::-1][:AXES]
        return cls(np.column_stack([axes, -axes @ middle]).astype("<f4"))

    @classmethod
    def read(cls, content: bytes, dimensions: int) -> Self:
        return cls(np.frombuffer(content, "<f4").reshape(-1, dimensions + 1))

    @property
    def dimensions(self) -> int:
        return int(self.matrix.shape[1]) - 1

    @property
    def axes(self) -> int:
        return int(self.matrix.shape[0])

    def of(self, units: np.ndarray) -> np.ndarray:
        """Return vectors of length 1, float32 (n, d), turned and cut: float32 (n, axes)."""
        return np.asarray(units @ self.matrix[:, :-1].T + self.matrix[:, -1])
