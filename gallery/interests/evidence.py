"""Arithmetic of interests, on arrays: from acts on photos to sums by tag, and to weights.

A photo is a vector of tags: of each tag the confidence, halved with every step up the hierarchy
(the largest holds where several ways lead to a tag), divided by the Euclidean length of it all.
An act adds its photo's vector, times what the act is worth and what time has left of that. Such a
sum of weighted documents is Rocchio's profile (1971); the decay is the forward decay of Cormode et
al. (2009), so that sums of one half-life age together. A weight is the logarithm of the sum times
the rarity of the tag, the tf-idf of Salton and Buckley (1988).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import numpy as np

from .doing import FOLLOWED_PHOTOS, HALF_LIFE, WORTH, Act
from .hierarchy import Hierarchy

#: What is left of a confidence with every step up the hierarchy.
STEP = 0.5
#: So many tags are kept of a person, those with the most behind them.
MOST_TAGS = 150

#: One tag of a person: sums as of the profile's ``as_of``, and how many acts, by `Act`.
EVIDENCE = np.dtype([("tag", "<u4"), ("sums", "<f4", 4), ("counts", "<u2", 4)])
#: One tag of a person's public photos: the sum as of `LANDMARK`, and how many photos. Sums by a
#: fixed day only change when photos do.
PUBLIC = np.dtype([("tag", "<u4"), ("sum", "<f4"), ("count", "<u2")])
LANDMARK = datetime(2026, 1, 1, tzinfo=UTC)
_HALF_LIVES_S = np.array([HALF_LIFE[act].total_seconds() for act in Act])
_WORTHS = np.array([WORTH[act] for act in Act])


@dataclass(frozen=True, slots=True)
class Acts:
    """Acts of several people, as arrays of one length: who, which photo, what, when (seconds)."""

    people: np.ndarray
    photos: np.ndarray
    kinds: np.ndarray
    times_s: np.ndarray
    is_public: np.ndarray

    @classmethod
    def of(cls, rows: Iterable[tuple[int, int, int, float, bool]]) -> Acts:
        """Make them of ``(person, photo, Act, time in seconds, whether anybody can see it)``."""
        columns = list(zip(*rows, strict=True)) or [()] * 5
        kinds = (np.int64, np.int64, np.int64, np.float64, np.bool_)
        return cls(*(np.array(one, kind) for one, kind in zip(columns, kinds, strict=True)))

    def __len__(self) -> int:
        return len(self.people)

    def only(self, chosen: np.ndarray) -> Acts:
        return Acts(*(getattr(self, name)[chosen] for name in self.__slots__))


# --- Photos -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Vectors:
    """Photos as sparse vectors: photo ``keys[i]`` has ``tags[starts[i]:starts[i + 1]]``."""

    keys: np.ndarray
    starts: np.ndarray
    tags: np.ndarray
    values: np.ndarray


def vectors_of(assigned: Sequence[tuple[int, int, float]], known: Hierarchy) -> Vectors:
    """Return the vectors of photos, from all that is shown on them: photo, tag, confidence."""
    columns = list(zip(*assigned, strict=True)) or [(), (), ()]
    photos, tags = np.array(columns[0], np.int64), np.array(columns[1], np.int64)
    confidences = np.array(columns[2], np.float64)
    named, place = np.unique(tags, return_inverse=True)
    above = [known.steps_up(int(tag)) for tag in named]
    lengths = np.array([len(steps) for steps in above], np.int64)
    flat = [step for steps in above for step in steps]
    ancestors = np.array([tag for tag, _ in flat], np.int64)
    left = STEP ** np.array([steps for _, steps in flat], np.float64)
    firsts = np.concatenate([[0], np.cumsum(lengths)])[:-1]
    at = _ranges(firsts[place], lengths[place])
    times = lengths[place]
    return _longest(
        np.repeat(photos, times), ancestors[at], np.repeat(confidences, times) * left[at]
    )


def _longest(photos: np.ndarray, tags: np.ndarray, values: np.ndarray) -> Vectors:
    """Return vectors of length 1; the largest value holds where a tag comes several times."""
    order = np.lexsort((-values, tags, photos))
    photos, tags, values = photos[order], tags[order], values[order]
    is_first = np.ones(len(photos), bool)
    is_first[1:] = (photos[1:] != photos[:-1]) | (tags[1:] != tags[:-1])
    photos, tags, values = photos[is_first], tags[is_first], values[is_first]
    keys, starts = np.unique(photos, return_index=True)
    lengths = np.sqrt(np.add.reduceat(values**2, starts)) if len(keys) else np.empty(0)
    starts = np.append(starts, len(photos))
    return Vectors(keys, starts, tags, values / np.repeat(lengths, np.diff(starts)))


def _ranges(firsts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Return the numbers from each first on, so many of each, one range after the other."""
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    return np.asarray(np.arange(total) - np.repeat(ends - lengths - firsts, lengths))


# --- People -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Gathered:
    """What the acts of one person say: arrays of `EVIDENCE` and of `PUBLIC`, by tag."""

    evidence: np.ndarray
    public: np.ndarray


