"""Taggers are asked about photos, and what they answer is kept."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, Subquery

from .. import renditions, vocabulary
from ..imaging.errors import ImageError
from ..models import BulkAct, Fingerprint, Photo, RunStatus, TaggingRun, TaughtTag, User
from ..models.photos import PhotoQuerySet
from ..models.tagging import UNFINISHED_STATUSES, TaggingRunQuerySet, run_finished
from ..taggers import get_tagger, gives_features, shown_options
from ..taggers.base import (
    SUGGESTION_FLOOR,
    FileTagger,
    Opinion,
    Suggestion,
    Tagger,
    TaggerError,
)
from . import allowance
from .settling import hold_photos, hold_tags, keep_other_names, settle

if TYPE_CHECKING:
    import numpy as np

logger = logging.getLogger(__name__)

FIRST_RETRY = timedelta(seconds=30)
LONG_RETRY = timedelta(hours=1)
#: A month: the longest that a quota takes to come back.
LONGEST_RETRY_S = 31 * 24 * 3600


# --- Asking -----------------------------------------------------------------------------------


def request_first_runs(photo: Photo) -> None:
    """Give a new photo the runs that its upload, its owner or the site asks for."""
    choice = photo.tagging_choice
    taggers = choice.taggers
    if taggers is None:
        taggers = tuple(settings.DEFAULT_TAGGERS) if photo.owner.automatic_tagging else ()
    for tagger in taggers:
        if choice.counts or gives_features(tagger):
            request_run(
                photo,
                tagger=tagger,
                threshold=choice.threshold,
                by=photo.owner,
                counts=choice.counts,
            )


def request_run(
    photo: Photo,
    *,
    tagger: str,
    threshold: float | None = None,
    by: User | None = None,
    counts: bool = True,
) -> TaggingRun:
    """Ask a tagger about a photo; a worker answers. ``threshold`` None: the owner's."""
    return TaggingRun.objects.create(
        photo=photo,
        tagger=tagger,
        threshold=photo.owner.threshold if threshold is None else threshold,
        requested_by=by,
        counts=counts,
    )


def request_trials(photo_ids: Collection[int], *, tagger: str, act: BulkAct) -> None:
    """Make the runs of an act that has yet to be applied; the act performs them itself."""
    asked = set(act.runs.filter(photo__in=photo_ids).values_list("photo_id", flat=True))
    thresholds = thresholds_of(photo_ids)
    TaggingRun.objects.bulk_create(
        TaggingRun(
            photo_id=photo,
            tagger=tagger,
            threshold=threshold,
            requested_by_id=act.by_id,
            act=act,
            counts=False,
        )
        for photo, threshold in thresholds.items()
        if photo not in asked
    )


def thresholds_of(photo_ids: Collection[int]) -> dict[int, float]:
    """Return the threshold that holds on each photo: its newest run's, or else its owner's."""
    runs = TaggingRun.objects.counting().by_pages()
    newest = runs.filter(photo=OuterRef("pk")).order_by("-pk")
    photos = Photo.objects.filter(pk__in=photo_ids).order_by("pk")
    held = photos.annotate(held=Subquery(newest.values("threshold")[:1]))
    return {
        pk: _first_known(threshold, owners, settings.TAGGING_THRESHOLD)
        for pk, threshold, owners in held.values_list("pk", "held", "owner__tagging_threshold")
    }


def _first_known(*thresholds: float | None) -> float:
    return next(threshold for threshold in thresholds if threshold is not None)


def request_again(photo: Photo, *, by: User) -> list[TaggingRun]:
    """Ask the site's taggers again, but none that has yet to answer."""
    unfinished = photo.tagging_runs.counting().by_pages().unfinished()
    waiting = set(unfinished.values_list("tagger", flat=True))
    return [
        request_run(photo, tagger=tagger, by=by)
        for tagger in settings.DEFAULT_TAGGERS
        if tagger not in waiting
    ]


def outdated(tagger: str) -> PhotoQuerySet:
    """Photos that a tagger has answered about, but not with its present model or words."""
    return _outdated(tagger, TaggingRun.objects.counting().by_pages())


