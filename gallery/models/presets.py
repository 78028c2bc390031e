"""What a cloud has agreed with its programs: presets, named transformations, mappings, triggers."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from .assets import new_id
from .clouds import Cloud


class UploadPreset(models.Model):
    """Parameters that an upload may name instead of giving them; unsigned: without a signature."""

    cloud = models.ForeignKey(Cloud, on_delete=models.CASCADE, related_name="presets")
    name = models.CharField(max_length=255)
    external_id = models.CharField(max_length=32, unique=True, default=new_id)
    unsigned = models.BooleanField(default=False)
    settings = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["cloud", "name"], name="preset_once")]

    def __str__(self) -> str:
        return self.name


class NamedTransformation(models.Model):
    """A transformation that a cloud knows: by a name, or, without one, by its own text.

    ``name`` is what follows ``t_``, or the text; ``definition`` is the text in both cases.
    """

    cloud = models.ForeignKey(Cloud, on_delete=models.CASCADE, related_name="transformations")
    name = models.CharField(max_length=1000)
    definition = models.TextField()
    is_named = models.BooleanField(default=False)
    allowed_for_strict = models.BooleanField(default=False)
    is_used = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["cloud", "is_named", "name"], name="transformation_once"
            )
        ]

    def __str__(self) -> str:
        return f"t_{self.name}" if self.is_named else self.name


class UploadMapping(models.Model):
    """Where files of a folder are fetched from when somebody first asks for one."""

    cloud = models.ForeignKey(Cloud, on_delete=models.CASCADE, related_name="mappings")
    folder = models.CharField(max_length=255)
    template = models.CharField(max_length=2000)
    external_id = models.CharField(max_length=32, unique=True, default=new_id)

    class Meta:
        ordering = ["folder"]
        constraints = [models.UniqueConstraint(fields=["cloud", "folder"], name="mapping_once")]

    def __str__(self) -> str:
        return f"{self.folder}: {self.template}"


class Trigger(models.Model):
    """An address that is told of every event of one kind."""

    cloud = models.ForeignKey(Cloud, on_delete=models.CASCADE, related_name="triggers")
    external_id = models.CharField(max_length=32, unique=True, default=new_id)
    uri = models.CharField(max_length=2000)
    event_type = models.CharField(max_length=50)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["cloud", "uri", "event_type"], name="trigger_once"),
            models.CheckConstraint(name="trigger_has_uri", condition=~Q(uri="")),
        ]

    def __str__(self) -> str:
        return f"{self.event_type}: {self.uri}"
