"""Which tags are used by more people than usual: a pure function of counts.

docs/trends.md has the formulas in words, their sources, and how well they do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..models import Length

Numbers = NDArray[np.float64]
Marks = NDArray[np.bool_]
Keys = NDArray[np.int64]

#: Of all tags named at a time, so large a share may be named by chance (Benjamini and Hochberg).
FALSE_SHARE = 0.1
#: From this growth on, shrunk, a tag counts as rising.
LEAST_GROWTH = 1.5
#: So many people more, as many as usual, stand behind every growth: small counts say little.
PRIOR_PEOPLE = 2.0
#: What is known of a tag never seen before: half a person (Jeffreys' prior).
UNSEEN = 0.5
#: How many usual people vouch for how steady tags are, before there is a history that says so.
STEADINESS, STEADINESS_WEIGHT = 8.0, 50.0
LEAST_STEADY, MOST_STEADY = 2.0, 100.0


@dataclass(frozen=True, slots=True)
class Manner:
    """How a period is compared; the numbers are of periods ago."""

    recent: int
    half_life: float
    least: int
    alike: tuple[int, ...]
    year_ago: tuple[int, ...]


MANNERS = {
    Length.DAY: Manner(28, 14, 7, (7, 14, 21, 28), (361, 362, 363, 364, 365, 366, 367)),
    Length.WEEK: Manner(12, 8, 4, (), (51, 52, 53)),
    Length.MONTH: Manner(6, 3, 2, (), (12,)),
}


@dataclass(frozen=True, slots=True)
class Counts:
    """How many people used each tag in some periods: a row a period, a column a tag.

    ``ago`` says how many periods ago each row was; one is 0, the period that is judged. ``active``
    people uploaded anything in it, on so many days each, ``visits`` in sum. What is not ``known``
    of a tag is left out.
    """

    ago: Keys
    active: Numbers
    visits: Numbers
    people: Numbers
    known: Marks

    def rows(self, ago: Sequence[int]) -> Counts:
        """Return the rows of so many periods ago in which anybody uploaded anything."""
        chosen = np.isin(self.ago, ago) & (self.active > 0)
        return Counts(
            self.ago[chosen],
            self.active[chosen],
            self.visits[chosen],
            self.people[chosen],
            self.known[chosen],
        )


@dataclass(frozen=True, slots=True)
class Judged:
    """Of each tag: how many people would be usual, how sure and how large its growth is."""

    usual: Numbers
    growth: Numbers
    surely: Numbers
    chance: Numbers
    is_rising: Marks


def judge(counts: Counts, length: Length, *, per_visit: Numbers, min_people: int) -> Judged | None:
    """Compare a period with those before it. None: there is not enough history for that.

    ``per_visit`` is the share of visits, a visit being a person's day, on which each tag was used.
    """
    manner = MANNERS[length]
    now = counts.rows([0])
    recent = counts.rows(range(1, manner.recent + 1))
    if not len(now.ago) or len(recent.ago) < manner.least:
        return None
    bend = _bend(recent, per_visit)
    lately = _lately(recent, bend, manner.half_life)
    expected = _highest(
        [lately, _at_least(counts.rows(manner.alike), bend)]
        + [_at_least(counts.rows([ago]), bend) for ago in manner.year_ago]
    )
    usual = _people(expected.share, now, bend)[0]
    steadiness = _steadiness(recent, lately.share, bend)
    spread = 1 / steadiness + 1 / np.maximum(expected.evidence, UNSEEN)
    return _compare(now.people[0], usual, 1 / spread, min_people=min_people)


def _compare(people: Numbers, usual: Numbers, size: Numbers, *, min_people: int) -> Judged:
    from scipy.special import betainc  # only housekeeping asks

    # The chance of so many people or more, negative binomial of this mean and size.
    chance = np.where(people > 0, betainc(np.maximum(people, 1), size, usual / (usual + size)), 1.0)
    growth = (people + PRIOR_PEOPLE) / (usual + PRIOR_PEOPLE)
    is_rising = _unlikely(chance) & (growth >= LEAST_GROWTH) & (people >= min_people)
    least = surely(people, usual, prior=PRIOR_PEOPLE)
    return Judged(usual, growth, least, chance, is_rising)


def surely(people: Numbers, usual: Numbers, *, prior: float) -> Numbers:
    """Return how many times as many as usual there are at least, with 19 chances in 20.

    The lower bound of a gamma-Poisson posterior (DuMouchel 1999), whose prior is so many people,
    as many as usual.
    """
    from scipy.special import gammaincinv

    least: Numbers = gammaincinv(people + prior, 0.05) / (usual + prior)
    return least


def _unlikely(chance: Numbers) -> Marks:
    """Benjamini & Hochberg (1995): mark the most surprising, of which few are chance."""
    order = np.argsort(chance)
    bounds = FALSE_SHARE * np.arange(1, len(chance) + 1) / len(chance)
    passing = np.flatnonzero(chance[order] <= bounds)
    marked = np.zeros(len(chance), bool)
    if len(passing):
        marked[order[: passing[-1] + 1]] = True
    return marked


# --- What is usual ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Usual:
    """Which share of people use each tag who upload on one day, and how many people say so."""

    share: Numbers
    evidence: Numbers


def _bend(recent: Counts, per_visit: Numbers) -> Numbers:
    """Return of each tag how its share of people grows with the days on which they upload.

    The share goes with the days to this power: 1 when every day is another chance, as for rare
    tags, 0 when the same people use it every time. It joins two points, the share of visits and
    the share of people in a whole period, so that half a period can be compared with whole ones.
    """
    active, visits = recent.active.sum(), recent.visits.sum()
    days = np.log(visits / active)
    if days < 0.01:
        return np.ones(len(per_visit))
    share = ((recent.people * recent.known).sum(0) + UNSEEN) / (recent.known.T @ recent.active + 1)
    bend: Numbers = np.clip(np.log(share / per_visit) / days, 0, 1)
    return bend


def _share(people: Numbers, active: Numbers, visits: Numbers, bend: Numbers) -> Numbers:
    """Return the share of people who would use a tag on one day, from what it was on several."""
    active = np.maximum(active, 1)
    return people / active / np.maximum(visits / active, 1) ** bend


def _people(share: Numbers, at: Counts, bend: Numbers) -> Numbers:
    """Return how many people would use each tag in each period."""
    days = np.maximum(at.visits / np.maximum(at.active, 1), 1)[:, None]
    return at.active[:, None] * np.minimum(share[None, :] * days ** bend[None, :], 0.999)


def _lately(recent: Counts, bend: Numbers, half_life: float) -> _Usual:
    weights = (0.5 ** (recent.ago / half_life))[:, None] * recent.known
    people = (weights * recent.people).sum(0) + UNSEEN
    active = weights.T @ recent.active + 1
    visits = weights.T @ recent.visits + 1
    return _Usual(_share(people, active, visits, bend), people)


def _at_least(alike: Counts, bend: Numbers) -> _Usual:
    """Return what was usual in these periods, less one standard error: no more than is sure."""
    people = (alike.people * alike.known).sum(0)
    share = _share(
        np.maximum(people - np.sqrt(people), 0),
        alike.known.T @ alike.active,
        alike.known.T @ alike.visits,
        bend,
    )
    return _Usual(share, people)


def _highest(those: Sequence[_Usual]) -> _Usual:
    shares = np.array([one.share for one in those])
    evidence = np.array([one.evidence for one in those])
    which = shares.argmax(0)
    columns = np.arange(shares.shape[1])
    return _Usual(shares[which, columns], evidence[which, columns])


def _steadiness(recent: Counts, share: Numbers, bend: Numbers) -> float:
    """Return how steady this library's tags are from period to period: large when only by chance.

    The variance of a count of mean e is e + e²/steadiness; by moments, over all tags and periods in
    which at least a person was expected. A tag that really rose counts no more than 16 fold.
    """
    expected = _people(share, recent, bend)
    usable = recent.known & (expected >= 1)
    beyond = np.square(recent.people - expected) / np.maximum(expected, 1)
    by_chance = (1 - expected / recent.active[:, None]) * (1 - 1 / len(recent.ago))
    excess = ((np.minimum(beyond, 16) - by_chance) * usable).sum()
    total = (expected * usable).sum()
    inverse = (excess + STEADINESS_WEIGHT / STEADINESS) / (total + STEADINESS_WEIGHT)
    return float(1 / np.clip(inverse, 1 / MOST_STEADY, 1 / LEAST_STEADY))
