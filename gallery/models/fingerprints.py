"""Fingerprints: what a photo looks like, as numbers to compare."""

from __future__ import annotations

from django.db import models

from .photos import Photo


class Fingerprint(models.Model):
    """Kept off the photo row, so that lists stay narrow.

    ``perceptual_hash`` is 64 bits as 16 hexadecimal digits; few differing bits mean much the same
    picture. ``embedding`` is the feature vector of ``model``, float16, little-endian.
    """

    photo = models.OneToOneField(
        Photo, on_delete=models.CASCADE, primary_key=True, related_name="fingerprint"
    )
    perceptual_hash = models.CharField(max_length=16, blank=True, db_index=True)
    embedding = models.BinaryField(null=True, blank=True)
    model = models.CharField(max_length=100, blank=True)

    def __str__(self) -> str:
        return f"{self.photo}: {self.perceptual_hash}"
