"""What is nearest: as if everything were looked at, whatever state the index is in."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta

import numpy as np
import pytest
from django.conf import settings as site
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from gallery import vectors
from gallery.models import Fingerprint, Photo
from gallery.similar import nearest
from gallery.similar.spaces import Seen
from gallery.tests.factories import make_photo
from gallery.tests.vectors.seen import (
    DIMENSIONS,
    EYES,
    MANY,
    card,
    features_of,
    keys,
    looked_at_all,
    make_seen,
    refresh_indexes,
    see,
)
from gallery.vectors import asking
from gallery.vectors.stores import store

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("kept")]


@pytest.mark.parametrize("count", [1, 30, MANY])
def test_the_nearest_are_those_that_looking_at_all_finds(count: int) -> None:
    photos = make_seen(count)
    refresh_indexes()
    assert (store().opened(EYES) is not None) is (count == MANY)
    for photo in photos[::7]:
        assert keys(nearest(photo)) == looked_at_all(photo)


def test_likeness_is_the_cosine_and_falls() -> None:
    photos = make_seen(MANY)
    refresh_indexes()
    found = nearest(photos[0])
    second = next(n for n, photo in enumerate(photos) if photo.pk == found[1].photo)
    one, other = features_of(0).astype(float), features_of(second).astype(float)
    cosine = one @ other / np.linalg.norm(one) / np.linalg.norm(other)
    assert found[1].likeness == pytest.approx(cosine, abs=1e-4)
    likeness = [near.likeness for near in found]
    assert likeness == sorted(likeness, reverse=True)


def test_something_that_is_not_of_the_space_can_be_asked_for() -> None:
    photos = make_seen(MANY)
    refresh_indexes()
    asked = features_of(3).tobytes()
    first, second = vectors.nearest(Seen(EYES), asked, limit=2)
    assert first.key == photos[3].pk
    assert first.likeness == pytest.approx(1.0)
    assert second.likeness < 1


def test_what_is_less_alike_is_left_out() -> None:
    make_seen(MANY)
    refresh_indexes()
    found = vectors.nearest(Seen(EYES), features_of(0).tobytes(), limit=MANY, at_least=0.9)
    assert found
    assert min(near.likeness for near in found) >= 0.9


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


@pytest.mark.parametrize(
    ("count", "statements"),
    [(20, {"embedded": 1, "pgvector": 2}), (MANY, {"embedded": 2, "pgvector": 5})],
)
def test_answer_takes_few_statements(count: int, statements: dict[str, int], kept: str) -> None:
    make_seen(count)
    refresh_indexes()
    photo = Photo.objects.select_related("fingerprint").order_by("pk")[0]
    nearest(photo)  # an index is opened once
    with CaptureQueriesContext(connection) as asked:
        nearest(photo)
    said = [one["sql"] for one in asked if "SAVEPOINT" not in one["sql"]]
    assert len(said) == statements[kept]


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


def test_recent_photos_are_not_read_twice() -> None:
    make_seen(MANY, at=timezone.now())
    refresh_indexes()
    assert len(card().recent) == MANY
    assert asking.lacked(Seen(EYES), card()) == []


def test_deleted_photos_are_gone_at_once() -> None:
    photos = make_seen(MANY)
    refresh_indexes()
    gone = keys(nearest(photos[0]))[1]
    Photo.objects.filter(pk=gone).delete()
    assert keys(nearest(photos[0])) == looked_at_all(photos[0])


def test_index_of_other_dimensions_is_not_asked() -> None:
    make_seen(MANY)
    refresh_indexes()
    Fingerprint.objects.update(embedding=features_of(0)[:8].tobytes())
    assert len(vectors.nearest(Seen(EYES), features_of(0)[:8].tobytes(), limit=50)) == 40


# --- What it costs ----------------------------------------------------------------------------


def test_start_up_loads_no_index_library() -> None:
    check = (
        "import os, sys, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'photolib.settings_test';"
        "django.setup(); import gallery.urls, gallery.management.commands.housekeeping;"
        "sys.exit(bool({'faiss', 'pgvector', 'gallery.vectors.arithmetic'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", check], check=True, cwd=site.BASE_DIR)
