"""Chooses tags that are new to a person, so that what they are shown does not only confirm them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from random import Random

from .taste import Taste

#: So many tags are chosen for a deck, and so many at most because they are near an interest.
TAGS, NEAR = 15, 6


def unknown_tags(taste: Taste, *, rising: Sequence[int], chance: Random) -> list[int]:
    """Return tags that are no interest, nor a kind of one or above one.

    First some next to an interest: of the same family in the hierarchy; then those that rise, then
    any others. Only tags that enough people have photos of, unless there are none.
    """
    known = taste.known
    tags = [tag for tag in known.named or known.above if not taste.is_known(tag)]
    chance.shuffle(tags)
    families = _families(taste.weights, taste)
    near = (tag for tag in tags if not families.isdisjoint(_families([tag], taste)))
    rising = [tag for tag in rising if tag in known.above and not taste.is_known(tag)]
    return list(dict.fromkeys([*islice(near, NEAR), *rising, *tags]))[:TAGS]


def _families(tags: Iterable[int], taste: Taste) -> set[int]:
    """Return what tags are kinds of, at the very top."""
    tops = (taste.known.steps_up(tag)[-1] for tag in tags)
    return {top for top, steps in tops if steps}
