"""Carries acts out slice by slice: a worker takes one, does it whole or not at all, rings again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from ..models import ActKind, ActSlice, ActStatus, BulkAct, SliceStage
from ..models.acts import WORKING_STATUSES
from . import deeds, naming, recording

#: How many workers may be at one act at once.
LANES = 2
#: Acts on no more photos than this are done while the person waits: in about a second.
SMALL = 200
#: How soon the next step is due: now, or when a tagger that is busy may have time again.
AT_ONCE = timedelta(0)
SOON = timedelta(seconds=10)
#: How long an act may be silent before the sweep rings for it again.
PATIENCE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Stage:
    """What a status does with slices: from where to where, and the status that follows."""

    sources: tuple[SliceStage, ...]
    reached: SliceStage
    then: ActStatus


STAGES = {
    ActStatus.LOOKING: Stage((SliceStage.WAITING,), SliceStage.LOOKED_AT, ActStatus.READY),
    ActStatus.APPLYING: Stage(
        (SliceStage.WAITING, SliceStage.LOOKED_AT), SliceStage.APPLIED, ActStatus.APPLIED
    ),
    ActStatus.UNDOING: Stage((SliceStage.APPLIED,), SliceStage.UNDONE, ActStatus.UNDONE),
}


# --- What a person does -----------------------------------------------------------------------


def apply(act: BulkAct) -> bool:
    """Let what was looked at hold. False when the act is not ready for that (any more)."""
    return act.move(ActStatus.READY, status=ActStatus.APPLYING) and go_on(act)


def undo(act: BulkAct) -> bool:
    """Restore what was there before, as far as it is as the act left it. False: it cannot be."""
    if act.kind in (ActKind.RENAME, ActKind.MERGE):
        return naming.undo(act)
    if not act.may_be_undone:
        return False
    return act.move(ActStatus(act.status), status=ActStatus.UNDOING, is_paused=False) and go_on(act)


def pause(act: BulkAct) -> None:
    """Stop after the photo, or the slice, that is being worked on."""
    BulkAct.objects.filter(pk=act.pk, status__in=WORKING_STATUSES).update(is_paused=True)
    act.refresh_from_db()


def resume(act: BulkAct) -> None:
    BulkAct.objects.filter(pk=act.pk).update(is_paused=False)
    act.refresh_from_db()
    _ring(act)


def discard(act: BulkAct) -> bool:
    """Give up an act that has changed nothing yet. What taggers said stays in the ledger."""
    with transaction.atomic():
        if not any(
            act.move(seen, status=ActStatus.DISCARDED, is_paused=False)
            for seen in (ActStatus.LOOKING, ActStatus.READY)
        ):
            return False
        recording.forget_new_words(act)
        act.changes.all().delete()
        act.slices.all().delete()
        return True


def go_on(act: BulkAct) -> bool:
    """Do a small act at once, and have workers do any other."""
    if act.photo_count <= SMALL and act.status != ActStatus.LOOKING:
        while step(act) == AT_ONCE:
            pass
    else:
        _ring(act)
    return True


def _ring(act: BulkAct) -> None:
    for _ in range(LANES):
        ring(act, after=AT_ONCE)


def ring(act: BulkAct, *, after: timedelta) -> None:
    """Have a worker take a step after a while; saving the row is what the signal listens to."""
    act.rung_at = timezone.now() + after
    act.save(update_fields=["rung_at"])


def sweep() -> int:
    """Ring for acts that should be going on and are not; return how many."""
    silent = list(BulkAct.objects.silent_for(PATIENCE))
    for act in silent:
        ring(act, after=AT_ONCE)
    return len(silent)


# --- What a worker does -----------------------------------------------------------------------


def step(act: BulkAct) -> timedelta | None:
    """Do one slice, and end the stage when none is left.

    Returns how soon the next step is due; None when there is none, or others are at it.
    """
    if not act.is_working:
        return None
    stage = STAGES[ActStatus(act.status)]
    slice_ = _claim_next(act, stage)
    is_done = slice_ is not None and _work_on(act, slice_)
    act.refresh_from_db()
    _end(act, stage)
    if slice_ is None or not act.is_working:
        return None
    return AT_ONCE if is_done else SOON


def _claim_next(act: BulkAct, stage: Stage) -> ActSlice | None:
    lease = timedelta(seconds=settings.TAGGING_LEASE_S)
    for slice_ in act.slices.filter(stage__in=stage.sources).order_by("pk"):
        if slice_.claim(lease=lease):
            return slice_
    return None


def _end(act: BulkAct, stage: Stage) -> None:
    """Go over to the next status, unless there is a slice left."""
    if not act.is_working or act.slices.filter(stage__in=stage.sources).exists():
        return
    now = timezone.now()
    times = {ActStatus.APPLIED: {"applied_at": now}, ActStatus.UNDONE: {"undone_at": now}}
    is_first = act.move(ActStatus(act.status), status=stage.then, **times.get(stage.then, {}))
    if is_first and stage.then == ActStatus.UNDONE:
        recording.forget_new_words(act)


def _work_on(act: BulkAct, slice_: ActSlice) -> bool:
    """Do what the status asks for; False when a tagger has no time for it just now."""
    match act.status:
        case ActStatus.LOOKING:
            return deeds.look(act, slice_)
        case ActStatus.APPLYING:
            _apply(act, slice_)
        case ActStatus.UNDOING:
            _undo(act, slice_)
    return True


@transaction.atomic
def _apply(act: BulkAct, slice_: ActSlice) -> None:
    deeds.APPLY[ActKind(act.kind)](act, slice_)
    slice_.reach(SliceStage.APPLIED)


@transaction.atomic
def _undo(act: BulkAct, slice_: ActSlice) -> None:
    deeds.take_back_runs(act, slice_)
    left = recording.restore(act, slice_.photo_ids)
    BulkAct.objects.filter(pk=act.pk).update(left_count=F("left_count") + left)
    slice_.reach(SliceStage.UNDONE)
