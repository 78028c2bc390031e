"""Queues failed tagging runs again."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from ... import tagging


class Command(BaseCommand):
    help = "Queues every failed tagging run once more, whatever it failed of."

    def handle(self, **options: Any) -> None:
        count = tagging.retry_failed()
        self.stdout.write(f"{count} failed run{'' if count == 1 else 's'} queued again.")
