"""Tags that people taught: one head each, theirs alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.utils import timezone

from ..taggers.teaching import TaughtHead
from .photos import Photo
from .tags import Tag

if TYPE_CHECKING:
    from .tagging import TaggingRun


class TaughtTagQuerySet(models.QuerySet["TaughtTag"]):
    def with_photo_count(self) -> Self:
        """``photo_count`` says on how many photos the head itself gave the tag."""
        from .tagging import SHOWN_STATES

        given = models.Q(runs__photo_tags__state__in=SHOWN_STATES)
        return self.annotate(photo_count=models.Count("runs__photo_tags", given))


class TaughtTag(models.Model):
    """A tag that one person taught and applied to their photos; new ones are checked for it.

    ``head`` is what was learnt, see `TaughtHead.to_bytes`, for features of ``model``. What it was
    learnt from are the person's own words on photos, `PhotoTag` rows confirmed and rejected.
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="taught_tags"
    )
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="taught_tags")
    head = models.BinaryField()
    model = models.CharField(max_length=100)
    yes_count = models.PositiveIntegerField()
    no_count = models.PositiveIntegerField()
    applied_at = models.DateTimeField(default=timezone.now)
    #: Set by `with_photo_count`.
    photo_count: int

    objects = TaughtTagQuerySet.as_manager()

    class Meta:
        ordering = ["tag__label"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "tag"], name="taught_tag_once_per_owner")
        ]

    def __str__(self) -> str:
        return f"{self.tag} as {self.owner} taught it"

    @property
    def tagger(self) -> str:
        """The alias under which its runs stand beside those of the site's taggers."""
        return f"taught-{self.pk}"

    @property
    def learnt(self) -> TaughtHead:
        return TaughtHead.from_bytes(bytes(self.head))

    def run_on(self, photo: Photo | int, *, confidence: float, threshold: float) -> TaggingRun:
        """Return the complete run, not yet saved, that says the tag of a photo."""
        from .tagging import RunStatus, TaggingRun

        now = timezone.now()
        return TaggingRun(
            photo_id=photo if isinstance(photo, int) else photo.pk,
            tagger=self.tagger,
            taught=self,
            model_version=self.model,
            status=RunStatus.COMPLETE,
            threshold=threshold,
            suggestions=[{"tag": self.tag.slug, "confidence": round(confidence, 4)}],
            requested_by_id=self.owner_id,
            started_at=now,
            finished_at=now,
        )
