"""How quick and how right `nearest` is, and what its index costs, beside looking at every photo.

    python bench/similar.py [--photos 100000] [--database URL] [--keep FOLDER]
    python bench/similar.py --database URL --vectors pgvector

Stores made-up photos with features through the real models, in a temporary SQLite database or in
an empty database that is named, has the index made as housekeeping does, and asks for the photos
nearest to 200 of them. The features are shaped like those of the bundled model on real photos: as
many zeros, about as alike (cosine 0.3 between any two, 0.8 within a series), with as many axes that
matter. They come in 1,000 clusters by a Zipf law, and in series of six within those.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from gallery.models import Photo

ROOT = Path(__file__).resolve().parent.parent
MODEL = "bench/1"
DIMENSIONS, CLUSTERS, SERIES = 1280, 1000, 6
#: Shares of what a photo is: its cluster's, its series', its own.
SHARES = (0.55, 0.2, 0.25)
QUESTIONS, BATCH, COMPARED = 200, 6000, 20
PARTS = ("fill", "index", "exact", "ask", "add")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=100_000)
    parser.add_argument("--database", help="of an empty database; SQLite in a folder of its own")
    parser.add_argument("--vectors", choices=("embedded", "pgvector"), default="embedded")
    parser.add_argument("--keep", type=Path, help="a folder to keep everything in, and to go on in")
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.part:
        _set_up(asked)
        work = {"fill": partial(_fill, asked.photos), "index": _index, "exact": _exact}
        (work | {"ask": _ask, "add": _add})[asked.part]()
        return
    with tempfile.TemporaryDirectory(prefix="photolib-bench-") as folder:
        # Each in a process of its own, so that its memory is its own too.
        for part in PARTS:
            again = [sys.executable, __file__, *sys.argv[1:], "--part", part]
            subprocess.run([*again, "--keep", str(asked.keep or folder)], check=True)


def _set_up(asked: argparse.Namespace) -> None:
    os.environ["PHOTOLIB_DATA_DIR"] = str(asked.keep)
    if asked.database:
        os.environ["DATABASE_URL"] = asked.database
    else:
        os.environ.pop("DATABASE_URL", None)
    os.environ["PHOTOLIB_VECTORS"] = asked.vectors
    os.environ["DJANGO_SETTINGS_MODULE"] = "photolib.settings"
    sys.path.insert(0, str(ROOT))
    import django

    django.setup()


# --- Filling ----------------------------------------------------------------------------------


def _fill(count: int) -> None:
    from django.core.management import call_command

    from gallery.models import Fingerprint

    call_command("migrate", verbosity=0)
    have, started = Fingerprint.objects.count(), time.perf_counter()
    for features in _features(count, skip=have):
        _store(features)
        have += len(features)
        if have % (BATCH * 20) == 0:
            print(f"  {have:>9,} photos, {time.perf_counter() - started:.0f} s", flush=True)


def _store(features: np.ndarray) -> list[Photo]:
    from django.db import transaction

    from gallery.models import Fingerprint, Photo, User

    owner, _ = User.objects.get_or_create(username="bench")
    first = Photo.objects.count()
    with transaction.atomic():
        photos = Photo.objects.bulk_create(
            Photo(
                owner=owner, sha256=f"{first + at:064x}", width=4000, height=3000,
                size_bytes=3_000_000, format="jpeg", visibility="public",
            )
            for at in range(len(features))
        )  # fmt: skip
        Fingerprint.objects.bulk_create(
            Fingerprint(photo=photo, embedding=one.tobytes(), model=MODEL, embedded_at=None)
            for photo, one in zip(photos, features, strict=True)
        )
    return photos


def _features(count: int, *, skip: int = 0, seed: int = 0) -> Iterator[np.ndarray]:
    chance = np.random.default_rng(0)
    weights = np.arange(1, DIMENSIONS + 1) ** -0.95
    weights *= DIMENSIONS / weights.sum()
    axes = np.linalg.qr(chance.standard_normal((DIMENSIONS, DIMENSIONS)))[0].T
    axes = (axes * np.sqrt(weights)[:, None]).astype(np.float32)
    clusters = chance.standard_normal((CLUSTERS, DIMENSIONS), dtype=np.float32)
    odds = 1 / np.arange(1, CLUSTERS + 1) ** 0.6
    odds /= odds.sum()
    whole, series, own = np.sqrt(SHARES).astype(np.float32)
    for start in range(skip, count, BATCH):
        chance = np.random.default_rng([seed, start])
        some = min(BATCH, count - start)
        which = chance.choice(CLUSTERS, -(-some // SERIES), p=odds)
        shared = series * chance.standard_normal((len(which), DIMENSIONS), dtype=np.float32)
        place = np.repeat(whole * clusters[which] + shared, SERIES, axis=0)[:some]
        place += own * chance.standard_normal(place.shape, dtype=np.float32)
        yield np.maximum(place @ axes, 0).astype("<f2")


# --- Indexing ---------------------------------------------------------------------------------


def _index() -> None:
    from gallery.models import Fingerprint
    from gallery.vectors.stores import store

    before = _memory("VmHWM")
    _report("photos", f"{Fingerprint.objects.count():,}")
    if store().card(MODEL) is None:
        _report("index made in", f"{_seconds(_refresh):.1f} s")
        _report("making it takes memory", f"{_memory('VmHWM') - before:.0f} MB")
    if store().card(MODEL) is None:
        _report("index", "none, the library is small")
        return
    _report("size of the index", f"{_size() / 1e6:.1f} MB")
    _report("a round without work", f"{1e3 * _seconds(_refresh):.1f} ms")
    _report("a thorough one", f"{1e3 * _seconds(partial(_refresh, thorough=True)):.0f} ms")


def _add() -> None:
    """Add photos, ask while the index lacks them, and have it written again."""
    from django.utils import timezone

    from gallery.models import Fingerprint
    from gallery.similar import nearest
    from gallery.vectors import upkeep
    from gallery.vectors.stores import store

    if store().card(MODEL) is None:
        return
    before = _memory("VmHWM")
    for count in (100, 1000):
        photos = _store(next(_features(count, seed=count)))
        keys = [photo.pk for photo in photos]
        Fingerprint.objects.filter(photo__in=keys).update(embedded_at=timezone.now())
        near = {one.photo for one in nearest(photos[0])}
        assert photos[1].pk in near, "new photos are found at once"
        _report_times(f"nearest with {count} new", [_timed(nearest, one) for one in photos[:200]])
        upkeep.ADD_FROM = count
        _report(f"{count} added, index written", f"{_seconds(_refresh):.2f} s")
    _report("adding takes memory", f"{_memory('VmHWM') - before:.0f} MB")
    card = store().card(MODEL)
    assert card, "the index stays"
    assert card.count == Fingerprint.objects.count(), "nothing is missing"


def _refresh(*, thorough: bool = False) -> None:
    from gallery.similar import spaces
    from gallery.vectors import refresh_indexes

    refresh_indexes(spaces(), thorough=thorough)


def _size() -> int:
    from django.conf import settings
    from django.db import connection

    from gallery.models import VectorIndex
    from gallery.vectors import files

    if settings.VECTORS == "embedded":
        return files.path_of(MODEL).stat().st_size
    with connection.cursor() as cursor:
        table = VectorIndex.objects.get(space=MODEL).table
        cursor.execute("SELECT pg_total_relation_size(%s)", [table])
        return int(cursor.fetchone()[0])


# --- Asking -----------------------------------------------------------------------------------


def _kept() -> Path:
    return Path(os.environ["PHOTOLIB_DATA_DIR"]) / "exact.npz"


def _chosen() -> list[int]:
    from gallery.models import Photo

    keys = list(Photo.objects.order_by("pk").values_list("pk", flat=True))
    return sorted(
        int(key) for key in np.random.default_rng(1).choice(keys, QUESTIONS, replace=False)
    )


def _exact() -> None:
    """Compare every photo with all questions, and keep what is nearest to each."""
    from gallery.models import Fingerprint
    from gallery.vectors import arithmetic

    every = Fingerprint.objects.order_by("pk").values_list("pk", flat=True)
    chosen = _chosen()
    asked = Fingerprint.objects.embeddings_of(chosen, MODEL)
    towards = arithmetic.unit(arithmetic.stack([asked[key] for key in chosen], DIMENSIONS))
    best, keys = np.empty((QUESTIONS, 0), np.float32), np.empty((QUESTIONS, 0), np.int64)
    last, seconds = 0, 0.0
    while True:
        started = time.perf_counter()
        found = Fingerprint.objects.embeddings_of(list(every.filter(pk__gt=last)[:5000]), MODEL)
        if not found:
            break
        features = arithmetic.unit(arithmetic.stack(found.values(), DIMENSIONS))
        _ = features @ towards[0]
        seconds += time.perf_counter() - started
        some = np.fromiter(found, np.int64)
        last = int(some[-1])
        best = np.hstack([best, towards @ features.T])
        keys = np.hstack([keys, np.broadcast_to(some, (QUESTIONS, len(some)))])
        first = np.argsort(-best, axis=1, kind="stable")[:, : COMPARED + 1]
        best, keys = np.take_along_axis(best, first, 1), np.take_along_axis(keys, first, 1)
    np.savez(_kept(), chosen=chosen, keys=keys, seconds=seconds)
    _report("looking at every photo", f"{1e3 * seconds:.0f} ms")


def _ask() -> None:
    from gallery.models import Photo
    from gallery.similar import LIMIT, nearest

    exact = np.load(_kept())
    photos = Photo.objects.in_bulk(exact["chosen"].tolist())
    before, anonymous = _memory("VmRSS"), _memory("RssAnon")
    first = 1e3 * _seconds(lambda: nearest(next(iter(photos.values()))))
    times, right, sizes = [], [], []
    for key, true in zip(exact["chosen"].tolist(), exact["keys"].tolist(), strict=True):
        started = time.perf_counter()
        found = [one.photo for one in nearest(photos[key])]
        times.append(time.perf_counter() - started)
        others = [one for one in true if one != key][:COMPARED]
        right.append(len(set(others) & set(found[: COMPARED + 1])) / COMPARED)
        sizes.append(len(found))
    _report("the first answer of a process", f"{first:.0f} ms")
    _report_times(f"nearest {LIMIT}", times)
    few = [_timed(partial(nearest, limit=COMPARED), one) for one in photos.values()]
    _report_times(f"nearest {COMPARED}", few)
    share = float(exact["seconds"]) / float(np.median(times))
    _report("as a share of looking at all", f"1/{share:.0f}")
    _report(f"recall@{COMPARED}: mean, worst", f"{np.mean(right):.3f}, {min(right):.2f}")
    _report("photos found, median", f"{np.median(sizes):.0f}")
    _report("asking takes memory", f"{_memory('VmRSS') - before:.0f} MB with what is mapped,")
    mine = _memory("RssAnon")
    _report("", f"{mine - anonymous:.0f} MB without; {mine:.0f} MB in all")


# --- Measuring --------------------------------------------------------------------------------


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _timed(work: Callable[[Photo], object], photo: Photo) -> float:
    return _seconds(lambda: work(photo))


def _report_times(what: str, seconds: list[float]) -> None:
    median, late = np.median(seconds) * 1e3, np.percentile(seconds, 95) * 1e3
    _report(f"{what}: median, p95", f"{median:.1f} ms, {late:.1f} ms")


def _memory(name: str) -> float:
    """Return what the system says of this process's memory, in MB."""
    found = re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


def _report(what: str, value: str) -> None:
    print(f"  {what:<36}{value}", flush=True)


if __name__ == "__main__":
    main()
