"""Structured metadata: the fields of a cloud, what may stand in them, and what does."""

from __future__ import annotations

from django.db import models

from .assets import Asset, new_id
from .clouds import Cloud


class FieldType(models.TextChoices):
    STRING = "string", "Text"
    INTEGER = "integer", "Number"
    DATE = "date", "Date"
    ENUM = "enum", "One of a list"
    SET = "set", "Several of a list"


class MetadataField(models.Model):
    """A field that assets of a cloud have a value for.

    ``default_value``, ``validation`` and ``restrictions`` are in the form they are asked and
    answered in.
    """

    cloud = models.ForeignKey(Cloud, on_delete=models.CASCADE, related_name="metadata_fields")
    external_id = models.CharField(max_length=255, default=new_id)
    type = models.CharField(max_length=10, choices=FieldType.choices)
    label = models.CharField(max_length=255)
    mandatory = models.BooleanField(default=False)
    default_value = models.JSONField(null=True, blank=True)
    validation = models.JSONField(null=True, blank=True)
    restrictions = models.JSONField(null=True, blank=True)
    default_disabled = models.BooleanField(default=False)
    allow_dynamic_list_values = models.BooleanField(default=False)
    position = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["cloud", "external_id"], name="metadata_field_once"),
            models.UniqueConstraint(fields=["cloud", "label"], name="metadata_field_label_once"),
        ]

    def __str__(self) -> str:
        return self.label


class MetadataEntry(models.Model):
    """One entry of the list that the values of a field are of."""

    field = models.ForeignKey(MetadataField, on_delete=models.CASCADE, related_name="entries")
    external_id = models.CharField(max_length=255, default=new_id)
    value = models.CharField(max_length=500)
    is_active = models.BooleanField(default=True)
    position = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name_plural = "metadata entries"
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["field", "external_id"], name="metadata_entry_once")
        ]

    def __str__(self) -> str:
        return self.value


class MetadataValue(models.Model):
    """What stands in a field of an asset: text, a number, an entry's id, or a list of those."""

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="metadata")
    field = models.ForeignKey(MetadataField, on_delete=models.CASCADE, related_name="values")
    value = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["asset", "field"], name="metadata_value_once")
        ]

    def __str__(self) -> str:
        return f"{self.field}: {self.value}"
