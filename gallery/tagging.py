"""Carries out tagging runs, and what people decide about the tags that came of them."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django_tasks import TaskResultStatus, default_task_backend
from django_tasks.exceptions import TaskResultDoesNotExist

from . import renditions, vocabulary
from .imaging.errors import ImageError
from .models import Fingerprint, Photo, PhotoTag, RunStatus, Tag, TaggingRun, TagState, User
from .models.photos import PhotoQuerySet
from .models.tagging import DECIDED_STATES, UNFINISHED_STATUSES
from .taggers import get_tagger
from .taggers.base import Opinion, TaggerError

logger = logging.getLogger(__name__)

FIRST_RETRY = timedelta(seconds=30)
#: How long a doorbell may go unanswered before the sweep looks whether it was heard.
RING_PATIENCE = timedelta(seconds=60)
SWEEP_LIMIT = 500


# --- Asking -----------------------------------------------------------------------------------


def request_first_runs(photo: Photo) -> None:
    """Give a new photo the runs that its upload, its owner or the site asks for."""
    choice = photo.tagging_choice
    taggers = choice.taggers
    if taggers is None:
        taggers = tuple(settings.DEFAULT_TAGGERS) if photo.owner.automatic_tagging else ()
    for tagger in taggers:
        request_run(photo, tagger=tagger, threshold=choice.threshold, by=photo.owner)


def request_run(
    photo: Photo, *, tagger: str, threshold: float | None = None, by: User | None = None
) -> TaggingRun:
    """Ask a tagger about a photo; a worker answers. ``threshold`` None: the owner's."""
    return TaggingRun.objects.create(
        photo=photo,
        tagger=tagger,
        threshold=photo.owner.threshold if threshold is None else threshold,
        requested_by=by,
    )


def request_again(photo: Photo, *, by: User) -> list[TaggingRun]:
    """Ask the site's taggers again, but none that has yet to answer."""
    waiting = set(photo.tagging_runs.unfinished().values_list("tagger", flat=True))
    return [
        request_run(photo, tagger=tagger, by=by)
        for tagger in settings.DEFAULT_TAGGERS
        if tagger not in waiting
    ]


def outdated(tagger: str) -> PhotoQuerySet:
    """Photos that a tagger has answered about, but not with its present model or words."""
    model = get_tagger(tagger).model
    if not model:
        return Photo.objects.none()
    runs = TaggingRun.objects.filter(photo=OuterRef("pk"), tagger=tagger)
    fresh = runs.filter(Q(model_version=model) | Q(status__in=UNFINISHED_STATUSES))
    return Photo.objects.filter(Exists(runs.filter(status=RunStatus.COMPLETE)), ~Exists(fresh))


def request_outdated(tagger: str) -> int:
    """Ask a tagger again about every outdated photo, at the photo's threshold; return how many."""
    runs = TaggingRun.objects.filter(tagger=tagger)
    newer = runs.filter(photo=OuterRef("photo"), pk__gt=OuterRef("pk"))
    latest = runs.filter(~Exists(newer), photo__in=outdated(tagger))
    asked = 0
    for run in latest.select_related("photo__owner").iterator(chunk_size=500):
        request_run(run.photo, tagger=tagger, threshold=run.threshold)
        asked += 1
    return asked


# --- Answering --------------------------------------------------------------------------------


def perform(run: TaggingRun) -> None:
    """Ask the tagger and keep its answer. Nothing happens when another worker has the run."""
    if not run.claim(lease=timedelta(seconds=settings.TAGGING_LEASE_S)):
        return
    try:
        _record(run, _ask(run))
    except TaggerError as error:
        run.fail(str(error), retry_in=None if error.permanent else _backoff(run))
        logger.warning("Run %s on photo %s failed: %s", run.pk, run.photo_id, error)
    except Exception:
        run.fail("Tagging broke off with an unexpected error.", retry_in=_backoff(run))
        raise


def _ask(run: TaggingRun) -> Opinion:
    try:
        image = renditions.tagger_input(run.photo)
    except FileNotFoundError as error:
        raise TaggerError("The photo's file is missing.", permanent=True) from error
    except ImageError as error:
        raise TaggerError(str(error), permanent=True) from error
    return get_tagger(run.tagger).tag(image)


def _backoff(run: TaggingRun) -> timedelta | None:
    """Return 30 s, 2 min, 8 min, …; None once the attempts are used up."""
    if run.attempts >= settings.TAGGING_ATTEMPTS:
        return None
    return FIRST_RETRY * int(4 ** (run.attempts - 1))


@transaction.atomic
def _record(run: TaggingRun, opinion: Opinion) -> None:
    said = [
        {"tag": s.label, "confidence": s.confidence}
        for s in opinion.suggestions
        if _may_be_said(s.label)
    ]
    if not run.finish(suggestions=said, model_version=opinion.model):
        return
    if opinion.features is not None:
        embedding = opinion.features.astype("<f2").tobytes()
        Fingerprint.objects.bulk_create(
            [Fingerprint(photo=run.photo, embedding=embedding, model=opinion.model)],
            update_conflicts=True,
            unique_fields=["photo"],
            update_fields=["embedding", "model"],
        )
    settle(run.photo)


def _may_be_said(label: str) -> bool:
    words = vocabulary.load()
    return label in words.assignable or not words.is_denied(label)


# --- From opinions to tags --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Heard:
    """What the taggers together say of one tag on one photo."""

    confidence: float
    run: TaggingRun
    assigned: bool

    def joined(self, other: Heard) -> Heard:
        surer = self if self.confidence >= other.confidence else other
        return Heard(surer.confidence, surer.run, self.assigned or other.assigned)


