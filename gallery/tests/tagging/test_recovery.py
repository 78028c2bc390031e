"""Runs that fell out of the queue come back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from gallery import tagging
from gallery.models import Photo, TaggingRun
from gallery.taggers.base import TaggerError
from gallery.tagging.recovery import RING_PATIENCE
from gallery.tests.taggers.stubs import ToldTagger
from gallery.tests.tagging.doing import perform

pytestmark = pytest.mark.django_db


def test_worker_that_lost_its_lease_cannot_finish_its_successors_run(photo: Photo) -> None:
    late = photo.tagging_runs.get()
    late.claim(lease=timedelta(seconds=-1))
    tagging.sweep()
    successor = TaggingRun.objects.get(pk=late.pk)
    assert successor.claim(lease=timedelta(seconds=60))
    assert not late.finish(suggestions=[], options={}, model_version="late/1")
    assert successor.finish(suggestions=[], options={}, model_version="told/1")


def test_sweep_revives_the_run_of_a_dead_worker(photo: Photo) -> None:
    photo.tagging_runs.get().claim(lease=timedelta(seconds=-1))
    assert tagging.sweep() == 1
    assert photo.tagging_runs.get().status == "queued"


def test_sweep_leaves_a_working_worker_alone(photo: Photo) -> None:
    photo.tagging_runs.get().claim(lease=timedelta(seconds=60))
    assert tagging.sweep() == 0


def test_sweep_gives_up_on_a_run_that_kills_its_workers(photo: Photo, settings: Settings) -> None:
    settings.TAGGING_ATTEMPTS = 1
    photo.tagging_runs.get().claim(lease=timedelta(seconds=-1))
    assert tagging.sweep() == 0
    run = photo.tagging_runs.get()
    assert run.status == "failed"
    assert "died 1 times" in run.error


def test_sweep_tries_failed_runs_when_their_time_has_come(photo: Photo, told: ToldTagger) -> None:
    told.says = TaggerError("It does not answer.", permanent=False)
    run = perform(photo)
    assert tagging.sweep() == 0
    TaggingRun.objects.filter(pk=run.pk).update(retry_at=timezone.now())
    assert tagging.sweep() == 1


def test_sweep_rings_again_when_the_doorbell_was_lost(
    photo: Photo, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    long_ago = timezone.now() - 2 * RING_PATIENCE
    TaggingRun.objects.update(rung_at=long_ago, task_id="")
    with django_capture_on_commit_callbacks(execute=True):
        assert tagging.sweep() == 1
    TaggingRun.objects.update(rung_at=long_ago)
    assert tagging.sweep() == 0, "the task is in the queue now"


@pytest.mark.parametrize(("ago", "rung"), [(timedelta(0), 0), (2 * RING_PATIENCE, 1)])
def test_sweep_rings_again_when_a_worker_died_between_the_task_and_its_run(
    ago: timedelta,
    rung: int,
    photo: Photo,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    run = photo.tagging_runs.get()
    with django_capture_on_commit_callbacks(execute=True):
        run.save()
    now = timezone.now()
    DBTaskResult.objects.update(status="RUNNING", started_at=now - ago)
    TaggingRun.objects.update(rung_at=now - 2 * RING_PATIENCE)
    assert tagging.sweep() == rung


def test_retry_queues_every_failed_run(photo: Photo, told: ToldTagger) -> None:
    told.says = TaggerError("It refuses this photo.", permanent=True)
    perform(photo)
    assert tagging.retry_failed() == 1
    assert photo.tagging_runs.get().status == "queued"
