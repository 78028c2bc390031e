"""Makes the indexes of similar photos and people anew, as when one is in doubt."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from tqdm import tqdm

from ... import vectors
from ...vectors.stores import store
from ..spaces import every_space

NONE = "none: so little needs none, or another process is at it"


class Command(BaseCommand):
    help = (
        "Makes the indexes of similar photos and people from nothing. The old ones serve until it "
        "is done, and housekeeping does all that is needed by itself."
    )

    def handle(self, *, verbosity: int, **options: Any) -> None:
        spaces = every_space()
        count = store().passes() * sum(space.count() for space in spaces)
        with tqdm(total=count, unit="vector", disable=None) as bar:
            written = vectors.refresh_indexes(spaces, anew=True, report=bar.update)
        if verbosity:
            self.stdout.write(f"Indexes made: {written or NONE}.")
