"""Indexes in PostgreSQL: in tables that come and go in one piece, by any version of pgvector."""

from __future__ import annotations

import numpy as np
import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from gallery import checks
from gallery.similar import nearest
from gallery.tests.vectors.seen import (
    EYES,
    MANY,
    card,
    features_of,
    keys,
    looked_at_all,
    make_seen,
    refresh_indexes,
)
from gallery.tests.vectors.test_files import clustered, share_found
from gallery.vectors import arithmetic, extension, pgvector
from gallery.vectors.cards import BrokenIndexError, Card
from gallery.vectors.extension import Extension
from gallery.vectors.stores import Askable, store

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_postgres")]


def tables() -> list[str]:
    names = connection.introspection.table_names()
    return [name for name in names if name.startswith("gallery_vectors_")]


def opened(space: str) -> Askable:
    index = store().opened(space)
    assert index, "there is an index"
    return index


def keep(features: np.ndarray) -> None:
    """Keep vectors under the name “many”, where the server looks at all only if it has to."""
    asked("SET LOCAL enable_seqscan = off")
    made = store().drawn("many", features, count=len(features))
    made.add(np.arange(len(features)), features)
    made.save(Card("many", timezone.now(), frozenset(), made.count, made.count), lambda count: None)


def asked(statement: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def test_old_table_goes_when_the_new_one_serves() -> None:
    make_seen(MANY)
    refresh_indexes()
    before = tables()
    refresh_indexes(anew=True)
    assert len(tables()) == 1
    assert tables() != before


def test_table_goes_with_the_last_photo_of_a_model() -> None:
    photos = make_seen(MANY)
    refresh_indexes()
    for photo in photos:
        photo.delete()
    refresh_indexes()
    assert tables() == []


def test_nothing_is_left_of_a_table_that_broke_off(monkeypatch: pytest.MonkeyPatch) -> None:
    make_seen(MANY)

    def break_off(*_: object) -> None:
        raise OSError

    with monkeypatch.context() as patched:
        patched.setattr("gallery.vectors.pgvector.Table.save", break_off)
        assert refresh_indexes() == 0
    assert tables() == []
    assert refresh_indexes() == 1


def test_process_leaves_an_index_to_another_that_is_at_it() -> None:
    make_seen(MANY)
    with psycopg.connect(**connection.get_connection_params()) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", [pgvector.lock_of(EYES)])
        assert refresh_indexes() == 0
    assert refresh_indexes() == 1


def test_index_that_is_replaced_meanwhile_is_asked_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    photos = make_seen(MANY)
    refresh_indexes()
    old = store().opened(EYES)
    refresh_indexes(anew=True)
    answers = iter([old, store().opened(EYES)])
    monkeypatch.setattr(pgvector, "opened", lambda space: next(answers))
    assert keys(nearest(photos[0])) == looked_at_all(photos[0])
    assert next(answers, None) is None


@pytest.mark.parametrize(
    "harm", ["DROP TABLE {}", "ALTER TABLE {} DROP COLUMN turned", "DROP EXTENSION vector CASCADE"]
)
def test_index_that_lost_its_table_is_passed_over_and_made_anew(
    harm: str, caplog: pytest.LogCaptureFixture
) -> None:
    photos = make_seen(MANY)
    refresh_indexes()
    asked(harm.format(*tables()))
    assert len(nearest(photos[-1])) > 1
    assert "newest only" in caplog.text
    with pytest.raises(BrokenIndexError):
        card()
    assert refresh_indexes() == 1
    assert keys(nearest(photos[0])) == looked_at_all(photos[0])


def test_other_machines_see_the_same_turn() -> None:
    make_seen(MANY)
    refresh_indexes()
    here = opened(EYES)
    pgvector._held.clear()
    there = opened(EYES)
    assert here is not there
    towards = arithmetic.direction(features_of(0).tobytes())
    assert here.nearest(towards, 9) == there.nearest(towards, 9)


@pytest.mark.parametrize(
    ("version", "kind", "way"),
    [((0, 4), "vector", "ivfflat"), ((0, 6), "vector", "hnsw"), ((0, 8), "halfvec", "hnsw")],
)
def test_index_of_many_finds_nearly_all_the_nearest_by_each_version(
    version: tuple[int, int], kind: str, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extension, "IN_LISTS", 1000)
    monkeypatch.setattr(Extension, "here", lambda: Extension(version))
    features = clustered(4000)
    keep(features)
    assert share_found(opened("many").nearest, arithmetic.unit(features)) >= 0.95
    ((made,),) = asked("SELECT indexdef FROM pg_indexes WHERE indexname LIKE '%turned_idx'")
    assert f"USING {way} (turned" in str(made)
    types = "SELECT udt_name FROM information_schema.columns WHERE column_name = 'turned'"
    assert asked(types) == [(kind,)]


def test_more_can_be_asked_for_than_an_index_looks_at() -> None:
    features = clustered(3000)
    keep(features)
    towards = arithmetic.direction(features[0].tobytes())
    assert len(opened("many").nearest(towards, 2000)) == 2000


def test_database_that_has_it_is_not_complained_of() -> None:
    assert checks.vectors_can_be_kept() + checks.database_has_pgvector(["default"]) == []
