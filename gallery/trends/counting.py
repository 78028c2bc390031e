"""How many people used each tag in a period: counted anew, and marked when that is due."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone

from ..models import Length, Period, Photo, PhotoTag, TagCount, Visibility
from ..models.tagging import SHOWN_STATES
from .periods import Span, day_of


@dataclass(slots=True)
class _Totals:
    people: int
    photos: int
    visits: int


def count(span: Span) -> Period:
    """Count a period, replacing what was counted before. Reads each of its assignments once.

    Counts that are withheld stay so, for what was worked out of them is still there: see
    `release`. If a photo of it was hidden meanwhile, the period stays due.
    """
    period, _ = Period.objects.get_or_create(length=span.length, start=span.start)
    seen, counted_at = period.changed_at, timezone.now()
    every, public = _totals(span)
    counts = _tag_counts(span)
    with transaction.atomic():
        period = Period.objects.select_for_update(no_key=True).get(pk=period.pk)
        known = TagCount.objects.filter(period=period)
        withheld = set(known.filter(is_withheld=True).values_list("tag_id", flat=True))
        known.delete()
        for tag in withheld - counts.keys():
            counts[tag] = (0, 0, 0, 0)
        TagCount.objects.bulk_create(
            [
                TagCount(
                    period=period, tag_id=tag, people=people, photos=photos,
                    public_people=public_people, public_photos=public_photos,
                    is_withheld=tag in withheld,
                )
                for tag, (people, photos, public_people, public_photos) in counts.items()
            ],
            batch_size=500,
        )  # fmt: skip
        period.people, period.photos, period.visits = every.people, every.photos, every.visits
        period.public_people, period.public_photos = public.people, public.photos
        period.public_visits, period.counted_at = public.visits, counted_at
        if period.changed_at == seen:
            period.changed_at = None
        period.save()
    return period


def _totals(span: Span) -> tuple[_Totals, _Totals]:
    """Return the totals of all photos of a period, and of the public ones."""
    visits = (
        Photo.objects.filter(within("created_at", span))
        .order_by()
        .annotate(day=TruncDate("created_at", tzinfo=timezone.get_default_timezone()))
        .values_list("owner_id", "day")
        .annotate(count=Count("pk"), public=Count("pk", Q(visibility=Visibility.PUBLIC)))
    )
    people: tuple[set[int], set[int]] = (set(), set())
    totals = _Totals(0, 0, 0), _Totals(0, 0, 0)
    for owner, _, *counts in visits.iterator():
        for number, met, total in zip(counts, people, totals, strict=True):
            if number:
                met.add(owner)
                total.photos += number
                total.visits += 1
    for met, total in zip(people, totals, strict=True):
        total.people = len(met)
    return totals


def _tag_counts(span: Span) -> dict[int, tuple[int, int, int, int]]:
    """Return people and photos of each tag, and people and photos among the public ones."""
    in_public = Q(photo__visibility=Visibility.PUBLIC)
    rows = (
        PhotoTag.objects.filter(within("photo__created_at", span), state__in=SHOWN_STATES)
        .order_by()
        .values_list("tag_id")
        .annotate(
            people=Count("photo__owner", distinct=True),
            photos=Count("pk"),
            public_people=Count("photo__owner", in_public, distinct=True),
            public_photos=Count("pk", in_public),
        )
    )
    return {tag: tuple(counts) for tag, *counts in rows}


def within(field: str, span: Span) -> Q:
    begin, end = span.bounds
    return Q((f"{field}__gte", begin), (f"{field}__lt", end))


# --- Photos that change -----------------------------------------------------------------------


def note_hidden(photo_ids: Collection[int]) -> None:
    """Withhold the counts of photos that are public no longer, within the caller's transaction."""
    if periods := _hold_periods(_spans_of(photo_ids)):
        tags = PhotoTag.objects.shown().filter(photo__in=photo_ids).values("tag")
        TagCount.objects.filter(period__in=periods, tag__in=tags).update(is_withheld=True)


def note_change(photo_ids: Collection[int]) -> None:
    """Have periods that are over counted anew; those that last are counted again anyhow."""
    with transaction.atomic(savepoint=False):
        _hold_periods({span for span in _spans_of(photo_ids) if span.is_over})


def count_anew(periods: QuerySet[Period]) -> int:
    """Have housekeeping count these periods in its next rounds; return how many they are."""
    return periods.update(changed_at=timezone.now())


def release(length: Length) -> None:
    """Show all counts again that are right, now that all that was worked out of them is so too."""
    TagCount.objects.filter(
        period__length=length, period__changed_at=None, is_withheld=True
    ).update(is_withheld=False)


def _spans_of(photo_ids: Collection[int]) -> set[Span]:
    photos = Photo.objects.filter(pk__in=photo_ids).order_by("pk")
    held = photos.select_for_update(no_key=True)  # photos first, as everybody who changes them
    days = {day_of(instant) for instant in held.values_list("created_at", flat=True)}
    return {Span.of(length, day) for day in days for length in Length}


def _hold_periods(spans: Collection[Span]) -> list[int]:
    """Note that periods have to be counted anew; nobody does before this transaction ends."""
    if not spans:
        return []
    starts: dict[Length, list[date]] = defaultdict(list)
    for span in spans:
        starts[span.length].append(span.start)
    asked = [Q(length=length, start__in=some) for length, some in starts.items()]
    periods = Period.objects.filter(Q(*asked, _connector=Q.OR)).order_by("pk")
    keys = list(periods.select_for_update(no_key=True).values_list("pk", flat=True))
    Period.objects.filter(pk__in=keys).update(changed_at=timezone.now())
    return keys
