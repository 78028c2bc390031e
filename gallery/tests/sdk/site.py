"""A site as bin/run starts it: a web server, a worker, and data of its own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from django.conf import settings

HOST = "127.0.0.1"
PATIENCE_S = 60
_TAGGERS = {
    "bundled": {"BACKEND": "gallery.taggers.embedded.EmbeddedTagger", "OPTIONS": {"threads": 1}},
    "steady": {"BACKEND": "gallery.tests.sdk.taggers.SteadyTagger"},
    "refusing": {"BACKEND": "gallery.tests.sdk.taggers.RefusingTagger"},
}
_ADD_ONS = {"imagga_tagging": "steady", "google_tagging": "bundled", "aws_rek_tagging": "refusing"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@dataclass
class Site:
    """A running site. ``database_url`` "": a SQLite file in its folder.

    ``reachable`` is the host and port within this machine that it may fetch from and notify.
    """

    folder: Path
    database_url: str
    reachable: str
    port: int = field(default_factory=free_port)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def environment(self) -> dict[str, str]:
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith("PHOTOLIB_")
        }
        database_url = self.database_url or f"sqlite:///{self.folder}/photolib.sqlite3"
        return inherited | {
            "DJANGO_SETTINGS_MODULE": "photolib.settings",
            "DATABASE_URL": database_url,
            "PHOTOLIB_DATA_DIR": str(self.folder),
            "PHOTOLIB_TAGGERS": json.dumps(_TAGGERS),
            "PHOTOLIB_ADD_ONS": json.dumps(_ADD_ONS),
            "PHOTOLIB_OUTBOUND_ALLOWED": self.reachable,
        }

    def manage(self, *command: str) -> str:
        """Run a command of the site and return what it prints."""
        done = subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=settings.BASE_DIR,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self) -> None:
        """Start it on a database that is ready, and wait until it answers."""
        self._run(
            *("-m", "granian", "--interface", "wsgi", "photolib.wsgi:application"),
            *("--host", HOST, "--port", str(self.port)),
            *("--workers", "1", "--blocking-threads", "8", "--log-level", "error"),
        )
        self._run(
            "manage.py", "db_worker", "--interval", "0.1", "--no-startup-delay", "--no-reload"
        )
        give_up_at = time.monotonic() + PATIENCE_S
        while not self._answers():
            assert time.monotonic() < give_up_at, self.log()
            time.sleep(0.05)

    def _run(self, *command: str) -> None:
        with (self.folder / "log").open("ab") as log:
            started = subprocess.Popen(
                [sys.executable, *command],
                cwd=settings.BASE_DIR,
                env=self.environment(),
                stdout=log,
                stderr=log,
            )
        self.processes.append(started)

    def _answers(self) -> bool:
        assert all(process.poll() is None for process in self.processes), self.log()
        try:
            httpx.get(f"{self.url}/up/", trust_env=False, timeout=5).raise_for_status()
        except httpx.HTTPError:
            return False
        return True

    def log(self) -> str:
        """Return what the processes have said so far."""
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")

    def stop(self) -> None:
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(timeout=60)
