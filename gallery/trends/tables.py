"""The counts of periods as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from django.db.models import Sum

from ..models import Length, Period, TagCount
from .periods import PLOTTED, Span
from .rising import MANNERS, UNSEEN, Counts, Keys, Marks, Numbers


@dataclass(frozen=True, slots=True)
class Table:
    """Counts of all photos or of public ones: a row a period, the newest first; a column a tag."""

    length: Length
    is_public: bool
    periods: list[Period]
    tags: Keys
    people: Numbers
    photos: Numbers
    known: Marks

    @property
    def ago(self) -> Keys:
        places = {Span.now(self.length).before(ago).start: ago for ago in _wanted(self.length)}
        return np.array([places[one.start] for one in self.periods], np.int64)

    def total(self, name: str) -> Numbers:
        """Return the people, photos or visits of each period."""
        prefix = "public_" if self.is_public else ""
        return np.array([getattr(one, prefix + name) for one in self.periods], np.float64)

    def counts(self, ago: int) -> Counts:
        """Return what there is to judge the period so many periods ago by."""
        until = self.ago >= ago
        return Counts(
            self.ago[until] - ago, self.total("people")[until], self.total("visits")[until],
            self.people[until], self.known[until],
        )  # fmt: skip


def read_table(length: Length, *, is_public: bool) -> Table:
    """Read as many periods as reports of this length look back on. Two statements."""
    now = Span.now(length)
    starts = [now.before(ago).start for ago in _wanted(length)]
    found = Period.objects.filter(length=length, start__in=starts, counted_at__isnull=False)
    periods = list(found.order_by("-start"))
    prefix = "public_" if is_public else ""
    columns = ("period_id", "tag_id", f"{prefix}people", f"{prefix}photos", "is_withheld")
    rows = TagCount.objects.filter(period__in=[one.pk for one in periods]).order_by()
    read = np.array(list(rows.values_list(*columns)), np.int64).reshape(-1, 5)
    tags, at_tag = np.unique(read[:, 1], return_inverse=True)
    row_of = {one.pk: row for row, one in enumerate(periods)}
    at = (np.array([row_of[key] for key in read[:, 0].tolist()], np.int64), at_tag)
    people, photos = np.zeros((len(periods), len(tags))), np.zeros((len(periods), len(tags)))
    people[at], photos[at] = read[:, 2], read[:, 3]
    known = np.ones(people.shape, bool)
    if is_public:
        known[at] = read[:, 4] == 0
        known[[one.changed_at is None for one in periods]] = True  # counted again since
    return Table(length, is_public, periods, tags, people, photos, known)


def _wanted(length: Length) -> list[int]:
    """How many periods ago those are that the present period and the last are compared with."""
    manner = MANNERS[length]
    back = max(PLOTTED[length], manner.recent + 1)
    a_year_ago = {ago + one for ago in manner.year_ago for one in (0, 1)}
    return sorted({*range(back + 1), *a_year_ago})


def per_visit(table: Table, ago: int) -> Numbers:
    """Return on which share of visits each tag was used in the periods before one; from days."""
    recent = table.counts(ago).rows(range(1, MANNERS[table.length].recent + 1))
    visits = float(recent.visits.sum())
    used: Numbers = recent.people.sum(0)
    if table.length != Length.DAY:
        used_by_day, visits_by_day = _uses_by_day(table, ago)
        if visits_by_day > visits / 2:
            used, visits = used_by_day, visits_by_day
    return (used + UNSEEN) / (visits + 1)


def _uses_by_day(table: Table, ago: int) -> tuple[Numbers, float]:
    """Return on how many days how many people used each tag, in sum, and all visits there were."""
    first = Span.now(table.length).before(ago + MANNERS[table.length].recent)
    last = Span.now(table.length).before(ago)
    days = Period.objects.filter(length=Length.DAY, start__gte=first.start, start__lt=last.start)
    field = "public_people" if table.is_public else "people"
    counted = days.aggregate(sum=Sum(field))["sum"] or 0
    rows = TagCount.objects.filter(period__in=days.values("pk")).order_by().values_list("tag_id")
    uses = dict(rows.annotate(sum=Sum(field)))
    return np.array([uses.get(tag, 0) for tag in table.tags.tolist()], np.float64), float(counted)
