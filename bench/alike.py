"""How long the data of similar photos, of searches like a photo, and of duplicates take.

    python bench/alike.py [--photos 100000] [--database URL] [--keep FOLDER] [--twins 100000]

Stores the made-up library of bench/synthetic.py with features as in bench/similar.py and perceptual
hashes of made-up pictures, through the real models, and has the index made as housekeeping does.
Three photos in ten are private. Then, of 200 photos that a person may see, chosen by chance:

- the strip of eight on a photo's page;
- the page of similar photos, in each way and in all, with the reasons for its first sixty;
- the photos that a search is like, before it is narrowed by anything else.

And the scan for near-duplicates in a library of ``--twins`` hashes, of which three in ten are
copies with up to eight bits changed.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import synthetic
from similar import BATCH, MODEL, _features

if TYPE_CHECKING:
    from gallery.models import Photo, User
    from gallery.similar.blend import Way

QUESTIONS, WARM = 200, 20
#: Changed bits of a copy, and how many photos are copies.
BITS, COPIES = 8, 0.3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=100_000)
    parser.add_argument("--database", help="of an empty database; SQLite in a folder of its own")
    parser.add_argument("--keep", type=Path, help="a folder to keep everything in, and to go on in")
    parser.add_argument("--twins", type=int, default=100_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="photolib-bench-") as folder:
        _set_up(asked.keep or Path(folder), asked.database)
        if asked.photos:
            synthetic.build(asked.photos)
            _see(asked.photos)
            _ask()
        if asked.twins:
            _look_for_twins(asked.twins)


def _set_up(folder: Path, database: str | None) -> None:
    os.environ["PHOTOLIB_DATA_DIR"] = str(folder)
    synthetic.set_up(database or f"sqlite:///{folder / 'photolib.sqlite3'}")


# --- Filling ----------------------------------------------------------------------------------


def _see(count: int) -> None:
    """Give every photo features and a hash, and have housekeeping do what it does."""
    from gallery.models import Fingerprint, Photo
    from gallery.similar import spaces
    from gallery.tags import note_counts
    from gallery.vectors import refresh_indexes

    have, started = Fingerprint.objects.count(), time.perf_counter()
    keys = iter(Photo.objects.order_by("pk").values_list("pk", flat=True)[have:count].iterator())
    for number, features in enumerate(_features(count, skip=have)):
        looks = _looks(len(features), seed=have + number)
        Fingerprint.objects.bulk_create(
            Fingerprint(
                photo_id=key, embedding=one.tobytes(), model=MODEL, embedded_at=None,
                perceptual_hash=look.tobytes().hex(),
            )
            for key, one, look in zip(islice(keys, len(features)), features, looks, strict=True)
        )  # fmt: skip
        if number and number % 20 == 0:
            print(f"  {number * BATCH:>9,} seen, {time.perf_counter() - started:.0f} s", flush=True)
    note_counts()
    refresh_indexes(spaces())


def _looks(count: int, *, seed: int) -> np.ndarray:
    """Return perceptual hashes, uint8 (n, 8), of noise with the spectrum of photos, 1/f."""
    from scipy.fft import dctn

    chance = np.random.default_rng([seed, 64])
    steps = np.hypot(np.fft.fftfreq(32)[:, None], np.fft.rfftfreq(32)[None])
    steps[0, 0] = 1
    waves = chance.standard_normal((2, count, 32, 17))
    pictures = np.fft.irfft2((waves[0] + 1j * waves[1]) / steps, s=(32, 32))
    low = dctn(pictures, axes=(1, 2))[:, :8, :8].reshape(count, 64)
    return np.packbits(low > np.median(low, axis=1, keepdims=True), axis=1)


# --- Asking -----------------------------------------------------------------------------------


def _ask() -> None:
    from gallery.models import Photo, User
    from gallery.similar import likest, strip
    from gallery.similar.blend import Way

    viewer = User.objects.get(username="person3")
    seen = Photo.objects.visible_to(viewer).order_by("pk")
    count = seen.count()
    places = np.random.default_rng(5).choice(count, QUESTIONS + WARM, replace=False)
    keys = np.fromiter(seen.values_list("pk", flat=True).iterator(), np.int64)[np.sort(places)]
    chosen = np.random.default_rng(6).permutation(keys).tolist()
    _report("photos, of which the person may see", f"{Photo.objects.count():,}, {count:,}")
    _report_times("strip", _times(chosen, lambda photo: strip(photo, viewer)))
    for ways in (*([way] for way in Way), [*Way]):
        said = "all ways" if len(ways) > 1 else ways[0]
        work = partial(_page, viewer=viewer, ways=ways)
        _report_times(f"similar by {said}", _times(chosen, work))
    times = _times(chosen, lambda photo: likest(photo.public_id, viewer))
    _report_times("a search like a photo", times)


def _page(photo: Photo, *, viewer: User, ways: list[Way]) -> None:
    from gallery.models import Photo
    from gallery.similar.matches import matches_of

    matches = matches_of(photo, viewer, ways)
    keys = [match.photo for match in matches.found[:60]]
    matches.reasons(Photo.objects.for_cards().filter(pk__in=keys))


def _times(keys: list[int], work: Callable[[Photo], object]) -> list[float]:
    from gallery.models import Photo

    def seconds() -> Iterator[float]:
        for key in keys:
            photo = Photo.objects.for_page().get(pk=key)
            started = time.perf_counter()
            work(photo)
            yield time.perf_counter() - started

    return list(seconds())[WARM:]


# --- Near-duplicates ----------------------------------------------------------------------------


def _look_for_twins(count: int) -> None:
    """Have a library of one person looked through."""
    from gallery.models import Fingerprint, Photo, TwinScan, User
    from gallery.similar import twins

    owner, is_new = User.objects.get_or_create(username="twins")
    if is_new:
        photos = Photo.objects.bulk_create(
            Photo(
                owner=owner, sha256=f"twin{number:060x}", width=4000, height=3000,
                size_bytes=3_000_000, format="jpeg", created_at=synthetic.FIRST_ARRIVAL,
            )
            for number in range(count)
        )  # fmt: skip
        looks = _looks_with_copies(count)
        for at, features in zip(range(0, count, BATCH), _features(count), strict=True):
            Fingerprint.objects.bulk_create(
                Fingerprint(
                    photo=photo, embedding=one.tobytes(), model=MODEL, embedded_at=None,
                    perceptual_hash=look.tobytes().hex(),
                )
                for photo, one, look in zip(photos[at:], features, looks[at:], strict=False)
            )  # fmt: skip
    scan, _ = TwinScan.objects.get_or_create(owner=owner)
    times = []
    for _ in range(3):
        started = time.perf_counter()
        twins.look_through(scan)
        times.append(time.perf_counter() - started)
    _report(f"twins among {count:,}", f"{min(times):.1f} s, {len(scan.groups):,} groups")


def _looks_with_copies(count: int) -> np.ndarray:
    looks = np.concatenate([_looks(min(5000, count - at), seed=at) for at in range(0, count, 5000)])
    chance, copies = np.random.default_rng(8), int(count * COPIES)
    for place in range(count - copies, count):
        bits = np.unpackbits(looks[chance.integers(count - copies)])
        bits[chance.choice(64, chance.integers(BITS + 1), replace=False)] ^= 1
        looks[place] = np.packbits(bits)
    return looks


# --- Saying -----------------------------------------------------------------------------------


def _report_times(what: str, seconds: list[float]) -> None:
    median, late = np.median(seconds) * 1e3, np.percentile(seconds, 95) * 1e3
    _report(f"{what}: median, p95", f"{median:.1f} ms, {late:.1f} ms")


def _report(what: str, value: str) -> None:
    print(f"  {what:<42}{value}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
