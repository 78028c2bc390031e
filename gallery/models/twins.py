"""Near-duplicates in a person's own library."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from .photos import Photo


class TwinScanQuerySet(models.QuerySet["TwinScan"]):
    def wanted_for(self, patience: timedelta) -> Self:
        """Those that have been asked for so long ago and are still not made."""
        return self.filter(wanted_at__lt=timezone.now() - patience)


class TwinScan(models.Model):
    """What was last found in a library: ``groups`` of keys of photos that look the same.

    The row is the request: it is ``wanted_at`` some time until a worker has looked. ``photo_count``
    and ``newest`` (a key) say which library that was; no groups were made of any other.
    """

    owner = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="twin_scan",
    )
    groups: models.JSONField[Any] = models.JSONField(default=list)
    photo_count = models.PositiveIntegerField(default=0)
    newest = models.PositiveBigIntegerField(default=0)
    made_at = models.DateTimeField(null=True)
    #: Since when a new scan is asked for; None: it is not.
    wanted_at = models.DateTimeField(null=True)

    objects = TwinScanQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{len(self.groups)} groups of {self.owner}"


class NotTwinsQuerySet(models.QuerySet["NotTwins"]):
    def among(self, keys: list[int]) -> set[tuple[int, int]]:
        """Return the pairs of these photos that their owner keeps both, the lower key first."""
        rows = self.filter(photo__in=keys, other__in=keys)
        return set(rows.values_list("photo_id", "other_id"))


class NotTwins(models.Model):
    """Two photos that look the same and that their owner wants to keep both."""

    photo = models.ForeignKey(Photo, on_delete=models.CASCADE, related_name="+", db_index=False)
    other = models.ForeignKey(Photo, on_delete=models.CASCADE, related_name="+")

    objects = NotTwinsQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["photo", "other"], name="not_twins_once"),
            models.CheckConstraint(name="not_twins_in_order", condition=Q(photo__lt=F("other"))),
        ]
        verbose_name = verbose_name_plural = "not twins"

    def __str__(self) -> str:
        return f"{self.photo_id} and {self.other_id}"
