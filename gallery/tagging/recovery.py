"""Puts back in the queue what fell out of it: a tagging run is never lost."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from django_tasks import TaskResultStatus, default_task_backend
from django_tasks.exceptions import TaskResultDoesNotExist

from ..models import TaggingRun
from .runs import fail

#: How long a doorbell may go unanswered before the sweep looks whether it was heard.
RING_PATIENCE = timedelta(seconds=60)
SWEEP_LIMIT = 500


def sweep() -> int:
    """Put back in the queue what fell out of it; return how many runs that was.

    These are runs of dead workers, failed runs whose time has come again, and queued runs that
    no task in the queue stands for any more.
    """
    runs = TaggingRun.objects.order_by("pk")
    revived = [run for run in runs.abandoned()[:SWEEP_LIMIT] if _revive(run)]
    revived += [run for run in runs.due_again()[:SWEEP_LIMIT] if run.requeue()]
    revived += [
        run for run in runs.queued_for(RING_PATIENCE)[:SWEEP_LIMIT] if not _is_in_queue(run)
    ]
    for run in revived:
        ring_again(run)
    return len(revived)


def retry_failed(runs: QuerySet[TaggingRun] | None = None) -> int:
    """Queue failed runs once more, whatever they failed of; return how many. None: all."""
    retried = 0
    failed = TaggingRun.objects.failed()
    for run in failed.iterator() if runs is None else failed.filter(pk__in=runs.values("pk")):
        if run.requeue():
            ring_again(run)
            retried += 1
    return retried


def _revive(run: TaggingRun) -> bool:
    if run.attempts < settings.TAGGING_ATTEMPTS:
        return run.requeue()
    fail(run, f"The worker died {run.attempts} times while tagging this photo.", retry_in=None)
    return False


def ring_again(run: TaggingRun) -> None:
    """Have a worker look at the run; saving the row is what the signal listens to."""
    run.rung_at = timezone.now()
    run.save(update_fields=["rung_at"])


def _is_in_queue(run: TaggingRun) -> bool:
    if not default_task_backend.supports_get_result or not run.task_id:
        return False
    try:
        task = default_task_backend.get_result(run.task_id)
    except TaskResultDoesNotExist:
        return False
    if task.status == TaskResultStatus.RUNNING and task.started_at:
        # A worker claims its run at once; one that has not by now died in between.
        return task.started_at > timezone.now() - RING_PATIENCE
    return task.status == TaskResultStatus.READY
