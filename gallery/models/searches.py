"""Searches that people keep under a name, and pictures they search by."""

from __future__ import annotations

import re
import secrets
from datetime import timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode


def new_token() -> str:
    return secrets.token_hex(10)


def is_token(name: str) -> bool:
    """Whether this may be the token of a picture to search by."""
    return re.fullmatch(r"[0-9a-f]{20}", name) is not None


class SavedSearch(models.Model):
    """A query with a name. It is run anew each time, with the permissions of whoever runs it."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="searches", db_index=False
    )
    name = models.CharField(max_length=100)
    query = models.CharField(max_length=1000)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "saved searches"
        constraints = [
            models.UniqueConstraint(fields=["person", "name"], name="saved_search_name_once")
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"{reverse('gallery:photo-search')}?{urlencode({'q': self.query})}"


class DroppedImageQuerySet(models.QuerySet["DroppedImage"]):
    def waiting(self) -> Self:
        """Those that no worker has looked at."""
        return self.filter(pixels__isnull=False)

    def older_than(self, age: timedelta) -> Self:
        return self.filter(created_at__lt=timezone.now() - age)


class DroppedImage(models.Model):
    """A picture that a person searches by; it is forgotten a day later.

    The row is the request: a worker turns ``pixels`` (a small JPEG, as taggers see photos) into
    ``embedding``, float16, of ``model``, or says in ``error`` why it could not, and takes them
    away. ``thumbnail`` is a data URI, for the person to see what is searched by.
    """

    token = models.CharField(max_length=20, unique=True, default=new_token, editable=False)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="dropped_images"
    )
    pixels = models.BinaryField(null=True)
    embedding = models.BinaryField(null=True)
    model = models.CharField(max_length=100, blank=True)
    thumbnail = models.TextField(blank=True)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = DroppedImageQuerySet.as_manager()

    def __str__(self) -> str:
        return f"A picture that {self.person} searches by"

    def get_absolute_url(self) -> str:
        """Return the address where the person waits for it to be looked at."""
        return reverse("gallery:image-search-wait", args=[self.token])
