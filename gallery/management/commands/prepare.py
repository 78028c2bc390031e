"""Brings everything a site keeps up to date with its code; safe to run at every start."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

from ... import tagging


class Command(BaseCommand):
    help = "Brings the database, the static files and the vocabulary up to date."

    def handle(self, **options: Any) -> None:
        self.stdout.write("Bringing the database up to date")
        call_command("migrate", interactive=False, verbosity=0)
        self.stdout.write("Collecting the static files")
        call_command("collectstatic", interactive=False, verbosity=0)
        self.stdout.write("Bringing the vocabulary up to date")
        call_command("sync_vocabulary", verbosity=0)
        if any(tagging.outdated(tagger).exists() for tagger in settings.DEFAULT_TAGGERS):
            self.stdout.write("Some photos have tags of an earlier version: manage.py tag_again")
