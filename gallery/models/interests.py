"""Interests: what each person likes, from what they do and as they correct it by hand."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from .photos import Photo
from .tags import Tag


class ProfileQuerySet(models.QuerySet["Profile"]):
    def outdated(self) -> Self:
        """Those of people who did something that is not counted yet."""
        return self.filter(changed_at__isnull=False)

    def listed(self) -> Self:
        """Those of people who may be shown to others as people like them."""
        return self.filter(is_on=True, is_listed=True, person__is_active=True)

    def note_change(self, people: Collection[int]) -> list[int]:
        """Note that people did something; return those of whom that was not noted already.

        Two statements, whoever has a row already and who has none. People who switched their
        interests off stay without.
        """
        rows = self.filter(pk__in=people).values_list("pk", "is_on", "changed_at")
        known = {key: (is_on, changed_at) for key, is_on, changed_at in rows}
        on = [one for one in people if known.get(one, (True, None))[0]]
        fresh = [one for one in on if known.get(one, (True, None))[1] is None]
        self.bulk_create(
            [Profile(person_id=one, changed_at=timezone.now()) for one in on],
            update_conflicts=True,
            unique_fields=["person"],
            update_fields=["changed_at"],
        )
        return fresh


class Profile(models.Model):
    """What is known of a person's interests. The row is the request: ``changed_at`` asks for work.

    ``evidence`` and ``public_evidence`` are arrays of `interests.evidence`, as of ``as_of``: all of
    it for the person's own eyes, and what anybody could gather from their public photos. While
    ``is_on`` is false neither is kept.
    """

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="profile"
    )
    is_on = models.BooleanField("work out my interests", default=True)
    is_listed = models.BooleanField(
        "let others find me as someone like them",
        default=False,
        help_text="By what your public photos show; nothing else of you counts.",
    )
    evidence = models.BinaryField(default=bytes, editable=False)
    public_evidence = models.BinaryField(default=bytes, editable=False)
    public_photos = models.PositiveIntegerField(default=0, editable=False)
    as_of = models.DateTimeField(null=True, editable=False)
    #: When what others may match last changed: an index of people made earlier lacks it.
    public_at = models.DateTimeField(null=True, editable=False)
    #: When something was done that is not counted yet, the last time; None: all is counted.
    changed_at = models.DateTimeField(null=True, editable=False)
    #: What was done before counts no more.
    reset_at = models.DateTimeField(null=True, editable=False)

    objects = ProfileQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["changed_at"],
                name="profile_outdated",
                condition=Q(changed_at__isnull=False),
            ),
            models.Index(
                fields=["public_at", "person"],
                name="profile_listed",
                condition=Q(is_on=True, is_listed=True),
            ),
        ]

    def __str__(self) -> str:
        return f"Interests of {self.person}"


class Stance(models.TextChoices):
    PINNED = "pinned", "Pinned"
    MUTED = "muted", "Muted"
    REMOVED = "removed", "Removed"


class Interest(models.Model):
    """What a person said by hand of their interest in a tag.

    Pinned: they like it, whatever they did. Muted: they want to see none of it. Removed: what they
    did before then says nothing about it.
    """

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="interests",
        db_index=False,
    )
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="interests")
    stance = models.CharField(max_length=10, choices=Stance.choices)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "tag"], name="interest_once"),
            models.CheckConstraint(
                name="interest_stance_known", condition=Q(stance__in=Stance.values)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.tag} ({self.stance})"


class Opening(models.Model):
    """A photo of somebody else's that a person opened; for their own interests alone."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="openings", db_index=False
    )
    photo = models.ForeignKey(Photo, on_delete=models.CASCADE, related_name="openings")
    opened_at = models.DateTimeField(default=timezone.now)
    times = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "photo"], name="opening_once")]
        indexes = [models.Index(fields=["person", "opened_at"], name="opening_latest")]

    def __str__(self) -> str:
        return f"{self.person} opened {self.photo_id}"


class Deck(models.Model):
    """The photos chosen for a person, in order, and how often each was shown before.

    ``cards`` is a list of ``[photo, tag or null, kind]``, for which see `interests.decks`; those
    before ``counted`` have been displayed. ``shown`` is a list of ``[photo, times, day]``, of the
    photos that the person had before their eyes: of how many decks, and the number of the last day;
    the last of them last. ``basis`` stands for what they had said of their interests by hand when
    the cards were chosen.
    """

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="deck"
    )
    made_at = models.DateTimeField()
    basis = models.CharField(max_length=32, blank=True)
    is_newcomer = models.BooleanField(default=False)
    cards: models.JSONField[Any] = models.JSONField(default=list)
    counted = models.PositiveIntegerField(default=0)
    shown: models.JSONField[Any] = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"For {self.person}: {len(self.cards)} photos"


class PopularPhoto(models.Model):
    """A public photo that many people like, as housekeeping last counted."""

    photo = models.OneToOneField(
        Photo, on_delete=models.CASCADE, primary_key=True, related_name="popularity"
    )
    rank = models.PositiveIntegerField(unique=True)
    people = models.PositiveIntegerField()

    class Meta:
        ordering = ["rank"]

    def __str__(self) -> str:
        return f"{self.rank}: {self.photo}"
