"""Tagging: what each tagger was asked and said, and the tags that came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.dispatch import Signal
from django.utils import timezone

from .photos import Photo
from .tags import Tag, TagClosure
from .teaching import TaughtTag

#: Sent with ``photo_ids`` at the begin of a transaction that changes the tags of these photos.
tags_changed = Signal()
#: Sent with a ``run`` that has its answer, or has failed for good.
run_finished = Signal()


class RunStatus(models.TextChoices):
    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    COMPLETE = "complete", "Complete"
    FAILED = "failed", "Failed"


UNFINISHED_STATUSES = (RunStatus.QUEUED, RunStatus.RUNNING)


class TagState(models.TextChoices):
    SUGGESTED = "suggested", "Suggested"
    ASSIGNED = "assigned", "Assigned"
    CONFIRMED = "confirmed", "Confirmed"
    REJECTED = "rejected", "Rejected"


#: What counts as a tag of the photo; the rest is a suggestion or a refusal.
SHOWN_STATES = (TagState.ASSIGNED, TagState.CONFIRMED)
#: What a person has said, and no machine may change.
DECIDED_STATES = (TagState.CONFIRMED, TagState.REJECTED)


class TaggingRunQuerySet(models.QuerySet["TaggingRun"]):
    def unfinished(self) -> Self:
        return self.filter(status__in=UNFINISHED_STATUSES)

    def queued_for(self, time: timedelta) -> Self:
        """Runs that wait although the bell was rung for them so long ago."""
        return self.filter(status=RunStatus.QUEUED, rung_at__lt=timezone.now() - time)

    def abandoned(self) -> Self:
        """Runs whose worker has been silent for longer than its tagger may take."""
        return self.filter(status=RunStatus.RUNNING, lease_expires_at__lt=timezone.now())

    def due_again(self) -> Self:
        """Failed runs whose time to be tried again has come."""
        return self.filter(status=RunStatus.FAILED, retry_at__lte=timezone.now())

    def failed(self) -> Self:
        return self.filter(status=RunStatus.FAILED)

    def counting(self) -> Self:
        """Runs whose answers count, or will; those of an act that is not applied do not."""
        return self.filter(counts=True)

    def by_pages(self) -> Self:
        """Runs that no program asked for by the name of an add-on."""
        return self.filter(add_on=None)

    def for_programs(self) -> Self:
        """Runs that programs asked for, the last of each add-on last."""
        return self.filter(add_on__isnull=False).order_by("pk")

    def last_of_each_add_on(self) -> Self:
        """Of each photo's runs that programs asked for, the last by each name."""
        later = TaggingRun.objects.filter(
            photo=models.OuterRef("photo"),
            add_on=models.OuterRef("add_on"),
            pk__gt=models.OuterRef("pk"),
        )
        return self.filter(~models.Exists(later))

    def not_over(self) -> Self:
        """Runs that have no answer yet, and may have one."""
        is_lost = Q(status=RunStatus.FAILED, retry_at=None)
        return self.exclude(status=RunStatus.COMPLETE).exclude(is_lost)

    def at_work(self, tagger: str) -> Self:
        """Runs that a tagger is at work on this very moment, as far as anyone knows."""
        return self.filter(
            tagger=tagger, status=RunStatus.RUNNING, lease_expires_at__gt=timezone.now()
        )

    def answers(self) -> Self:
        """Complete runs that count, the last of each tagger last, and little but what they said."""
        return (
            self.counting()
            .filter(status=RunStatus.COMPLETE)
            .order_by("pk")
            .only("photo_id", "tagger", "add_on", "threshold", "suggestions")
        )


