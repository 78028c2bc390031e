"""Brings the tags in line with the vocabulary that photolib ships."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from ... import tags


class Command(BaseCommand):
    help = "Brings tags, categories, parents and aliases in line with the shipped vocabulary."

    def handle(self, *, verbosity: int, **options: Any) -> None:
        synced = tags.sync_vocabulary()
        if synced.taken_aliases and verbosity:
            names = ", ".join(synced.taken_aliases)
            self.stderr.write(f"Aliases of the vocabulary that are tags of their own here: {names}")
        if verbosity:
            self.stdout.write(f"{synced.tags} tags are in line with the vocabulary.")
