"""Indexes of vectors that are kept in the database, on PostgreSQL with the extension pgvector."""

from __future__ import annotations

from django.db import models


class VectorIndex(models.Model):
    """What an index says of itself; `gallery.vectors` keeps it and reads it.

    Its vectors are in ``table``, turned onto main ``axes``: float32 of shape
    (axes, dimensions + 1), little-endian; the last column is added. ``recent``: keys, int64.
    """

    space = models.CharField(max_length=100, primary_key=True)
    table = models.CharField(max_length=63)
    axes = models.BinaryField()
    dimensions = models.PositiveIntegerField()
    made_at = models.DateTimeField()
    recent = models.BinaryField()
    count = models.PositiveIntegerField()
    drawn_for = models.PositiveIntegerField()

    class Meta:
        verbose_name_plural = "vector indexes"

    def __str__(self) -> str:
        return f"{self.space}: {self.count}"
