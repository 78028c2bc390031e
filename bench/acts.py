"""Bulk acts and the review queue in a large library, as ratios to bare writes of the same rows.

    python bench/acts.py [--photos 20000] [--rounds 3]

Makes a library of one person with twelve tags on each photo in a database of its own. The bare
write adds one row to every photo in batches and deletes them again: an act must do that, and
beyond it reads what was there, records what changed, and takes each slice in a transaction.
"""

from __future__ import annotations

import argparse
import os
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
    from gallery.models import BulkAct, Tag, User

ROOT = Path(__file__).resolve().parent.parent
TAGS, PER_PHOTO = 300, 12
BATCH = 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
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


def _library(count: int) -> tuple[User, list[Tag]]:
    from gallery.models import Photo, PhotoTag, Tag, TaggingRun, TagState, User

    owner = User.objects.create_user("olga")
    labels = [f"Bench {number}" for number in range(TAGS)]
    tags = list(Tag.objects.by_label(labels).values())
    chance = np.random.default_rng(1)
    for start in range(0, count, BATCH):
        photos = Photo.objects.bulk_create(
            Photo(
                owner=owner, width=64, height=48, size_bytes=1, format="jpeg",
                sha256=f"{chance.integers(2**63):064x}",
            )
            for _ in range(min(BATCH, count - start))
        )  # fmt: skip
        runs = TaggingRun.objects.bulk_create(
            TaggingRun(photo=photo, tagger="bundled", threshold=0.4, status="complete")
            for photo in photos
        )
        PhotoTag.objects.bulk_create(
            PhotoTag(
                photo=photo, tag=tags[number], run=run, confidence=confidence,
                state=TagState.ASSIGNED if confidence > run.threshold else TagState.SUGGESTED,
            )
            for photo, run in zip(photos, runs, strict=True)
            for number, confidence in zip(
                chance.choice(TAGS, PER_PHOTO, replace=False),
                chance.uniform(0.1, 1, PER_PHOTO),
                strict=True,
            )
        )  # fmt: skip
    return owner, tags


def _compare(owner: User, tags: list[Tag], asked: argparse.Namespace) -> None:
    from gallery import acts, review
    from gallery.models import BulkAct, Photo

    def photos() -> Any:
        return Photo.objects.owned_by(owner).values_list("pk", flat=True).iterator(BATCH)

    def newest_act() -> BulkAct:
        return BulkAct.objects.newest_first()[0]

    parts: dict[str, Callable[[], Any]] = {
        "bare": _bare,
        "add": lambda: _finish(acts.add_tag("Summer", photos(), by=owner)),
        "undo add": lambda: _undo(newest_act()),
        "remove": lambda: _finish(acts.remove_tag(tags[0], photos(), by=owner)),
        "undo remove": lambda: _undo(newest_act()),
        "question": lambda: review.next_question(owner),
    }
    seen: dict[str, list[float]] = {part: [] for part in parts}
    for _ in range(asked.rounds):
        for part, work in parts.items():
            started = time.perf_counter()
            work()
            seen[part].append(time.perf_counter() - started)
    took = {part: median(times) for part, times in seen.items()}
    print(f"{asked.photos} photos with {PER_PHOTO} tags each, median of {asked.rounds} rounds")
    for part in parts:
        print(f"  {part:<12}{took[part]:8.3f} s   / bare {took[part] / took['bare']:6.2f}")


def _bare() -> None:
    from django.db import transaction

    from gallery.models import Photo, PhotoTag, Tag, TagState

    tag = Tag.objects.by_label(["Winter"])["Winter"]
    keys = list(Photo.objects.values_list("pk", flat=True))
    for start in range(0, len(keys), BATCH):
        with transaction.atomic():
            PhotoTag.objects.bulk_create(
                PhotoTag(photo_id=key, tag=tag, confidence=1, state=TagState.CONFIRMED)
                for key in keys[start:][:BATCH]
            )
    PhotoTag.objects.filter(tag=tag).delete()


def _finish(act: BulkAct) -> None:
    """Do what workers would."""
    from gallery.acts import steps

    act.refresh_from_db()
    while act.is_working and steps.step(act) is not None:
        act.refresh_from_db()


def _undo(act: BulkAct) -> None:
    from gallery import acts

    acts.undo(act)
    _finish(act)
    act.refresh_from_db()
    assert act.status == "undone", act.status


if __name__ == "__main__":
    main()
