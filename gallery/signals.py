"""Turns committed rows into queued tasks, and takes the files of deleted rows away."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from . import ingest, tagging, tasks
from .models import Photo, Rendition, RunStatus, TaggingRun


@receiver(post_save, sender=Photo)
def request_tagging(instance: Photo, created: bool, raw: bool, **kwargs: Any) -> None:
    if created and not raw:
        tagging.request_first_runs(instance)


@receiver(post_save, sender=TaggingRun)
def enqueue_tagging_run(instance: TaggingRun, raw: bool, **kwargs: Any) -> None:
    if instance.status == RunStatus.QUEUED and not raw:
        transaction.on_commit(partial(ring, instance.pk), robust=True)


def ring(run_id: int) -> None:
    """Ask a worker to look at the run. If the queue is out of reach, the sweep rings later."""
    task = tasks.perform_tagging_run.enqueue(run_id)
    TaggingRun.objects.filter(pk=run_id).update(task_id=task.id)


@receiver(post_delete, sender=Photo)
@receiver(post_delete, sender=Rendition)
def remove_file(instance: Photo | Rendition, **kwargs: Any) -> None:
    transaction.on_commit(partial(ingest.remove_file, instance.file), robust=True)
