"""Rows for tests, each with as little said as the test needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import count
from typing import Any

from gallery.models import (
    ApiKey,
    Asset,
    Cloud,
    Photo,
    PhotoTag,
    Tag,
    TagClosure,
    TaggingRun,
    TagParent,
    TagState,
    User,
)
from gallery.models.assets import DeliveryType, ResourceType
from gallery.models.photos import TaggingChoice

_numbers = count(1)


def make_user(name: str = "", **fields: Any) -> User:
    return User.objects.create_user(name or f"person{next(_numbers)}", **fields)


def make_tag(label: str, *, parents: Iterable[Tag] = (), category: str = "") -> Tag:
    """Return the tag of this label, made or completed, with its closure."""
    tag = Tag.objects.by_label([label])[label]
    Tag.objects.filter(pk=tag.pk).update(category=category)
    for parent in parents:
        TagParent.objects.create(child=tag, parent=parent)
        above = TagClosure.objects.filter(descendant=parent)
        for row in above:
            TagClosure.objects.create(ancestor=row.ancestor, descendant=tag)
    tag.category = category
    return tag


def make_photo(
    owner: User | None = None,
    *,
    tags: Mapping[str, float] | None = None,
    state: str = TagState.ASSIGNED,
    visibility: str = "public",
    tagged_by: tuple[str, ...] = (),
    **fields: Any,
) -> Photo:
    """Return a photo without files; ``tagged_by`` names the taggers that get a run."""
    number = next(_numbers)
    facts = {"width": 64, "height": 48, "size_bytes": 1000, "format": "jpeg"}
    photo = Photo(
        owner=owner or make_user(),
        visibility=visibility,
        **(facts | {"sha256": f"{number:064x}"} | fields),
    )
    photo.tagging_choice = TaggingChoice(taggers=tagged_by)
    photo.save()
    for label, confidence in (tags or {}).items():
        tag = Tag.objects.by_label([label])[label]
        PhotoTag.objects.create(photo=photo, tag=tag, confidence=confidence, state=state)
    return photo


def make_run(
    photo: Photo, *, suggestions: Mapping[str, float] | None = None, **fields: Any
) -> TaggingRun:
    said = [{"tag": label, "confidence": one} for label, one in (suggestions or {}).items()]
    defaults = {"tagger": "bundled", "threshold": 0.4}
    return TaggingRun.objects.create(photo=photo, suggestions=said, **(defaults | fields))


def make_cloud(
    owner: User | None = None, name: str = "", *, key: str = "", secret: str = "", **fields: Any
) -> Cloud:
    """Return a cloud with one key."""
    number = next(_numbers)
    cloud = Cloud.objects.create(
        owner=owner or make_user(), name=name or f"cloud{number}", **fields
    )
    api_key = ApiKey(cloud=cloud, key=key or f"{number:015}")
    api_key.secret = secret or f"secret-of-{cloud.name}"
    api_key.save()
    return cloud


def make_asset(
    cloud: Cloud | None = None,
    public_id: str = "",
    *,
    resource_type: str = ResourceType.IMAGE,
    type: str = DeliveryType.UPLOAD,
    photo: Photo | None = None,
    **fields: Any,
) -> Asset:
    """Return an asset without files: an image with a photo of the cloud's owner, or a raw file."""
    cloud = cloud or make_cloud()
    public_id = public_id or f"asset{next(_numbers)}"
    folder = public_id.rpartition("/")[0]
    facts: dict[str, Any] = {"size_bytes": 1000, "version": 1, "folder": folder}
    if resource_type == ResourceType.IMAGE:
        visibility = "public" if type == DeliveryType.UPLOAD else "private"
        photo = photo or make_photo(cloud.owner, visibility=visibility, may_repeat=True)
        facts |= {"format": "jpg", "width": photo.width, "height": photo.height}
    # A photo of an owner who has a cloud may have its asset already.
    Asset.objects.filter(photo=photo, photo__isnull=False).delete()
    return Asset.objects.create(
        cloud=cloud,
        public_id=public_id,
        resource_type=resource_type,
        type=type,
        photo=photo,
        **(facts | fields),
    )
