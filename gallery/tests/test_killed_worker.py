"""A worker is killed in mid-run, for real: nothing is lost."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings

from .pictures import picture

MANAGE = str(Path(settings.BASE_DIR) / "manage.py")


class Site:
    """A site in a folder of its own, run through its commands as an operator does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.note = folder / "begun"

    def environment(self, sleep_s: float) -> dict[str, str]:
        tagger = {
            "BACKEND": "gallery.tests.taggers.stubs.SleepyTagger",
            "OPTIONS": {"note": str(self.note), "sleep_s": sleep_s},
        }
        inherited = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        return inherited | {
            "DJANGO_SETTINGS_MODULE": "photolib.settings",
            "PHOTOLIB_DATA_DIR": str(self.folder / "data"),
            "PHOTOLIB_TAGGERS": json.dumps({"bundled": tagger}),
            "PHOTOLIB_TAGGING_LEASE_S": "1",
        }

    def manage(self, *command: str) -> None:
        done = subprocess.run(
            [sys.executable, MANAGE, *command],
            env=self.environment(0),
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr

    def start_worker(self, *, sleep_s: float) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, MANAGE, "db_worker", "--interval", "0.1"],
            env=self.environment(sleep_s),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def run(self) -> tuple[str, int]:
        with sqlite3.connect(self.folder / "data" / "photolib.sqlite3") as database:
            [row] = database.execute("SELECT status, attempts FROM gallery_taggingrun")
        database.close()
        status, attempts = row
        return str(status), int(attempts)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site(tmp_path)
    site.manage("migrate")
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "one.jpg").write_bytes(picture())
    create = "from gallery.models import User; User.objects.create_user('olga')"
    site.manage("shell", "-c", create)
    site.manage("import_photos", str(photos), "--owner", "olga")
    return site


def wait_for(condition: Callable[[], bool], *, timeout_s: float = 60) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def test_run_of_a_killed_worker_is_performed_again(site: Site) -> None:
    worker = site.start_worker(sleep_s=600)
    wait_for(site.note.exists)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    assert site.run() == ("running", 1)

    time.sleep(1.1)  # until the lease has run out
    site.manage("housekeeping")
    assert site.run() == ("queued", 1)

    worker = site.start_worker(sleep_s=0)
    try:
        wait_for(lambda: site.run() == ("complete", 2))
    finally:
        worker.terminate()
        worker.wait(timeout=30)
