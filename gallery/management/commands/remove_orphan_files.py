"""Removes stored files that no row mentions, as a crash may leave them."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.files.storage import default_storage
from django.core.management.base import BaseCommand

from ... import ingest


class Command(BaseCommand):
    help = "Removes stored files that no photo and no rendition mentions."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--older-than",
            type=float,
            default=24.0,
            metavar="HOURS",
            help="leave younger files alone: their upload may still be going on (default 24)",
        )
        parser.add_argument("--dry-run", action="store_true", help="only name them")

    def handle(self, *, older_than: float, dry_run: bool, **options: Any) -> None:
        count = 0
        for name in ingest.orphan_files(older_than=timedelta(hours=older_than)):
            self.stdout.write(name)
            if not dry_run:
                default_storage.delete(name)
            count += 1
        deed = "found" if dry_run else "removed"
        self.stdout.write(f"{count} orphan file{'' if count == 1 else 's'} {deed}.")
