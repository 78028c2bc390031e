"""Jobs are done once, tried again when they break off, and rung for when their bell was lost."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from gallery.assets import jobs
from gallery.models import ApiJob, Cloud, WorkStatus
from gallery.tests.factories import make_cloud

pytestmark = pytest.mark.django_db


@pytest.fixture
def cloud() -> Cloud:
    return make_cloud()


@pytest.fixture
def seen(monkeypatch: Any) -> list[ApiJob]:
    """The jobs of the action ``look`` that were done, in order."""
    done: list[ApiJob] = []
    monkeypatch.setitem(jobs._work, "look", done.append)
    return done


def test_job_is_done_once(cloud: Cloud, seen: list[ApiJob]) -> None:
    job = jobs.queue(cloud, "look", params={"a": 1})
    other_worker = ApiJob.objects.get()
    jobs.perform(job)
    jobs.perform(other_worker)
    assert [one.params for one in seen] == [{"a": 1}]
    job.refresh_from_db()
    assert (job.status, job.attempts) == (WorkStatus.DONE, 1)


def test_unknown_actions_are_not_queued(cloud: Cloud) -> None:
    with pytest.raises(ValueError, match="Nobody does"):
        jobs.queue(cloud, "nothing")


def test_file_is_there_for_the_work_and_gone_afterwards(
    cloud: Cloud, monkeypatch: Any, own_media: Path
) -> None:
    def look(job: ApiJob) -> None:
        with jobs.with_file(job) as file:
            assert file.read() == b"abc"

    monkeypatch.setitem(jobs._work, "look", look)
    jobs.perform(jobs.queue(cloud, "look", file=ContentFile(b"abc", name="x")))
    assert ApiJob.objects.get().status == WorkStatus.DONE
    assert not [path for path in own_media.rglob("*") if path.is_file()]


def test_file_that_is_lost_fails_the_job(cloud: Cloud, monkeypatch: Any) -> None:
    monkeypatch.setitem(jobs._work, "look", lambda job: jobs.with_file(job).close())
    job = jobs.queue(cloud, "look", file=ContentFile(b"abc", name="x"))
    job.file.storage.delete(str(job.file.name))
    jobs.perform(job)
    assert ApiJob.objects.get().status == WorkStatus.FAILED


def test_refused_job_is_not_tried_again(cloud: Cloud, monkeypatch: Any) -> None:
    def refuse(job: ApiJob) -> None:
        raise jobs.JobError("no")

    monkeypatch.setitem(jobs._work, "look", refuse)
    jobs.perform(jobs.queue(cloud, "look"))
    job = ApiJob.objects.get()
    assert (job.status, job.error) == (WorkStatus.FAILED, "no")
    ApiJob.objects.update(lease_expires_at=timezone.now() - timedelta(days=1))
    assert jobs.sweep() == 0


def test_job_that_breaks_off_is_tried_some_times(cloud: Cloud, monkeypatch: Any) -> None:
    def breaks(job: ApiJob) -> None:
        raise RuntimeError

    monkeypatch.setitem(jobs._work, "look", breaks)
    jobs.queue(cloud, "look")
    for _ in range(jobs.ATTEMPTS):
        ApiJob.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
        jobs.sweep()
        with pytest.raises(RuntimeError):
            jobs.perform(ApiJob.objects.get())
    job = ApiJob.objects.get()
    assert (job.status, job.attempts) == (WorkStatus.FAILED, jobs.ATTEMPTS)


def test_job_whose_worker_always_dies_is_given_up(cloud: Cloud, seen: list[ApiJob]) -> None:
    jobs.queue(cloud, "look")
    past = timezone.now() - timedelta(seconds=1)
    ApiJob.objects.update(status="running", attempts=jobs.ATTEMPTS, lease_expires_at=past)
    assert jobs.sweep() == 0
    assert ApiJob.objects.get().status == WorkStatus.FAILED


def test_lost_bells_are_rung_again(
    cloud: Cloud, seen: list[ApiJob], django_capture_on_commit_callbacks: Any
) -> None:
    jobs.queue(cloud, "look")
    assert jobs.sweep() == 0
    ApiJob.objects.update(rung_at=timezone.now() - timedelta(hours=1))
    with django_capture_on_commit_callbacks() as bells:
        assert jobs.sweep() == 1
    assert len(bells) == 1
    assert jobs.sweep() == 0


def test_worker_that_was_too_slow_does_not_end_its_successors_job(
    cloud: Cloud, monkeypatch: Any
) -> None:
    def slow(job: ApiJob) -> None:
        ApiJob.objects.filter(pk=job.pk).update(attempts=2)  # another one has it now

    monkeypatch.setitem(jobs._work, "look", slow)
    jobs.perform(jobs.queue(cloud, "look"))
    assert ApiJob.objects.get().status == WorkStatus.RUNNING


def test_finished_jobs_are_forgotten_after_a_day(cloud: Cloud, seen: list[ApiJob]) -> None:
    for _ in range(2):
        jobs.perform(jobs.queue(cloud, "look"))
    jobs.queue(cloud, "look")
    first = ApiJob.objects.order_by("pk")[0]
    ApiJob.objects.filter(pk=first.pk).update(finished_at=timezone.now() - timedelta(days=2))
    assert jobs.drop_old() == 1
    assert ApiJob.objects.count() == 2
