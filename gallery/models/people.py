"""The people of the site and what each has chosen for their own photos."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.functional import cached_property


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
    #: Whether this person blocks somebody or is blocked by somebody; `apart_from` says who.
    has_blocks = models.BooleanField(default=False, editable=False)

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

    @cached_property
    def apart_from(self) -> frozenset[int]:
        """The people whom this person blocks, and those who block them: neither sees the other."""
        if not self.has_blocks:
            return frozenset()
        rows = Block.objects.filter(Q(person=self.pk) | Q(blocked=self.pk))
        pairs = rows.values_list("person_id", "blocked_id")
        return frozenset(one for pair in pairs for one in pair) - {self.pk}


class Follow(models.Model):
    """A person who wants to see what another one uploads."""

    person = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="follows", db_index=False
    )
    followed = models.ForeignKey(User, on_delete=models.CASCADE, related_name="followers")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "followed"], name="follow_once"),
            models.CheckConstraint(name="follow_not_oneself", condition=~Q(person=F("followed"))),
        ]

    def __str__(self) -> str:
        return f"{self.person} follows {self.followed}"


class Block(models.Model):
    """A person who wants nothing to do with another: neither sees what is the other's."""

    person = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="blocks", db_index=False
    )
    blocked = models.ForeignKey(User, on_delete=models.CASCADE, related_name="blocked_by")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "blocked"], name="block_once"),
            models.CheckConstraint(name="block_not_oneself", condition=~Q(person=F("blocked"))),
        ]

    def __str__(self) -> str:
        return f"{self.person} blocks {self.blocked}"
