"""Turns committed rows into queued tasks, and takes the files of deleted rows away."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete, post_save, pre_delete
from django.dispatch import receiver
from django.utils import timezone

from . import ingest, tagging, tasks, trends
from .assets import add_ons, adopting, removing
from .interests import profiles
from .models import (
    ApiJob,
    Asset,
    AssetVersion,
    Block,
    BulkAct,
    Chunk,
    Derived,
    DroppedImage,
    Favourite,
    Follow,
    Interest,
    Notification,
    Opening,
    Photo,
    Profile,
    Rendition,
    RunStatus,
    TaggingRun,
    TwinScan,
    Visibility,
    WorkStatus,
)
from .models.photos import visibility_changed
from .models.tagging import run_finished, tags_changed


@receiver(post_save, sender=Photo)
def request_tagging(instance: Photo, created: bool, raw: bool, **kwargs: Any) -> None:
    if created and not raw:
        tagging.request_first_runs(instance)


@receiver(post_save, sender=TaggingRun)
def enqueue_tagging_run(instance: TaggingRun, raw: bool, **kwargs: Any) -> None:
    if instance.status == RunStatus.QUEUED and not instance.is_awaited and not raw:
        priority = LOOKS_LAST if instance.is_look else 0
        transaction.on_commit(partial(ring, instance.pk, priority), robust=True)


#: Nobody waits for runs that bring no tags.
LOOKS_LAST = -20


def ring(run_id: int, priority: int = 0) -> None:
    """Ask a worker to look at the run. If the queue is out of reach, the sweep rings later."""
    task = tasks.perform_tagging_run.using(priority=priority).enqueue(run_id)
    TaggingRun.objects.filter(pk=run_id).update(task_id=task.id)


@receiver(run_finished)
def tell_programs(run: TaggingRun, **kwargs: Any) -> None:
    add_ons.announce(run)


@receiver(post_save, sender=BulkAct)
def enqueue_step(instance: BulkAct, created: bool, raw: bool, **kwargs: Any) -> None:
    if instance.is_working and not created and not raw:
        transaction.on_commit(partial(ring_for_act, instance), robust=True)


def ring_for_act(act: BulkAct) -> None:
    """Ask a worker for the next step, or for a step later where the queue can wait."""
    task = tasks.step_act
    if act.rung_at > timezone.now() and task.get_backend().supports_defer:
        task = task.using(run_after=act.rung_at)
    task.enqueue(act.pk)


@receiver(post_save, sender=DroppedImage)
def enqueue_look(instance: DroppedImage, raw: bool, **kwargs: Any) -> None:
    if instance.pixels is not None and not raw:
        ring = partial(tasks.look_at_dropped_image.enqueue, instance.pk)
        transaction.on_commit(ring, robust=True)


@receiver(post_save, sender=TwinScan)
def enqueue_twin_scan(
    instance: TwinScan, raw: bool, update_fields: frozenset[str] | None, **kwargs: Any
) -> None:
    if instance.wanted_at and "wanted_at" in (update_fields or ()) and not raw:
        transaction.on_commit(partial(tasks.look_for_twins.enqueue, instance.pk), robust=True)


@receiver(post_save, sender=Notification)
def enqueue_notification(instance: Notification, raw: bool, **kwargs: Any) -> None:
    if instance.status == WorkStatus.QUEUED and not raw:
        transaction.on_commit(partial(ring_for_notification, instance), robust=True)


def ring_for_notification(notification: Notification) -> None:
    """Ask a worker to send it, or to do so later; housekeeping rings where a queue cannot wait."""
    task = tasks.deliver_notification
    if notification.due_at > timezone.now():
        if not task.get_backend().supports_defer:
            return
        task = task.using(run_after=notification.due_at)
    task.enqueue(notification.pk)


# --- Interests --------------------------------------------------------------------------------

#: So long a person's acts are gathered before they are counted.
GATHER = timedelta(seconds=10)
#: So many people are noted while somebody waits.
CONCERNED_AT_ONCE = 20
#: A task counts for so many people at most: what is done meanwhile waits for a second or two.
RUNG_AT_ONCE = 100


@receiver([post_save, post_delete], sender=Favourite)
@receiver([post_save, post_delete], sender=Follow)
@receiver([post_save, post_delete], sender=Interest)
@receiver([post_save, post_delete], sender=Opening)
def note_act(
    instance: Favourite | Follow | Interest | Opening, raw: bool = False, **kwargs: Any
) -> None:
    if not raw:
        _note_interests([instance.person_id])


@receiver([post_save, post_delete], sender=Block)
def note_block(instance: Block, raw: bool = False, **kwargs: Any) -> None:
    if not raw:
        _note_interests([instance.person_id, instance.blocked_id])


@receiver(tags_changed)
@receiver(visibility_changed, sender=Photo)
def note_photos(photo_ids: Collection[int], **kwargs: Any) -> None:
    """Note all whom these photos concern: at once if they are few, else a worker does."""
    people = profiles.concerned_by(photo_ids, most=CONCERNED_AT_ONCE + 1)
    if len(people) > CONCERNED_AT_ONCE:
        people = profiles.owners_of(photo_ids)
        ring = partial(tasks.note_concerned.enqueue, list(photo_ids))
        transaction.on_commit(ring, robust=True)
    _note_interests(people)


@receiver(pre_delete, sender=Photo)
def note_gone_photo(instance: Photo, **kwargs: Any) -> None:
    tagging.hold_photos([instance.pk])  # a tagger may be writing what it has to say
    _note_interests(profiles.concerned_by([instance.pk]))  # afterwards nobody could tell


@receiver(post_save, sender=Profile)
def note_profile(instance: Profile, raw: bool, **kwargs: Any) -> None:
    if instance.is_on and not raw:
        _note_interests([instance.pk])


def _note_interests(people: Collection[int]) -> None:
    """Note in the same transaction that these are to be counted, and ring once it is committed."""
    if fresh := profiles.note_change(people):
        transaction.on_commit(partial(ring_for_interests, fresh), robust=True)


def ring_for_interests(people: list[int]) -> None:
    task = tasks.work_out_interests
    if task.get_backend().supports_defer:
        task = task.using(run_after=timezone.now() + GATHER)
    for start in range(0, len(people), RUNG_AT_ONCE):
        task.enqueue(people[start : start + RUNG_AT_ONCE])


# --- Trends -----------------------------------------------------------------------------------


@receiver(visibility_changed, sender=Photo)
def note_trends(photo_ids: Collection[int], visibility: str, **kwargs: Any) -> None:
    """Have trends tell no more of what is hidden, in the very transaction that hides it."""
    if visibility == Visibility.PUBLIC:
        trends.note_change(photo_ids)
    else:
        trends.note_hidden(photo_ids)


@receiver(pre_delete, sender=Photo)
def note_gone_trends(instance: Photo, **kwargs: Any) -> None:
    note = trends.note_hidden if instance.is_public else trends.note_change
    note([instance.pk])


@receiver(tags_changed)
def note_tag_trends(photo_ids: Collection[int], **kwargs: Any) -> None:
    transaction.on_commit(partial(trends.note_change, photo_ids), robust=True)


# --- Clouds -----------------------------------------------------------------------------------


@receiver(post_save, sender=Photo)
def adopt_photo(instance: Photo, created: bool, raw: bool, **kwargs: Any) -> None:
    """Make known to programs what came in on a page; what came through them is already."""
    if created and not raw and not instance.may_repeat:
        adopting.adopt(instance)


@receiver(post_save, sender=ApiJob)
def enqueue_api_job(instance: ApiJob, raw: bool, **kwargs: Any) -> None:
    if instance.status == WorkStatus.QUEUED and not raw:
        transaction.on_commit(partial(tasks.perform_api_job.enqueue, instance.pk), robust=True)


@receiver(pre_delete, sender=Photo)
def note_gone_asset(instance: Photo, origin: Any = None, **kwargs: Any) -> None:
    """Have a photo's asset go with it; when its owner goes, the whole cloud does by itself."""
    if isinstance(origin, Photo) or getattr(origin, "model", None) is Photo:
        removing.photo_gone(instance)


# --- Files ------------------------------------------------------------------------------------


@receiver(post_delete, sender=ApiJob)
@receiver(post_delete, sender=Asset)
@receiver(post_delete, sender=AssetVersion)
@receiver(post_delete, sender=Chunk)
@receiver(post_delete, sender=Derived)
@receiver(post_delete, sender=Photo)
@receiver(post_delete, sender=Rendition)
def remove_file(
    instance: ApiJob | Asset | AssetVersion | Chunk | Derived | Photo | Rendition, **kwargs: Any
) -> None:
    if instance.file:
        transaction.on_commit(partial(ingest.remove_file, instance.file), robust=True)
