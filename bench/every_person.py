"""People like you, exactly: every listed person compared; a module, not a program.

What `gallery.interests.people` finds without looking at everybody is compared with this. It holds
the weights of all listed people in memory, some hundred numbers each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from gallery.models import User

#: So many of those most alike are looked at for a tag that may be named.
LOOKED_AT = 100


@dataclass(frozen=True, slots=True)
class Alike:
    """Keys of people, the most alike first, and how much."""

    people: list[int]
    similarities: list[float]


class EveryPerson:
    def __init__(self) -> None:
        from django.utils import timezone

        from gallery.interests.hierarchy import hierarchy
        from gallery.interests.people import MIN_PHOTOS
        from gallery.models import Profile

        self.known, self.now = hierarchy(), timezone.now()
        self.rarity = np.zeros(max(self.known.rarity) + 1)
        self.rarity[list(self.known.rarity)] = list(self.known.rarity.values())
        listed = Profile.objects.listed().filter(public_photos__gte=MIN_PHOTOS)
        rows = listed.exclude(public_evidence=b"").order_by("pk")
        people, parts = [], []
        for key, evidence in rows.values_list("pk", "public_evidence").iterator(2000):
            people.append(key)
            parts.append(self._weighed(bytes(evidence)))
        self.people = np.array(people, np.int64)
        lengths = [len(tags) for tags, _, _ in parts]
        self.starts = np.cumsum([0, *lengths[:-1]])
        self.tags, self.weights, self.counts = map(np.concatenate, zip(*parts, strict=True))

    def _weighed(self, content: bytes) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return tags, weights of length 1 and numbers of photos."""
        from gallery.interests import evidence

        rows = evidence.read(content, evidence.PUBLIC)
        tags = rows["tag"].astype(np.int64)
        sums = evidence.public_sums_at(rows, self.now)
        weights = evidence.weights(sums, self.rarity[tags])
        length = float(np.linalg.norm(weights)) or 1.0
        return tags, (weights / length).astype(np.float32), rows["count"]

    def like(self, person: User, count: int) -> Alike:
        """Return those most like a person who may be shown to them."""
        from gallery.models import Profile

        similarities = self.similarities(bytes(Profile.objects.get(pk=person.pk).public_evidence))
        similarities[np.isin(self.people, [person.pk, *person.apart_from])] = 0
        first = np.lexsort((self.people, -similarities))[:LOOKED_AT]
        found = [(self.people[one], similarities[one]) for one in first]
        kept = [(int(key), float(one)) for key, one in found if self._is_match(person, key)][:count]
        return Alike([key for key, _ in kept], [one for _, one in kept])

    def similarities(self, content: bytes) -> np.ndarray:
        from gallery.interests.people import SHRINKAGE

        tags, weights, counts = self._weighed(content)
        mine, behind = np.zeros(len(self.rarity), np.float32), np.zeros(len(self.rarity))
        mine[tags], behind[tags] = weights, counts
        likeness = np.add.reduceat(mine[self.tags] * self.weights, self.starts)
        shared = np.minimum(behind[self.tags], self.counts)
        most = np.maximum.reduceat(shared, self.starts)
        return np.asarray(likeness * most / (most + SHRINKAGE))

    def _is_match(self, person: User, key: int) -> bool:
        """Whether there is a tag to name, and likeness enough."""
        from gallery.interests.people import match_with
        from gallery.models import User

        return match_with(person, User(pk=key)) is not None
