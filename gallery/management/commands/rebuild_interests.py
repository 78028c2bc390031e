"""Works out everybody's interests anew, as when they are in doubt."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from tqdm import tqdm

from ...interests import profiles
from ...models import User


class Command(BaseCommand):
    help = (
        "Works out everybody's interests from all they did. The old ones serve until each is "
        "done; what people do meanwhile is counted as always, and housekeeping needs no help."
    )

    def handle(self, *, verbosity: int, **options: Any) -> None:
        with tqdm(total=User.objects.count(), unit="person", disable=None) as bar:
            count = profiles.rebuild(report=bar.update)
        if verbosity:
            self.stdout.write(f"Interests worked out: of {count:,} people.")