def _outdated(tagger: str, asked: TaggingRunQuerySet) -> PhotoQuerySet:
    model = get_tagger(tagger).model
    if not model:
        return Photo.objects.none()
    runs = asked.filter(photo=OuterRef("pk"), tagger=tagger)
    fresh = runs.filter(Q(model_version=model) | Q(status__in=UNFINISHED_STATUSES))
    return Photo.objects.filter(Exists(runs.filter(status=RunStatus.COMPLETE)), ~Exists(fresh))


def _seen_by_an_earlier_model(tagger: str) -> PhotoQuerySet:
    """Photos whose tags a tagger has no part in, but on which it tells which are like them."""
    if not gives_features(tagger):
        return Photo.objects.none()
    tagging = TaggingRun.objects.counting().by_pages().filter(photo=OuterRef("pk"), tagger=tagger)
    seen = _outdated(tagger, TaggingRun.objects.filter(act=None))
    return seen.filter(~Exists(tagging))


def request_outdated(tagger: str) -> int:
    """Ask a tagger again about every outdated photo, at the photo's threshold; return how many.

    It only looks at those whose tags it has no part in.
    """
    runs = TaggingRun.objects.counting().by_pages().filter(tagger=tagger)
    newer = runs.filter(photo=OuterRef("photo"), pk__gt=OuterRef("pk"))
    latest = runs.filter(~Exists(newer), photo__in=outdated(tagger))
    asked = 0
    for run in latest.select_related("photo__owner").iterator(chunk_size=500):
        request_run(run.photo, tagger=tagger, threshold=run.threshold)
        asked += 1
    seen = _seen_by_an_earlier_model(tagger).select_related("owner")
    for photo in seen.iterator(chunk_size=500):
        request_run(photo, tagger=tagger, counts=False)
        asked += 1
    return asked


# --- Answering --------------------------------------------------------------------------------


def perform(run: TaggingRun) -> None:
    """Ask the tagger and keep its answer.

    Nothing happens when another worker has the run, or when the tagger is at work on as many
    photos as it may; then the run is rung for as soon as one of those is done.
    """
    if error := attempt(run):
        raise error


def attempt(run: TaggingRun) -> Exception | None:
    """`perform`, but an error that nobody expects is returned: the run has failed of it."""
    if not allowance.claim(run, lease=timedelta(seconds=settings.TAGGING_LEASE_S)):
        return None
    try:
        _record(run, _ask(run))
    except TaggerError as error:
        fail(run, str(error), retry_in=_retry_in(run, error))
        logger.warning("Run %s on photo %s failed: %s", run.pk, run.photo_id, error)
    except Exception as error:  # noqa: BLE001  whoever asked raises or logs it
        fail(run, "Tagging broke off with an unexpected error.", retry_in=_backoff(run))
        return error
    finally:
        allowance.give_turn(run.tagger)
    return None


def share(run: TaggingRun, answered: TaggingRun) -> None:
    """Give a run the answer that its tagger has just given to another run on the same photo.

    Nothing happens when a worker has the run, or the other one has no answer.
    """
    if answered.status not in (RunStatus.COMPLETE, RunStatus.FAILED):
        return
    if not run.claim(lease=timedelta(seconds=settings.TAGGING_LEASE_S)):
        return
    if answered.status == RunStatus.FAILED:
        fail(run, answered.error, retry_in=None)
        return
    said = tuple(Suggestion(one["tag"], one["confidence"]) for one in answered.suggestions)
    _record(run, Opinion(model=answered.model_version, suggestions=said))


@transaction.atomic
def fail(run: TaggingRun, error: str, *, retry_in: timedelta | None) -> bool:
    """Note that a run failed, and tell whoever waits when that is for good."""
    if not run.fail(error, retry_in=retry_in):
        return False
    if retry_in is None:
        run_finished.send(TaggingRun, run=run)
    return True


def _ask(run: TaggingRun) -> Opinion:
    tagger = get_tagger(run.tagger)
    try:
        if isinstance(tagger, FileTagger):
            with run.photo.file.open("rb") as file:
                return tagger.tag_file(file)
        image = renditions.tagger_input(run.photo)
    except FileNotFoundError as error:
        raise TaggerError("The photo's file is missing.", permanent=True) from error
    except ImageError as error:
        raise TaggerError(str(error), permanent=True) from error
    assert isinstance(tagger, Tagger)
    return tagger.tag(image)


