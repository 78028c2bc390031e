"""Has photos tagged again that an earlier model or vocabulary tagged."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from ... import tagging


class Command(BaseCommand):
    help = "Queues every photo whose tags are of an earlier model or vocabulary. People's stay."

    def handle(self, *, verbosity: int, **options: Any) -> None:
        asked = sum(tagging.request_outdated(tagger) for tagger in settings.DEFAULT_TAGGERS)
        if verbosity:
            self.stdout.write(f"{asked} photos will be tagged again.")
