"""Photos that look like something, for tests."""

from __future__ import annotations

from typing import Any

import numpy as np

from gallery.models import Fingerprint, Photo, User
from gallery.tests.factories import make_photo

EYES = "eyes/1"
DIMENSIONS = 16


def features(kind: int, *, apart: float = 0.0) -> np.ndarray:
    """Return what a model sees in a photo of a kind, ``apart`` from the middle of it."""
    seen = np.zeros(DIMENSIONS)
    seen[kind] = 1
    seen[DIMENSIONS - 1] = apart
    return seen.astype("<f2")


def make_seen(
    owner: User | None = None,
    *,
    kind: int = 0,
    apart: float = 0.0,
    look: int | None = None,
    model: str = EYES,
    **fields: Any,
) -> Photo:
    """Return a photo that a model has seen; ``look`` is its perceptual hash."""
    photo = make_photo(owner, **fields)
    Fingerprint.objects.create(
        photo_id=photo.pk,
        embedding=features(kind, apart=apart).tobytes(),
        model=model,
        perceptual_hash="" if look is None else f"{look:016x}",
    )
    return photo


def flipped(look: int, *bits: int) -> int:
    """Return a hash with some of its 64 bits changed."""
    for bit in bits:
        look ^= 1 << bit
    return look