def _retry_in(run: TaggingRun, error: TaggerError) -> timedelta | None:
    """Return how long to wait: as the attempts so far suggest, or longer if the tagger asks.

    A tagger that asks for hours, as one whose quota is used up, is asked again however often.
    """
    if error.permanent:
        return None
    asked = timedelta(seconds=min(error.retry_in_s or 0, LONGEST_RETRY_S))
    if asked >= LONG_RETRY:
        return asked
    backoff = _backoff(run)
    return None if backoff is None else max(asked, backoff)


def _backoff(run: TaggingRun) -> timedelta | None:
    """Return 30 s, 2 min, 8 min, …; None once the attempts are used up."""
    if run.attempts >= settings.TAGGING_ATTEMPTS:
        return None
    return FIRST_RETRY * int(4 ** (run.attempts - 1))


@transaction.atomic
def _record(run: TaggingRun, opinion: Opinion) -> None:
    """Keep an answer, and let it count unless it is only asked for to see what would change."""
    said = [
        {"tag": s.label, "confidence": s.confidence}
        for s in opinion.suggestions
        if get_tagger(run.tagger).quotes_people or _may_be_said(s.label)
    ]
    options = shown_options(run.tagger)
    hold_photos([run.photo_id])
    if not run.finish(suggestions=said, model_version=opinion.model, options=options):
        return
    if opinion.features is not None:
        model = opinion.feature_model or opinion.model
        _keep_features(run.photo, opinion.features, model=model)
        if run.counts and run.add_on is None:
            _say_what_was_taught(run, opinion.features, model=model)
    if run.counts:
        _settle_and_note(run)
    run_finished.send(TaggingRun, run=run)


def _settle_and_note(run: TaggingRun) -> None:
    """Settle the photo's tags, and note on the run which ones its answer brought and took."""
    hold_tags([run.photo_id])
    before = _shown_labels(run.photo)
    settle(run.photo)
    if run.add_on is not None:
        keep_other_names(run)
    after = _shown_labels(run.photo)
    run.added, run.removed = sorted(after - before), sorted(before - after)
    run.save(update_fields=["added", "removed"])


def _shown_labels(photo: Photo) -> set[str]:
    return set(photo.photo_tags.shown().values_list("tag__label", flat=True))


def _keep_features(photo: Photo, features: np.ndarray, *, model: str) -> None:
    Fingerprint.objects.bulk_create(
        [Fingerprint(photo=photo, embedding=features.astype("<f2").tobytes(), model=model)],
        update_conflicts=True,
        unique_fields=["photo"],
        update_fields=["embedding", "embedded_at", "model"],
    )


def _say_what_was_taught(run: TaggingRun, features: np.ndarray, *, model: str) -> None:
    """Ask the heads that the photo's owner taught; each answers with a complete run of its own."""
    taught_tags = list(
        TaughtTag.objects.filter(owner=run.photo.owner_id, model=model).select_related("tag")
    )
    if not taught_tags:
        return
    TaggingRun.objects.filter(photo=run.photo, taught__in=taught_tags).delete()
    for taught in taught_tags:
        confidence = taught.learnt.confidences(features[None, :]).item()
        if confidence >= SUGGESTION_FLOOR:
            taught.run_on(run.photo, confidence=confidence, threshold=run.threshold).save()


def _may_be_said(label: str) -> bool:
    words = vocabulary.load()
    return label in words.assignable or not words.is_denied(label)


# --- Where it stands --------------------------------------------------------------------------


def latest_of_each(runs: Iterable[TaggingRun]) -> list[TaggingRun]:
    """Of runs on one photo, the newest of each tagger, and of each add-on, that counts."""
    newest: dict[str, TaggingRun] = {}
    for run in runs:
        if not run.counts:
            continue
        if run.voice not in newest or run.pk > newest[run.voice].pk:
            newest[run.voice] = run
    return list(newest.values())


def state_of(runs: Iterable[TaggingRun]) -> RunStatus | None:
    """Sum up a photo's runs that count: unfinished first, then failed; None when it has none."""
    statuses = {run.status for run in runs if run.counts}
    for status in (RunStatus.RUNNING, RunStatus.QUEUED, RunStatus.FAILED, RunStatus.COMPLETE):
        if status in statuses:
            return status
    return None
