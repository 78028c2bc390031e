"""Brings in a folder of photos; what is there already is skipped."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from ...imaging.errors import ImageError
from ...ingest import DuplicateError, add_photo
from ...models import User, Visibility

# What lies beside photos and is none.
_BESIDE = {".xmp", ".json", ".txt", ".ini", ".db", ".html", ".thm", ".aae", ".md"}


class Command(BaseCommand):
    help = "Brings in every photo under a folder. Run it again at any time: it goes on."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR")
        parser.add_argument("--owner", required=True, metavar="NAME", help="whose photos they are")
        parser.add_argument("--visibility", choices=Visibility.values, default=Visibility.PRIVATE)

    def handle(self, *, folder: Path, owner: str, visibility: str, **options: Any) -> None:
        if not folder.is_dir():
            raise CommandError(f"{folder} is not a folder.")
        user = _find(owner)
        outcomes: Counter[str] = Counter()
        for path in tqdm(list(photo_files(folder)), unit="photo", disable=None):
            outcomes[self._take_in(path, user, visibility)] += 1
        self._sum_up(outcomes)

    def _take_in(self, path: Path, owner: User, visibility: str) -> str:
        try:
            with path.open("rb") as opened:
                add_photo(owner=owner, file=File(opened, name=path.name), visibility=visibility)
        except DuplicateError:
            return "already there"
        except (ImageError, OSError) as error:
            tqdm.write(f"{path}: {error}", file=self.stderr)
            return "refused"
        return "stored"

    def _sum_up(self, outcomes: Counter[str]) -> None:
        kinds = ("stored", "already there", "refused")
        summary = ", ".join(f"{outcomes[kind]} {kind}" for kind in kinds)
        self.stdout.write(summary)
        if outcomes["refused"]:
            raise CommandError(f"{outcomes['refused']} could not be brought in; see above.")


def _find(name: str) -> User:
    try:
        return User.objects.get(username=name)
    except User.DoesNotExist as error:
        raise CommandError(f"Nobody here is called “{name}”.") from error


def photo_files(folder: Path) -> Iterator[Path]:
    """Yield the files that may be photos, folder by folder, in order; links are not followed."""
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(here) / name
            if not name.startswith(".") and path.suffix.lower() not in _BESIDE:
                yield path
