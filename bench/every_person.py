"""People like you, exactly: every listed person compared; a module, not a program.

What `gallery.interests.people` finds without looking at everybody is compared with this. It holds
the weights of all listed people in memory, some hundred numbers each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from gallery.models import User

#: So many of those most alike are looked at for a tag that may be named.
LOOKED_AT = 100


class EveryPerson:
    def __init__(self) -> None:
        from gallery.interests import people
        from gallery.interests.hierarchy import hierarchy

        rows = people.People().rows().order_by("pk").values_list("pk", "public_evidence")
        read = [(key, bytes(public)) for key, public in rows.iterator(2000) if public]
        self.people = np.array([key for key, _ in read], np.int64)
        self.liking, starts = people._likings([public for _, public in read])
        self.starts = starts[:-1]
        self.rarity = people._rarity(hierarchy(), self.liking.tags)
        self.lengths = np.sqrt(np.add.reduceat(self.liking.weights**2, self.starts))
        self.columns = int(self.liking.tags.max()) + 1

    def like(self, person: User, count: int) -> list[int]:
        """Return the keys of those most like a person who may be shown to them."""
        similarities = self.similarities(person)
        similarities[np.isin(self.people, [person.pk, *person.apart_from])] = 0
        first = np.lexsort((self.people, -similarities))[:LOOKED_AT]
        return list(islice(self._matches(person, self.people[first].tolist()), count))

    def similarities(self, person: User) -> np.ndarray:
        """Return how alike everybody is: cosine, times how much is behind what is shared."""
        from gallery.interests import people

        mine = people._liking_of(person)
        if mine is None:
            return np.zeros(len(self.people))
        there = mine.tags < self.columns
        weights, behind = np.zeros(self.columns), np.zeros(self.columns)
        weights[mine.tags[there]], behind[mine.tags[there]] = (
            mine.weights[there],
            mine.behind[there],
        )
        theirs = self.liking
        dots = np.add.reduceat(weights[theirs.tags] * theirs.weights, self.starts)
        shared = self.rarity * np.minimum(behind[theirs.tags], theirs.behind)
        support = np.add.reduceat(shared, self.starts)
        cosines = dots / np.maximum(mine.length * self.lengths, 1e-9)
        return np.asarray(cosines * support / (support + people.SHRINKAGE))

    def _matches(self, person: User, keys: Iterable[int]) -> Iterator[int]:
        """Yield those with whom there is a tag to name, and likeness enough."""
        from gallery.interests.people import match_with
        from gallery.models import User

        return (key for key in keys if match_with(person, User(pk=key)) is not None)