class TaggingRun(models.Model):
    """One tagger asked about one photo. The row is the request; the queue only rings for it."""

    photo = models.ForeignKey(Photo, on_delete=models.CASCADE, related_name="tagging_runs")
    tagger = models.CharField(max_length=50)
    taught = models.ForeignKey(
        TaughtTag, null=True, blank=True, on_delete=models.CASCADE, related_name="runs"
    )
    model_version = models.CharField(max_length=100, blank=True)
    status = models.CharField(max_length=10, choices=RunStatus.choices, default=RunStatus.QUEUED)
    threshold = models.FloatField()
    suggestions = models.JSONField(
        default=list, blank=True, help_text="Everything the tagger said: tag and confidence, 0..1."
    )
    options = models.JSONField(
        default=dict, blank=True, help_text="The tagger's options as it answered, no credentials."
    )
    added = models.JSONField(default=list, blank=True, help_text="Tags that its answer brought.")
    removed = models.JSONField(default=list, blank=True, help_text="Tags that its answer took.")
    act = models.ForeignKey(
        "BulkAct", null=True, blank=True, on_delete=models.SET_NULL, related_name="runs"
    )
    counts = models.BooleanField(
        default=True, help_text="False: asked only to see what would change, or undone since."
    )
    #: The name under which a program asked for it; null for all others. Its threshold then has to
    #: be exceeded, and is the only one; what exceeds it becomes a tag that no later answer takes.
    add_on = models.CharField(max_length=50, null=True, editable=False)  # noqa: DJ001
    #: Where to tell what came of it, addresses with spaces between; null: nowhere.
    notification_url = models.TextField(null=True, editable=False)  # noqa: DJ001
    error = models.TextField(blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    lease_expires_at = models.DateTimeField(null=True)
    retry_at = models.DateTimeField(null=True)
    rung_at = models.DateTimeField(default=timezone.now)
    task_id = models.CharField(max_length=64, blank=True)

    #: True: whoever made it has it performed, and no worker is rung for. Not stored.
    is_awaited = False

    objects = TaggingRunQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="run_threshold_is_a_share", condition=Q(threshold__range=(0, 1))
            ),
            models.UniqueConstraint(fields=["act", "photo"], name="run_once_per_act_and_photo"),
            models.CheckConstraint(
                name="run_status_known", condition=Q(status__in=RunStatus.values)
            ),
        ]
        indexes = [
            models.Index(
                fields=["status", "id"],
                name="run_unfinished",
                condition=Q(status__in=["queued", "running", "failed"]),
            ),
            models.Index(
                fields=["requested_by", "created_at", "add_on"],
                name="run_for_program",
                condition=Q(add_on__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tagger} on {self.photo_id}: {self.status}"

    @property
    def who(self) -> str:
        """Who said so, in words for people."""
        return self.tagger if self.taught_id is None else "as taught"

    @property
    def voice(self) -> str:
        """Who said so, and under which name a program asked for it."""
        return self.who if self.add_on is None else f"{self.who} ({self.add_on})"

    @property
    def is_unfinished(self) -> bool:
        return self.status in UNFINISHED_STATUSES

    @property
    def is_over(self) -> bool:
        """True when it has its answer, or has failed for good."""
        is_lost = self.status == RunStatus.FAILED and self.retry_at is None
        return self.status == RunStatus.COMPLETE or is_lost

    @property
    def is_look(self) -> bool:
        """True when it is asked only for what photos look like, and brings no tags."""
        return not self.counts and self.act_id is None and self.add_on is None

    def assigns(self, confidence: float, believed: float, of_tag: float | None) -> bool:
        """Whether it makes a tag of what its tagger is so sure of, 0..1.

        ``believed``: that times the trust in the tagger; ``of_tag``: the tag's own threshold. What
        a program asked for goes by its own threshold alone, and has to exceed it.
        """
        if self.add_on is not None:
            return confidence > self.threshold
        return believed >= (self.threshold if of_tag is None else of_tag)

    @property
    def duration(self) -> timedelta | None:
        if self.started_at is None or self.finished_at is None:
            return None
        return self.finished_at - self.started_at

    def claim(self, *, lease: timedelta) -> bool:
        """Move queued to running for so long; False when another worker was first."""
        started_at = timezone.now()
        return self._move(
            RunStatus.QUEUED,
            status=RunStatus.RUNNING,
            attempts=self.attempts + 1,
            started_at=started_at,
            finished_at=None,
            lease_expires_at=started_at + lease,
            retry_at=None,
            error="",
        )

    def finish(
        self, *, suggestions: list[dict[str, Any]], model_version: str, options: dict[str, Any]
    ) -> bool:
        """Move running to complete with the answer; False when the lease was lost meanwhile."""
        return self._move(
            RunStatus.RUNNING,
            status=RunStatus.COMPLETE,
            suggestions=suggestions,
            model_version=model_version,
            options=options,
            finished_at=timezone.now(),
        )

    def fail(self, error: str, *, retry_in: timedelta | None) -> bool:
        """Move running to failed, to be tried again after ``retry_in`` or never."""
        finished_at = timezone.now()
        return self._move(
            RunStatus.RUNNING,
            status=RunStatus.FAILED,
            error=error,
            finished_at=finished_at,
            retry_at=None if retry_in is None else finished_at + retry_in,
        )

    def postpone(self, error: str, *, retry_at: datetime) -> bool:
        """Move queued to failed, to be tried again at a time, without having asked anyone."""
        return self._move(RunStatus.QUEUED, status=RunStatus.FAILED, error=error, retry_at=retry_at)

    def give_up(self) -> bool:
        """Leave a failed run failed for good; False when it is being tried again already."""
        return self._move(RunStatus.FAILED, status=RunStatus.FAILED, retry_at=None)

    def requeue(self) -> bool:
        """Move an abandoned or failed run back to queued; False when it has moved meanwhile."""
        return self._move(RunStatus(self.status), status=RunStatus.QUEUED, retry_at=None)

    def _move(self, seen: RunStatus, **changes: Any) -> bool:
        """Change the row only if it is as this object last saw it.

        ``attempts`` fences: a worker that lost its lease cannot finish its successor's run.
        """
        rows = TaggingRun.objects.filter(pk=self.pk, status=seen, attempts=self.attempts)
        if rows.update(**changes) != 1:
            return False
        for name, value in changes.items():
            setattr(self, name, value)
        return True


class TaggerUsage(models.Model):
    """About how many photos a tagger was asked in a calendar month (UTC)."""

    tagger = models.CharField(max_length=50)
    month = models.DateField(help_text="Its first day.")
    photos = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tagger", "month"], name="tagger_usage_once_a_month")
        ]

    def __str__(self) -> str:
        return f"{self.tagger} in {self.month:%B %Y}: {self.photos}"

    @classmethod
    def this_month(cls, tagger: str) -> Self:
        """Return the row of this month, locked until the transaction ends."""
        cls.objects.get_or_create(tagger=tagger, month=cls._first_day())
        return cls.objects.select_for_update().get(tagger=tagger, month=cls._first_day())

    @staticmethod
    def _first_day() -> date:
        return timezone.now().astimezone(UTC).date().replace(day=1)

    @property
    def next_month(self) -> datetime:
        """The instant at which counting begins anew."""
        first = datetime(self.month.year, self.month.month, 1, tzinfo=UTC)
        return (first + timedelta(days=32)).replace(day=1)


@dataclass(frozen=True, slots=True)
class Said:
    """What one tagger says of a tag: who, in words for people, and how surely, 0..1."""

    who: str
    confidence: float


class PhotoTagQuerySet(models.QuerySet["PhotoTag"]):
    def shown(self) -> Self:
        return self.filter(state__in=SHOWN_STATES)

    def suggested(self) -> Self:
        return self.filter(state=TagState.SUGGESTED)

    def decided(self) -> Self:
        """Rows on which a person has spoken."""
        return self.filter(state__in=DECIDED_STATES)

    def kept(self) -> Self:
        """Rows that a program asked for, as no later answer takes them away."""
        return self.filter(is_kept=True)

    def not_kept(self) -> Self:
        return self.filter(Q(is_kept=None) | Q(is_kept=False))

    def under(self, tags: models.QuerySet[Tag]) -> Self:
        """Rows whose tag is one of these or a kind of one of these."""
        below = TagClosure.objects.filter(ancestor__in=tags).values("descendant")
        return self.filter(tag__in=below)

    def surest_first(self) -> Self:
        return self.order_by("-confidence", "tag__label")


class PhotoTag(models.Model):
    """One tag on one photo: how sure, in which state, and who said so."""

    photo = models.ForeignKey(
        Photo, on_delete=models.CASCADE, related_name="photo_tags", db_index=False
    )
    tag = models.ForeignKey(
        Tag, on_delete=models.CASCADE, related_name="photo_tags", db_index=False
    )
    confidence = models.FloatField()
    state = models.CharField(max_length=10, choices=TagState.choices)
    run = models.ForeignKey(
        TaggingRun, null=True, blank=True, on_delete=models.SET_NULL, related_name="photo_tags"
    )
    #: How a program wrote it, where that differs from the tag's label; null: as the label.
    spelling = models.CharField(max_length=100, null=True, editable=False)  # noqa: DJ001
    #: True: a program asked for it, and no later answer takes it away.
    is_kept = models.BooleanField(null=True, editable=False)

    #: What another threshold would do to it, for a page that tries one: see `thresholds.fate_of`.
    fate = ""
    #: Who says it, surest first, for a page that tells: see `tagging.note_who_said`.
    said: Sequence[Said] = ()

    objects = PhotoTagQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["photo", "tag"], name="photo_tag_once"),
            models.CheckConstraint(
                name="photo_tag_confidence_is_a_share", condition=Q(confidence__range=(0, 1))
            ),
            models.CheckConstraint(
                name="photo_tag_state_known", condition=Q(state__in=TagState.values)
            ),
        ]
        indexes = [
            # All that a search asks of an assignment: pages of a tag read nothing else.
            models.Index(fields=["tag", "photo", "state", "confidence"], name="photo_tag_newest"),
            models.Index(fields=["tag", "confidence", "photo", "state"], name="photo_tag_surest"),
            models.Index(
                fields=["spelling", "photo"],
                name="photo_tag_spelled",
                condition=Q(spelling__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tag} {self.confidence:.2f} ({self.state})"

    @property
    def is_shown(self) -> bool:
        return self.state in SHOWN_STATES

    @property
    def is_by_hand(self) -> bool:
        """True when a person typed it and no tagger said it."""
        return self.run_id is None
