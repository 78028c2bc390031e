"""How soon a rise is noticed, and how often there is none, beside two simple ways to tell.

    python bench/trends.py [--people 1500] [--days 560] [--seed 1]

Makes up what people upload day by day: tags by a Zipf law in topics that each person likes more or
less, more on weekends, topics that come and go by chance, that have a season or a day of the week,
one person who uploads thousands of photos at once, one who uploads the same words every day. Into
the last five months go rises of known size, which last three weeks. At the end of each day,
`gallery.trends.rising.judge` says what rises in that day, week and month so far.

Beside it the ten tags whose photos grew most (of those with ten photos), and the ten with the most
photos. What is named without a planted rise is false, also when it has a season.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from gallery.models import Length

ROOT = Path(__file__).resolve().parent.parent
TAGS, TOPICS = 1600, 160
FIRST_DAY = date(2023, 6, 1)
JUDGED_DAYS, LASTS, FADES = 150, 21, 31
SIZES = (2, 3, 5, 10)
#: People who use a tag in a usual week, of 1,500: from, to.
LEVELS = {"rare": (1, 4), "middling": (8, 25), "common": (30, 150)}
RISES_EACH = 6
MIN_PEOPLE, TOP = 3, 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=1500)
    parser.add_argument("--days", type=int, default=560)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="photolib-bench-") as folder:
        os.environ["PHOTOLIB_DATA_DIR"] = folder
        os.environ["DJANGO_SETTINGS_MODULE"] = "photolib.settings"
        sys.path.insert(0, str(ROOT))
        import django

        django.setup()
        chance = np.random.default_rng(asked.seed)
        uses = _uses(chance, people=asked.people, days=asked.days)
        rises = _plant(uses, chance, people=asked.people, days=asked.days)
        _report(Library(uses, asked.days), rises)


# --- What people upload -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rise:
    tag: int
    size: int
    level: str
    day: int


def _uses(chance: np.random.Generator, *, people: int, days: int) -> dict[int, np.ndarray]:
    """Return of each day its uses: rows of person, tag, photos."""
    topic_of_tag = chance.permutation(TAGS) % TOPICS
    common = 1 / np.arange(1, TAGS + 1)
    in_topic = [np.flatnonzero(topic_of_tag == topic) for topic in range(TOPICS)]
    in_topic_odds = [common[tags] / common[tags].sum() for tags in in_topic]
    weight = np.array([common[tags].sum() for tags in in_topic]) ** 0.7
    taste = chance.gamma(0.08, size=(people, TOPICS)) * weight + 1e-6 * weight
    activity = np.minimum(chance.lognormal(-2.6, 0.9, people), 0.9)
    drift = np.zeros(TOPICS)
    found = {}
    for day in range(days):
        if day % 7 == 0:
            drift = 0.8 * drift + chance.normal(0, 0.15, TOPICS)
        now = np.exp(drift) * _season(day) * weight / weight
        rhythm = 1.6 if _date(day).weekday() >= 5 else 1.0
        active = np.flatnonzero(
            chance.random(people) < activity * rhythm * chance.uniform(0.8, 1.2)
        )
        odds = taste[active] * now
        odds /= odds.sum(1, keepdims=True)
        found[day] = _merged(
            [_of_person(person, one, in_topic, in_topic_odds, common, chance)
             for person, one in zip(active, odds, strict=True)]
            + [_spam(day, people, chance)] + [_bulk(day, people + 1, chance)]
        )  # fmt: skip
    return found


def _of_person(
    person: int, odds: np.ndarray, in_topic: list[np.ndarray], in_odds: list[np.ndarray],
    common: np.ndarray, chance: np.random.Generator,
) -> np.ndarray:  # fmt: skip
    """One person's photos of a day: of one or two topics, three words of a topic, two of all."""
    tags: list[np.ndarray] = []
    for topic in chance.choice(TOPICS, chance.integers(1, 3), p=odds):
        photos = chance.geometric(0.4)
        tags.append(chance.choice(in_topic[topic], 3 * photos, p=in_odds[topic]))
    every = np.concatenate(tags)
    more = (TAGS ** chance.random(len(every) // 2)).astype(int) - 1  # by Zipf's law
    words, photos = np.unique(np.concatenate([every, more]), return_counts=True)
    return np.stack([np.full(len(words), person), words, photos], 1)


def _season(day: int) -> np.ndarray:
    """Return how much each topic is in season: eight for some weeks, four on Sundays."""
    now = np.ones(TOPICS)
    days = _date(day).timetuple().tm_yday
    for topic in range(8):
        off = (days - 300 - 11 * topic + 182) % 365 - 182
        now[topic] = 0.2 + 12 * np.exp(-((off / 8) ** 2))
    if _date(day).weekday() == 6:
        now[8:12] = 6
    return now


def _spam(day: int, person: int, chance: np.random.Generator) -> np.ndarray:
    """One person uploads sixty photos every day, of the same twenty words for a week."""
    words = np.random.default_rng(day // 7).choice(np.arange(300, TAGS), 20, replace=False)
    return np.stack([np.full(20, person), words, np.full(20, 60)], 1)


def _bulk(day: int, person: int, chance: np.random.Generator) -> np.ndarray:
    """Another one uploads three thousand photos of a journey every twelfth day."""
    if day % 12:
        return np.empty((0, 3), int)
    words = chance.choice(np.arange(100, TAGS), 40, replace=False)
    return np.stack([np.full(40, person), words, chance.integers(50, 3000, 40)], 1)


def _merged(parts: list[np.ndarray]) -> np.ndarray:
    return np.concatenate(parts).astype(np.int64)


def _plant(
    uses: dict[int, np.ndarray], chance: np.random.Generator, *, people: int, days: int
) -> list[Rise]:
    """Have more people use some tags for three weeks, so many times as many as did before."""
    before = np.concatenate(
        [uses[day] for day in range(days - JUDGED_DAYS - 56, days - JUDGED_DAYS)]
    )
    visits = len(np.unique(before[:, 0])) and sum(
        len(np.unique(uses[day][:, 0]))
        for day in range(days - JUDGED_DAYS - 56, days - JUDGED_DAYS)
    )
    usual = np.bincount(before[:, 1], minlength=TAGS) / 8
    rises, taken = [], set(range(12))
    for level, (low, high) in LEVELS.items():
        low, high = low * people / 1500, high * people / 1500
        fitting = [
            tag for tag in np.flatnonzero((usual >= low) & (usual <= high)) if tag not in taken
        ]
        for size in SIZES:
            for tag in chance.choice(fitting, RISES_EACH, replace=False):
                fitting.remove(tag)
                start = int(chance.integers(days - JUDGED_DAYS + 1, days - LASTS - 7))
                rises.append(Rise(int(tag), size, level, start))
    for rise in rises:
        share = usual[rise.tag] * 8 / visits * (rise.size - 1)
        for day in range(rise.day, rise.day + LASTS):
            active = np.unique(uses[day][:, 0])
            more = active[chance.random(len(active)) < share]
            rows = np.stack(
                [more, np.full(len(more), rise.tag), chance.integers(1, 4, len(more))], 1
            )
            uses[day] = np.concatenate([uses[day], rows])
    return rises


def _date(day: int) -> date:
    return FIRST_DAY + timedelta(days=day)


# --- Counting ---------------------------------------------------------------------------------


class Library:
    """Counts by period, up to the end of any day."""

    def __init__(self, uses: dict[int, np.ndarray], days: int) -> None:
        self.uses, self.days = uses, days
        self._closed: dict[tuple[str, date], tuple[np.ndarray, np.ndarray, int, int]] = {}

    def counted(self, length: Length, today: int) -> Iterator[tuple[int, tuple]]:
        """Yield how many periods ago each is, and its people, photos, active people and visits."""
        from gallery.trends.periods import Span

        span = Span.of(length, _date(today))
        yield 0, self._count(span.start, _date(today) + timedelta(days=1))
        for ago in range(1, {"day": 368, "week": 54, "month": 13}[length]):
            past = span.before(ago)
            if past.start < FIRST_DAY:
                return
            key = (length, past.start)
            if key not in self._closed:
                self._closed[key] = self._count(past.start, past.end)
            yield ago, self._closed[key]

    def _count(self, start: date, end: date) -> tuple[np.ndarray, np.ndarray, int, int]:
        first, last = (start - FIRST_DAY).days, (end - FIRST_DAY).days
        parts = [self.uses[day] for day in range(first, last)]
        rows = np.concatenate(parts)
        once = np.unique(rows[:, 0] * TAGS + rows[:, 1])
        people = np.bincount(once % TAGS, minlength=TAGS)
        photos = np.bincount(rows[:, 1], rows[:, 2], minlength=TAGS)
        visits = sum(len(np.unique(part[:, 0])) for part in parts)
        uses = np.bincount(rows[:, 1], minlength=TAGS)
        return people, photos, len(np.unique(rows[:, 0])), visits, uses


# --- Telling ----------------------------------------------------------------------------------


def _ours(rows: list[tuple[int, tuple]], length: Length) -> np.ndarray:
    from gallery.trends.rising import MANNERS, UNSEEN, Counts, judge

    ago, counted = zip(*rows, strict=True)
    people = np.array([one[0] for one in counted], float)
    counts = Counts(
        np.array(ago), np.array([one[2] for one in counted], float),
        np.array([one[3] for one in counted], float), people, np.ones(people.shape, bool),
    )  # fmt: skip
    recent = [one for ago, one in rows if 1 <= ago <= MANNERS[length].recent]
    uses, visits = sum(one[4] for one in recent), sum(one[3] for one in recent)
    per_visit = (uses + UNSEEN) / (visits + 1)
    judged = judge(counts, length, per_visit=per_visit, min_people=MIN_PEOPLE)
    return np.flatnonzero(judged.is_rising) if judged else np.empty(0, int)


def _growth(rows: list[tuple[int, tuple]], length: Length) -> np.ndarray:
    """The ten tags of which there are so many more photos than in the mean of eight periods."""
    now = rows[0][1][1]
    before = np.mean([one[1] for ago, one in rows[1:9]], axis=0)
    ratio = np.where(now >= 10, now / np.maximum(before, 1e-9), 0)
    return np.argsort(-ratio, kind="stable")[:TOP]


def _most(rows: list[tuple[int, tuple]], length: Length) -> np.ndarray:
    return np.argsort(-rows[0][1][1], kind="stable")[:TOP]


WAYS: dict[str, Callable[[list[tuple[int, tuple]], Length], np.ndarray]] = {
    "ours": _ours, "growth in photos": _growth, "count of photos": _most,
}  # fmt: skip


def _report(library: Library, rises: list[Rise]) -> None:
    from gallery.models import Length
    from gallery.trends.periods import Span

    true = defaultdict(set)
    for rise in rises:
        for day in range(rise.day, rise.day + LASTS + FADES):
            true[day].add(rise.tag)
    judged = range(library.days - JUDGED_DAYS, library.days)
    for length in Length:
        named: dict[str, dict[int, set[int]]] = {way: {} for way in WAYS}
        tested = 0
        for day in judged:
            rows = list(library.counted(length, day))
            tested += int((rows[0][1][0] >= MIN_PEOPLE).sum())
            for way, tell in WAYS.items():
                named[way][day] = {int(tag) for tag in tell(rows, length)}
        for way in WAYS:
            _print_rises(length, way, rises, named[way])
            false = {
                (Span.of(length, _date(day)), tag)
                for day in judged for tag in named[way][day] - true[day]
            }  # fmt: skip
            periods = len({Span.of(length, _date(day)) for day in judged})
            daily = sum(len(named[way][day] - true[day]) for day in judged) / len(judged)
            names = sum(len(named[way][day]) for day in judged) / len(judged)
            print(
                f"{length:6}{way:18} named {names:5.1f} on a day, falsely {daily:5.2f}; "
                f"false per 1,000 tags and periods {1000 * len(false) / (TAGS * periods):6.2f}"
            )


def _print_rises(length: str, way: str, rises: list[Rise], named: dict[int, set[int]]) -> None:
    for level in LEVELS:
        told = []
        for size in SIZES:
            waits = []
            for rise in rises:
                if (rise.size, rise.level) == (size, level):
                    days = range(rise.day, rise.day + LASTS)
                    waits.append(
                        next((day - rise.day + 1 for day in days if rise.tag in named[day]), None)
                    )
            noticed = [wait for wait in waits if wait is not None]
            when = f"{np.median(noticed):4.1f} d" if noticed else "   -  "
            told.append(f"×{size}: {len(noticed)}/{len(waits)} {when}")
        print(f"{length:6}{way:18} {level:9} " + "   ".join(told))


if __name__ == "__main__":
    main()