def gather(
    acts: Acts,
    vectors: Vectors,
    *,
    as_of: datetime,
    removed: Mapping[tuple[int, int], float],
    hidden: frozenset[tuple[int, int]],
) -> dict[int, Gathered]:
    """Add up the acts of several people.

    ``removed`` maps a person and a tag to the time in seconds until when acts say nothing about
    it; ``hidden`` has pairs of a person and a tag that others shall not match.
    """
    places = np.searchsorted(vectors.keys, acts.photos)
    there = places < len(vectors.keys)
    there[there] = vectors.keys[places[there]] == acts.photos[there]
    acts, places = acts.only(there), places[there]
    lengths = np.diff(vectors.starts)[places]
    at = _ranges(vectors.starts[places], lengths)
    tags, values = vectors.tags[at], vectors.values[at]
    one = acts.only(np.repeat(np.arange(len(acts)), lengths))
    if removed:
        until = np.array(
            [
                removed.get(key, -np.inf)
                for key in zip(one.people.tolist(), tags.tolist(), strict=True)
            ]
        )
        kept = one.times_s > until
        one, tags, values = one.only(kept), tags[kept], values[kept]
    own = _own(one, tags, values, as_of)
    public = _public(one, tags, values, hidden)
    none, nothing = np.empty(0, EVIDENCE), np.empty(0, PUBLIC)
    return {
        person: Gathered(own.get(person, none), public.get(person, nothing))
        for person in own.keys() | public.keys()
    }


def _own(
    acts: Acts, tags: np.ndarray, values: np.ndarray, as_of: datetime
) -> dict[int, np.ndarray]:
    ages = np.maximum(as_of.timestamp() - acts.times_s, 0)
    worth = values * _WORTHS[acts.kinds] * 0.5 ** (ages / _HALF_LIVES_S[acts.kinds])
    worth[acts.kinds == Act.FOLLOW] /= FOLLOWED_PHOTOS
    people, names, place = _pairs(acts.people, tags)
    found = np.zeros(len(people), EVIDENCE)
    found["tag"] = names
    for act in Act:
        mine = acts.kinds == act
        found["sums"][:, act] = np.bincount(place[mine], worth[mine], len(people))
        counts = np.bincount(place[mine], minlength=len(people))
        found["counts"][:, act] = np.minimum(counts, 2**16 - 1)
    return _most(people, found, found["sums"].sum(axis=1))


def _public(
    acts: Acts, tags: np.ndarray, values: np.ndarray, hidden: frozenset[tuple[int, int]]
) -> dict[int, np.ndarray]:
    seen = acts.is_public & (acts.kinds == Act.UPLOAD)
    acts, tags, values = acts.only(seen), tags[seen], values[seen]
    since = acts.times_s - LANDMARK.timestamp()
    worth = values * 2 ** (since / _HALF_LIVES_S[Act.UPLOAD])
    people, names, place = _pairs(acts.people, tags)
    found = np.zeros(len(people), PUBLIC)
    found["tag"] = names
    found["sum"] = np.bincount(place, worth, len(people))
    found["count"] = np.minimum(np.bincount(place, minlength=len(people)), 2**16 - 1)
    if hidden:
        pairs = zip(people.tolist(), names.tolist(), strict=True)
        kept = np.array([pair not in hidden for pair in pairs], bool)
        people, found = people[kept], found[kept]
    return _most(people, found, found["sum"])


def _pairs(people: np.ndarray, tags: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the different pairs of person and tag, and for each given pair which one it is."""
    packed = (people.astype(np.uint64) << np.uint64(32)) | tags.astype(np.uint64)
    pairs, place = np.unique(packed, return_inverse=True)
    return (pairs >> np.uint64(32)).astype(np.int64), (pairs & np.uint64(2**32 - 1)), place


def _most(people: np.ndarray, found: np.ndarray, sums: np.ndarray) -> dict[int, np.ndarray]:
    """Return what was found of each person, `MOST_TAGS` tags at most, in the order of tags."""
    keys, starts = np.unique(people, return_index=True)
    parts = {}
    for person, (start, end) in zip(
        keys.tolist(), pairwise([*starts.tolist(), len(people)]), strict=True
    ):
        part = found[start:end]
        if len(part) > MOST_TAGS:
            order = np.argsort(-sums[start:end], kind="stable")[:MOST_TAGS]
            part = part[np.sort(order)]
        parts[person] = part
    return parts


# --- Weights ----------------------------------------------------------------------------------


def read(content: bytes | memoryview, kind: np.dtype[Any]) -> np.ndarray:
    """Return an array as it was stored."""
    return np.frombuffer(bytes(content), kind)


def sums_at(evidence: np.ndarray, as_of: datetime, now: datetime) -> np.ndarray:
    """Return what is left of the sums of `EVIDENCE` at a later time, float64 (tags, acts)."""
    age_s = max((now - as_of).total_seconds(), 0)
    return np.asarray(evidence["sums"] * 0.5 ** (age_s / _HALF_LIVES_S))


def public_sums_at(public: np.ndarray, now: datetime) -> np.ndarray:
    """Return the sums of `PUBLIC` at a time, float64 (tags,)."""
    since_s = (now - LANDMARK).total_seconds()
    return np.asarray(public["sum"] * 0.5 ** (since_s / _HALF_LIVES_S[Act.UPLOAD]))


def weights(sums: np.ndarray, rarity: np.ndarray) -> np.ndarray:
    """Return how much each tag matters: the more acts and the rarer the tag, the more."""
    return np.asarray(rarity * np.log1p(sums))
