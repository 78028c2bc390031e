"""Which pictures are nearly the same, by perceptual hashes of 64 bits: arithmetic alone.

Every hash is compared with every later one by faiss, exactly: 100,000 of them take a second or two
on one processor. What hangs together by pairs falls into stars: a picture and those that are like
it, so that no chain of small steps leads from one picture to quite another.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import faiss
import numpy as np

#: Pictures whose hashes differ by so few bits are nearly the same; hashes of unrelated photos
#: hardly ever do. docs/similar.md has the measurements.
SURE_BITS = 4
#: By so few bits, they may be: another look must say so too.
MOST_BITS = 12
#: To so many others each one is compared closely: no group becomes larger.
MAX_GROUP = 50
BITS, BYTES = 64, 8
#: What is asked at once: where all pictures are the same, the answer is so many times all of them.
_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Pairs:
    """Places of pictures that are close, ``first`` below ``second``, and by how many bits."""

    first: np.ndarray
    second: np.ndarray
    bits: np.ndarray

    def only(self, chosen: np.ndarray) -> Pairs:
        return Pairs(self.first[chosen], self.second[chosen], self.bits[chosen])


def codes_of(hashes: Sequence[str]) -> np.ndarray:
    """Return hashes, each 16 hexadecimal digits, as uint8 of shape (n, 8)."""
    return np.frombuffer(bytes.fromhex("".join(hashes)), np.uint8).reshape(-1, BYTES)


def close_pairs(codes: np.ndarray) -> Pairs:
    """Return the pairs that differ by `MOST_BITS` or fewer; of each picture, the closest few."""
    faiss.omp_set_num_threads(1)  # the rest of the machine serves the site
    found = [_closest(codes, start) for start in range(0, len(codes), _AT_ONCE)]
    first, second, bits = (np.concatenate(part) for part in zip(*found, strict=True))
    return Pairs(first, second, bits)


def _closest(codes: np.ndarray, start: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Compare some pictures with all that come behind them."""
    index = faiss.IndexBinaryFlat(BITS)
    index.add(codes[start:])
    ends, bits, places = index.range_search(codes[start : start + _AT_ONCE], MOST_BITS + 1)
    first = np.repeat(np.arange(len(ends) - 1), np.diff(ends.astype(np.int64)))
    is_later = places > first
    first, second, bits = first[is_later], places[is_later], bits[is_later].astype(np.int64)
    order = np.lexsort((second, bits, first))
    first, second, bits = first[order], second[order], bits[order]
    nearer = np.arange(len(first)) - np.searchsorted(first, first)
    kept = nearer < MAX_GROUP
    return first[kept] + start, second[kept] + start, bits[kept]


def stars(pairs: Pairs, weights: np.ndarray) -> Iterator[list[int]]:
    """Yield groups of places: a picture, and the closest of those it makes a pair with.

    Each picture is in one group at most. ``weights``: how many pictures stand at each place. The
    middle of a group is whichever then has most others around it.
    """
    near: dict[int, list[tuple[int, int]]] = {}
    for one, other, bits in zip(
        pairs.first.tolist(), pairs.second.tolist(), pairs.bits.tolist(), strict=True
    ):
        near.setdefault(one, []).append((bits, other))
        near.setdefault(other, []).append((bits, one))
    for part in _connected(pairs):
        yield from _stars_of(part, near, weights)


def _connected(pairs: Pairs) -> Iterator[list[int]]:
    """Yield the places that hang together, however loosely."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    places, at = np.unique(np.concatenate([pairs.first, pairs.second]), return_inverse=True)
    ends = at[: len(pairs.first)], at[len(pairs.first) :]
    links = coo_array((np.ones(len(pairs.first), bool), ends), shape=(len(places), len(places)))
    count, labels = connected_components(links, directed=False)
    order = np.argsort(labels, kind="stable")
    for part in np.split(places[order], np.searchsorted(labels[order], np.arange(1, count))):
        yield part.tolist()


def _stars_of(
    part: list[int], near: dict[int, list[tuple[int, int]]], weights: np.ndarray
) -> Iterator[list[int]]:
    around = {place: sum(int(weights[other]) for _, other in near.get(place, ())) for place in part}
    free = set(part)
    for middle in sorted(part, key=lambda place: (-around[place], place)):
        if middle not in free:
            continue
        star = [middle]
        for _, other in sorted(near.get(middle, ())):
            if other in free and len(star) < MAX_GROUP:
                star.append(other)
        if len(star) > 1:
            free.difference_update(star)
            yield star
