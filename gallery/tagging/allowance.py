"""What the site allows each tagger: so many photos at once, and so many a month."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from ..models import TaggerUsage, TaggingRun
from ..taggers import Terms, terms_of


def claim(run: TaggingRun, *, lease: timedelta) -> bool:
    """Claim a run if its tagger may be asked now; False when it may not, or another has it.

    A tagger that was asked about as many photos as it may be in a month gets the run next month.
    """
    terms = terms_of(run.tagger)
    if terms.concurrency is None and terms.monthly_photos is None:
        return run.claim(lease=lease)
    return _claim_within(run, terms, lease)


@transaction.atomic
def _claim_within(run: TaggingRun, terms: Terms, lease: timedelta) -> bool:
    usage = TaggerUsage.this_month(run.tagger)  # one worker at a time goes on from here
    if terms.monthly_photos is not None and usage.photos >= terms.monthly_photos:
        run.postpone(_used_up(run.tagger, terms), retry_at=usage.next_month)
        return False
    at_work = TaggingRun.objects.at_work(run.tagger).count()
    if terms.concurrency is not None and at_work >= terms.concurrency:
        return False
    if not run.claim(lease=lease):
        return False
    usage.photos += 1
    usage.save(update_fields=["photos"])
    return True


def _used_up(tagger: str, terms: Terms) -> str:
    return (
        f"This site asks “{tagger}” about no more than {terms.monthly_photos:,} photos a month; "
        "that many were asked about."
    )


def give_turn(tagger: str) -> None:
    """Ring for the run that has waited longest for a tagger with a limit on photos at once."""
    if terms_of(tagger).concurrency is None:
        return
    if (
        waiting := TaggingRun.objects.unfinished()
        .filter(tagger=tagger, status="queued", act=None)
        .order_by("pk")
        .first()
    ):
        waiting.rung_at = timezone.now()
        waiting.save(update_fields=["rung_at"])
