"""Indexes of small spaces, kept in one way or in both."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.db import connection
from pytest_django import Settings

from gallery.vectors import Space, upkeep


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where indexes lie; more than 40 of a space have one, and 10 new ones are added."""
    settings.SIMILAR_ROOT = tmp_path / "similar"
    settings.VECTORS = "embedded"
    monkeypatch.setattr(Space, "at_once", 40)
    monkeypatch.setattr(upkeep, "ADD_FROM", 10)
    return tmp_path / "similar"


@pytest.fixture
def in_postgres(db: None, folder: Path, settings: Settings) -> None:
    """Keep indexes by pgvector. Where PGVECTOR_EXPECTED is set, the database has to have it."""
    if not _has_pgvector():
        assert not os.environ.get("PGVECTOR_EXPECTED"), "the database has no pgvector"
        pytest.skip("the database has no pgvector")
    settings.VECTORS = "pgvector"


@pytest.fixture(params=["embedded", "pgvector"])
def kept(request: pytest.FixtureRequest, folder: Path) -> str:
    """Keep indexes in both ways, one after the other; return in which."""
    if request.param == "pgvector":
        request.getfixturevalue("in_postgres")
    return str(request.param)


def _has_pgvector() -> bool:
    if connection.vendor != "postgresql":
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'vector'")
        return cursor.fetchone() is not None
