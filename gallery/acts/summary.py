"""What an act changes, or would: counted by tag, and how far it has come."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Sum

from ..models import ActStatus, BulkAct, RunStatus, SliceStage, Tag
from ..models.acts import TagChangeQuerySet
from ..models.photos import PhotoQuerySet
from .steps import STAGES

SHOWN_TAGS = 40


@dataclass(frozen=True, slots=True)
class TagCount:
    """A tag, and on how many photos it appears or goes."""

    tag: Tag
    photos: int


@dataclass(frozen=True, slots=True)
class Summary:
    """The commonest changes, how many there are, and on how many photos."""

    added: list[TagCount]
    removed: list[TagCount]
    added_count: int
    removed_count: int
    kept_count: int
    photo_count: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How many photos have been seen to, of how many, and about how many a tagger failed."""

    done: int
    total: int
    failed: int

    @property
    def share(self) -> float:
        return self.done / self.total if self.total else 1.0


def summary(act: BulkAct) -> Summary:
    adding, removing = act.changes.all().adding(), act.changes.all().removing()
    photos = (adding | removing).aggregate(photos=Count("photo", distinct=True))
    return Summary(
        added=_commonest(adding),
        removed=_commonest(removing),
        added_count=adding.count(),
        removed_count=removing.count(),
        kept_count=act.kept_count,
        photo_count=photos["photos"],
    )


def _commonest(changes: TagChangeQuerySet) -> list[TagCount]:
    counts = dict(
        changes.values_list("tag")
        .annotate(photos=Count("pk"))
        .order_by("-photos", "tag")[:SHOWN_TAGS]
    )
    tags = Tag.objects.in_bulk(counts)
    return [TagCount(tags[pk], photos) for pk, photos in counts.items() if pk in tags]


def changed_photos(act: BulkAct) -> PhotoQuerySet:
    """Return the photos on which a tag appears or goes."""
    from ..models import Photo

    changes = act.changes.all()
    return Photo.objects.filter(pk__in=(changes.adding() | changes.removing()).values("photo"))


def progress(act: BulkAct) -> Progress:
    runs = act.runs.all()
    failed = runs.filter(status=RunStatus.FAILED).count()
    if act.status == ActStatus.LOOKING:
        done = runs.filter(status=RunStatus.COMPLETE).count() + failed
    else:
        done = _through(act)
    return Progress(done=min(done, act.photo_count), total=act.photo_count, failed=failed)


def _through(act: BulkAct) -> int:
    """Return how many photos are in slices that have come as far as the act goes now."""
    if act.status not in STAGES:
        return act.photo_count
    reached: SliceStage = STAGES[ActStatus(act.status)].reached
    through = act.slices.filter(stage__gte=reached).aggregate(photos=Sum("photo_count"))
    return through["photos"] or 0
