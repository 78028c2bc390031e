"""Answers which photos look like one: an index proposes, the stored embeddings decide."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import Q

from ..models import Fingerprint, Photo
from ..models.fingerprints import FingerprintQuerySet
from . import files

if TYPE_CHECKING:
    import numpy as np

    from .files import Card
    from .index import Index

LIMIT = 500
#: Fewer proposals than this would miss some of the nearest.
PROPOSALS = 300
#: So many photos are compared one by one: all of a small library, else those the index lacks.
AT_ONCE = 5000
#: What a worker noted as seen is committed within this time.
COMMITTED_IN = timedelta(minutes=10)
#: Photos less alike than this have little in common; the cosine of random ones is around 0.27.
MIN_LIKENESS = 0.35


@dataclass(frozen=True, slots=True)
class Near:
    """A photo's key and how much it looks like another: the cosine of their features, to 1."""

    photo: int
    likeness: float


def nearest(photo: Photo, *, limit: int = LIMIT) -> list[Near]:
    """Return the photos most like this one, itself first; whoever may see them.

    Photos that came since the index was made are found, and deleted ones are not. As long as a
    large library has no index, only some thousands of its photos are looked at. Two statements
    when the photo came with its fingerprint.
    """
    itself = Near(photo.pk, 1.0)
    own = getattr(photo, "fingerprint", None)
    if own is None or not own.embedding:
        return [itself]
    from . import vectors

    features = bytes(own.embedding)
    towards = vectors.unit(vectors.stack([features], len(features) // 2))[0]
    embeddings = _proposed(own.model, towards, limit)
    embeddings.pop(photo.pk, None)
    likeness = vectors.likeness(embeddings.values(), towards)
    near = [
        Near(key, float(one))
        for key, one in zip(embeddings, likeness, strict=True)
        if one >= MIN_LIKENESS
    ]
    return [itself, *sorted(near, key=lambda one: (-one.likeness, one.photo))][:limit]


def _proposed(model: str, towards: np.ndarray, limit: int) -> dict[int, bytes]:
    """Return embeddings, by photo, among which the nearest are."""
    rows, index = Fingerprint.objects.seen_by(model), _index(model, len(towards))
    if index is None:
        newest = rows.order_by("-embedded_at")[:AT_ONCE].values_list("pk", "embedding")
        return {key: bytes(embedding or b"") for key, embedding in newest}
    keys = index.nearest(towards, max(limit, PROPOSALS)) + _lacked(rows, index.card)
    return Fingerprint.objects.embeddings_of(keys, model)


def _lacked(rows: FingerprintQuerySet, card: Card) -> list[int]:
    """Return the photos that came, or were seen anew, since an index was made: the last of them."""
    since = rows.since(card.made_at - COMMITTED_IN).annotate(is_new=Q(embedded_at__gt=card.made_at))
    some = since.order_by("-embedded_at").values_list("pk", "is_new")[:AT_ONCE]
    return [key for key, is_new in some if is_new or key not in card.recent]


def _index(model: str, dimensions: int) -> Index | None:
    path = files.path_of(model)
    if not path.exists():
        return None
    from .index import opened  # a small site never loads the library behind it

    index = opened(path)
    return index if index and index.dimensions == dimensions else None
