"""Answers of the review queue: what people said when they were asked without being led."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from .photos import Photo
from .tags import Tag


class ReviewAnswer(models.Model):
    """One person's yes or no to one tag on one photo, and how sure the taggers were of it.

    What people confirm and reject elsewhere says little about how sure a tagger should have been:
    there they look for mistakes. Here a machine chose what to ask.
    """

    photo = models.ForeignKey(Photo, on_delete=models.CASCADE, related_name="review_answers")
    # Named by its key alone: a merge takes the tag away, and undoing it brings it back.
    tag = models.ForeignKey(
        Tag, on_delete=models.DO_NOTHING, db_constraint=False, related_name="review_answers"
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="review_answers"
    )
    tagger = models.CharField(max_length=50)
    confidence = models.FloatField()
    is_right = models.BooleanField()
    answered_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["photo", "tag"], name="review_answer_once"),
            models.CheckConstraint(
                name="review_confidence_is_a_share", condition=Q(confidence__range=(0, 1))
            ),
        ]
        indexes = [models.Index(fields=["person", "-id"], name="review_answers_of_person")]

    def __str__(self) -> str:
        return f"{self.tag} on {self.photo_id}: {'yes' if self.is_right else 'no'}"
