"""What came of the counts: a report for each length, of public photos and of all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import numpy as np
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from ..models import Length, PhotoTag, Tag, TrendReport, Visibility
from . import counting
from .periods import PLOTTED, TOLD, Span
from .rising import Marks, judge
from .tables import Table, per_visit, read_table
from .together import Uses, pairs, read_uses

MOST_RISING, MOST_NEW, MOST_COMMON = 60, 30, 12


def make_reports(length: Length) -> None:
    """Work out what is to be told of a length, and show again what was withheld until then."""
    uses_of = cache(read_uses)
    made = {one.is_public: one.told for one in TrendReport.objects.filter(length=length)}
    told: dict[bool, dict[str, Any]] = {True: {}, False: {}}
    for is_public, sections in told.items():
        table = read_table(length, is_public=is_public)
        for name, ago in TOLD.items():
            section, old = _Section(table, ago), made.get(is_public, {}).get(name, {})
            is_same = old.get("as_of") == section.as_of
            sections[name] = old if is_same else section.tell(uses_of)
    with transaction.atomic():
        for is_public, sections in told.items():
            TrendReport.objects.update_or_create(
                length=length,
                is_public=is_public,
                defaults={"made_at": timezone.now(), "told": sections},
            )
        counting.release(length)


class _Section:
    """What a report tells of one period, by the key of each tag."""

    def __init__(self, table: Table, ago: int) -> None:
        self.table, self.ago = table, ago
        self.span = Span.now(table.length).before(ago)
        self.counts = table.counts(ago)
        self.row = int(np.searchsorted(table.ago, ago))
        self.is_counted = ago in table.ago
        if self.is_counted:
            self.people = table.people[self.row]
            self.may_name: Marks = table.known[self.row] & (self.people >= settings.MIN_PEOPLE)

    @property
    def as_of(self) -> str:
        """Changes with whatever the section is made of."""
        counted = [str(one.counted_at) for one in self.table.periods[self.row :]]
        return f"{self.span.start} {max(counted, default='')} {settings.MIN_PEOPLE}"

    def tell(self, uses_of: Callable[[Span], Uses]) -> dict[str, Any]:
        told: dict[str, Any] = {"as_of": self.as_of, "start": self.span.start.isoformat()}
        if not self.is_counted:
            return told
        uses = uses_of(self.span).public() if self.table.is_public else uses_of(self.span)
        uses = uses.of(self.table.tags[self.may_name])
        totals = ("people", "photos")
        return (
            told
            | {name: int(self.table.total(name)[self.row]) for name in totals}
            | self._grown(uses)
            | {"together": self._together(uses), "common": self._common()}
        )

    def _grown(self, uses: Uses) -> dict[str, Any]:
        """Tell of what rises, and of what is new and does not."""
        new = self._new()
        judged = judge(
            self.counts,
            self.table.length,
            per_visit=per_visit(self.table, self.ago),
            min_people=settings.MIN_PEOPLE,
        )
        if judged is None:
            return {"has_history": False, "rising": [], "new": self._all(new[:MOST_NEW], uses)}
        found = np.flatnonzero(judged.is_rising & self.may_name)
        best = found[np.argsort(-judged.surely[found], kind="stable")][:MOST_RISING].tolist()
        rising = [
            one | {"usual": float(judged.usual[at]), "is_new": at in new}
            for at, one in zip(best, self._all(best, uses), strict=True)
        ]
        rest = [at for at in new if at not in best]
        return {"has_history": True, "rising": rising, "new": self._all(rest[:MOST_NEW], uses)}

    def _all(self, those: list[int], uses: Uses) -> list[dict[str, Any]]:
        return [self._one(at, uses) for at in those]

    def _one(self, at: int, uses: Uses) -> dict[str, Any]:
        tag = int(self.table.tags[at])
        return {
            "tag": tag,
            "people": int(self.people[at]),
            "photos": int(self.table.photos[self.row, at]),
            "plot": self._plot(at),
            "examples": uses.examples(tag),
        }

    def _plot(self, at: int) -> list[tuple[str, int | None]]:
        """Return the first day of each period, the oldest first, and how many people used a tag."""
        people = self.table.people[:, at].tolist()
        known = self.table.known[:, at].tolist()
        value_of = {
            period.start: int(count) if is_known else None
            for period, count, is_known in zip(self.table.periods, people, known, strict=True)
        }
        spans = [self.span.before(ago) for ago in range(PLOTTED[self.table.length])]
        return [(span.start.isoformat(), value_of.get(span.start)) for span in reversed(spans)]

    def _new(self) -> list[int]:
        """Return the tags that nobody used before, if there was a before; the commonest first."""
        before = self.counts.people[1:].sum(0)
        candidates = np.flatnonzero(self.may_name & (before == 0))
        if not self.counts.active[1:].any():
            return []
        used = _used_before(self.span, self.table.tags[candidates].tolist(), self.table.is_public)
        new = [at for at in candidates.tolist() if int(self.table.tags[at]) not in used]
        return sorted(new, key=lambda at: -self.people[at])

    def _together(self, uses: Uses) -> list[dict[str, Any]]:
        people = dict(zip(self.table.tags.tolist(), self.people.tolist(), strict=True))
        told = []
        for pair in pairs(uses, min_people=settings.MIN_PEOPLE):
            rarer, other = sorted(pair.tags, key=lambda tag: people[tag])
            examples = uses.examples(rarer, other)
            told.append(
                {"tags": [rarer, other], "people": pair.people, "of": int(people[rarer]),
                 "examples": examples}
            )  # fmt: skip
        return told

    def _common(self) -> list[dict[str, Any]]:
        """Tell of the tags that most people used, of all and of each category."""
        named = np.flatnonzero(self.may_name)
        ranked = named[np.argsort(-self.people[named], kind="stable")].tolist()
        categories = _categories(int(self.table.tags[at]) for at in ranked)
        told, seen = [], Counter[str]()
        for place, at in enumerate(ranked):
            tag = int(self.table.tags[at])
            seen[categories.get(tag, "")] += 1
            if place < MOST_COMMON or seen[categories.get(tag, "")] <= MOST_COMMON:
                photos = int(self.table.photos[self.row, at])
                told.append({"tag": tag, "people": int(self.people[at]), "photos": photos})
        return told


def _used_before(span: Span, tags: list[int], is_public: bool) -> set[int]:
    earlier = PhotoTag.objects.shown().filter(
        tag=OuterRef("pk"), photo__created_at__lt=span.bounds[0]
    )
    if is_public:
        earlier = earlier.filter(photo__visibility=Visibility.PUBLIC)
    return set(Tag.objects.filter(Exists(earlier), pk__in=tags).values_list("pk", flat=True))


def _categories(tags: Iterable[int]) -> dict[int, str]:
    return dict(Tag.objects.filter(pk__in=list(tags)).values_list("pk", "category"))
