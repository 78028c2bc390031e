"""Tags: words for what is in photos, where each stands among the others, and its other names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.text import slugify

if TYPE_CHECKING:
    from .photos import Photo

MAX_LABEL_CHARS = 100


def tag_slug(label: str) -> str:
    """Return the one spelling of a label under which a tag is found; empty when it has none."""
    return slugify(label, allow_unicode=True)[:MAX_LABEL_CHARS]


class TagQuerySet(models.QuerySet["Tag"]):
    def named(self, *names: str) -> Self:
        """Tags with one of these names, whether as their own or as an alias."""
        slugs = [slug for slug in map(tag_slug, names) if slug]
        return self.filter(
            Q(slug__in=slugs) | Q(pk__in=TagAlias.objects.filter(slug__in=slugs).values("tag_id"))
        )

    def kinds_of(self, tag: Tag) -> Self:
        """Tags one step below this one."""
        return self.filter(pk__in=TagParent.objects.filter(parent=tag).values("child"))

    def above(self, tag: Tag) -> Self:
        """Everything this tag is a kind of, the nearest first."""
        return (
            self.filter(closure_down__descendant=tag)
            .exclude(pk=tag.pk)
            .annotate(depth=models.Count("closure_up"))
            .order_by("-depth", "label")
        )

    def counted_on(self, photos: models.QuerySet[Photo]) -> Self:
        """Tags on some of these photos; ``photo_count`` says on how many, or on a kind of it."""
        from .tagging import SHOWN_STATES

        on_these = Q(
            closure_down__descendant__photo_tags__state__in=SHOWN_STATES,
            closure_down__descendant__photo_tags__photo__in=photos,
        )
        count = models.Count("closure_down__descendant__photo_tags__photo", on_these, distinct=True)
        return self.filter(on_these).annotate(photo_count=count)

    def by_label(self, labels: Iterable[str]) -> dict[str, Tag]:
        """Map each label to its tag, making the tags that are missing.

        Several labels may map to one tag (an alias and the tag itself). A label without one
        letter or digit is left out.
        """
        slugs = {label: slug for label in labels if (slug := tag_slug(label))}
        tags = self._existing(set(slugs.values()))
        missing = {slug: label for label, slug in slugs.items() if slug not in tags}
        if missing:
            Tag.objects.bulk_create(
                [Tag(slug=slug, label=label) for slug, label in missing.items()],
                ignore_conflicts=True,
            )
            made = Tag.objects.in_bulk(missing, field_name="slug")
            TagClosure.objects.bulk_create(
                [TagClosure(ancestor=tag, descendant=tag) for tag in made.values()],
                ignore_conflicts=True,
            )
            tags |= made
        return {label: tags[slug] for label, slug in slugs.items()}

    def known(self, labels: Iterable[str]) -> dict[str, Tag]:
        """Map each label that is a tag's name or alias to that tag, making none."""
        slugs = {label: slug for label in labels if (slug := tag_slug(label))}
        tags = self._existing(set(slugs.values()))
        return {label: tags[slug] for label, slug in slugs.items() if slug in tags}

    def _existing(self, slugs: set[str]) -> dict[str, Tag]:
        found = self.in_bulk(slugs, field_name="slug")
        if missing := slugs - found.keys():
            aliases = TagAlias.objects.filter(slug__in=missing).select_related("tag")
            found |= {alias.slug: alias.tag for alias in aliases}
        return found


class Tag(models.Model):
    slug = models.CharField(max_length=MAX_LABEL_CHARS, unique=True)
    label = models.CharField(max_length=MAX_LABEL_CHARS)
    category = models.CharField(max_length=50, blank=True, db_index=True)
    threshold = models.FloatField(
        "confidence it needs",
        null=True,
        blank=True,
        validators=[MinValueValidator(0.0), MaxValueValidator(1.0)],
        help_text="From 0 to 1, for every photo of the site. Empty: the photo's own threshold.",
    )
    #: On about how many photos it is shown, as housekeeping last counted; only to plan searches.
    estimate = models.PositiveIntegerField(null=True, editable=False)
    #: On how many public photos it is shown, as housekeeping last counted.
    public_count = models.PositiveIntegerField(null=True, editable=False)
    #: How many people have public photos of it, as housekeeping last counted.
    people_count = models.PositiveIntegerField(null=True, editable=False)
    #: Set by `counted_on`.
    photo_count: int

    parents = models.ManyToManyField(
        "self", through="TagParent", symmetrical=False, related_name="children"
    )

    objects = TagQuerySet.as_manager()

    class Meta:
        ordering = ["label"]
        constraints = [
            models.CheckConstraint(name="tag_has_slug", condition=~Q(slug="")),
            models.CheckConstraint(
                name="tag_threshold_is_a_share",
                condition=Q(threshold__isnull=True) | Q(threshold__range=(0, 1)),
            ),
        ]

    def __str__(self) -> str:
        return self.label

    def get_absolute_url(self) -> str:
        return reverse("gallery:tag-detail", args=[self.slug])


class TagParent(models.Model):
    """One edge of the hierarchy: the child is a kind of the parent."""

    child = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="parent_edges")
    parent = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="child_edges")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["child", "parent"], name="tag_parent_once"),
            models.CheckConstraint(
                name="tag_not_its_own_parent", condition=~Q(child=models.F("parent"))
            ),
        ]


class TagClosure(models.Model):
    """One row per tag and each tag it is a kind of, itself included."""

    ancestor = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="closure_down")
    descendant = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="closure_up")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["ancestor", "descendant"], name="tag_closure_once")
        ]


class TagAlias(models.Model):
    """Another name under which a tag is found."""

    slug = models.CharField(max_length=MAX_LABEL_CHARS, unique=True)
    label = models.CharField(max_length=MAX_LABEL_CHARS)
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="aliases")

    class Meta:
        ordering = ["label"]
        verbose_name_plural = "tag aliases"

    def __str__(self) -> str:
        return self.label


class Noted(models.Model):
    """A number about the library that takes long to count, as housekeeping last counted it."""

    PUBLIC_PHOTOS = "public photos"

    name = models.CharField(max_length=50, primary_key=True)
    number = models.PositiveBigIntegerField()

    class Meta:
        verbose_name_plural = "noted"

    def __str__(self) -> str:
        return f"{self.name}: {self.number:,}"
