"""Bulk acts: what one person did to the tags of many photos at once, and how to take it back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from .photos import Photo
from .tagging import SHOWN_STATES
from .tags import Tag


class ActKind(models.TextChoices):
    ADD = "add", "Add a tag"
    REMOVE = "remove", "Remove a tag"
    RETAG = "retag", "Tag again"
    FORGET = "forget", "Forget a tagger"
    RENAME = "rename", "Rename a tag"
    MERGE = "merge", "Merge tags"


class ActStatus(models.TextChoices):
    LOOKING = "looking", "Looking"
    READY = "ready", "Ready to apply"
    APPLYING = "applying", "Applying"
    APPLIED = "applied", "Applied"
    UNDOING = "undoing", "Undoing"
    UNDONE = "undone", "Undone"
    DISCARDED = "discarded", "Discarded"


WORKING_STATUSES = (ActStatus.LOOKING, ActStatus.APPLYING, ActStatus.UNDOING)


class SliceStage(models.IntegerChoices):
    """How far the photos of a slice have come."""

    WAITING = 0
    LOOKED_AT = 1
    APPLIED = 2
    UNDONE = 3


class BulkActQuerySet(models.QuerySet["BulkAct"]):
    def working(self) -> Self:
        return self.filter(status__in=WORKING_STATUSES, is_paused=False)

    def silent_for(self, time: timedelta) -> Self:
        """Acts that should be going on, and from which nothing was heard for so long."""
        return self.working().filter(rung_at__lt=timezone.now() - time)

    def newest_first(self) -> Self:
        return self.order_by("-pk")


class BulkAct(models.Model):
    """One act of a person on the tags of many photos. Workers carry it out slice by slice.

    ``details`` says more, by kind. Add and remove: ``label``, of the tag, and ``query``, what was
    searched for, or nothing. Retag and forget: ``tagger``. Rename and merge: ``label``, the tags
    themselves ``before`` and ``after``, and ``old_label`` or the ``names`` of the tags that went.
    """

    kind = models.CharField(max_length=10, choices=ActKind.choices)
    status = models.CharField(max_length=10, choices=ActStatus.choices)
    is_paused = models.BooleanField(default=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="bulk_acts"
    )
    details = models.JSONField(default=dict)
    photo_count = models.PositiveIntegerField(default=0)
    kept_count = models.PositiveIntegerField(
        default=0, help_text="Tags shown before and after, over all photos."
    )
    left_count = models.PositiveIntegerField(
        default=0, help_text="Tags that were changed since, and that undoing left as they are."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    applied_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)
    rung_at = models.DateTimeField(default=timezone.now)

    objects = BulkActQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="act_kind_known", condition=Q(kind__in=ActKind.values)),
            models.CheckConstraint(
                name="act_status_known", condition=Q(status__in=ActStatus.values)
            ),
        ]
        indexes = [
            models.Index(
                fields=["rung_at"],
                name="act_working",
                condition=Q(status__in=["looking", "applying", "undoing"]),
            ),
            models.Index(fields=["by", "-id"], name="act_of_person"),
        ]

    def __str__(self) -> str:
        return self.words

    def get_absolute_url(self) -> str:
        return reverse("gallery:act-detail", args=[self.pk])

    @property
    def words(self) -> str:
        """What it does, in words for people."""
        told = self.details
        match self.kind:
            case ActKind.ADD:
                return f"Add “{told['label']}”"
            case ActKind.REMOVE:
                return f"Remove “{told['label']}”"
            case ActKind.RETAG:
                return f"Tag again with {told['tagger']}"
            case ActKind.FORGET:
                return f"Forget what {told['tagger']} said"
            case ActKind.RENAME:
                return f"Rename “{told['old_label']}” to “{told['label']}”"
            case _:
                return (
                    f"Merge {' and '.join(f'“{n}”' for n in told['names'])} into “{told['label']}”"
                )

    @property
    def is_working(self) -> bool:
        return self.status in WORKING_STATUSES and not self.is_paused

    @property
    def is_under_way(self) -> bool:
        return self.status in WORKING_STATUSES

    @property
    def is_of_many_tags(self) -> bool:
        """True when which tags it concerns turns out as it goes."""
        return self.kind in (ActKind.RETAG, ActKind.FORGET)

    @property
    def may_be_undone(self) -> bool:
        return self.status == ActStatus.APPLIED or (
            self.status == ActStatus.APPLYING and self.is_paused
        )

    def move(self, seen: ActStatus, **changes: Any) -> bool:
        """Change the row only if it is in the status seen; False when another was first."""
        if BulkAct.objects.filter(pk=self.pk, status=seen).update(**changes) != 1:
            return False
        for name, value in changes.items():
            setattr(self, name, value)
        return True


class ActSlice(models.Model):
    """Some photos of an act: what one worker does in one go."""

    act = models.ForeignKey(BulkAct, on_delete=models.CASCADE, related_name="slices")
    photo_ids = models.JSONField()
    run_ids = models.JSONField(default=list, help_text="Runs that the act stopped from counting.")
    photo_count = models.PositiveIntegerField()
    stage = models.PositiveSmallIntegerField(choices=SliceStage.choices, default=SliceStage.WAITING)
    lease_expires_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["act", "stage"], name="act_slice_stage")]

    def __str__(self) -> str:
        return f"{self.photo_count} photos of act {self.act_id}"

    def claim(self, *, lease: timedelta) -> bool:
        """Take the slice for so long, in the stage it was seen in; False when another has it."""
        now = timezone.now()
        free = Q(lease_expires_at=None) | Q(lease_expires_at__lte=now)
        rows = ActSlice.objects.filter(free, pk=self.pk, stage=self.stage)
        return rows.update(lease_expires_at=now + lease) == 1

    def hold(self, *, lease: timedelta) -> None:
        """Keep a slice that was claimed for so long from now."""
        ActSlice.objects.filter(pk=self.pk).update(lease_expires_at=timezone.now() + lease)

    def reach(self, stage: SliceStage) -> None:
        """Note how far it has come, and let go of it."""
        self.stage = stage
        self.lease_expires_at = None
        self.save(update_fields=["stage", "lease_expires_at"])


class TagChangeQuerySet(models.QuerySet["TagChange"]):
    def adding(self) -> Self:
        """Changes by which a tag appears on a photo."""
        return self.exclude(before_state__in=SHOWN_STATES).filter(after_state__in=SHOWN_STATES)

    def removing(self) -> Self:
        """Changes by which a tag goes from a photo."""
        return self.filter(before_state__in=SHOWN_STATES).exclude(after_state__in=SHOWN_STATES)


class TagChange(models.Model):
    """What an act made of one tag on one photo: the row before and after; no state is no row.

    Tags and runs are named by their keys alone, so that this outlives them: undoing a merge
    brings a tag back under its key.
    """

    act = models.ForeignKey(BulkAct, on_delete=models.CASCADE, related_name="changes")
    photo = models.ForeignKey(Photo, on_delete=models.CASCADE, related_name="tag_changes")
    tag = models.ForeignKey(
        Tag, on_delete=models.DO_NOTHING, db_constraint=False, related_name="changes"
    )
    before_state = models.CharField(max_length=10, blank=True)
    before_confidence = models.FloatField(null=True)
    before_run = models.BigIntegerField(null=True)
    before_spelling = models.CharField(max_length=100, null=True)  # noqa: DJ001
    before_is_kept = models.BooleanField(null=True)
    after_state = models.CharField(max_length=10, blank=True)
    after_confidence = models.FloatField(null=True)
    after_run = models.BigIntegerField(null=True)

    objects = TagChangeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["act", "photo", "tag"], name="tag_change_once")
        ]
        indexes = [models.Index(fields=["act", "tag"], name="tag_change_of_tag")]

    def __str__(self) -> str:
        before, after = self.before_state or "nothing", self.after_state or "nothing"
        return f"Tag {self.tag_id} on photo {self.photo_id}: {before} to {after}"

    @property
    def was_shown(self) -> bool:
        return self.before_state in SHOWN_STATES

    @property
    def is_shown(self) -> bool:
        return self.after_state in SHOWN_STATES
