"""What has to happen every so often: lost tagging runs are rung for, counts noted, old rows go."""

from __future__ import annotations

import logging
import signal
import time
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable
from datetime import timedelta
from queue import Empty, SimpleQueue
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import DatabaseError, InterfaceError, close_old_connections
from django.db.models import Q
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from ... import acts, tagging, tags, vectors
from ...assets import jobs, notifying, partial
from ...interests import decks, profiles
from ...interests.popular import note_popular
from ...models import DeleteToken
from ...search.upkeep import complete_photos
from ...similar import drops, twins
from ...trends import upkeep as trends
from ..spaces import every_space

logger = logging.getLogger(__name__)

KEEP_TASKS_FOR = timedelta(days=1)
#: Rows deleted in one statement, so that nobody waits long for the database.
PRUNE_BATCH = 1000
HOURLY_S = 3600.0


class Command(BaseCommand):
    help = (
        "Rings again for tagging runs that fell out of the queue, notes on how many photos each "
        "tag is and which photos are popular, completes what searches need of older photos, keeps "
        "the indexes of similar photos and people, and deletes old task results and expired "
        "sessions. Once, or again and again with --every."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--every",
            type=_positive_seconds,
            metavar="SECONDS",
            help="Go on until told to stop (SIGTERM or SIGINT), pausing so long between rounds.",
        )

    def handle(self, *, every: float | None, **options: Any) -> None:
        if every is None:
            tidy()
            tidy_hourly()
            return
        _repeat(every, stop=_stop_signals())


def tidy() -> None:
    if rung := tagging.sweep():
        logger.info("Rang again for %s tagging runs.", rung)
    if going := acts.sweep():
        logger.info("Rang again for %s bulk acts.", going)
    if rung := drops.sweep() + twins.sweep() + notifying.sweep() + jobs.sweep():
        logger.info("Rang again for %s pictures to search by, twin scans and notifications.", rung)
    if count := trends.recount():
        logger.info("Counted the tags of %s days, weeks and months.", count)
    if count := profiles.sweep():
        logger.info("Worked out the interests of %s people.", count)
    prune_tasks()
    tags.note_counts_of_few()
    if count := complete_photos():
        logger.info("Completed what searches need of %s photos.", count)
    if written := vectors.refresh_indexes(every_space()):
        logger.info("Wrote %s indexes of what is near to what.", written)


def prune_tasks() -> None:
    """Delete task results a day after they ended, and tasks whose worker died a day ago."""
    before = timezone.now() - KEEP_TASKS_FOR
    old = DBTaskResult.objects.filter(
        Q(finished_at__lt=before) | Q(finished_at=None, started_at__lt=before)
    )
    while batch := list(old.values_list("pk", flat=True)[:PRUNE_BATCH]):
        DBTaskResult.objects.filter(pk__in=batch).delete()


def tidy_hourly() -> None:
    call_command("clearsessions")
    tags.note_counts()
    trends.recount(thorough=True)
    note_popular()
    profiles.forget_old_openings()
    decks.forget_old()
    notifying.forget_old()
    jobs.drop_old()
    partial.drop_old()
    DeleteToken.objects.filter(expires_at__lt=timezone.now()).delete()
    vectors.refresh_indexes(every_space(), thorough=True)


def _repeat(every: float, *, stop: SimpleQueue[int]) -> None:
    hourly_due = time.monotonic()
    while True:
        _attempt(tidy)
        if time.monotonic() >= hourly_due:
            _attempt(tidy_hourly)
            hourly_due += HOURLY_S
        try:
            stop.get(timeout=every)
        except Empty:
            continue
        return


def _attempt(work: Callable[[], None]) -> None:
    """Do the work on a connection that works; what the database refuses waits a round."""
    close_old_connections()
    try:
        work()
    except (DatabaseError, InterfaceError):
        logger.exception("Housekeeping could not %s; it tries again later.", work.__name__)


def _stop_signals() -> SimpleQueue[int]:
    """Turn SIGTERM and SIGINT into items of a queue, so that a round is never cut short."""
    received: SimpleQueue[int] = SimpleQueue()  # the one queue a signal handler may put into
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received_number, frame: received.put(received_number))
    return received


def _positive_seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds < float("inf"):
        raise ArgumentTypeError("must be a number of seconds above 0")
    return seconds
