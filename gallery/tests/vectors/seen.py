"""Photos that a model has seen: the space that these tests look through."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.utils import timezone

from gallery import vectors
from gallery.models import Fingerprint, Photo
from gallery.similar import Near, nearness, spaces
from gallery.tests.factories import make_photo, make_user
from gallery.vectors.cards import Card
from gallery.vectors.stores import store

EYES = "eyes/1"
DIMENSIONS, KINDS = 16, 4
#: So many photos have an index; see `conftest`.
MANY = 60


def features_of(number: int, *, seed: int = 0) -> np.ndarray:
    """Return what a photo of one of a few kinds looks like, no two the same."""
    features = np.abs(np.random.default_rng([seed, number]).standard_normal(DIMENSIONS))
    features[number % KINDS] += 4
    return features.astype("<f2")


def see(
    photo: Photo, features: np.ndarray, *, model: str = EYES, at: datetime | None = None
) -> None:
    Fingerprint.objects.update_or_create(
        photo_id=photo.pk,  # photos in hand are to be read anew
        defaults={
            "embedding": features.tobytes(),
            "model": model,
            "embedded_at": at or timezone.now() - timedelta(days=1),
        },
    )


def make_seen(
    count: int, *, first: int = 0, model: str = EYES, at: datetime | None = None
) -> list[Photo]:
    owner = make_user()
    photos = [make_photo(owner) for _ in range(count)]
    for number, photo in enumerate(photos, first):
        see(photo, features_of(number), model=model, at=at)
    return photos


def looked_at_all(photo: Photo) -> list[int]:
    """Return the photos nearest to one, as the definition has it."""
    rows = dict(Fingerprint.objects.filter(model=EYES).values_list("photo", "embedding"))
    vectors = {
        key: np.frombuffer(bytes(one or b""), "<f2").astype(float) for key, one in rows.items()
    }
    towards = vectors[photo.pk]
    cosines = {
        key: one @ towards / np.linalg.norm(one) / np.linalg.norm(towards)
        for key, one in vectors.items()
    }
    near = [key for key in cosines if cosines[key] >= nearness.MIN_LIKENESS and key != photo.pk]
    return [photo.pk, *sorted(near, key=lambda key: -cosines[key])]


def keys(found: Sequence[Near]) -> list[int]:
    return [near.photo for near in found]


def refresh_indexes(**how: Any) -> int:
    return vectors.refresh_indexes(spaces(), **how)


def card(model: str = EYES) -> Card:
    found = store().card(model)
    assert found, "there is an index"
    return found
