"""Indexes in files: whole or not at all, read where they lie, and replaced while they are."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings as site
from django.core.management import call_command
from django.utils import timezone

from gallery import vectors
from gallery.similar import nearest
from gallery.tests.vectors.seen import (
    EYES,
    MANY,
    card,
    keys,
    looked_at_all,
    make_seen,
    refresh_indexes,
)
from gallery.vectors import asking, files
from gallery.vectors.cards import Card

pytestmark = pytest.mark.django_db


def _cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def _scribble(content: bytes) -> bytes:
    return os.urandom(len(content))


def _foreign(content: bytes) -> bytes:
    """Keep the end, so that it looks whole."""
    return b"JUNK" + content[4:]


@pytest.mark.parametrize("harm", [_cut, _scribble, _foreign, lambda content: b""])
def test_broken_file_is_passed_over_and_replaced(
    harm: Callable[[bytes], bytes], caplog: pytest.LogCaptureFixture
) -> None:
    photos = make_seen(MANY)
    refresh_indexes()
    path = files.path_of(EYES)
    path.write_bytes(harm(path.read_bytes()))
    for _ in range(3):
        assert keys(nearest(photos[-1]))[0] == photos[-1].pk
    assert len(caplog.records) == 1
    make_seen(10, first=MANY, at=timezone.now())
    assert refresh_indexes() == 1
    assert keys(nearest(photos[0])) == looked_at_all(photos[0])


def test_damage_in_the_middle_is_noticed_before_anything_is_added(
    caplog: pytest.LogCaptureFixture,
) -> None:
    make_seen(MANY)
    refresh_indexes()
    path = files.path_of(EYES)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    path.write_bytes(content)
    make_seen(10, first=MANY, at=timezone.now())
    refresh_indexes()
    assert card().drawn_for == MANY + 10  # made from nothing
    assert "damaged" in caplog.text


@pytest.mark.parametrize("broken", ["publish", "_checksum"])
def test_file_stays_as_it_is_when_the_disk_is_full(
    broken: str, folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    make_seen(MANY)
    refresh_indexes()
    before = files.path_of(EYES).read_bytes()

    def break_off(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(files, broken, break_off)
        call_command("index_similar", verbosity=0)
    assert "could not be brought up to date" in caplog.text
    assert [path.read_bytes() for path in folder.iterdir()] == [before]


def test_files_of_the_first_kind_are_read(tmp_path: Path) -> None:
    path, told = tmp_path / "old.index", {
        "model": EYES, "made_at": "2026-10-01T00:00:00+00:00", "recent": [], "count": 1,
        "drawn_for": 1,
    }  # fmt: skip
    card = json.dumps(told).encode()
    path.write_bytes(card + files.FOOTER.pack(0, len(card), files.MARK))
    assert files.read_card(path).space == EYES


def test_draft_of_a_killed_process_is_swept_up_later(folder: Path) -> None:
    make_seen(MANY)
    refresh_indexes()
    fresh, old = (files.path_of(EYES).with_suffix(f".index.{number}.draft") for number in (1, 2))
    fresh.touch()
    old.touch()
    os.utime(old, (0, time.time() - 2 * files.ABANDONED_AFTER_S))
    refresh_indexes()
    assert set(folder.iterdir()) == {files.path_of(EYES), fresh}


@pytest.fixture
def other_process() -> Iterator[Callable[[], str]]:
    """Another process, which says how many photos its index has whenever it is asked."""
    program = (
        "import sys, django; django.setup();"
        "from pathlib import Path; from gallery.vectors.index import opened\n"
        "for line in sys.stdin:\n"
        "    index = opened(Path(line.strip()))\n"
        "    print(index and index.count, flush=True)"
    )
    started = subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=site.BASE_DIR,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "photolib.settings_test"},
    )
    with started:
        assert started.stdin is not None
        assert started.stdout is not None
        stdin, stdout = started.stdin, started.stdout

        def ask() -> str:
            stdin.write(f"{files.path_of(EYES)}\n")
            stdin.flush()
            return stdout.readline().strip()

        yield ask
        stdin.close()


def test_other_processes_take_up_a_new_file(other_process: Callable[[], str]) -> None:
    assert other_process() == "None"
    make_seen(MANY)
    refresh_indexes()
    assert other_process() == str(MANY)
    make_seen(10, first=MANY, at=timezone.now())
    refresh_indexes()
    assert other_process() == str(MANY + 10)
    files.path_of(EYES).unlink()
    assert other_process() == "None"


def test_small_library_never_loads_the_index_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gallery.vectors.index", None)
    monkeypatch.delattr(vectors, "index", raising=False)
    photos = make_seen(20)
    refresh_indexes()
    assert keys(nearest(photos[0])) == looked_at_all(photos[0])


def test_index_of_many_finds_nearly_all_the_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    from gallery.vectors import arithmetic, index

    monkeypatch.setattr(index, "LOOKED_AT", 1000)
    features = clustered(8000)
    made = index.Index.drawn(features, count=len(features))
    made.add(np.arange(len(features)), features)
    made.save(Card("many", timezone.now(), frozenset(), made.count, made.count))
    opened = index.opened(files.path_of("many"))
    assert opened is not None
    assert share_found(opened.nearest, arithmetic.unit(features)) >= 0.95


def clustered(count: int) -> np.ndarray:
    """Return vectors of 64 numbers, float16, in fifty clusters."""
    chance = np.random.default_rng(0)
    centres = np.abs(chance.standard_normal((50, 64)))
    places = centres[chance.integers(50, size=count)] + 0.3 * chance.random((count, 64))
    return places.astype("<f2")


def share_found(nearest: Callable[[np.ndarray, int], list[int]], units: np.ndarray) -> float:
    """Return how many of the twenty nearest are among what is proposed, on average."""
    shares = []
    for one in units[:: len(units) // 20]:
        true = set(np.argsort(-(units @ one))[:20].tolist())
        shares.append(len(true & set(nearest(one, asking.PROPOSALS))) / 20)
    return float(np.mean(shares))
