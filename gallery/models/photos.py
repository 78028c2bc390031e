"""Photos: the file as it came, what is known of it, and who may see it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from .tags import Tag

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from .people import User

# No 0/O, 1/l/I: an id that is read aloud arrives.
_ID_ALPHABET = "23456789abcdefghijkmnpqrstuvwxyz"


class Visibility(models.TextChoices):
    PUBLIC = "public", "Everyone"
    PRIVATE = "private", "Only me"


@dataclass(frozen=True, slots=True)
class TaggingChoice:
    """What one upload wants of tagging. None: as its owner and the site have it."""

    taggers: tuple[str, ...] | None = None
    threshold: float | None = None


def new_public_id() -> str:
    """Return 12 characters, 60 bits: too many to guess, few enough to read."""
    return "".join(secrets.choice(_ID_ALPHABET) for _ in range(12))


def original_path(photo: Photo, filename: str) -> str:
    return f"originals/{photo.public_id[:2]}/{photo.public_id}.{photo.format}"


class PhotoQuerySet(models.QuerySet["Photo"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Photos this person may see: everyone's public ones and all of their own."""
        if not user.is_authenticated:
            return self.filter(visibility=Visibility.PUBLIC)
        return self.filter(Q(visibility=Visibility.PUBLIC) | Q(owner=user))

    def public(self) -> Self:
        return self.filter(visibility=Visibility.PUBLIC)

    def owned_by(self, user: User) -> Self:
        return self.filter(owner=user)

    def newest_first(self) -> Self:
        return self.order_by("-created_at", "-id")

    def tagged(self, tags: models.QuerySet[Tag], *, min_confidence: float = 0.0) -> Self:
        """Photos that carry one of these tags, or a tag below one of them, at least so surely."""
        from .tagging import PhotoTag

        carrying = PhotoTag.objects.shown().under(tags).filter(confidence__gte=min_confidence)
        return self.filter(models.Exists(carrying.filter(photo=models.OuterRef("pk"))))

    def undecided_on(self, tag: Tag) -> Self:
        """Photos on which nobody has confirmed or rejected this tag."""
        from .tagging import PhotoTag

        decided = PhotoTag.objects.decided().filter(tag=tag, photo=models.OuterRef("pk"))
        return self.filter(~models.Exists(decided))

    def suspected_of(self, tag: Tag) -> Self:
        """Photos of which a tagger says this tag, however surely."""
        from .tagging import PhotoTag

        rows = PhotoTag.objects.filter(tag=tag, photo=models.OuterRef("pk"))
        return self.filter(models.Exists(rows))

    def not_seen_by(self, tagger: str) -> Self:
        """Photos about which a tagger has not answered yet."""
        from .tagging import RunStatus, TaggingRun

        runs = TaggingRun.objects.counting().filter(tagger=tagger, status=RunStatus.COMPLETE)
        return self.filter(~models.Exists(runs.filter(photo=models.OuterRef("pk"))))

    def sure_of_a_tag(self, min_confidence: float) -> Self:
        """Photos with at least one tag that is at least so sure."""
        from .tagging import PhotoTag

        carrying = PhotoTag.objects.shown().filter(confidence__gte=min_confidence)
        return self.filter(models.Exists(carrying.filter(photo=models.OuterRef("pk"))))

    def for_grid(self) -> Self:
        """What a page of photo cards needs, and no more."""
        from .tagging import PhotoTag

        surest = PhotoTag.objects.shown().surest_first().select_related("tag")[:3]
        return (
            self.select_related("owner")
            .defer("caption", "camera", "place")
            .prefetch_related(models.Prefetch("photo_tags", surest, to_attr="surest_tags"))
        )

    def for_page(self) -> Self:
        """What one photo's own page needs."""
        return self.select_related("owner")


class Photo(models.Model):
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="photos"
    )
    public_id = models.CharField(max_length=255, unique=True, default=new_public_id, editable=False)
    file = models.FileField("original", upload_to=original_path, max_length=255)
    original_name = models.CharField("file name", max_length=255, blank=True)
    title = models.CharField(max_length=200, blank=True)
    caption = models.TextField(max_length=5000, blank=True)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size_bytes = models.PositiveBigIntegerField()
    format = models.CharField(max_length=10)
    sha256 = models.CharField(max_length=64)
    taken_at = models.DateTimeField(null=True, blank=True)
    camera = models.CharField(max_length=100, blank=True)
    place = models.CharField(max_length=200, blank=True)
    visibility = models.CharField(
        max_length=10, choices=Visibility.choices, default=Visibility.PRIVATE
    )
    placeholder = models.TextField(blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    #: Set before the first save by whoever has a choice to make; not stored.
    tagging_choice = TaggingChoice()

    objects = PhotoQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "sha256"], name="photo_once_per_owner"),
            models.CheckConstraint(
                name="photo_has_pixels", condition=Q(width__gt=0) & Q(height__gt=0)
            ),
            models.CheckConstraint(
                name="photo_visibility_known", condition=Q(visibility__in=Visibility.values)
            ),
        ]
        indexes = [
            models.Index(fields=["visibility", "-created_at", "-id"], name="photo_newest"),
            models.Index(fields=["owner", "-created_at", "-id"], name="photo_own_newest"),
            models.Index(fields=["-created_at", "-id"], name="photo_all_newest"),
            models.Index(fields=["taken_at"], name="photo_taken"),
        ]

    def __str__(self) -> str:
        return self.title or self.original_name or self.public_id

    def get_absolute_url(self) -> str:
        return reverse("gallery:photo-detail", args=[self.public_id])

    @property
    def version(self) -> str:
        """Stands in the addresses of renditions, so that they never change their content."""
        return self.sha256[:8]

    @property
    def is_public(self) -> bool:
        return self.visibility == Visibility.PUBLIC

    @property
    def orientation(self) -> str:
        if self.width == self.height:
            return "square"
        return "landscape" if self.width > self.height else "portrait"
