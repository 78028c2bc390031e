"""A Friday at noon, on which every test of trends takes place."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from django.utils import timezone

NOW = datetime(2024, 6, 14, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def friday(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = count()
    monkeypatch.setattr(timezone, "now", lambda: NOW + timedelta(microseconds=next(ticks)))
