"""How much a cloud is used: counted in memory, noted in the database every few seconds."""

from __future__ import annotations

import threading
import time
from collections import Counter
from datetime import UTC, date, datetime

from django.db import transaction
from django.db.models import F

from ..models import Cloud, CloudUsage

#: What a process that dies has not noted yet is lost: it is some seconds' worth.
NOTE_EVERY_S = 10.0
_FIELDS = ("requests", "transformations", "bandwidth_bytes")

_lock = threading.Lock()
_counted: Counter[tuple[int, date, str]] = Counter()
_noted_at = time.monotonic()


def note_request(cloud: Cloud) -> None:
    count(cloud.pk, requests=1)


def count(
    cloud_id: int, *, requests: int = 0, transformations: int = 0, bandwidth_bytes: int = 0
) -> None:
    """Count what was done for a cloud just now."""
    global _noted_at
    day = datetime.now(UTC).date()
    with _lock:
        for name, number in zip(_FIELDS, (requests, transformations, bandwidth_bytes), strict=True):
            _counted[cloud_id, day, name] += number
        is_due = time.monotonic() >= _noted_at + NOTE_EVERY_S
        if is_due:
            _noted_at = time.monotonic()
    if is_due:
        flush()


def flush() -> None:
    """Note in the database what was counted since."""
    with _lock:
        counted = Counter(_counted)
        _counted.clear()
    known = set(Cloud.objects.values_list("pk", flat=True)) if counted else set()
    days = {(cloud, day) for cloud, day, _ in counted if cloud in known}
    with transaction.atomic():
        for cloud_id, day in sorted(days):
            CloudUsage.objects.get_or_create(cloud_id=cloud_id, day=day)
            more = {name: F(name) + counted[cloud_id, day, name] for name in _FIELDS}
            CloudUsage.objects.filter(cloud_id=cloud_id, day=day).update(**more)
