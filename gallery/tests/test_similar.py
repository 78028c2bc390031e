"""Similar photos: as if every photo were looked at, whatever state the index is in."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings as site
from django.core.management import call_command
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from gallery import similar
from gallery.models import Fingerprint, Photo
from gallery.similar import Near, files, nearest, nearness, refresh_indexes, upkeep
from gallery.tests.factories import make_photo, make_user

pytestmark = pytest.mark.django_db

EYES = "eyes/1"
DIMENSIONS, KINDS = 16, 4
MANY = 60


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where indexes lie; a library of more than 40 photos has one, and 10 new ones are added."""
    settings.SIMILAR_ROOT = tmp_path / "similar"
    monkeypatch.setattr(nearness, "AT_ONCE", 40)
    monkeypatch.setattr(upkeep, "ADD_FROM", 10)
    return tmp_path / "similar"


def features_of(number: int, *, seed: int = 0) -> np.ndarray:
    """Return what a photo of one of a few kinds looks like, no two the same."""
    features = np.abs(np.random.default_rng([seed, number]).standard_normal(DIMENSIONS))
    features[number % KINDS] += 4
    return features.astype("<f2")


def see(
    photo: Photo, features: np.ndarray, *, model: str = EYES, at: datetime | None = None
) -> None:
    Fingerprint.objects.update_or_create(
        photo_id=photo.pk,  # photos in hand are to be read anew
        defaults={
            "embedding": features.tobytes(),
            "model": model,
            "embedded_at": at or timezone.now() - timedelta(days=1),
        },
    )


def make_seen(
    count: int, *, first: int = 0, model: str = EYES, at: datetime | None = None
) -> list[Photo]:
    owner = make_user()
    photos = [make_photo(owner) for _ in range(count)]
    for number, photo in enumerate(photos, first):
        see(photo, features_of(number), model=model, at=at)
    return photos


def looked_at_all(photo: Photo) -> list[int]:
    """Return the photos nearest to one, as the definition has it."""
    rows = dict(Fingerprint.objects.filter(model=EYES).values_list("photo", "embedding"))
    vectors = {
        key: np.frombuffer(bytes(one or b""), "<f2").astype(float) for key, one in rows.items()
    }
    towards = vectors[photo.pk]
    cosines = {
        key: one @ towards / np.linalg.norm(one) / np.linalg.norm(towards)
        for key, one in vectors.items()
    }
    near = [key for key in cosines if cosines[key] >= nearness.MIN_LIKENESS and key != photo.pk]
    return [photo.pk, *sorted(near, key=lambda key: -cosines[key])]


def keys(found: Sequence[Near]) -> list[int]:
    return [near.photo for near in found]


def card() -> files.Card:
    return files.read_card(files.path_of(EYES))


# --- Answers ----------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 30, MANY])
def test_the_nearest_are_those_that_looking_at_all_finds(count: int) -> None:
    photos = make_seen(count)
    refresh_indexes()
    assert files.path_of(EYES).exists() is (count == MANY)
    for photo in photos[::7]:
        assert keys(nearest(photo)) == looked_at_all(photo)


def test_likeness_is_the_cosine_and_falls() -> None:
    photos = make_seen(MANY)
    refresh_indexes()
    found = nearest(photos[0])
    one, other = (
        features_of(0).astype(float),
        features_of(
            photos.index(next(photo for photo in photos if photo.pk == found[1].photo))
        ).astype(float),
    )
    cosine = one @ other / np.linalg.norm(one) / np.linalg.norm(other)
    assert found[1].likeness == pytest.approx(cosine, abs=1e-4)
    assert [near.likeness for near in found] == sorted(
        (near.likeness for near in found), reverse=True
    )


@pytest.mark.parametrize("count", [20, MANY])
def test_limit_counts_the_photo_itself(count: int) -> None:
    photos = make_seen(count)
    refresh_indexes()
    assert keys(nearest(photos[0], limit=3)) == looked_at_all(photos[0])[:3]


@pytest.mark.parametrize("embedding", [None, b""])
def test_photo_that_no_model_has_seen_is_like_itself_alone(embedding: bytes | None) -> None:
    make_seen(3)
    unseen = make_photo()
    Fingerprint.objects.create(photo=unseen, embedding=embedding)
    assert nearest(unseen) == [Near(unseen.pk, 1.0)]
    assert nearest(make_photo()) != []


