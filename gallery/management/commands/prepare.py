"""Brings everything a site keeps up to date with its code; safe to run at every start."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import Tags
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import DEFAULT_DB_ALIAS

from ... import tagging
from ...taggers import get_tagger
from ...taggers.base import TaggerError


class Command(BaseCommand):
    help = "Brings the database, the static files and the vocabulary up to date."

    def handle(self, **options: Any) -> None:
        self.stdout.write("Bringing the database up to date")
        call_command("migrate", interactive=False, verbosity=0)
        self.check(databases=[DEFAULT_DB_ALIAS], tags=[Tags.database])
        self.stdout.write("Collecting the static files")
        call_command("collectstatic", interactive=False, verbosity=0)
        self.stdout.write("Bringing the vocabulary up to date")
        call_command("sync_vocabulary", verbosity=0)
        for alias in settings.TAGGERS:
            self._prepare(alias)
        if any(tagging.outdated(tagger).exists() for tagger in settings.DEFAULT_TAGGERS):
            self.stdout.write("Some photos have tags of an earlier version: manage.py tag_again")

    def _prepare(self, alias: str) -> None:
        """Fetch what a tagger needs; a site without it still starts, and its runs say why."""
        try:
            get_tagger(alias).prepare()
        except TaggerError as error:
            self.stderr.write(f"The tagger “{alias}” cannot be used yet: {error}")
