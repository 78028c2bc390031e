"""The people of the site and what each has chosen for their own photos."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models


class User(AbstractUser):
    automatic_tagging = models.BooleanField(
        "tag my photos automatically",
        default=True,
        help_text="When off, new photos of yours are shown to no tagger.",
    )
    tagging_threshold = models.FloatField(
        "confidence a tag needs",
        null=True,
        blank=True,
        validators=[MinValueValidator(0.0), MaxValueValidator(1.0)],
        help_text="From 0 to 1. Empty: the site's own.",
    )

    class Meta(AbstractUser.Meta):
        constraints = [
            models.CheckConstraint(
                name="user_threshold_is_a_share",
                condition=models.Q(tagging_threshold__isnull=True)
                | models.Q(tagging_threshold__range=(0, 1)),
            ),
        ]

    @property
    def threshold(self) -> float:
        """The confidence, 0..1, at which a suggestion becomes a tag of this person's photos."""
        if self.tagging_threshold is not None:
            return self.tagging_threshold
        return float(settings.TAGGING_THRESHOLD)
