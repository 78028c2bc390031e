"""Assets: what a cloud holds, photos and other files, each under the name programs gave it."""

from __future__ import annotations

import uuid
from pathlib import PurePath
from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.fields.files import FieldFile
from django.utils import timezone

from .clouds import ApiKey, Cloud
from .photos import Photo

MAX_NAME_CHARS = 255


def new_id() -> str:
    """Return 32 hexadecimal digits."""
    return uuid.uuid4().hex


def _path(folder: str, cloud_id: int, name: str, suffix: str) -> str:
    return f"{folder}/{cloud_id}/{name[:2]}/{name}{suffix}"


def asset_path(asset: Asset, filename: str) -> str:
    suffix = PurePath(filename).suffix[:20]
    return _path("assets", asset.cloud_id, f"{asset.asset_id}-{asset.version_id[:8]}", suffix)


def backup_path(version: AssetVersion, filename: str) -> str:
    suffix = PurePath(filename).suffix[:20]
    return _path("backups", version.asset.cloud_id, version.version_id, suffix)


def derived_path(derived: Derived, filename: str) -> str:
    suffix = PurePath(filename).suffix[:20]
    return _path("derived", derived.asset.cloud_id, derived.derived_id, suffix)


class ResourceType(models.TextChoices):
    IMAGE = "image", "Image"
    RAW = "raw", "Raw"


class DeliveryType(models.TextChoices):
    UPLOAD = "upload", "Everyone may have it"
    PRIVATE = "private", "The original only by a signed address"
    AUTHENTICATED = "authenticated", "Only by a signed address"
    TEXT = "text", "A text as a picture"
    SPRITE = "sprite", "Pictures of a tag on one sheet"
    MULTI = "multi", "Pictures of a tag one after the other"


class AssetQuerySet(models.QuerySet["Asset"]):
    def of(self, cloud: Cloud) -> Self:
        """All that a cloud holds, with what was deleted and can be restored left out."""
        return self.filter(cloud=cloud, deleted_at=None)

    def newest_first(self) -> Self:
        return self.order_by("-created_at", "-pk")


class Asset(models.Model):
    """A photo, or a file that is none, as one cloud's programs know it.

    An image that was uploaded has its file, its tags and its caption on its `Photo`; anything else
    keeps its file here. ``format``, sizes and ``etag`` (the MD5 of the bytes; "" when nobody asked
    yet) are of the current version.
    """

    cloud = models.ForeignKey(Cloud, on_delete=models.CASCADE, related_name="assets")
    asset_id = models.CharField(max_length=32, unique=True, default=new_id, editable=False)
    resource_type = models.CharField(max_length=10, choices=ResourceType.choices)
    type = models.CharField(
        max_length=20, choices=DeliveryType.choices, default=DeliveryType.UPLOAD
    )
    public_id = models.CharField(max_length=MAX_NAME_CHARS)
    #: The part of ``public_id`` before its last slash; "" at the top.
    folder = models.CharField(max_length=MAX_NAME_CHARS, blank=True, editable=False)
    photo = models.OneToOneField(
        Photo, null=True, blank=True, on_delete=models.SET_NULL, related_name="asset"
    )
    file = models.FileField(upload_to=asset_path, max_length=255, blank=True)
    format = models.CharField(max_length=20, blank=True)
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)
    pages = models.PositiveIntegerField(default=1)
    size_bytes = models.PositiveBigIntegerField(default=0)
    etag = models.CharField(max_length=32, blank=True)
    #: Unix seconds of the upload; never goes back.
    version = models.PositiveBigIntegerField()
    version_id = models.CharField(max_length=32, default=new_id)
    original_filename = models.CharField(max_length=255, blank=True)
    original_extension = models.CharField(max_length=20, blank=True)
    display_name = models.CharField(max_length=255, blank=True)
    #: What was worked out on request: faces, colors, predominant, phash, quality_analysis,
    #: image_metadata, exif, … each in the form it is answered in.
    analysis = models.JSONField(default=dict, blank=True)
    #: Boxes that callers gave: {"faces": [[x, y, w, h]], "custom": [[x, y, w, h]]}, pixels.
    coordinates = models.JSONField(default=dict, blank=True)
    regions = models.JSONField(default=dict, blank=True)
    access_control = models.JSONField(default=list, blank=True)
    #: [{"kind", "status", "updated_at"?}]; the two columns are those of its last entry.
    moderation = models.JSONField(default=list, blank=True)
    moderation_kind = models.CharField(max_length=50, blank=True)
    moderation_status = models.CharField(max_length=10, blank=True)
    quality_override = models.CharField(max_length=20, blank=True)
    #: Sent on delivery, one "Name: value" a line.
    headers = models.TextField(blank=True)
    keeps_backups = models.BooleanField(default=False)
    api_key = models.ForeignKey(
        ApiKey, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    uploaded_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    tags_updated_at = models.DateTimeField(null=True, blank=True)
    context_updated_at = models.DateTimeField(null=True, blank=True)
    metadata_updated_at = models.DateTimeField(null=True, blank=True)
    #: Set while only its backups are left.
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = AssetQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["cloud", "resource_type", "type", "public_id"], name="asset_name_once"
            ),
            models.CheckConstraint(name="asset_has_name", condition=~Q(public_id="")),
        ]
        indexes = [
            models.Index(
                fields=["cloud", "resource_type", "type", "created_at", "id"], name="asset_newest"
            ),
            models.Index(fields=["cloud", "created_at", "id"], name="asset_by_arrival"),
            models.Index(fields=["cloud", "folder", "id"], name="asset_by_folder"),
            models.Index(
                fields=["cloud", "moderation_kind", "moderation_status", "id"],
                name="asset_moderated",
                condition=~Q(moderation_kind=""),
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def stored(self) -> FieldFile:
        """The bytes of the current version, wherever they are kept."""
        return self.photo.file if self.photo else self.file

    @property
    def is_image(self) -> bool:
        return self.resource_type == ResourceType.IMAGE

    @property
    def filename(self) -> str:
        """The last part of its name."""
        return self.public_id.rsplit("/", 1)[-1]


class AssetTag(models.Model):
    """A tag that no photo has: of a file that is none, or that cannot be a tag of the pages.

    Such as one without letters and digits, or a second spelling of one that the photo has.
    """

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="own_tags")
    name = models.CharField(max_length=255)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["asset", "name"], name="asset_tag_once")]
        indexes = [models.Index(fields=["name", "asset"], name="asset_tag_by_name")]

    def __str__(self) -> str:
        return self.name


