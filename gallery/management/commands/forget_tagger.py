"""Takes back what a tagger ever said, as when it is done away with."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ... import acts
from ...models import TaggingRun


class Command(BaseCommand):
    help = "Lets nothing that a tagger said count any more. It can be undone in the ledger."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("tagger", metavar="ALIAS")

    def handle(self, *, tagger: str, verbosity: int, **options: Any) -> None:
        if not TaggingRun.objects.counting().filter(tagger=tagger).exists():
            raise CommandError(f"Nothing that “{tagger}” said counts anywhere.")
        act = acts.forget_tagger(tagger)
        if verbosity:
            done = "is forgotten" if act.applied_at else "is being forgotten by the workers"
            self.stdout.write(
                f"What “{tagger}” said of {act.photo_count} photos {done}; "
                f"{act.get_absolute_url()} undoes it."
            )
