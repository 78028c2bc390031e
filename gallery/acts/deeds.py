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
from . import recording

# --- Adding and removing ----------------------------------------------------------------------


def _add(act: BulkAct, photo_ids: Collection[int]) -> None:
    label = act.details["label"]
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


def _remove(act: BulkAct, photo_ids: Collection[int]) -> None:
    """Reject what a tagger said; what only a person ever said is gone."""
    tags = Tag.objects.named(act.details["label"])
    with recording.recorded(act, photo_ids):
        rows = PhotoTag.objects.filter(photo__in=photo_ids, tag__in=tags)
        rows.filter(run=None, state=TagState.CONFIRMED).delete()
        rows.update(state=TagState.REJECTED)


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


def stop_counting(act: BulkAct, photo_ids: Collection[int]) -> None:
    act.runs.filter(photo__in=photo_ids).update(counts=False)


def _apply_answers(act: BulkAct, photo_ids: Collection[int]) -> None:
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


APPLY: dict[ActKind, Callable[[BulkAct, Collection[int]], None]] = {
    ActKind.ADD: _add,
    ActKind.REMOVE: _remove,
    ActKind.RETAG: _apply_answers,
}
