"""Writes a person's photos and their tags into a folder."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ... import export
from ...models import Photo, User


class Command(BaseCommand):
    help = "Writes photos with their tags into a folder, as copies, originals or sidecars alone."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR")
        parser.add_argument("--owner", required=True, metavar="NAME", help="whose photos")
        parser.add_argument(
            "--what", choices=[what.value for what in export.What], default=export.What.COPIES
        )

    def handle(self, *, folder: Path, owner: str, what: str, **options: Any) -> None:
        if not User.objects.filter(username=owner).exists():
            raise CommandError(f"Nobody here is called “{owner}”.")
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise CommandError(f"{folder} is not empty; nothing in it is overwritten.")
        written = 0
        for file in export.files(Photo.objects.filter(owner__username=owner), export.What(what)):
            (folder / file.name).write_bytes(file.content)
            written += 1
        self.stdout.write(f"{written} files written.")
