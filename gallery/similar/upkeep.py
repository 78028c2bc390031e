"""Keeps an index of the photos that each model has seen, for libraries that are not small.

Only one process need do this, and two do no harm: each file says what it lacks.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from django.utils import timezone

from ..models import Fingerprint
from ..models.fingerprints import FingerprintQuerySet
from . import files, nearness
from .files import BrokenIndexError, Card
from .nearness import COMMITTED_IN

if TYPE_CHECKING:
    import numpy as np

    from .index import Index

logger = logging.getLogger(__name__)

#: Until so many photos are new they are compared one by one: the file is written as a whole.
ADD_FROM = 250
#: With so many times the photos that it was laid out for, an index is made anew.
OUTGROWN = 2
BATCH = 2000
SEED = 5


def refresh_indexes(
    *,
    thorough: bool = False,
    anew: bool = False,
    report: Callable[[int], object] = lambda count: None,
) -> int:
    """Bring the index of every model up to date; return how many were written.

    A few new photos are left for later. ``thorough``: photos that are gone, or were overlooked,
    are reason enough; ``anew``: without any reason, and from nothing. ``report`` is told of photos
    as they are added. What cannot be written is logged, and the index there was goes on serving.
    """
    models = Fingerprint.objects.known_models()
    written = 0
    try:
        for model in models:
            written += _refresh(model, thorough=thorough, anew=anew, report=report)
        files.discard_all_but(models)
    except OSError:
        logger.exception("The index of similar photos could not be brought up to date.")
    return written


def _refresh(model: str, *, thorough: bool, anew: bool, report: Callable[[int], object]) -> bool:
    rows, path = Fingerprint.objects.seen_by(model), files.path_of(model)
    card = _card(path)
    if card is None:
        if rows[: nearness.AT_ONCE + 1].count() <= nearness.AT_ONCE:
            return False
    elif not (anew or _is_due(rows, card, thorough=thorough)):
        return False
    made_at, count = timezone.now(), rows.count()
    recent = frozenset(_keys(rows.since(made_at - COMMITTED_IN)).tolist())
    is_new = card is None or anew or count >= OUTGROWN * card.drawn_for
    index = None if is_new else _completed(path, model, report)
    drawn_for = count if index is None or card is None else card.drawn_for
    index = index or _drawn(model, report)
    if index is None:
        return False
    index.save(path, Card(model, made_at, recent, index.count, drawn_for))
    return True


def _card(path: Path) -> Card | None:
    try:
        return files.read_card(path)
    except FileNotFoundError:
        return None
    except BrokenIndexError as error:
        logger.warning("An index is made anew: %s.", error)
        return None


def _is_due(rows: FingerprintQuerySet, card: Card, *, thorough: bool) -> bool:
    if rows.since(card.made_at)[:ADD_FROM].count() >= ADD_FROM:
        return True
    return thorough and rows.exclude(embedded_at__gt=card.made_at).count() != card.count


def _drawn(model: str, report: Callable[[int], object]) -> Index | None:
    """Return an index of all that a model has seen, or None when that is nothing."""
    import numpy as np

    from .index import Index, sample_size

    keys, by_lot = _keys(Fingerprint.objects.seen_by(model)), np.random.default_rng(SEED)
    chosen = by_lot.choice(keys, sample_size(len(keys)), replace=False) if len(keys) else keys
    some = Fingerprint.objects.embeddings_of(chosen[:BATCH].tolist(), model)
    lengths = Counter(len(one) // 2 for one in some.values() if one)
    if not lengths:
        return None
    dimensions = lengths.most_common(1)[0][0]
    sample, filled = np.empty((len(chosen), dimensions), "<f2"), 0
    for found, features in _batches(np.sort(chosen), model, dimensions):
        sample[filled : filled + len(found)] = features
        filled += len(found)
    index = Index.drawn(sample[:filled], count=len(keys))
    del sample
    _add(index, keys, model, report)
    return index


def _completed(path: Path, model: str, report: Callable[[int], object]) -> Index | None:
    """Return the index in a file, with what it lacked and without what is gone; or None."""
    import numpy as np

    from .index import Index

    try:
        index = Index.load(path)
    except BrokenIndexError as error:
        logger.warning("An index is made anew: %s.", error)
        return None
    rows, had = Fingerprint.objects.seen_by(model), index.keys()
    keys, changed = _keys(rows), _keys(rows.since(index.card.made_at - COMMITTED_IN))
    index.remove(np.union1d(np.setdiff1d(had, keys), changed))
    _add(index, np.union1d(np.setdiff1d(keys, had), changed), model, report)
    return index


def _add(index: Index, keys: np.ndarray, model: str, report: Callable[[int], object]) -> None:
    for found, features in _batches(keys, model, index.dimensions):
        index.add(found, features)
        report(len(found))


def _keys(rows: FingerprintQuerySet) -> np.ndarray:
    """Return the keys of rows, sorted."""
    import numpy as np

    return np.sort(np.fromiter(rows.values_list("pk", flat=True).iterator(BATCH), np.int64))


def _batches(
    keys: np.ndarray, model: str, dimensions: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield keys and their embeddings, as far as there still are: reads that hold up no writer."""
    import numpy as np

    from . import vectors

    for start in range(0, len(keys), BATCH):
        found = Fingerprint.objects.embeddings_of(keys[start : start + BATCH].tolist(), model)
        if found:
            features = vectors.stack(found.values(), dimensions)
            yield np.fromiter(found, np.int64, len(found)), features
