"""What a person's interests make of the tags on a photo: how much each is liked, and for what.

A tag stands for an interest as far as it is that interest or a kind of it: `STEP` of the interest's
weight for every step up to it; of several interests the one holds of which most is left. So a love
of marsupials is also a love, half as strong, of photos on which nothing but “wombat” is found.

What is liked on a photo (the liking of a tag times how sure the tag is) is added up with
diminishing returns: the most in full, half of the next, a quarter of the third, and so on. That is
an ordered weighted average (Yager 1988), but for a factor: no photo with many faintly liked tags
comes before one of the very thing, and what is liked most at all bounds it by twice that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from .hierarchy import Hierarchy

#: What is left of a liking with every step down the hierarchy.
STEP = 0.5
#: What each further thing liked on a photo adds, compared with the one before.
NEXT = 0.5
#: Interests have a part of the photos in proportion to this power of their weight: weights are
#: logarithms, among which what somebody did once by chance is not far below what they do always.
POWER = 3

#: Of a photo with more tags than this, they count for less, by the square.
USUAL_TAGS = 20
#: What is left of a photo's freshness when it is old, and how many days take half of the rest.
OLD, HALF_LIFE_D = 0.25, 30


@dataclass(frozen=True)
class Taste:
    """``likes``: of each tag how much, 0..1; ``meant``: the interest it is liked for.

    ``weights`` are the interests themselves; photos of what is ``muted`` are not to be shown.
    """

    weights: Mapping[int, float]
    likes: Mapping[int, float]
    meant: Mapping[int, int]
    muted: frozenset[int]
    known: Hierarchy

    @cached_property
    def shares(self) -> dict[int, float]:
        """What part of the photos each interest is to have: its weight, but not what it inherits.

        Some of a tag's weight comes from its kinds, whose photos are of it already: of each kind a
        step down half the weight, of each two steps down a quarter. The largest of these is taken
        off.
        """
        inherited = dict.fromkeys(self.weights, 0.0)
        for tag, weight in self.weights.items():
            for above, steps in self.known.steps_up(tag):
                if steps and above in inherited:
                    inherited[above] = max(inherited[above], weight * STEP**steps)
        return {tag: max(one - inherited[tag], 0.0) ** POWER for tag, one in self.weights.items()}

    @cached_property
    def strongest(self) -> list[int]:
        """The liked tags, the most liked first."""
        return sorted(self.likes, key=lambda tag: (-self.likes[tag], tag))

    def is_known(self, tag: int) -> bool:
        """Whether a tag is an interest, a kind of one, or above one: nothing new to this person."""
        return tag in self.likes or tag in self._above or tag in self.muted

    @cached_property
    def _above(self) -> frozenset[int]:
        return frozenset(up for tag in self.weights for up, _ in self.known.steps_up(tag))


def taste_of(weights: Mapping[int, float], muted: frozenset[int], known: Hierarchy) -> Taste:
    likes, meant = dict(weights), {tag: tag for tag in weights}
    for tag, above in known.above.items():
        if tag in muted:
            continue
        for up, steps in above[1:]:
            if up in weights and weights[up] * STEP**steps > likes.get(tag, 0.0):
                likes[tag], meant[tag] = weights[up] * STEP**steps, up
    return Taste(weights, likes, meant, muted, known)


def added_up(liked: Iterable[float]) -> float:
    """Return what several things liked on one photo come to."""
    share, total = 1.0, 0.0
    for one in sorted(liked, reverse=True):
        total += share * one
        share *= NEXT
    return total


def to_the_point(tag_count: Any) -> Any:
    """Return how much a photo's tags say, or each of many, by how many it has: from 1 down.

    Who tags a photo with everything says little of what is on it.
    """
    return 1 / (1 + (tag_count > USUAL_TAGS) * (tag_count / USUAL_TAGS - 1)) ** 2


def fresh(age_d: Any) -> Any:
    """Return how fresh a photo is, or each of many, that came so many days ago: from 1 to `OLD`."""
    return OLD + (1 - OLD) * 0.5 ** (age_d / HALF_LIFE_D)
