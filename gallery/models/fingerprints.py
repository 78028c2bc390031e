"""Fingerprints: what a photo looks like, as numbers to compare."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from .photos import Photo


class FingerprintQuerySet(models.QuerySet["Fingerprint"]):
    def seen(self) -> Self:
        """Those of photos that some model has seen."""
        return self.filter(embedding__isnull=False)

    def seen_by(self, model: str) -> Self:
        return self.seen().filter(model=model)

    def since(self, time: datetime) -> Self:
        """Those of photos that were last seen later."""
        return self.filter(embedded_at__gt=time)

    def embeddings_of(self, keys: Collection[int], model: str) -> dict[int, bytes]:
        """Return the embeddings that a model made of some photos, by the photo's key.

        Asked for the model as well, SQLite would go through all that it has seen.
        """
        rows = self.filter(pk__in=keys).values_list("pk", "model", "embedding")
        return {key: bytes(one) for key, by, one in rows if one is not None and by == model}

    def known_models(self) -> list[str]:
        """Return the models there are embeddings of, each found in the index at once."""
        found: list[str] = []
        rows = self.seen().order_by("model").values_list("model", flat=True)
        model = rows.first()
        while model is not None:
            found.append(model)
            model = rows.filter(model__gt=model).first()
        return found


class Fingerprint(models.Model):
    """Kept off the photo row, so that lists stay narrow.

    ``perceptual_hash`` is 64 bits as 16 hexadecimal digits; few differing bits mean much the same
    picture. ``embedding`` is the feature vector of ``model``, float16, little-endian, and came at
    ``embedded_at``; None: before that was noted.
    """

    photo = models.OneToOneField(
        Photo, on_delete=models.CASCADE, primary_key=True, related_name="fingerprint"
    )
    perceptual_hash = models.CharField(max_length=16, blank=True, db_index=True)
    embedding = models.BinaryField(null=True, blank=True)
    embedded_at = models.DateTimeField(null=True, editable=False, default=timezone.now)
    model = models.CharField(max_length=100, blank=True)

    objects = FingerprintQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["model", "embedded_at", "photo"],
                name="fingerprint_seen",
                condition=Q(embedding__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.photo}: {self.perceptual_hash}"
