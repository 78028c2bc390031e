"""Second spellings of a tag, which programs may have given a photo beside its first."""

from __future__ import annotations

from collections.abc import Collection

from ..models import AssetTag, PhotoTag, Tag
from ..models.tags import MAX_LABEL_CHARS, tag_slug


def is_for_pages(name: str) -> bool:
    """True when a name can be a tag of the pages: short, in one line, with a letter or a digit."""
    return len(name) <= MAX_LABEL_CHARS and name.isprintable() and tag_slug(name) != ""


def drop_strays(photo_ids: Collection[int]) -> None:
    """Delete spellings of tags that these photos no longer show."""
    rows = AssetTag.objects.filter(asset__photo__in=photo_ids)
    spellings = [
        row for row in rows.values_list("pk", "name", "asset__photo_id") if is_for_pages(row[1])
    ]
    if not spellings:
        return
    tags = Tag.objects.known({name for _, name, _ in spellings})
    shown = set(
        PhotoTag.objects.shown().filter(photo__in=photo_ids).values_list("photo_id", "tag_id")
    )
    strays = [
        pk
        for pk, name, photo in spellings
        if name not in tags or (photo, tags[name].pk) not in shown
    ]
    AssetTag.objects.filter(pk__in=strays).delete()
