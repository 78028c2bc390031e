"""How sure a tagger must be before its suggestion is a tag: what another threshold would change."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import Coalesce

from .models import Photo, PhotoTag, Tag, TaggingRun, TagState, User
from .models.photos import PhotoQuerySet

SHOWN_CHANGES = 12


@dataclass(frozen=True, slots=True)
class Change:
    """A tag, and on how many photos it would appear or go."""

    tag: Tag
    photos: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What another threshold would change: the commonest changes, and how many there are."""

    threshold: float
    appearing: list[Change]
    going: list[Change]
    appear_count: int
    go_count: int
    photo_count: int


def preview(photos: PhotoQuerySet, threshold: float) -> Preview:
    """Say which tags of these photos would appear or go at a threshold, asking no tagger again.

    Tags with a threshold of their own, what people decided, and what programs asked for stay as
    they are.
    """
    movable = _movable(photos)
    appearing = movable.filter(state=TagState.SUGGESTED, confidence__gte=threshold)
    going = movable.filter(state=TagState.ASSIGNED, confidence__lt=threshold)
    changing = (appearing | going).aggregate(photos=Count("photo", distinct=True))
    return Preview(
        threshold=threshold,
        appearing=_commonest(appearing),
        going=_commonest(going),
        appear_count=appearing.count(),
        go_count=going.count(),
        photo_count=changing["photos"],
    )


def fate_of(photo_tag: PhotoTag, threshold: float) -> str:
    """Return "appears" or "goes" where a threshold would change that, else nothing."""
    if photo_tag.tag.threshold is not None or photo_tag.is_kept:
        return ""
    if photo_tag.state == TagState.SUGGESTED and photo_tag.confidence >= threshold:
        return "appears"
    if photo_tag.state == TagState.ASSIGNED and photo_tag.confidence < threshold:
        return "goes"
    return ""


def _movable(photos: PhotoQuerySet) -> QuerySet[PhotoTag]:
    return PhotoTag.objects.not_kept().filter(photo__in=photos, tag__threshold=None)


def _commonest(rows: QuerySet[PhotoTag]) -> list[Change]:
    counts = dict(
        rows.values_list("tag")
        .annotate(photos=Count("pk"))
        .order_by("-photos", "tag")[:SHOWN_CHANGES]
    )
    tags = Tag.objects.in_bulk(counts)
    return [Change(tags[pk], photos) for pk, photos in counts.items()]


@transaction.atomic
def apply(photos: PhotoQuerySet, threshold: float) -> None:
    """Let a threshold hold for these photos, now and for runs that are under way."""
    TaggingRun.objects.by_pages().filter(photo__in=photos).update(threshold=threshold)
    _move(_movable(photos), threshold)


@transaction.atomic
def choose(person: User, threshold: float) -> None:
    """Let a threshold hold for all photos of a person, those there are and those to come."""
    person.tagging_threshold = threshold
    person.save(update_fields=["tagging_threshold"])
    apply(Photo.objects.owned_by(person), threshold)


@transaction.atomic
def override(tag: Tag, threshold: float | None) -> None:
    """Give one tag a threshold of its own on the whole site; None takes it away again."""
    tag.threshold = threshold
    tag.save(update_fields=["threshold"])
    rows = PhotoTag.objects.not_kept().filter(tag=tag)
    if threshold is not None:
        _move(rows, threshold)
        return
    sure = rows.filter(confidence__gte=Coalesce(F("run__threshold"), 1.0)).values("pk")
    undecided = rows.filter(state__in=[TagState.SUGGESTED, TagState.ASSIGNED])
    undecided.filter(pk__in=sure).update(state=TagState.ASSIGNED)
    undecided.filter(~Q(pk__in=sure)).update(state=TagState.SUGGESTED)


def _move(rows: QuerySet[PhotoTag], threshold: float) -> None:
    rows.filter(state=TagState.SUGGESTED, confidence__gte=threshold).update(state=TagState.ASSIGNED)
    rows.filter(state=TagState.ASSIGNED, confidence__lt=threshold).update(state=TagState.SUGGESTED)
