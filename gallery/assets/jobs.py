"""Work that programs ask for and do not wait for: done once, rung for again when bells get lost."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from django.core.files import File
from django.db import transaction
from django.utils import timezone

from .. import ingest
from ..models import ApiJob, ApiKey, Cloud, WorkStatus

logger = logging.getLogger(__name__)

#: A worker silent for longer than this on one job is taken for dead.
LEASE = timedelta(minutes=15)
ATTEMPTS = 3
#: A job that still waits so long after its bell is rung for again.
UNRUNG_FOR = timedelta(minutes=2)
#: So long one that is finished can be looked up.
KEPT_FOR = timedelta(days=1)

Work = Callable[[ApiJob], None]
_work: dict[str, Work] = {}


class JobError(Exception):
    """The job cannot be done, however often it is tried; who asked has been told."""


def does(action: str) -> Callable[[Work], Work]:
    """Name the function that does jobs of an action; it raises JobError."""

    def noted(work: Work) -> Work:
        _work[action] = work
        return work

    return noted


def queue(
    cloud: Cloud,
    action: str,
    *,
    key: ApiKey | None = None,
    params: Mapping[str, Any] | None = None,
    file: File[bytes] | None = None,
) -> ApiJob:
    """Ask for work; a worker does it once this is committed. The file is kept until then."""
    if action not in _work:
        raise ValueError(f"Nobody does {action}.")
    job = ApiJob(cloud=cloud, action=action, key=key, params=dict(params or {}))
    if file is not None:
        job.file.save("file", file, save=False)
    try:
        job.save(force_insert=True)
    except BaseException:
        ingest.remove_file(job.file)
        raise
    return job


def perform(job: ApiJob) -> None:
    """Do a job, unless another worker has it. What breaks off is tried again, `ATTEMPTS` times."""
    if not _claim(job):
        return
    try:
        _work[job.action](job)
    except JobError as error:
        _finish(job, WorkStatus.FAILED, error=str(error))
        logger.warning("Job %s (%s) failed: %s", job.pk, job.action, error)
    except Exception:
        if job.attempts >= ATTEMPTS:
            _finish(job, WorkStatus.FAILED, error="The work broke off with an unexpected error.")
        raise
    else:
        _finish(job, WorkStatus.DONE)


def note(batch_id: str, **done: Any) -> None:
    """Note with a job what is done of it, for whoever has to go on with it."""
    with transaction.atomic():
        job = ApiJob.objects.select_for_update().get(batch_id=batch_id)
        job.params |= done
        job.save(update_fields=["params"])


def _claim(job: ApiJob) -> bool:
    """Move queued, or abandoned, to running; False when another worker was first."""
    changes = {
        "status": WorkStatus.RUNNING,
        "attempts": job.attempts + 1,
        "lease_expires_at": timezone.now() + LEASE,
    }
    seen = ApiJob.objects.filter(pk=job.pk, status=WorkStatus.QUEUED, attempts=job.attempts)
    if seen.update(**changes) != 1:
        return False
    for name, value in changes.items():
        setattr(job, name, value)
    return True


def _finish(job: ApiJob, status: WorkStatus, *, error: str = "") -> None:
    running = ApiJob.objects.filter(pk=job.pk, status=WorkStatus.RUNNING, attempts=job.attempts)
    done = running.update(status=status, error=error, finished_at=timezone.now(), file="")
    if done and job.file:
        ingest.remove_file(job.file)


def sweep() -> int:
    """Ring for jobs whose bell was lost or whose worker died; return how many.

    One that broke off too often is given up.
    """
    rung = 0
    for job in ApiJob.objects.all().due(unrung_for=UNRUNG_FOR).order_by("pk").iterator():
        if job.status == WorkStatus.RUNNING and job.attempts >= ATTEMPTS:
            _finish(job, WorkStatus.FAILED, error="The work broke off too often.")
        elif _requeue(job):
            rung += 1
    return rung


def _requeue(job: ApiJob) -> bool:
    seen = ApiJob.objects.filter(pk=job.pk, status=job.status, attempts=job.attempts)
    if seen.update(status=WorkStatus.QUEUED) != 1:
        return False
    job.status, job.rung_at = WorkStatus.QUEUED, timezone.now()
    job.save(update_fields=["rung_at"])
    return True


def drop_old() -> int:
    """Forget jobs that were finished long ago; return how many."""
    before = timezone.now() - KEPT_FOR
    count, _ = ApiJob.objects.filter(finished_at__lt=before).delete()
    return count


def with_file(job: ApiJob) -> File[bytes]:
    """Open what came with a job. Raises JobError when it is gone."""
    try:
        return job.file.storage.open(job.file.name or "", "rb")
    except FileNotFoundError as error:
        raise JobError("The file that came with the request is lost") from error
