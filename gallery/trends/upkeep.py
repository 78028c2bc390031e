"""What housekeeping does for trends: counts what is due, for a few seconds at a time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import date

from ..models import Length, Period, Photo
from .counting import count
from .periods import Span, day_of
from .reports import make_reports

#: So many periods of each length are kept: enough to look back on the same time a year ago.
KEPT = {Length.DAY: 400, Length.WEEK: 120, Length.MONTH: 60}
#: No more periods are begun in one round after so long; the next round goes on.
ROUND_S = 5.0


def recount(*, thorough: bool = False) -> int:
    """Count what is due, and make the reports of it; return how many periods were counted.

    Due is what was never counted, what changed since, and what ended since; if ``thorough``, as
    once an hour, also what still lasts. The newest first.
    """
    begun, counted = time.monotonic(), []
    for span in _due(thorough=thorough):
        count(span)
        counted.append(span)
        if time.monotonic() - begun > ROUND_S:
            break
    for length in Length:
        if any(span.length == length for span in counted):
            make_reports(length)
    if thorough:
        _forget_old()
    return len(counted)


def _due(*, thorough: bool) -> list[Span]:
    known = {Span(Length(one.length), one.start): one for one in Period.objects.order_by()}
    those = {*known, *_kept()}  # also those before the first photo, once there were some
    due = [span for span in those if _is_due(span, known.get(span), thorough=thorough)]
    return sorted(due, key=lambda span: (span.end, span.start), reverse=True)


def _kept() -> Iterator[Span]:
    """Yield the periods that are kept, from now back to the first photo."""
    arrived = Photo.objects.order_by("created_at").values_list("created_at", flat=True).first()
    if arrived is None:
        return
    for length, most in KEPT.items():
        for ago in range(most):
            span = Span.now(length).before(ago)
            if span.end <= day_of(arrived):
                break
            yield span


def _is_due(span: Span, period: Period | None, *, thorough: bool) -> bool:
    if period is None or period.counted_at is None or period.changed_at is not None:
        return True
    was_over = period.counted_at >= span.bounds[1]
    return not was_over and (thorough or span.is_over)


def _forget_old() -> None:
    for length, most in KEPT.items():
        oldest: date = Span.now(length).before(most).start
        Period.objects.filter(length=length, start__lte=oldest).delete()
