"""Taggers are asked about photos, and what they answer is kept."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from .. import renditions, vocabulary
from ..imaging.errors import ImageError
from ..models import Fingerprint, Photo, RunStatus, TaggingRun, TaughtTag, User
from ..models.photos import PhotoQuerySet
from ..models.tagging import UNFINISHED_STATUSES
from ..taggers import get_tagger
from ..taggers.base import SUGGESTION_FLOOR, Opinion, TaggerError
from .settling import settle

if TYPE_CHECKING:
    import numpy as np

logger = logging.getLogger(__name__)

FIRST_RETRY = timedelta(seconds=30)


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
        model = opinion.feature_model or opinion.model
        _keep_features(run.photo, opinion.features, model=model)
        _say_what_was_taught(run, opinion.features, model=model)
    settle(run.photo)


def _keep_features(photo: Photo, features: np.ndarray, *, model: str) -> None:
    Fingerprint.objects.bulk_create(
        [Fingerprint(photo=photo, embedding=features.astype("<f2").tobytes(), model=model)],
        update_conflicts=True,
        unique_fields=["photo"],
        update_fields=["embedding", "model"],
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
