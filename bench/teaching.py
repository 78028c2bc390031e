"""Teaching a tag in a large library, as ratios to a bare read and product of the same numbers.

    python bench/teaching.py [--photos 20000] [--rounds 5]

Makes a library of one person with random features, a twentieth of them of the tag to be taught,
in a database of its own. The bare loop reads all features from the database and multiplies them
with one vector: no program that looks at every photo could do less.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from gallery.models import Tag, User

ROOT = Path(__file__).resolve().parent.parent
FEATURES = 1280
MODEL = "bench/1"
BATCH = 1000
SHOWN_IN = 20
YES, NO = 10, 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    data = tempfile.mkdtemp(prefix="photolib-bench-")
    os.environ["PHOTOLIB_DATA_DIR"] = data
    os.environ["DJANGO_SETTINGS_MODULE"] = "photolib.settings"
    os.environ.pop("DATABASE_URL", None)
    sys.path.insert(0, str(ROOT))
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    _compare(*_library(asked.photos), asked)
    shutil.rmtree(data)


def _library(count: int) -> tuple[User, Tag]:
    from gallery import tagging
    from gallery.models import Fingerprint, Photo, Tag, User

    owner = User.objects.create_user("olga")
    tag = Tag.objects.by_label(["Rex"])["Rex"]
    noise = np.random.default_rng(1)
    for start in range(0, count, BATCH):
        photos = Photo.objects.bulk_create(
            Photo(
                owner=owner, width=64, height=48, size_bytes=1, format="jpeg",
                sha256=f"{noise.integers(2**63):064x}",
            )
            for _ in range(start, min(start + BATCH, count))
        )  # fmt: skip
        features = np.abs(noise.normal(0, 0.5, (len(photos), FEATURES))).astype("<f2")
        features[::SHOWN_IN, :8] += 3
        Fingerprint.objects.bulk_create(
            Fingerprint(photo=photo, embedding=one.tobytes(), model=MODEL)
            for photo, one in zip(photos, features, strict=True)
        )
    first = list(Photo.objects.order_by("pk")[: YES * SHOWN_IN])
    for number in range(YES):
        tagging.mark(first[number * SHOWN_IN], tag, shows=True)
        if number < NO:
            tagging.mark(first[number * SHOWN_IN + 1], tag, shows=False)
    return owner, tag


def _compare(owner: User, tag: Tag, asked: argparse.Namespace) -> None:
    from gallery import teaching

    learnt = teaching.learn_tag(owner, tag)
    parts: dict[str, Callable[[], Any]] = {
        "bare": _bare,
        "learn": lambda: teaching.learn_tag(owner, tag),
        "preview": lambda: teaching.preview(owner, tag, learnt),
        "apply": lambda: teaching.apply(owner, tag),
        "undo": lambda: teaching.undo(owner.taught_tags.get()),
    }
    seen: dict[str, list[float]] = {part: [] for part in parts}
    for _ in range(asked.rounds):
        for part, work in parts.items():
            started = time.perf_counter()
            work()
            seen[part].append(time.perf_counter() - started)
    took = {part: median(times) for part, times in seen.items()}
    found = teaching.preview(owner, tag, learnt).appear_count
    print(f"{asked.photos} photos, {found} found, median of {asked.rounds} rounds")
    for part in parts:
        print(f"  {part:<8}{took[part]:8.3f} s   / bare {took[part] / took['bare']:6.2f}")
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"  peak {peak_mb:.0f} MB")


def _bare() -> float:
    from gallery.models import Fingerprint

    vector = np.ones(FEATURES, dtype=np.float32)
    total = 0.0
    rows = Fingerprint.objects.values_list("embedding", flat=True).iterator(BATCH)
    for embedding in rows:
        total += float(np.frombuffer(embedding, "<f2").astype(np.float32) @ vector)
    return total


if __name__ == "__main__":
    main()
