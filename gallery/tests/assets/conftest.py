"""What tests of assets start with: an own folder for files."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings


@pytest.fixture(autouse=True)
def own_media(settings: Settings, tmp_path: Path) -> Path:
    """Return the folder that files are stored in, empty at first."""
    files = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": tmp_path / "media"},
    }
    settings.STORAGES = settings.STORAGES | {"default": files}
    return tmp_path / "media"
