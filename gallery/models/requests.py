"""What programs asked for and is not done yet: parts of files, work for later, notifications."""

from __future__ import annotations

from datetime import timedelta
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from .assets import Asset, new_id
from .clouds import ApiKey, Cloud


def chunk_path(chunk: Chunk, filename: str) -> str:
    return f"incoming/{chunk.upload.cloud_id}/{new_id()}"


def job_path(job: ApiJob, filename: str) -> str:
    return f"incoming/{job.cloud_id}/{new_id()}"


class PartialUpload(models.Model):
    """A file that comes in several requests. ``by`` is the key or the preset it comes with."""

    cloud = models.ForeignKey(Cloud, on_delete=models.CASCADE, related_name="+")
    by = models.CharField(max_length=300)
    upload_id = models.CharField(max_length=255)
    #: How many bytes it has in all; null: nobody has said yet.
    total = models.PositiveBigIntegerField(null=True)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)
    #: Set when one request has taken it to put it together.
    taken_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cloud", "by", "upload_id"], name="partial_upload_once")
        ]

    def __str__(self) -> str:
        return self.upload_id


class Chunk(models.Model):
    """A part of a file: its bytes from ``first`` to ``last``, both included."""

    upload = models.ForeignKey(PartialUpload, on_delete=models.CASCADE, related_name="chunks")
    first = models.PositiveBigIntegerField()
    last = models.PositiveBigIntegerField()
    file = models.FileField(upload_to=chunk_path, max_length=255)

    class Meta:
        ordering = ["first"]
        constraints = [models.UniqueConstraint(fields=["upload", "first"], name="chunk_once")]

    def __str__(self) -> str:
        return f"{self.first}-{self.last} of {self.upload}"


class DeleteToken(models.Model):
    """Lets whoever has it delete one asset, for some minutes."""

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="+")
    token = models.CharField(max_length=128, unique=True)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"a token for {self.asset}"


class WorkStatus(models.TextChoices):
    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


class WorkQuerySet(models.QuerySet["ApiJob"]):
    def due(self, *, unrung_for: timedelta) -> Self:
        """Work whose bell was lost, or whose worker has been silent for too long."""
        now = timezone.now()
        waits = Q(status=WorkStatus.QUEUED, rung_at__lt=now - unrung_for)
        return self.filter(waits | Q(status=WorkStatus.RUNNING, lease_expires_at__lt=now))


class ApiJob(models.Model):
    """Work that a program asked for and does not wait for. The row is the request.

    ``action`` names what is to be done, ``params`` how, ``file`` is what came with it.
    """

    cloud = models.ForeignKey(Cloud, on_delete=models.CASCADE, related_name="+")
    key = models.ForeignKey(ApiKey, null=True, on_delete=models.SET_NULL, related_name="+")
    action = models.CharField(max_length=50)
    params = models.JSONField(default=dict)
    file = models.FileField(upload_to=job_path, max_length=255, blank=True)
    batch_id = models.CharField(max_length=64, unique=True, default=new_id)
    status = models.CharField(max_length=10, choices=WorkStatus.choices, default=WorkStatus.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    rung_at = models.DateTimeField(default=timezone.now)
    lease_expires_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = WorkQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["status", "id"],
                name="api_job_unfinished",
                condition=Q(status__in=["queued", "running"]),
            )
        ]

    def __str__(self) -> str:
        return f"{self.action}: {self.status}"


class Notification(models.Model):
    """A message to an address that wants to know. ``body`` is JSON, as it is signed and sent."""

    cloud = models.ForeignKey(Cloud, on_delete=models.CASCADE, related_name="+")
    key = models.ForeignKey(ApiKey, null=True, on_delete=models.SET_NULL, related_name="+")
    url = models.CharField(max_length=2000)
    body = models.TextField()
    status = models.CharField(max_length=10, choices=WorkStatus.choices, default=WorkStatus.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    #: When it is to be tried; the sweep rings for those it is past.
    due_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at", "id"],
                name="notification_due",
                condition=Q(status__in=["queued", "running"]),
            )
        ]

    def __str__(self) -> str:
        return f"to {self.url}: {self.status}"
