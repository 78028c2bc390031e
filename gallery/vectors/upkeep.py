"""Keeps an index of each space that is not small.

Only one process need do this, and two do no harm: each index says what it lacks.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from django.db import DatabaseError
from django.utils import timezone

from .asking import COMMITTED_IN
from .cards import BrokenIndexError, Card
from .spaces import Space
from .stores import Changing, Report, store

if TYPE_CHECKING:
    import numpy as np

logger = logging.getLogger(__name__)

#: Until so many are new they are compared one by one: a file is written as a whole.
ADD_FROM = 250
#: With so many times what it was laid out for, an index is made anew.
OUTGROWN = 2
BATCH = 2000
SEED = 5


def refresh_indexes(
    spaces: Iterable[Space],
    *,
    thorough: bool = False,
    anew: bool = False,
    report: Report = lambda count: None,
) -> int:
    """Bring the indexes of all spaces up to date; return how many were written.

    Those of spaces that are not named go. A little that is new is left for later. ``thorough``:
    what is gone, or was overlooked, is reason enough; ``anew``: without any reason, and from
    nothing. ``report`` is told of vectors as they are done. What cannot be written is logged, and
    the index there was goes on serving.
    """
    spaces, written = list(spaces), 0
    try:
        for space in spaces:
            with store().at_work(space.name) as is_ours:
                written += is_ours and _refresh(space, thorough, anew, report)
        store().discard_all_but({space.name for space in spaces})
    except (OSError, DatabaseError):
        logger.exception("An index of what is near to what could not be brought up to date.")
    return written


def _refresh(space: Space, thorough: bool, anew: bool, report: Report) -> bool:
    card = _card(space)
    if card is None:
        if space.count(most=space.at_once + 1) <= space.at_once:
            return False
    elif not (anew or _is_due(space, card, thorough)):
        return False
    made_at, count = timezone.now(), space.count()
    recent = frozenset(key for key, _ in space.since(made_at - COMMITTED_IN))
    is_new = card is None or anew or count >= OUTGROWN * card.drawn_for
    index = None if is_new else _completed(space, report)
    drawn_for = count if index is None or card is None else card.drawn_for
    index = index or _drawn(space, report)
    if index is None:
        return False
    index.save(Card(space.name, made_at, recent, index.count, drawn_for), report)
    return True


def _card(space: Space) -> Card | None:
    try:
        return store().card(space.name)
    except BrokenIndexError as error:
        logger.warning("An index is made anew: %s.", error)
        return None


def _is_due(space: Space, card: Card, thorough: bool) -> bool:
    new = len(space.since(card.made_at, most=ADD_FROM))
    return new >= ADD_FROM or (thorough and space.count() - new != card.count)


def _drawn(space: Space, report: Report) -> Changing | None:
    """Return an index of all of a space, or None when that is nothing."""
    import numpy as np

    keys, by_lot = _keys(space), np.random.default_rng(SEED)
    size = store().sample_size(len(keys))
    chosen = by_lot.choice(keys, size, replace=False) if len(keys) else keys
    some = space.embeddings_of(chosen[:BATCH].tolist())
    lengths = Counter(len(one) // 2 for one in some.values() if one)
    if not lengths:
        return None
    dimensions = lengths.most_common(1)[0][0]
    sample, filled = np.empty((len(chosen), dimensions), "<f2"), 0
    for found, features in _batches(space, np.sort(chosen), dimensions):
        sample[filled : filled + len(found)] = features
        filled += len(found)
    index = store().drawn(space.name, sample[:filled], count=len(keys))
    del sample
    _add(index, space, keys, report)
    return index


def _completed(space: Space, report: Report) -> Changing | None:
    """Return the index there is, with what it lacked and without what is gone; or None."""
    import numpy as np

    try:
        index = store().loaded(space.name)
    except BrokenIndexError as error:
        logger.warning("An index is made anew: %s.", error)
        return None
    had, keys = index.keys(), _keys(space)
    changed = np.array([key for key, _ in space.since(index.card.made_at - COMMITTED_IN)], np.int64)
    index.remove(np.union1d(np.setdiff1d(had, keys), changed))
    _add(index, space, np.union1d(np.setdiff1d(keys, had), changed), report)
    return index


def _add(index: Changing, space: Space, keys: np.ndarray, report: Report) -> None:
    for found, features in _batches(space, keys, index.dimensions):
        index.add(found, features)
        report(len(found))


def _keys(space: Space) -> np.ndarray:
    """Return the keys of a space, sorted."""
    import numpy as np

    return np.sort(np.fromiter(space.keys(), np.int64))


def _batches(
    space: Space, keys: np.ndarray, dimensions: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield keys and their embeddings, as far as there still are: reads that hold up no writer."""
    import numpy as np

    from . import arithmetic

    for start in range(0, len(keys), BATCH):
        found = space.embeddings_of(keys[start : start + BATCH].tolist())
        if found:
            features = arithmetic.stack(found.values(), dimensions)
            yield np.fromiter(found, np.int64, len(found)), features
