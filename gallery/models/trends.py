"""How many people used each tag in each day, week and month, and what came of it."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q

from .tags import Tag


class Length(models.TextChoices):
    """How long a period is."""

    DAY = "day", "Day"
    WEEK = "week", "Week"
    MONTH = "month", "Month"


class Period(models.Model):
    """A calendar day, week (from Monday) or month, in the site's time zone.

    How many people uploaded photos in it, how many, and how often: a visit is a day on which a
    person uploaded something. Of all photos, and of public ones. ``changed_at``: since when it has
    to be counted anew, as a photo of it was hidden, say; null: its counts are right.
    """

    length = models.CharField(max_length=5, choices=Length.choices)
    start = models.DateField()
    people = models.PositiveIntegerField(default=0)
    photos = models.PositiveIntegerField(default=0)
    visits = models.PositiveIntegerField(default=0)
    public_people = models.PositiveIntegerField(default=0)
    public_photos = models.PositiveIntegerField(default=0)
    public_visits = models.PositiveIntegerField(default=0)
    counted_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-start"]
        constraints = [
            models.UniqueConstraint(fields=["length", "start"], name="period_once"),
            models.CheckConstraint(
                name="period_length_known", condition=Q(length__in=Length.values)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_length_display()} of {self.start}"


class TagCount(models.Model):
    """How many people uploaded photos of a tag in a period, and how many photos.

    ``is_withheld``: one of these photos is public no longer. Until all that was worked out of the
    count has been made anew, it is shown to nobody.
    """

    period = models.ForeignKey(
        Period, on_delete=models.CASCADE, related_name="tag_counts", db_index=False
    )
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="counts")
    people = models.PositiveIntegerField(default=0)
    photos = models.PositiveIntegerField(default=0)
    public_people = models.PositiveIntegerField(default=0)
    public_photos = models.PositiveIntegerField(default=0)
    is_withheld = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["period", "tag"], name="tag_count_once")]
        indexes = [
            models.Index(
                fields=["tag", "period"],
                name="tag_count_withheld",
                condition=Q(is_withheld=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.tag_id} in {self.period_id}: {self.people} people"


class TrendReport(models.Model):
    """What housekeeping last found out about trends: the data of one page, ready to be shown."""

    length = models.CharField(max_length=5, choices=Length.choices)
    is_public = models.BooleanField()
    made_at = models.DateTimeField()
    told: models.JSONField[Any] = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["length", "is_public"], name="trend_report_once")
        ]

    def __str__(self) -> str:
        scope = "public photos" if self.is_public else "all photos"
        return f"Trends by {self.length} of {scope}"
