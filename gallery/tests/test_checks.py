"""Bad configuration is refused at start-up."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings as site
from django.core.checks import run_checks
from django.db import connection
from pytest_django import Settings

from gallery import checks


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


@pytest.mark.parametrize(
    ("vendor", "package", "said"),
    [
        ("sqlite", object(), "names no PostgreSQL"),
        ("postgresql", None, "requirements-pgvector.txt"),
    ],
)
def test_pgvector_is_refused_where_it_cannot_be(
    vendor: str, package: object, said: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.VECTORS = "pgvector"
    monkeypatch.setattr(connection, "vendor", vendor)
    monkeypatch.setattr(checks, "find_spec", lambda name: package)
    (message,) = checks.vectors_can_be_kept()
    assert said in message.msg
    assert message.id == "gallery.E005"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("row", "said"),
    [
        ((None, None), ["no such extension"]),
        ((False, False), ["CREATE EXTENSION"]),
        ((False, True), []),
        ((True, False), []),
    ],
)
def test_database_without_pgvector_is_refused(
    row: tuple[bool | None, ...],
    said: list[str],
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.VECTORS = "pgvector"
    answer = f"SELECT {', '.join('NULL' if one is None else str(int(one)) for one in row)}"
    monkeypatch.setattr(connection, "vendor", "postgresql")
    monkeypatch.setattr(checks, "_HAS_PGVECTOR", answer)
    found = checks.database_has_pgvector(["default"])
    assert len(found) == len(said)
    assert all(words in message.msg for words, message in zip(said, found, strict=True))


def test_start_up_loads_neither_model_nor_numpy() -> None:
    check = (
        "import os, sys, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'photolib.settings_test';"
        "django.setup(); import gallery.urls;"
        "sys.exit(bool({'onnxruntime', 'numpy', 'scipy', 'pillow_heif'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", check], check=True, cwd=site.BASE_DIR)


@pytest.mark.parametrize("value", [{"imagga_tagging": "unknown"}, {"imagga_tagging": 7}, ["x"]])
def test_add_ons_name_taggers_that_there_are(value: Any, settings: Settings) -> None:
    settings.ADD_ONS = value
    assert "gallery.E006" in ids()
