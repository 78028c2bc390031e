"""An index of feature vectors: proposes the nearest of a million within a millisecond or two.

Vectors are turned onto the main axes of a sample and cut to the first `AXES` of them, a byte for
each, and lie in lists around centres (an inverted file, faiss's IVF with an 8-bit quantizer after
a PCA). To ask is to read the lists of the nearest centres, which makes the file fit to be mapped
rather than loaded. docs/decisions/0006-similar.md has the measurements.
"""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import Any, Self

import faiss
import numpy as np

from . import arithmetic, files
from .cards import BrokenIndexError, Card
from .stores import Report

logger = logging.getLogger(__name__)

AXES = 256
#: About how many vectors are looked at for an answer: a millisecond's worth.
LOOKED_AT = 20_000
#: Vectors of the sample for each list, and for the axes.
PER_LIST, FOR_AXES = 20, 10_000
ROUNDS = 10


def lists_for(count: int) -> int:
    return max(1, int(4 * count**0.5))


def sample_size(count: int) -> int:
    """Return from how many vectors to draw an index of so many."""
    return min(count, max(FOR_AXES, PER_LIST * lists_for(count)))


class Index:
    """Vectors by key, ``dimensions`` numbers each; not for several threads while it changes."""

    def __init__(self, library: Any, card: Card | None = None) -> None:
        self._library = library
        self._lists: Any = faiss.downcast_index(library.index)
        self._card = card

    @property
    def card(self) -> Card:
        assert self._card is not None, "only an index from a file has a card"
        return self._card

    @property
    def dimensions(self) -> int:
        return int(self._library.d)

    @property
    def count(self) -> int:
        return int(self._library.ntotal)

    # --- Making ---

    @classmethod
    def drawn(cls, sample: np.ndarray, *, count: int) -> Self:
        """Return an empty index laid out for so many vectors like the sample, float16 (n, d)."""
        faiss.omp_set_num_threads(1)  # the rest of the machine serves the site
        dimensions = sample.shape[1]
        axes = min(AXES, dimensions)
        turn = faiss.PCAMatrix(dimensions, axes)
        turn.train(arithmetic.unit(sample[:FOR_AXES]))
        lists = min(lists_for(count), len(sample))
        library = faiss.IndexIVFScalarQuantizer(
            faiss.IndexFlatL2(axes), axes, lists, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_L2
        )
        library.cp.niter = ROUNDS
        library.cp.min_points_per_centroid = 1  # else it complains of few on the terminal
        parts = range(0, len(sample), FOR_AXES)
        turned = [turn.apply(arithmetic.unit(sample[at : at + FOR_AXES])) for at in parts]
        library.train(np.concatenate(turned))
        whole = faiss.IndexPreTransform(turn, library)
        whole.is_trained = True
        return cls(whole)

    def add(self, keys: np.ndarray, features: np.ndarray) -> None:
        """Add vectors, float16 (n, d), under keys that are not there yet, int64 (n,)."""
        faiss.omp_set_num_threads(1)
        self._library.add_with_ids(arithmetic.unit(features), keys)

    def remove(self, keys: np.ndarray) -> None:
        self._lists.remove_ids(faiss.IDSelectorBatch(keys))
        self._library.ntotal = self._lists.ntotal

    def keys(self) -> np.ndarray:
        """Return all keys, int64 (n,)."""
        lists = self._lists.invlists
        sizes = [(at, lists.list_size(at)) for at in range(lists.nlist)]
        parts = [faiss.rev_swig_ptr(lists.get_ids(at), size) for at, size in sizes if size]
        return np.concatenate([np.empty(0, np.int64), *parts])

    # --- Asking ---

    def nearest(self, towards: np.ndarray, count: int) -> list[int]:
        """Return the keys nearest to a unit vector, float32 (d,), as far as the index can tell."""
        # The library keeps this for each thread, and threads of its own would only get in the way.
        faiss.omp_set_num_threads(1)
        _, keys = self._library.search(towards[None], count)
        return [key for key in keys[0].tolist() if key >= 0]

    # --- Files ---

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read an index into memory, to change it. Raises BrokenIndexError."""
        card = files.read_card(path)
        files.check(path)
        return cls(_read(path, 0), card)

    @classmethod
    def map(cls, path: Path) -> Self:
        """Open an index where it lies, only to ask it. Raises BrokenIndexError."""
        card = files.read_card(path)
        index = cls(_read(path, faiss.IO_FLAG_MMAP | faiss.IO_FLAG_READ_ONLY), card)
        index._lists.nprobe = -(-LOOKED_AT * index._lists.nlist // max(index.count, 1))
        # Else each question would start threads that read ahead; the system does that.
        lists: Any = faiss.downcast_InvertedLists(index._lists.invlists)
        lists.prefetch_nthread = 0
        return index

    def save(self, card: Card, report: Report | None = None) -> None:
        """Put this index in place of the file. Raises OSError, and then the old one stays."""
        path = files.path_of(card.space)
        draft = files.draft_of(path)
        try:
            faiss.write_index(self._library, str(draft))
            files.publish(draft, path, card)
        except RuntimeError as error:  # how the library says that the disk is full
            raise OSError(f"{path} cannot be written: {error}") from error
        finally:
            draft.unlink(missing_ok=True)


def _read(path: Path, flags: int) -> Any:
    try:
        library = faiss.read_index(str(path), flags)
    except RuntimeError as error:
        raise BrokenIndexError(f"{path} cannot be read: {error}") from error
    if not isinstance(library, faiss.IndexPreTransform):
        raise BrokenIndexError(f"{path} holds something else")
    return library


# --- Held open --------------------------------------------------------------------------------

_State = tuple[int, int, int]
_held: dict[Path, tuple[_State, Index | None]] = {}
_opening = threading.Lock()


def opened(path: Path) -> Index | None:
    """Return the index in a file, opened once for each time it is replaced; None: there is none.

    A broken one counts as none, and is complained of once.
    """
    try:
        state = _state(path)
    except FileNotFoundError:
        _held.pop(path, None)
        return None
    held = _held.get(path)
    if held is None or held[0] != state:
        with _opening:
            held = _held.get(path)
            if held is None or held[0] != state:
                held = _held[path] = (state, _mapped(path))
    return held[1]


def _mapped(path: Path) -> Index | None:
    try:
        return Index.map(path)
    except (BrokenIndexError, FileNotFoundError) as error:
        logger.warning("What is near is searched among the newest only: %s.", error)
        return None


def _state(path: Path) -> _State:
    found = path.stat()
    return found.st_ino, found.st_mtime_ns, found.st_size
