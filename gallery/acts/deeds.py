"""What acts do to the photos of a slice: a tag added or removed, or all tagged again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F

from .. import tagging
from ..models import (
    ActKind,
    ActSlice,
    BulkAct,
    Photo,
    PhotoTag,
    RunStatus,
    SliceStage,
    Tag,
    TaggingRun,
    TagState,
)
from ..tagging.spellings import drop_strays
from . import recording

# --- Adding and removing ----------------------------------------------------------------------


def _add(act: BulkAct, slice_: ActSlice) -> None:
    photo_ids, label = slice_.photo_ids, act.details["label"]
    tag = Tag.objects.by_label([label])[label]
    with recording.recorded(act, photo_ids):
        PhotoTag.objects.bulk_create(
            [
                PhotoTag(photo_id=photo, tag=tag, confidence=1.0, state=TagState.CONFIRMED)
                for photo in _still_there(photo_ids)
            ],
            update_conflicts=True,
            unique_fields=["photo", "tag"],
            update_fields=["state"],
        )


def _remove(act: BulkAct, slice_: ActSlice) -> None:
    """Reject what a tagger said; what only a person ever said is gone."""
    photo_ids = slice_.photo_ids
    tags = Tag.objects.named(act.details["label"])
    with recording.recorded(act, photo_ids):
        rows = PhotoTag.objects.filter(photo__in=photo_ids, tag__in=tags)
        rows.filter(run=None, state=TagState.CONFIRMED).delete()
        rows.update(state=TagState.REJECTED)
        drop_strays(photo_ids)


def _still_there(photo_ids: Collection[int]) -> list[int]:
    return list(Photo.objects.filter(pk__in=photo_ids).values_list("pk", flat=True))


# --- Tagging again ----------------------------------------------------------------------------


def look(act: BulkAct, slice_: ActSlice) -> bool:
    """Ask the tagger about the photos of a slice, and record what its answers would change.

    False when the tagger has no time for more photos just now.
    """
    lease = timedelta(seconds=settings.TAGGING_LEASE_S)
    tagging.request_trials(slice_.photo_ids, tagger=act.details["tagger"], act=act)
    runs = act.runs.filter(photo__in=slice_.photo_ids)
    for run in runs.filter(status=RunStatus.QUEUED).select_related("photo__owner").order_by("pk"):
        act.refresh_from_db(fields=["status", "is_paused"])
        if not act.is_working:
            slice_.hold(lease=timedelta(0))
            return True
        slice_.hold(lease=lease)
        tagging.perform(run)
        if run.status == RunStatus.QUEUED:
            slice_.hold(lease=timedelta(0))
            return False
    _record_what_would_change(act, slice_)
    return True


@transaction.atomic
def _record_what_would_change(act: BulkAct, slice_: ActSlice) -> None:
    """Let the answers count for a moment, look, and take it back."""
    answers = act.runs.filter(photo__in=slice_.photo_ids).values_list("suggestions", flat=True)
    Tag.objects.by_label({entry["tag"] for said in answers for entry in said})
    tagging.hold_tags(slice_.photo_ids)
    before = recording.rows_of(slice_.photo_ids)
    point = transaction.savepoint()
    _let_count(act, slice_.photo_ids)
    after = recording.rows_of(slice_.photo_ids)
    transaction.savepoint_rollback(point)
    recording.keep_changes(act, before, after)
    kept = recording.kept_count(before, after)
    BulkAct.objects.filter(pk=act.pk).update(kept_count=F("kept_count") + kept)
    slice_.reach(SliceStage.LOOKED_AT)


def _let_count(act: BulkAct, photo_ids: Collection[int]) -> None:
    act.runs.filter(photo__in=photo_ids).update(counts=True)
    tagging.settle_all(photo_ids)


def _apply_answers(act: BulkAct, slice_: ActSlice) -> None:
    photo_ids = slice_.photo_ids
    act.changes.filter(photo__in=photo_ids).delete()  # what was foreseen gives way to what is done
    with recording.recorded(act, photo_ids):
        _let_count(act, photo_ids)
    _note_on_runs(act, photo_ids)


def _note_on_runs(act: BulkAct, photo_ids: Collection[int]) -> None:
    """Note on each run which tags its answer brought and took."""
    added, removed = defaultdict(list), defaultdict(list)
    for change in act.changes.filter(photo__in=photo_ids).select_related("tag"):
        was, is_ = change.was_shown, change.is_shown
        if is_ and not was:
            added[change.photo_id].append(change.tag.label)
        elif was and not is_:
            removed[change.photo_id].append(change.tag.label)
    runs = list(act.runs.filter(photo__in=added.keys() | removed.keys()))
    for run in runs:
        run.added, run.removed = sorted(added[run.photo_id]), sorted(removed[run.photo_id])
    TaggingRun.objects.bulk_update(runs, ["added", "removed"], batch_size=recording.BATCH)


# --- Forgetting a tagger ----------------------------------------------------------------------


def _forget(act: BulkAct, slice_: ActSlice) -> None:
    runs = TaggingRun.objects.counting().filter(
        photo__in=slice_.photo_ids, tagger=act.details["tagger"]
    )
    slice_.run_ids = list(runs.values_list("pk", flat=True))
    slice_.save(update_fields=["run_ids"])
    with recording.recorded(act, slice_.photo_ids):
        forgotten = PhotoTag.objects.kept().filter(run__in=slice_.run_ids)
        forgotten.filter(state=TagState.ASSIGNED).delete()
        runs.update(counts=False)
        tagging.settle_all(slice_.photo_ids)


APPLY: dict[ActKind, Callable[[BulkAct, ActSlice], None]] = {
    ActKind.ADD: _add,
    ActKind.REMOVE: _remove,
    ActKind.RETAG: _apply_answers,
    ActKind.FORGET: _forget,
}


def take_back_runs(act: BulkAct, slice_: ActSlice) -> None:
    """Have the runs count that counted before the act, and those that it made no longer."""
    act.runs.filter(photo__in=slice_.photo_ids).update(counts=False)
    TaggingRun.objects.filter(pk__in=slice_.run_ids).update(counts=True)
