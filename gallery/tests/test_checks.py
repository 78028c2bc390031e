"""Bad configuration is refused at start-up."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings as site
from django.core.checks import run_checks
from pytest_django import Settings


def ids() -> set[str | None]:
    return {message.id for message in run_checks()}


def test_configuration_as_it_comes_is_fine() -> None:
    assert not ids()


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("TAGGERS", {"bundled": {}}, "gallery.E001"),
        ("TAGGERS", {"bundled": {"BACKEND": "no.such.Tagger"}}, "gallery.E001"),
        (
            "TAGGERS",
            {"bundled": {"BACKEND": "gallery.taggers.embedded.EmbeddedTagger",
                         "OPTIONS": {"colour": 1}}},
            "gallery.E001",
        ),
        ("DEFAULT_TAGGERS", ["unknown"], "gallery.E002"),
        ("RATE_LIMITS", {"upload": "often"}, "gallery.E003"),
    ],
)  # fmt: skip
def test_bad_configuration_is_named(
    name: str, value: Any, message: str, settings: Settings
) -> None:
    setattr(settings, name, value)
    assert message in ids()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PHOTOLIB_TAGGING_THRESHOLD", "1.5"),
        ("PHOTOLIB_SITE_URL", "photos.example.org"),
        ("PHOTOLIB_TAGGERS", "not json"),
    ],
)
def test_bad_value_stops_the_start(variable: str, value: str, tmp_path: Any) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import photolib.settings"],
        env={"PHOTOLIB_DATA_DIR": str(tmp_path), variable: value},
        cwd=site.BASE_DIR,
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0


def test_start_up_loads_neither_model_nor_numpy() -> None:
    check = (
        "import os, sys, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'photolib.settings_test';"
        "django.setup(); import gallery.urls;"
        "sys.exit(bool({'onnxruntime', 'numpy', 'scipy', 'pillow_heif'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", check], check=True, cwd=site.BASE_DIR)
