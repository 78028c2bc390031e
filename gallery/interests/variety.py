"""Puts photos in an order that is fair to all interests and never dull; plain arithmetic.

Interests have their places in proportion to their parts, however far down one looks: by highest
averages with the divisors 1, 3, 5, … (Sainte-Laguë), as Dang and Croft (2012) give the places of a
search to its subjects. That is the calibration of Steck (2018) without a search for the best
compromise; but an interest of which there are only poor photos has fewer, as its claim counts for
what its best one is worth. Each place goes to the photo of its interest that is worth most, and
that falls with what was chosen already: the maximal marginal relevance of Carbonell and Goldstein
(1998), where to be alike is to be of one owner. Besides, there are rules:

- No near-identical photos within `APART` places: `SAME_BITS` differing bits of 64 in the perceptual
  hash or fewer; or of one owner, and taken within `SAME_S` seconds.
- No more than `IN_A_ROW` photos of an owner in any `ROW` places, nor more than so many in all.

Where nothing else is left, the rule on owners gives way, and then that on seconds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter

APART, SAME_BITS, SAME_S = 10, 10, 180
IN_A_ROW, ROW = 2, 12
#: What is left of a photo's worth with each one of its owner that was chosen before.
AGAIN = 0.9
#: One in so many places is for something else, the first of them at this place.
ELSE_EVERY, ELSE_AT = 8, 5


class CardKind(StrEnum):
    """Why a photo is shown: an interest, to explore, or as it is popular or new."""

    INTEREST = "interest"
    EXPLORE = "explore"
    POPULAR = "popular"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A photo that may be shown.

    ``came_s`` and ``taken_s`` are when it came and when it was taken or, where nobody knows, came;
    ``look`` is the 64 bits of its perceptual hash; ``tag_count`` how many tags are shown on it;
    ``tag`` what it is shown for, 0: for none.
    """

    photo: int
    owner: int
    came_s: float
    taken_s: float
    look: int | None = None
    tag_count: int = 0
    score: float = 0.0
    tag: int = 0
    kind: CardKind = CardKind.INTEREST


class Group:
    """Photos that compete for the same places, the best first; ``share``: for how many of them.

    ``claim`` is the quotient of Sainte-Laguë, for what the best of the photos is worth.
    """

    def __init__(self, candidates: Sequence[Candidate], *, share: float) -> None:
        self.waiting = list(candidates)
        self._share = share
        self._chosen = 0
        self.claim = self._claim()

    def take(self, place: int) -> Candidate:
        """Return one of the photos, which has a place now."""
        chosen = self.waiting.pop(place)
        self._chosen += 1
        self.claim = self._claim()
        return chosen

    def _claim(self) -> float:
        best = self.waiting[0].score if self.waiting else 0.0
        return self._share * best / (2 * self._chosen + 1)


Choice = Callable[[], Sequence[Group]]


def arranged(
    liked: Sequence[Group],
    unknown: Sequence[Group],
    others: Choice,
    *,
    size: int,
    of_one: int,
) -> list[Candidate]:
    """Return so many photos in order, or fewer where there is nothing more to show.

    Most are ``liked``, and one in `ELSE_EVERY` is of what is ``unknown``; where either has nothing
    it is one of the ``others``, asked for when needed. No owner has more than ``of_one``, unless
    nobody else has any.
    """
    usual: tuple[Choice, ...] = (lambda: liked, others, lambda: unknown)
    otherwise: tuple[Choice, ...] = (lambda: unknown, others, lambda: liked)
    order = _Order(of_one)
    for place in range(size):
        if not order.add(otherwise if place % ELSE_EVERY == ELSE_AT else usual):
            break
    return order.chosen


class _Order:
    """An order that comes to be, photo by photo."""

    def __init__(self, of_one: int) -> None:
        self.chosen: list[Candidate] = []
        self._of_one = of_one
        self._owners = Counter[int]()
        self._over = set[int]()

    def add(self, choices: Sequence[Choice]) -> bool:
        """Add a photo of the first choice that has one; False when none has."""
        full, near = self._full_owners(), self.chosen[1 - APART :]
        rules = (
            lambda one: one.owner not in full and not _is_like_any(one, near),
            lambda one: not _is_like_any(one, near),
            lambda one: not _looks_like_any(one, near),
        )
        return any(
            self._add_of(group, rule)
            for rule in rules
            for choice in choices
            for group in sorted(choice(), key=attrgetter("claim"), reverse=True)
        )

    def _full_owners(self) -> set[int]:
        """Return the owners who are to have no more places, or not yet."""
        lately = [one.owner for one in self.chosen[1 - ROW :]]
        return self._over.union(owner for owner in lately if lately.count(owner) >= IN_A_ROW)

    def _add_of(self, group: Group, rule: Callable[[Candidate], bool]) -> bool:
        """Add the photo of a group that is worth most, if the rule allows one."""
        best, most = None, 0.0
        for place, one in enumerate(group.waiting):
            if one.score <= most:
                break
            worth = one.score * AGAIN ** self._owners[one.owner]
            if worth > most and rule(one):
                best, most = place, worth
        if best is None:
            return False
        chosen = group.take(best)
        self._owners[chosen.owner] += 1
        if self._owners[chosen.owner] >= self._of_one:
            self._over.add(chosen.owner)
        self.chosen.append(chosen)
        return True


def _is_like_any(one: Candidate, others: Sequence[Candidate]) -> bool:
    return _looks_like_any(one, others) or any(
        one.owner == other.owner and abs(one.taken_s - other.taken_s) <= SAME_S for other in others
    )


def _looks_like_any(one: Candidate, others: Sequence[Candidate]) -> bool:
    return one.look is not None and any(
        other.look is not None and (one.look ^ other.look).bit_count() <= SAME_BITS
        for other in others
    )
