"""Renditions: the stored sizes of a photo, free of metadata."""

from __future__ import annotations

from pathlib import PurePath

from django.db import models

from .photos import Photo


def rendition_path(rendition: Rendition, filename: str) -> str:
    photo, suffix = rendition.photo, PurePath(filename).suffix
    return f"renditions/{photo.public_id[:2]}/{photo.public_id}-{rendition.spec}{suffix}"


class Rendition(models.Model):
    photo = models.ForeignKey(Photo, on_delete=models.CASCADE, related_name="renditions")
    spec = models.CharField(max_length=100)
    file = models.FileField(upload_to=rendition_path, max_length=255)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size_bytes = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["photo", "spec"], name="rendition_once_per_spec")
        ]

    def __str__(self) -> str:
        return f"{self.photo} at {self.spec}"