def test_photos_that_another_model_saw_cannot_be_compared() -> None:
    photo, *_ = make_seen(3)
    (other,) = make_seen(1, model="other eyes")
    assert other.pk not in keys(nearest(photo))


@pytest.mark.parametrize("count", [20, MANY])
def test_embeddings_that_make_no_sense_are_like_nothing(count: int) -> None:
    photos = make_seen(count)
    odd = [
        features_of(0)[:7],
        np.zeros(DIMENSIONS, "<f2"),
        np.full(DIMENSIONS, np.nan, "<f2"),
        np.full(DIMENSIONS, np.inf, "<f2"),
    ]
    for photo, features in zip(photos[1:], odd, strict=False):
        see(photo, features)
    refresh_indexes()
    for photo in photos[1:5]:
        assert keys(nearest(photo)) == [photo.pk]
        assert photo.pk not in keys(nearest(photos[0]))


@pytest.mark.parametrize(("count", "statements"), [(20, 1), (MANY, 2)])
def test_an_answer_takes_two_statements_at_most(
    count: int, statements: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_seen(count)
    refresh_indexes()
    photo = Photo.objects.select_related("fingerprint").order_by("pk")[0]
    with django_assert_num_queries(statements):
        nearest(photo)


# --- What the index lacks ---------------------------------------------------------------------


def test_new_photos_are_found_before_housekeeping_comes() -> None:
    make_seen(MANY)
    refresh_indexes()
    new = make_seen(5, first=MANY, at=timezone.now())
    for photo in new:
        assert keys(nearest(photo)) == looked_at_all(photo)


def test_photo_committed_late_is_found() -> None:
    make_seen(MANY)
    seen_at = timezone.now()
    refresh_indexes()
    (late,) = make_seen(1, first=MANY, at=seen_at - timedelta(seconds=5))
    twin = make_photo()
    see(twin, features_of(MANY), at=timezone.now())
    assert keys(nearest(twin))[:2] == [twin.pk, late.pk]


def test_photo_seen_anew_is_found_as_it_looks_now() -> None:
    photos = make_seen(MANY)
    refresh_indexes()
    see(photos[1], features_of(0), at=timezone.now())
    assert keys(nearest(photos[0]))[:2] == [photos[0].pk, photos[1].pk]


def test_recent_photo_seen_anew_is_found_as_it_looks_now() -> None:
    photos = make_seen(MANY, at=timezone.now())
    refresh_indexes()
    see(photos[1], features_of(0), at=timezone.now())
    assert keys(nearest(photos[0]))[:2] == [photos[0].pk, photos[1].pk]


def test_recent_photos_are_not_read_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    make_seen(MANY, at=timezone.now())
    refresh_indexes()
    assert len(card().recent) == MANY
    assert nearness._lacked(Fingerprint.objects.seen_by(EYES), card()) == []


def test_deleted_photos_are_gone_at_once() -> None:
    photos = make_seen(MANY)
    refresh_indexes()
    gone = keys(nearest(photos[0]))[1]
    Photo.objects.filter(pk=gone).delete()
    assert keys(nearest(photos[0])) == looked_at_all(photos[0])


# --- Upkeep -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("new", "written", "count"), [(9, 0, MANY), (10, 1, MANY + 10)])
def test_new_photos_are_added_once_they_are_some(new: int, written: int, count: int) -> None:
    make_seen(MANY)
    refresh_indexes()
    photos = make_seen(new, first=MANY, at=timezone.now())
    assert refresh_indexes() == written
    assert (card().count, card().drawn_for) == (count, MANY)
    assert keys(nearest(photos[0])) == looked_at_all(photos[0])


def test_photo_seen_anew_is_in_the_index_once() -> None:
    photos = make_seen(MANY)
    refresh_indexes()
    for photo in photos[:10]:
        see(photo, features_of(99), at=timezone.now())
    assert refresh_indexes() == 1
    assert card().count == MANY
    Fingerprint.objects.update(embedded_at=None)  # so that nothing counts as new
    assert set(keys(nearest(photos[0]))[:10]) == {photo.pk for photo in photos[:10]}


def test_index_that_is_outgrown_is_laid_out_anew() -> None:
    make_seen(MANY)
    refresh_indexes()
    make_seen(MANY, first=MANY, at=timezone.now())
    refresh_indexes()
    assert (card().count, card().drawn_for) == (2 * MANY, 2 * MANY)


@pytest.mark.parametrize(("thorough", "count"), [(False, MANY), (True, MANY - 1)])
def test_what_is_deleted_leaves_the_file_within_the_hour(thorough: bool, count: int) -> None:
    photos = make_seen(MANY)
    refresh_indexes()
    photos[0].delete()
    refresh_indexes(thorough=thorough)
    assert card().count == count


def test_photo_overlooked_is_added_within_the_hour() -> None:
    make_seen(MANY)
    refresh_indexes()
    make_seen(1, first=MANY, at=timezone.now() - timedelta(hours=1))
    assert refresh_indexes() == 0
    assert refresh_indexes(thorough=True) == 1
    assert card().count == MANY + 1


def test_each_model_has_an_index_until_it_has_seen_nothing(folder: Path) -> None:
    photos = make_seen(MANY)
    refresh_indexes()
    for number, photo in enumerate(photos[: MANY - 1]):
        see(photo, features_of(number), model="new eyes", at=timezone.now())
    assert refresh_indexes() == 1
    assert keys(nearest(photos[0]))[0] == photos[0].pk
    assert len(list(folder.iterdir())) == 2
    see(photos[-1], features_of(MANY), model="new eyes", at=timezone.now())
    refresh_indexes()
    assert list(folder.iterdir()) == [files.path_of("new eyes")]


def test_housekeeping_does_it() -> None:
    make_seen(MANY)
    call_command("housekeeping")
    assert card().count == MANY


def test_command_makes_it_anew(capsys: pytest.CaptureFixture[str]) -> None:
    photos = make_seen(MANY)
    refresh_indexes()
    made_at = card().made_at
    call_command("index_similar")
    assert card().made_at > made_at
    assert "of 1 models" in capsys.readouterr().out
    assert keys(nearest(photos[0])) == looked_at_all(photos[0])


# --- Trouble ----------------------------------------------------------------------------------


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
def test_index_serves_on_when_writing_the_next_breaks_off(
    broken: str, folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    photos = make_seen(MANY)
    refresh_indexes()
    before = files.path_of(EYES).read_bytes()

    def break_off(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(files, broken, break_off)
        call_command("index_similar", verbosity=0)
    assert "could not be brought up to date" in caplog.text
    assert [path.read_bytes() for path in folder.iterdir()] == [before]
    assert keys(nearest(photos[0])) == looked_at_all(photos[0])


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
        "from pathlib import Path; from gallery.similar.index import opened\n"
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


# --- What it costs ----------------------------------------------------------------------------


def test_start_up_loads_no_index_library() -> None:
    check = (
        "import os, sys, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'photolib.settings_test';"
        "django.setup(); import gallery.urls, gallery.management.commands.housekeeping;"
        "sys.exit(bool({'faiss', 'gallery.similar.vectors'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", check], check=True, cwd=site.BASE_DIR)


def test_small_library_never_loads_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gallery.similar.index", None)
    monkeypatch.delattr(similar, "index", raising=False)
    photos = make_seen(20)
    refresh_indexes()
    assert keys(nearest(photos[0])) == looked_at_all(photos[0])


def test_index_of_many_finds_nearly_all_the_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    from gallery.similar import index, vectors

    monkeypatch.setattr(index, "LOOKED_AT", 1000)
    chance = np.random.default_rng(0)
    centres = np.abs(chance.standard_normal((50, 64)))
    features = (centres[chance.integers(50, size=8000)] + 0.3 * chance.random((8000, 64))).astype(
        "<f2"
    )
    made = index.Index.drawn(features, count=len(features))
    made.add(np.arange(len(features)), features)
    path = files.path_of("many")
    made.save(path, files.Card("many", timezone.now(), frozenset(), made.count, made.count))
    opened = index.opened(path)
    assert opened is not None
    units = vectors.unit(features)
    shares = []
    for one in units[::400]:
        true = set(np.argsort(-(units @ one))[:20].tolist())
        shares.append(len(true & set(opened.nearest(one, nearness.PROPOSALS))) / 20)
    assert np.mean(shares) >= 0.95
