"""Answers which photos look like one, by the features that a model saw in each."""

from __future__ import annotations

from dataclasses import dataclass

from .. import vectors
from ..models import Photo
from .spaces import Seen

LIMIT = 500
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
    when the photo came with its fingerprint, and the index is a file.
    """
    itself = Near(photo.pk, 1.0)
    own = getattr(photo, "fingerprint", None)
    if own is None or not own.embedding:
        return [itself]
    near = nearest_to(own.model, bytes(own.embedding), limit=limit)
    return [itself, *(one for one in near if one.photo != photo.pk)][:limit]


def nearest_to(model: str, embedding: bytes, *, limit: int = LIMIT) -> list[Near]:
    """Return the photos most like what a model saw in some picture, the most alike first."""
    near = vectors.nearest(Seen(model), embedding, limit=limit, at_least=MIN_LIKENESS)
    return [Near(one.key, one.likeness) for one in near]