@transaction.atomic
def settle(photo: Photo) -> None:
    """Bring the photo's undecided tags in line with the last answer of each tagger.

    Where several taggers name a tag, the surest gives its confidence, and the tag is assigned
    when one of them reaches the tag's own threshold, or its run's where the tag has none. What a
    person decided stays as it is.
    """
    _hold_tags(photo)
    heard = _hear(photo.tagging_runs.latest_complete())
    present = dict(photo.photo_tags.values_list("tag_id", "state"))
    decided = {tag for tag, state in present.items() if state in DECIDED_STATES}
    if gone := present.keys() - decided - {tag.pk for tag in heard}:
        photo.photo_tags.filter(tag__in=gone).delete()
    PhotoTag.objects.bulk_create(
        [
            PhotoTag(
                photo=photo,
                tag=tag,
                confidence=said.confidence,
                state=TagState.ASSIGNED if said.assigned else TagState.SUGGESTED,
                run=said.run,
            )
            for tag, said in heard.items()
            if tag.pk not in decided
        ],
        update_conflicts=True,
        unique_fields=["photo", "tag"],
        update_fields=["confidence", "state", "run"],
    )


def _hold_tags(photo: Photo) -> None:
    """Keep everyone else from changing the photo's tags until this transaction ends.

    Only then is a person's word safe from a tagger that answers at the same moment. SQLite has
    one writer at a time as it is.
    """
    if connection.features.has_select_for_update:
        Photo.objects.select_for_update(no_key=True).only("pk").get(pk=photo.pk)


def _hear(runs: Iterable[TaggingRun]) -> dict[Tag, Heard]:
    said = [(run, entry["tag"], entry["confidence"]) for run in runs for entry in run.suggestions]
    tags = Tag.objects.by_label({label for _, label, _ in said})
    heard: dict[Tag, Heard] = {}
    for run, label, confidence in said:
        if tag := tags.get(label):
            needed = run.threshold if tag.threshold is None else tag.threshold
            opinion = Heard(confidence, run, assigned=confidence >= needed)
            heard[tag] = heard[tag].joined(opinion) if tag in heard else opinion
    return heard


# --- What people decide -----------------------------------------------------------------------


@transaction.atomic
def confirm(photo_tag: PhotoTag) -> None:
    """A person says the tag is right."""
    _decide(photo_tag, TagState.CONFIRMED)


@transaction.atomic
def reject(photo_tag: PhotoTag) -> None:
    """A person says the tag is wrong. A tag that only a person ever said is gone for good."""
    if photo_tag.is_by_hand:
        photo_tag.delete()
    else:
        _decide(photo_tag, TagState.REJECTED)


def _decide(photo_tag: PhotoTag, state: TagState) -> None:
    """Keep a person's word, also when a later run has taken the row away meanwhile."""
    _hold_tags(photo_tag.photo)
    photo_tag.state = state
    PhotoTag.objects.update_or_create(
        photo=photo_tag.photo,
        tag=photo_tag.tag,
        defaults={"state": state},
        create_defaults={
            "state": state,
            "confidence": photo_tag.confidence,
            "run": photo_tag.run,
        },
    )


@transaction.atomic
def undo(photo_tag: PhotoTag) -> None:
    """Take a person's word back: the tag is again what the taggers make of it."""
    _hold_tags(photo_tag.photo)
    photo_tag.delete()
    settle(photo_tag.photo)


@transaction.atomic
def add_by_hand(photo: Photo, label: str) -> PhotoTag | None:
    """A person names a tag. None when the label has no letter or digit in it."""
    tag = Tag.objects.by_label([label]).get(label)
    if tag is None:
        return None
    _hold_tags(photo)
    photo_tag, _ = PhotoTag.objects.update_or_create(
        photo=photo,
        tag=tag,
        defaults={"state": TagState.CONFIRMED},
        create_defaults={"state": TagState.CONFIRMED, "confidence": 1.0},
    )
    return photo_tag


# --- Losing nothing ---------------------------------------------------------------------------


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
        _ring_again(run)
    return len(revived)


def retry_failed(runs: QuerySet[TaggingRun] | None = None) -> int:
    """Queue failed runs once more, whatever they failed of; return how many. None: all."""
    retried = 0
    failed = TaggingRun.objects.failed()
    for run in failed.iterator() if runs is None else failed.filter(pk__in=runs.values("pk")):
        if run.requeue():
            _ring_again(run)
            retried += 1
    return retried


def _revive(run: TaggingRun) -> bool:
    if run.attempts < settings.TAGGING_ATTEMPTS:
        return run.requeue()
    run.fail(f"The worker died {run.attempts} times while tagging this photo.", retry_in=None)
    return False


def _ring_again(run: TaggingRun) -> None:
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


def latest_of_each(runs: Iterable[TaggingRun]) -> list[TaggingRun]:
    """Of runs on one photo, the newest of each tagger."""
    newest: dict[str, TaggingRun] = {}
    for run in runs:
        if run.tagger not in newest or run.pk > newest[run.tagger].pk:
            newest[run.tagger] = run
    return list(newest.values())


def state_of(runs: Iterable[TaggingRun]) -> RunStatus | None:
    """Sum up a photo's runs: unfinished first, then failed; None when it has none."""
    statuses = {run.status for run in runs}
    for status in (RunStatus.RUNNING, RunStatus.QUEUED, RunStatus.FAILED, RunStatus.COMPLETE):
        if status in statuses:
            return status
    return None
