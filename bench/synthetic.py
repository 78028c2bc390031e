"""A made-up library for benchmarks, stored through the real models; a module, not a program.

What it holds, all drawn by chance from a fixed seed but for the places in random orders:

- A thousand people; whose a photo is falls off as 1 / rank ** 0.6.
- The real vocabulary, its tags shuffled and drawn by Zipf's law (1 / rank), each with all that it
  is a kind of, until a photo has twelve different tags. So what is above the commonest tags is
  on most photos, and what is alone in its family on very few.
- One complete run of a tagger a photo. Confidences are Beta(1.6, 0.9), 0.64 in the mean, alike for
  every tag; from 0.4 on a tag is assigned, below it suggested; of all, 5 % are confirmed and 1 %
  rejected.
- Three in ten photos are private.
- Photos arrive evenly over three years, in the order of their keys. They were taken evenly over
  fifteen, or, of one in ten, nobody knows when; that has nothing to do with the arrival, which is
  the hardest case: lists by date find nothing near each other. Some are taken after they came.
- A file name each, a camera each (two in five of one maker), three words as a title on one in five,
  a place on one in ten; colours at random, none on many; six sizes.

There are no files, fingerprints, favourites, renditions or answers to reviews. A library that was
added to later is not the same as one made at once: its arrivals begin anew.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from gallery.models import Photo, PhotoTag, TaggingRun

ROOT = Path(__file__).resolve().parent.parent
OWNERS, PER_PHOTO, BATCH = 1000, 12, 100
THRESHOLD = 0.4
PRIVATE, CONFIRMED, REJECTED, UNDATED = 0.3, 0.05, 0.01, 0.1
FIRST_ARRIVAL, FIRST_SHOT = datetime(2023, 11, 1, tzinfo=UTC), datetime(2011, 11, 1, tzinfo=UTC)
ARRIVALS, SHOTS = timedelta(days=3 * 365), timedelta(days=15 * 365)
MAKERS = ("Canon EOS", "Nikon D", "Sony A", "Fujifilm X", "Apple iPhone", "Google Pixel")
PLACES = ("Lisbon", "Oslo", "Kyoto", "Cape Town", "Hobart", "Quito", "Turin", "Bergen")
SIZES = ((4000, 3000), (3000, 4000), (6000, 4000), (3024, 3024), (1920, 1080), (1080, 1920))
WORDS = (
    "morning", "evening", "walk", "holiday", "birthday", "garden", "river", "summer", "winter",
    "grandma", "lake", "old", "new", "first", "last", "trip", "long", "road", "home", "party",
    "school", "market", "harbour", "field",
)  # fmt: skip


def set_up(database_url: str) -> None:
    """Start Django on a database of its own and bring in tables and vocabulary."""
    os.environ["DATABASE_URL"] = database_url
    os.environ["DJANGO_SETTINGS_MODULE"] = "photolib.settings"
    sys.path.insert(0, str(ROOT))
    import django
    from django.core.management import call_command

    django.setup()
    from gallery.tags import sync_vocabulary

    call_command("migrate", verbosity=0)
    sync_vocabulary()


def build(count: int, *, report_every: int = 100_000) -> float:
    """Add photos until there are ``count``; return how many a second went in, in the median."""
    from gallery.models import Photo

    Photo._meta.get_field("created_at").auto_now_add = False
    have, rates = Photo.objects.count(), []
    batches = _batches(have, count)
    for made in range(have, count, BATCH):
        rates.append(_store(*next(batches)))
        if made and made % report_every == 0:
            print(f"  {made:>9,} photos, {np.median(rates[-200:]):.0f}/s", flush=True)
    return float(np.median(rates)) if rates else 0.0


def _store(photos: list[Photo], runs: list[TaggingRun], photo_tags: list[PhotoTag]) -> float:
    """Add photos with their runs and tags in one transaction; return how many a second."""
    from django.db import transaction

    from gallery.models import Photo, PhotoTag, TaggingRun

    started = time.perf_counter()
    with transaction.atomic():
        Photo.objects.bulk_create(photos)
        TaggingRun.objects.bulk_create(runs)
        PhotoTag.objects.bulk_create(photo_tags)
    return len(photos) / (time.perf_counter() - started)


def insert_rates(batches: int) -> list[float]:
    """Add so many batches to the library and delete them again; return photos a second of each."""
    from gallery.models import Photo, PhotoTag, PhotoWord, TaggingRun

    Photo._meta.get_field("created_at").auto_now_add = False
    have = Photo.objects.count()
    before = Photo.objects.newest_first().values_list("pk", flat=True)[0]
    try:
        return [_store(*made) for made in _batches(have, have + batches * BATCH)]
    finally:
        for model in (PhotoTag, PhotoWord, TaggingRun):
            model.objects.filter(photo__gt=before).order_by()._raw_delete("default")
        Photo.objects.filter(pk__gt=before)._raw_delete("default")


def _batches(
    have: int, count: int
) -> Iterator[tuple[list[Photo], list[TaggingRun], list[PhotoTag]]]:
    from gallery.models import PhotoTag, Tag, TagClosure, TaggingRun, TagState, User

    if not User.objects.filter(username="person0").exists():
        User.objects.bulk_create(
            User(username=f"person{number}", password="!")  # noqa: S106  (nobody may sign in)
            for number in range(OWNERS)
        )
    owners = list(User.objects.filter(username__startswith="person").order_by("pk"))
    labels = dict(Tag.objects.values_list("pk", "label"))
    above: dict[int, list[int]] = {key: [] for key in labels}
    for ancestor, descendant in TagClosure.objects.values_list("ancestor", "descendant"):
        above[descendant].append(ancestor)
    keys = np.random.default_rng(7).permutation(sorted(labels))
    tag_odds, owner_odds = _zipf(len(keys)), _zipf(len(owners), 0.6)
    chance = np.random.default_rng(have + 1)
    for start in range(have, count, BATCH):
        photos, runs, photo_tags = [], [], []
        whose = chance.choice(len(owners), BATCH, p=owner_odds)
        drawn = keys[chance.choice(len(keys), (BATCH, 4 * PER_PHOTO), p=tag_odds)]
        sure = chance.beta(1.6, 0.9, (BATCH, PER_PHOTO))
        luck = chance.random((BATCH, PER_PHOTO + 4))
        for place in range(min(BATCH, count - start)):
            photo = _photo(start + place, count, owners[whose[place]], luck[place], chance)
            tags = _with_ancestors(drawn[place], above)
            said = [
                {"tag": labels[tag], "confidence": round(float(confidence), 4)}
                for tag, confidence in zip(tags, sure[place], strict=True)
            ]
            run = TaggingRun(
                photo=photo, tagger="bundled", threshold=THRESHOLD, status="complete",
                model_version="synthetic", suggestions=said,
            )  # fmt: skip
            photos.append(photo)
            runs.append(run)
            for tag, one, fate in zip(tags, said, luck[place], strict=False):
                state = TagState.ASSIGNED if one["confidence"] >= THRESHOLD else TagState.SUGGESTED
                if fate < CONFIRMED:
                    state = TagState.CONFIRMED
                elif fate < CONFIRMED + REJECTED:
                    state = TagState.REJECTED
                photo_tags.append(
                    PhotoTag(
                        photo=photo, tag_id=tag, run=run, confidence=one["confidence"], state=state
                    )
                )
        yield photos, runs, photo_tags


def _photo(number: int, count: int, owner: object, luck: np.ndarray, chance: np.ndarray) -> Photo:
    from gallery.models import Photo

    width, height = SIZES[int(luck[0] * len(SIZES))]
    dated, private, titled, placed = luck[-4:]
    maker = MAKERS[int((luck[1] ** 2) * len(MAKERS))]
    return Photo(
        owner=owner,
        sha256=f"{number:064x}",
        public_id=f"bench{number:07d}",
        width=width, height=height, size_bytes=3_000_000,
        format="heic" if luck[2] < 0.04 else "png" if luck[2] < 0.05 else "jpeg",
        original_name=f"IMG_{number % 10_000:04d}.jpg",
        title=" ".join(WORDS[int(one * len(WORDS))] for one in luck[3:6]) if titled < 0.2 else "",
        place=PLACES[int(luck[6] * len(PLACES))] if placed < 0.1 else "",
        camera=f"{maker} {int(luck[7] * 8)}",
        visibility="private" if private < PRIVATE else "public",
        created_at=FIRST_ARRIVAL + ARRIVALS * (number / count),
        taken_at=FIRST_SHOT + SHOTS * float(luck[8]) if dated >= UNDATED else None,
        colors=int(luck[9] * 4096) & int(luck[10] * 4096),
        placeholder="data:image/webp;base64," + "A" * 120,
    )  # fmt: skip


def _with_ancestors(drawn: np.ndarray, above: dict[int, list[int]]) -> list[int]:
    """Return twelve different tags: those drawn, each with what it is a kind of."""
    chosen: dict[int, None] = {}
    for tag in drawn:
        chosen.update(dict.fromkeys(above[int(tag)]))
        if len(chosen) >= PER_PHOTO:
            break
    for tag in above:
        if len(chosen) >= PER_PHOTO:
            break
        chosen.setdefault(tag)
    return list(chosen)[:PER_PHOTO]


def _zipf(count: int, exponent: float = 1.0) -> np.ndarray:
    weights = 1 / np.arange(1, count + 1) ** exponent
    return weights / weights.sum()


# --- What it takes ----------------------------------------------------------------------------


def sizes_bytes() -> dict[str, int]:
    """Return how much each table and index takes on the disk, the largest first."""
    from django.db import connection

    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name, SUM(pgsize) FROM dbstat GROUP BY name ORDER BY 2 DESC")
        else:
            cursor.execute(
                "SELECT relname, pg_total_relation_size(oid) - CASE relkind WHEN 'r' "
                "THEN pg_indexes_size(oid) ELSE 0 END FROM pg_class WHERE relkind IN ('r', 'i') "
                "AND relnamespace = 'public'::regnamespace ORDER BY 2 DESC"
            )
        return dict(cursor.fetchall())


def total_bytes() -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
        else:
            cursor.execute("SELECT pg_database_size(current_database())")
        return int(cursor.fetchone()[0])


# --- Migrations -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Migrated:
    """Seconds that a migration took: back, forth, and each operation on the way forth.

    What ``operations`` do not account for is what is put off to the end, and the commit.
    """

    back_s: float
    forth_s: float
    operations: list[tuple[str, float]]


def time_migration(before: str, name: str) -> Migrated:
    """Take one migration back and do it again."""
    operations: list[tuple[str, float]] = []
    back_s = _migrate(before)
    for operation in import_module(f"gallery.migrations.{name}").Migration.operations:
        real = operation.database_forwards
        operation.database_forwards = partial(_timed, _described(operation), real, operations)
    return Migrated(back_s, _migrate(name), operations)


def _described(operation: Any) -> str:
    inner = getattr(operation, "database_operations", [operation])[0]
    code = getattr(inner, "code", None)
    return code.__name__.replace("_", " ") if code else operation.describe()


def _timed(
    what: str, real: Callable[..., None], seen: list[tuple[str, float]], *args: Any, **kwargs: Any
) -> None:
    started = time.perf_counter()
    real(*args, **kwargs)
    seen.append((what, time.perf_counter() - started))


def _migrate(name: str) -> float:
    from django.core.management import call_command

    started = time.perf_counter()
    call_command("migrate", "gallery", name, verbosity=0)
    return time.perf_counter() - started


class Copy:
    """A copy of the library, for as long as the block lasts, that the process works on."""

    def __init__(self) -> None:
        from django.db import connection

        self.settings = connection.settings_dict
        self.original = str(self.settings["NAME"])
        self.name = f"{self.original}-copy" if _is_file() else f"{self.original}_copy"

    def __enter__(self) -> None:
        from django.db import connection

        self._drop()
        if _is_file():
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.close()
            shutil.copyfile(self.original, self.name)
        else:
            self._administer(f'CREATE DATABASE "{self.name}" TEMPLATE "{self.original}"')
        self.settings["NAME"] = self.name

    def __exit__(self, *_: object) -> None:
        from django.db import connection

        connection.close()
        self.settings["NAME"] = self.original
        self._drop()

    def _drop(self) -> None:
        if _is_file():
            for suffix in ("", "-wal", "-shm"):
                Path(self.name + suffix).unlink(missing_ok=True)
        else:
            self._administer(f'DROP DATABASE IF EXISTS "{self.name}"')

    def _administer(self, statement: str) -> None:
        from django.db import connection

        connection.close()
        with connection._nodb_cursor() as cursor:  # type: ignore[attr-defined]
            cursor.execute(statement)


def _is_file() -> bool:
    from django.db import connection

    return connection.vendor == "sqlite"
