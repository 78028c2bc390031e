"""Tagging runs: asked for, answered, failed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django_tasks_db.models import DBTaskResult

from gallery import tagging
from gallery.models import Photo, TaggingRun
from gallery.taggers.base import TaggerError
from gallery.tagging.runs import FIRST_RETRY
from gallery.tests.factories import make_photo
from gallery.tests.taggers.stubs import ToldTagger
from gallery.tests.tagging.doing import perform, states

pytestmark = pytest.mark.django_db


def test_run_keeps_everything_said_and_assigns_what_is_sure(photo: Photo) -> None:
    run = perform(photo)
    assert run.status == "complete"
    assert run.model_version == "told/1"
    assert run.suggestions == [
        {"tag": "koala", "confidence": 0.9},
        {"tag": "dog", "confidence": 0.2},
    ]
    assert states(photo) == {"koala": "assigned", "dog": "suggested"}


def test_permanent_failure_is_not_tried_again(photo: Photo, told: ToldTagger) -> None:
    told.says = TaggerError("It refuses this photo.", permanent=True)
    run = perform(photo)
    assert (run.status, run.error, run.retry_at) == ("failed", "It refuses this photo.", None)


def test_passing_failure_is_tried_again_later(photo: Photo, told: ToldTagger) -> None:
    told.says = TaggerError("It does not answer.", permanent=False)
    run = perform(photo)
    assert run.status == "failed"
    assert run.retry_at is not None
    assert run.finished_at is not None
    assert run.retry_at - run.finished_at == FIRST_RETRY


def test_unexpected_error_fails_the_run_and_is_not_swallowed(
    photo: Photo, told: ToldTagger
) -> None:
    told.says = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        perform(photo)
    assert photo.tagging_runs.get().status == "failed"


def test_missing_files_fail_the_run_for_good(photo: Photo) -> None:
    for rendition in photo.renditions.all():
        rendition.file.storage.delete(str(rendition.file))
    photo.file.storage.delete(str(photo.file))
    run = perform(photo)
    assert (run.status, run.retry_at) == ("failed", None)


def test_only_one_worker_gets_a_run(photo: Photo) -> None:
    run = photo.tagging_runs.get()
    other = TaggingRun.objects.get(pk=run.pk)
    assert run.claim(lease=timedelta(seconds=60))
    assert not other.claim(lease=timedelta(seconds=60))


def test_asking_again_asks_only_taggers_that_are_not_at_it(photo: Photo) -> None:
    assert tagging.request_again(photo, by=photo.owner) == []
    perform(photo)
    assert len(tagging.request_again(photo, by=photo.owner)) == 1


def test_photo_with_no_run_has_no_state() -> None:
    assert tagging.state_of(make_photo().tagging_runs.all()) is None


def test_photos_of_an_earlier_model_are_tagged_again_at_their_own_threshold(
    photo: Photo, told: ToldTagger
) -> None:
    run = perform(photo)
    assert not tagging.outdated("told").exists()
    TaggingRun.objects.filter(pk=run.pk).update(model_version="told/0", threshold=0.85)
    assert tagging.request_outdated("told") == 1
    assert photo.tagging_runs.latest("pk").threshold == 0.85
    assert tagging.request_outdated("told") == 0, "they are in the queue already"


def test_photos_that_nobody_had_tagged_are_left_alone(told: ToldTagger) -> None:
    make_photo()
    assert not tagging.outdated("told").exists()


def test_photos_that_were_only_looked_at_are_looked_at_again(
    photo: Photo, told: ToldTagger, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo.tagging_runs.all().delete()
    tagging.perform(tagging.request_run(photo, tagger="told", counts=False))
    photo.tagging_runs.update(model_version="told/0")
    assert tagging.request_outdated("told") == 0, "it tells nothing of what photos look like"
    monkeypatch.setattr(ToldTagger, "gives_features", True)
    assert tagging.request_outdated("told") == 1
    assert photo.tagging_runs.latest("pk").is_look
    assert tagging.request_outdated("told") == 0


def test_looks_wait_until_workers_have_nothing_else_to_do(
    photo: Photo, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        run = tagging.request_run(photo, tagger="told", counts=False)
    run.refresh_from_db()
    assert DBTaskResult.objects.get(pk=run.task_id).priority < 0


def test_nothing_of_what_is_nobodys_business_is_kept(photo: Photo, told: ToldTagger) -> None:
    told.says = {"koala": 0.9, "Muslim": 0.8, "fat person": 0.7}
    assert perform(photo).suggestions == [{"tag": "koala", "confidence": 0.9}]
    assert states(photo) == {"koala": "assigned"}
