"""Answers what is near to a vector: an index proposes, the stored embeddings decide."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from .cards import BrokenIndexError, Card
from .spaces import Space
from .stores import store

if TYPE_CHECKING:
    import numpy as np

logger = logging.getLogger(__name__)

#: Fewer proposals than this would miss some of the nearest.
PROPOSALS = 300
#: What was noted as changed is committed within this time.
COMMITTED_IN = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Neighbour:
    """The key of a row of a space, and the cosine of its embedding to what was asked, to 1."""

    key: int
    likeness: float


def nearest(
    space: Space, embedding: bytes, *, limit: int, at_least: float = 0.0
) -> list[Neighbour]:
    """Return what is most like an embedding, the most alike first; it need not be of the space.

    What came since the index was made is found, and what is gone is not. As long as a large space
    has no index, only some thousands of it are looked at.
    """
    from . import arithmetic

    towards = arithmetic.direction(embedding)
    embeddings = _proposed(space, towards, limit)
    likeness = arithmetic.likeness(embeddings.values(), towards)
    near = [
        Neighbour(key, float(one))
        for key, one in zip(embeddings, likeness, strict=True)
        if one >= at_least
    ]
    return sorted(near, key=lambda one: (-one.likeness, one.key))[:limit]


def proposed_keys(space: Space, embedding: bytes, *, limit: int) -> list[int] | None:
    """Return keys among which the nearest are, some gone meanwhile; None: there is no index."""
    from . import arithmetic

    return _keys(space, arithmetic.direction(embedding), limit)


def _proposed(space: Space, towards: np.ndarray, limit: int) -> dict[int, bytes]:
    """Return embeddings, by key, among which the nearest are."""
    keys = _keys(space, towards, limit)
    return space.newest(space.at_once) if keys is None else space.embeddings_of(keys)


def _keys(space: Space, towards: np.ndarray, limit: int) -> list[int] | None:
    for _ in range(2):  # an index may be replaced before it answers
        index = store().opened(space.name)
        if index is None or index.dimensions != len(towards):
            break
        try:
            keys = index.nearest(towards, max(limit, PROPOSALS))
        except BrokenIndexError as error:
            logger.warning("What is near is searched among the newest only: %s.", error)
        else:
            return keys + lacked(space, index.card)
    return None


def lacked(space: Space, card: Card) -> list[int]:
    """Return what came or changed since an index was made: the last of it."""
    some = space.since(card.made_at - COMMITTED_IN, most=space.at_once)
    return [key for key, at in some if at > card.made_at or key not in card.recent]
