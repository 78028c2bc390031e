"""Makes the index of similar photos anew, as when its file is in doubt."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from tqdm import tqdm

from ... import similar
from ...models import Fingerprint


class Command(BaseCommand):
    help = (
        "Makes the index of similar photos from nothing. The old one serves until it is done, and "
        "housekeeping does all that is needed by itself."
    )

    def handle(self, *, verbosity: int, **options: Any) -> None:
        seen = Fingerprint.objects.seen().count()
        with tqdm(total=seen, unit="photo", disable=None) as bar:
            written = similar.refresh_indexes(anew=True, report=bar.update)
        if verbosity:
            small = "none, as so few photos need none" if not written else f"of {written} models"
            self.stdout.write(f"Indexes made: {small}.")
