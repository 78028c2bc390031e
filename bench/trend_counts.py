"""What trends cost housekeeping and a page, in a made-up library.

    python bench/trend_counts.py [--photos 100000] [--database URL]

Fills a temporary SQLite database, or a database that is named, with the library of
`bench/synthetic.py` as far as it is not there already, and takes its last day for today.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import numpy as np
import synthetic


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=100_000)
    parser.add_argument("--database", help="made or filled up; SQLite in a folder of its own")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="photolib-bench-") as folder:
        os.environ["PHOTOLIB_DATA_DIR"] = folder
        synthetic.set_up(asked.database or f"sqlite:///{folder}/library.sqlite3")
        synthetic.build(asked.photos)
        _measure()


def _measure() -> None:
    from django.contrib.auth.models import AnonymousUser
    from django.utils import timezone

    from gallery import trends
    from gallery.models import Length, Period, Photo, Tag, TagCount
    from gallery.trends import counting, upkeep
    from gallery.trends.periods import Span
    from gallery.trends.reports import make_reports

    Period.objects.all().delete()
    last = Photo.objects.order_by("-created_at").values_list("created_at", flat=True)[0]
    real = timezone.now()
    timezone.now = lambda: last + (datetime.now(tz=real.tzinfo) - real)
    photos, days = Photo.objects.count(), Photo.objects.filter(created_at__gt=last - timedelta(1))
    _say("photos, of the last day", f"{photos:,}, {days.count():,}")
    for length in Length:
        _say(f"counting a {length}", f"{_seconds(partial(counting.count, Span.now(length))):.2f} s")
    upkeep.ROUND_S = 1e9
    _say("counting all of the past", f"{_seconds(upkeep.recount):.0f} s")
    _say("periods, rows", f"{Period.objects.count():,}, {TagCount.objects.count():,}")
    for length in Length:
        _say(f"reports of a {length}", f"{_seconds(partial(make_reports, length)):.2f} s")
    hourly = _seconds(lambda: upkeep.recount(thorough=True))
    _say("what is done once an hour", f"{hourly:.1f} s")
    _say("a round without work", f"{1e3 * _seconds(upkeep.recount):.1f} ms")
    anyone, tags = AnonymousUser(), list(Tag.objects.order_by("?")[:50])
    for length in Length:
        _say_times(f"a page by {length}", partial(trends.trends_for, anyone, length))
    some = iter(tags * 10)
    _say_times("a tag's page", lambda: trends.history_of(next(some), anyone, Length.WEEK))
    keys = iter(Photo.objects.order_by("?").values_list("pk", flat=True)[:60])
    _say_times("hiding a photo", lambda: _rolled_back(lambda: counting.note_hidden([next(keys)])))
    _say("memory at most", f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def _rolled_back(work: Callable[[], object]) -> None:
    from django.db import transaction

    with transaction.atomic():
        work()
        transaction.set_rollback(True)


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _say_times(what: str, work: Callable[[], object]) -> None:
    times = [1e3 * _seconds(work) for _ in range(50)]
    _say(what, f"median {np.median(times):.1f} ms, 95 %: {np.percentile(times, 95):.1f} ms")


def _say(what: str, found: str) -> None:
    print(f"{what:28}{found}", flush=True)


if __name__ == "__main__":
    main()
