"""Finds the photos that come into question for a person, without looking at all there are.

The score of a photo is how much of what the person likes is on it (see `taste`), times how fresh it
is and, where it has very many tags, how much they say: `fresh`, `to_the_point`. The photos of each
liked tag are read from an index, the newest first, `DEPTH` of them at most. What was not read of a
tag is older than all that was; and, as in the threshold algorithm of Fagin, Lotem and Naor (2003),
a photo that was read of no tag at all cannot score more than what those tags come to whose reading
did not reach back to it, times its freshness. Both fall quickly: the first because tags that are on
many photos are weak interests, the second by definition. Of the best of each interest the database
is then asked everything, and they are scored exactly.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from math import ceil

import numpy as np
from django.db.models import OuterRef, Q
from numpy.typing import NDArray

from ..models import User
from ..search.conditions import Probe, among
from .facts import facts_of, showable_to, shown_on, without
from .postings import DAY_S, SCALE, SURE, Added, Clock, Posting, are_in, read
from .taste import NEXT, Taste, added_up, fresh, to_the_point
from .variety import Candidate, CardKind

#: So many liked tags are read, the most liked, and of each so many photos.
MOST_TAGS, DEPTH = 60, 600
#: When less than this part of the photos of an interest turn up, its tags are read again, asking of
#: each photo whether it may be shown; so many tags at most, and so often.
TOO_FEW, MOST_AGAIN, MOST_ROUNDS = 0.5, 40, 2
#: Of interests that are to have fewer photos of a deck than this, some may turn up or not.
MIN_NEED = 4
#: Of each interest so many photos more are looked at than its part of the deck, and this besides.
SPARE, AT_LEAST = 1.7, 3
#: Whatever they show, so many photos are looked at that score best.
BEST = 60
#: All photos of an interest are looked at that has no more than so many times that number.
FEW = 2
#: Of an interest one person's photos are this part at most of what is looked at, unless others
#: have none.
OF_ONE_OWNER = 6
#: Photos of an unknown tag are something else when they show what is liked no more than so much.
MILD = 0.3
#: So many photos of unknown tags are looked at, among so many of each.
UNKNOWN, DEPTH_OF_UNKNOWN = 90, 60
#: No score is above this.
MOST = 1 / (1 - NEXT)


@dataclass(frozen=True, slots=True)
class Wanted:
    """For whom photos are looked for, how many of each interest, and which not."""

    person: User
    taste: Taste
    needs: Mapping[int, float]
    unknown: Sequence[int]
    unwanted: frozenset[int]
    now: datetime

    def quota(self, interest: int) -> int:
        return ceil(self.needs.get(interest, 0) * SPARE) + AT_LEAST


@dataclass(frozen=True, slots=True)
class Pool:
    """Photos by the interest they are shown for, and by the unknown tag, the best first."""

    liked: Mapping[int, Sequence[Candidate]]
    unknown: Mapping[int, Sequence[Candidate]]


def gathered(wanted: Wanted) -> Pool:
    """Return the photos that come into question.

    Five statements, and four more, twice at most, when the first photos of an interest turn out to
    be private, muted, seen already or all of one owner.
    """
    taste = wanted.taste
    postings = read(taste.strongest[:MOST_TAGS], DEPTH)
    postings |= read(wanted.unknown, DEPTH_OF_UNKNOWN) if wanted.unknown else {}
    best = _Best(postings, wanted, DEPTH)
    found = _scored(best.keys, wanted)
    for _ in range(MOST_ROUNDS):
        again = _short(found, wanted) & best.cut
        tags = [tag for tag in taste.strongest if taste.meant[tag] in again]
        if not tags:
            break
        depth = max(wanted.quota(one) for one in again)
        to_show = _to_show(wanted, besides=_flooding(found, wanted))
        best = _Best(read(tags[:MOST_AGAIN], depth, to_show), wanted, depth)
        known = {one.photo for one in found}
        found += _scored([key for key in best.keys if key not in known], wanted)
    return _pool(found, wanted)


# --- Choosing whom to ask about ---------------------------------------------------------------


def _to_show(wanted: Wanted, *, besides: Collection[int]) -> Q:
    """Return the condition that rows are of photos that may be shown, and of nobody ``besides``."""
    photos = without(wanted.taste.muted, showable_to(wanted.person).exclude(owner__in=besides))
    unwanted = among("photo_id", sorted(wanted.unwanted))
    return Q(Probe(photos.filter(pk=OuterRef("photo_id")))) & ~unwanted


class _Best:
    """The photos that score best of each interest, as far as the postings of its tags tell.

    ``keys`` are these photos, with some of unknown tags; ``cut`` the interests of which there may
    be more.
    """

    def __init__(self, postings: Mapping[int, Posting], wanted: Wanted, depth: int) -> None:
        self._wanted = wanted
        self._clock = Clock.of(postings, wanted.now)
        self._unwanted = np.array(sorted(wanted.unwanted), np.int64)
        taste = wanted.taste
        liked = [tag for tag in postings if tag in taste.likes]
        added = Added.of([postings[tag] for tag in liked], [taste.likes[tag] for tag in liked])
        interests = np.array([taste.meant[tag] for tag in liked] or [0], np.int64)[added.best]
        self.cut = {taste.meant[tag] for tag in liked if len(postings[tag]) >= depth}
        found = self._of_each(interests, added)
        known = added.photos[added.most > MILD]
        unknown = (self._unknown(postings[tag], known) for tag in wanted.unknown if tag in postings)
        self.keys = list(dict.fromkeys(chain(found, *unknown)))

    def _of_each(self, interests: NDArray[np.int64], added: Added) -> Iterator[int]:
        scores = self._scores(added.photos, added.sums)
        some = scores > 0
        photos, interests, scores = added.photos[some], interests[some], scores[some]
        yield from photos[np.argsort(-scores)[:BEST]].tolist()
        names, places = np.unique(interests, return_inverse=True)
        order = np.argsort(2 * MOST * places - scores)
        ends = np.cumsum(np.bincount(places, minlength=len(names)))
        for name, of_it in zip(names.tolist(), np.split(photos[order], ends), strict=False):
            quota = self._wanted.quota(name)
            if len(of_it) > FEW * quota:
                self.cut.add(name)
                of_it = of_it[:quota]
            yield from of_it.tolist()

    def _unknown(self, posting: Posting, known: NDArray[np.int64]) -> Iterator[int]:
        photos = posting // SCALE
        scores = self._scores(photos, posting % SCALE / SURE)
        scores[are_in(known, photos)] = 0
        order = np.argsort(-scores)[: ceil(UNKNOWN / len(self._wanted.unknown))]
        yield from photos[order[scores[order] > 0]].tolist()

    def _scores(self, photos: NDArray[np.int64], sums: NDArray[np.float64]) -> NDArray[np.float64]:
        scores = sums * self._clock.fresh(photos)
        scores[are_in(self._unwanted, photos)] = 0
        return scores


# --- Asking everything about some -------------------------------------------------------------


def _scored(keys: Sequence[int], wanted: Wanted) -> list[Candidate]:
    """Return those that may be shown, scored exactly and by what they show most; two statements."""
    facts = facts_of([key for key in keys if key not in wanted.unwanted], wanted.person)
    asked = [*wanted.taste.likes, *wanted.unknown, *wanted.taste.muted]
    shown = shown_on([one.photo for one in facts], asked)
    found = (_judged(one, shown.get(one.photo, {}), wanted) for one in facts)
    return [one for one in found if one is not None]


def _judged(one: Candidate, shown: Mapping[int, float], wanted: Wanted) -> Candidate | None:
    """Return a photo with its score and what it is shown for; None: with neither."""
    taste = wanted.taste
    if not taste.muted.isdisjoint(shown):
        return None
    age_d = (wanted.now.timestamp() - one.came_s) / DAY_S
    liked = {tag: taste.likes[tag] * sure for tag, sure in shown.items() if tag in taste.likes}
    best = max(liked, key=lambda tag: (liked[tag], -tag), default=None)
    unknown = [tag for tag in wanted.unknown if tag in shown]
    new = max(unknown, key=lambda tag: (shown[tag], -tag), default=None)
    worth = fresh(age_d) * to_the_point(one.tag_count)
    if new is not None and (best is None or liked[best] <= MILD):
        score = worth * shown[new]
        return replace(one, score=score, tag=new, kind=CardKind.EXPLORE)
    if best is None:
        return None
    score = worth * added_up(liked.values())
    return replace(one, score=score, tag=taste.meant[best])


# --- Enough? ----------------------------------------------------------------------------------


def _short(found: Iterable[Candidate], wanted: Wanted) -> set[int]:
    """Return the interests of which there are far too few photos, one owner's not all counted."""
    counts = Counter((one.tag, one.owner) for one in found)
    usable = Counter[int]()
    for (tag, _), count in counts.items():
        usable[tag] += min(count, _most_of_one(tag, wanted))
    return {
        one
        for one, need in wanted.needs.items()
        if usable[one] < need * TOO_FEW and need >= MIN_NEED
    }


def _most_of_one(interest: int, wanted: Wanted) -> int:
    return max(wanted.quota(interest) // OF_ONE_OWNER, 2)


def _flooding(found: Iterable[Candidate], wanted: Wanted) -> list[int]:
    """Return the people who have had their part of some interest."""
    counts = Counter((one.tag, one.owner) for one in found)
    over = {owner for (tag, owner), n in counts.items() if n >= _most_of_one(tag, wanted)}
    return sorted(over)


def _pool(found: Iterable[Candidate], wanted: Wanted) -> Pool:
    groups: dict[int, list[Candidate]] = defaultdict(list)
    for one in sorted(found, key=lambda one: (-one.score, -one.photo)):
        groups[one.tag].append(one)
    new = set(wanted.unknown)
    return Pool(
        liked={tag: some for tag, some in groups.items() if tag not in new},
        unknown={tag: some for tag, some in groups.items() if tag in new},
    )