class AssetContext(models.Model):
    """A key and a value that a caller gave; ``caption`` of an image is its photo's."""

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="context")
    key = models.CharField(max_length=255)
    value = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["asset", "key"], name="asset_context_once")]
        indexes = [models.Index(fields=["key", "asset"], name="asset_context_by_key")]

    def __str__(self) -> str:
        return f"{self.key}={self.value}"


class AssetRelation(models.Model):
    """Two assets that belong together, seen from one of them; there is a row for each side."""

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="relations")
    related = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["asset", "related"], name="asset_relation_once")
        ]

    def __str__(self) -> str:
        return f"{self.asset} and {self.related}"


class AssetVersion(models.Model):
    """The bytes of one version, kept so that it can be restored."""

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="versions")
    version = models.PositiveBigIntegerField()
    version_id = models.CharField(max_length=32, unique=True)
    file = models.FileField(upload_to=backup_path, max_length=255)
    format = models.CharField(max_length=20, blank=True)
    size_bytes = models.PositiveBigIntegerField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.asset} of {self.created_at:%Y-%m-%d %H:%M}"


class Derived(models.Model):
    """A picture made of an asset, kept so that it is made once.

    ``key`` is the SHA-256, in hexadecimal, of all that it depends on but the asset itself;
    ``transformation`` is as it was first asked for.
    """

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="derived")
    derived_id = models.CharField(max_length=32, unique=True, default=new_id)
    key = models.CharField(max_length=64)
    transformation = models.TextField(blank=True)
    format = models.CharField(max_length=20)
    content_type = models.CharField(max_length=100)
    file = models.FileField(upload_to=derived_path, max_length=255)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size_bytes = models.PositiveBigIntegerField()
    etag = models.CharField(max_length=32)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "derived"
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["asset", "key"], name="derived_once")]

    def __str__(self) -> str:
        return f"{self.asset}: {self.transformation}"


class Folder(models.Model):
    """A folder of a cloud; one for each part of the names in it, and those made by hand."""

    cloud = models.ForeignKey(Cloud, on_delete=models.CASCADE, related_name="folders")
    path = models.CharField(max_length=MAX_NAME_CHARS)
    external_id = models.CharField(max_length=32, unique=True, default=new_id)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["cloud", "path"], name="folder_once")]

    def __str__(self) -> str:
        return self.path

    @property
    def name(self) -> str:
        return self.path.rsplit("/", 1)[-1]
