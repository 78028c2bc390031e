"""Photos that look like a photo, by the features that the bundled model saw in each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .models import Fingerprint, Photo

LIMIT = 300
BATCH = 2000
#: Photos less alike than this have little in common; the cosine of random ones is around 0.2.
MIN_LIKENESS = 0.35


@dataclass(frozen=True, slots=True)
class Near:
    """A photo's key and how much it looks like another: the cosine of their features, to 1."""

    photo: int
    likeness: float


def nearest(photo: Photo, *, limit: int = LIMIT) -> list[Near]:
    """Return the photos most like this one, itself first: exact, by looking at every one."""
    own = Fingerprint.objects.filter(photo=photo).exclude(embedding=None).first()
    if own is None or own.embedding is None:
        return [Near(photo.pk, 1.0)]
    towards = _unit(np.frombuffer(own.embedding, "<f2").astype(np.float32)[None])[0]
    best: list[Near] = []
    rows = Fingerprint.objects.filter(model=own.model).exclude(embedding=None).order_by("pk")
    some: list[tuple[int, bytes]] = []
    for row in rows.values_list("photo_id", "embedding").iterator(BATCH):
        some.append((row[0], bytes(row[1] or b"")))
        if len(some) == BATCH:
            best = _best(best, some, towards, limit)
            some = []
    best = _best(best, some, towards, limit) if some else best
    return sorted(best, key=lambda near: (near.photo != photo.pk, -near.likeness, near.photo))


def _best(
    best: list[Near], rows: list[tuple[int, bytes]], towards: np.ndarray, limit: int
) -> list[Near]:
    features = np.stack([np.frombuffer(embedding, "<f2") for _, embedding in rows])
    likeness = _unit(features.astype(np.float32)) @ towards
    near = [
        Near(key, float(one))
        for (key, _), one in zip(rows, likeness, strict=True)
        if one >= MIN_LIKENESS
    ]
    return sorted(best + near, key=lambda one: -one.likeness)[:limit]


def _unit(features: np.ndarray) -> np.ndarray:
    lengths: np.ndarray = np.linalg.norm(features, axis=1, keepdims=True)
    return np.asarray(features / np.maximum(lengths, 1e-9))
