"""A site is ready to serve after `prepare`, however often it has run before."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django.fixtures import Settings

from gallery.models import Tag

pytestmark = pytest.mark.django_db


@pytest.fixture
def data_dir(settings: Settings, tmp_path: Path) -> Path:
    folder = tmp_path / "new" / "data"
    settings.DATA_DIR = folder
    settings.STATIC_ROOT = folder / "static"
    return folder


def test_static_files_and_vocabulary_are_there_afterwards(data_dir: Path) -> None:
    call_command("prepare", stdout=StringIO())
    assert (data_dir / "static" / "admin" / "css" / "base.css").is_file()
    assert Tag.objects.exists()


def test_it_can_run_again(data_dir: Path) -> None:
    call_command("prepare", stdout=StringIO())
    tags = Tag.objects.count()
    call_command("prepare", stdout=StringIO())
    assert Tag.objects.count() == tags


def test_each_step_says_one_line(data_dir: Path) -> None:
    said = StringIO()
    call_command("prepare", stdout=said)
    assert said.getvalue().splitlines() == [
        "Bringing the database up to date",
        "Collecting the static files",
        "Bringing the vocabulary up to date",
    ]
