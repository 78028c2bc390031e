"""Clouds: libraries as programs see them, and the keys programs come with."""

from __future__ import annotations

import base64
import hashlib
import secrets
from functools import cache
from typing import Self

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

NAME_PATTERN = r"[A-Za-z0-9][A-Za-z0-9_.-]*"


def new_key() -> str:
    """Return 15 digits, as programs expect of a key; it is no secret."""
    return str(secrets.randbelow(9 * 10**14) + 10**14)


def new_secret() -> str:
    """Return 27 characters, 160 bits, that need no escaping in a URL."""
    return secrets.token_urlsafe(20)


class Cloud(models.Model):
    """The library of one account, with the name under which programs know it."""

    name = models.CharField(
        max_length=100,
        unique=True,
        validators=[
            RegexValidator(
                rf"^{NAME_PATTERN}\Z", "A cloud's name has letters, digits, - _ and . in it."
            )
        ],
    )
    owner = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="cloud"
    )
    tags_uploads = models.BooleanField(
        "tag what comes in without being asked",
        default=False,
        help_text="When off, an upload is tagged only when it asks for that.",
    )
    strict_transformations = models.BooleanField(
        "only known transformations",
        default=False,
        help_text="When on, others need a signed address.",
    )
    lists_tags = models.BooleanField(
        "list photos by tag to everyone",
        default=False,
        help_text="When on, /CLOUD/image/list/TAG.json names the public photos of a tag.",
    )
    takes_first_signatures = models.BooleanField(
        "take signatures of version 1",
        default=True,
        help_text="Client libraries from before June 2025 need it; version 2 is safer.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            # Some client libraries write it in lower case.
            models.UniqueConstraint(
                Lower("name"),
                name="cloud_name_once",
                violation_error_message="There is a cloud of this name already.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def active(self) -> Self:
        return self.filter(revoked_at=None)


class ApiKey(models.Model):
    """What a program shows to be let in: a key, and a secret that signs what it asks.

    Signatures can only be checked with the secret itself, so it is kept, sealed with the site's
    own secret key.
    """

    cloud = models.ForeignKey(Cloud, on_delete=models.CASCADE, related_name="keys")
    key = models.CharField(max_length=100, default=new_key)
    label = models.CharField("what it is for", max_length=100, blank=True)
    sealed_secret = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["cloud", "key"], name="api_key_once")]

    def __str__(self) -> str:
        return f"{self.key} of {self.cloud}"

    @property
    def secret(self) -> str:
        """The secret; "" when the site's own secret key has changed, and nothing is let in."""
        try:
            return _seal(_site_keys()).decrypt(bytes(self.sealed_secret)).decode()
        except InvalidToken:
            return ""

    @secret.setter
    def secret(self, secret: str) -> None:
        self.sealed_secret = _seal(_site_keys()).encrypt(secret.encode())

    @property
    def is_active(self) -> bool:
        return self.revoked_at is None

    def revoke(self) -> bool:
        """Let nobody in with it any more; False when that was so already."""
        revoked_at = timezone.now()
        if not ApiKey.objects.active().filter(pk=self.pk).update(revoked_at=revoked_at):
            return False
        self.revoked_at = revoked_at
        return True


def _site_keys() -> tuple[str, ...]:
    return (settings.SECRET_KEY, *map(str, settings.SECRET_KEY_FALLBACKS))


@cache
def _seal(site_keys: tuple[str, ...]) -> MultiFernet:
    digests = [hashlib.sha256(b"photolib api secrets" + key.encode()).digest() for key in site_keys]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])


class CloudUsage(models.Model):
    """What a cloud was used for on one day (UTC)."""

    cloud = models.ForeignKey(Cloud, on_delete=models.CASCADE, related_name="usage")
    day = models.DateField()
    requests = models.PositiveBigIntegerField(default=0)
    transformations = models.PositiveBigIntegerField(default=0)
    bandwidth_bytes = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name_plural = "cloud usage"
        constraints = [
            models.UniqueConstraint(fields=["cloud", "day"], name="cloud_usage_once_a_day")
        ]

    def __str__(self) -> str:
        return f"{self.cloud} on {self.day}"
