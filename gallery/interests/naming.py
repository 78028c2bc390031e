"""Which tags somebody may be told of: not a word that stands on others' private photos alone."""

from __future__ import annotations

from ..models import PhotoTag, Tag, User
from ..search.conditions import ROW
from ..search.meaning import visible_to

#: So many names are offered to choose from.
OFFERED = 300


def may_name(person: User, tag: Tag) -> bool:
    """Whether a tag is one of the vocabulary, or on a photo that the person may see."""
    shown = PhotoTag.objects.shown().filter(visible_to(person).on(ROW), tag=tag)
    return bool(tag.category) or shown.exists()


def tag_named(name: str, *, person: User) -> Tag | None:
    """Return the tag of this name, unless the person may not be told of it."""
    tag = Tag.objects.named(name).first()
    return tag if tag and may_name(person, tag) else None


def common_names() -> list[str]:
    """Return the names of the commonest tags of public photos, of those in the vocabulary."""
    common = Tag.objects.filter(public_count__gt=0).exclude(category="")
    return list(common.order_by("-public_count", "slug").values_list("label", flat=True)[:OFFERED])
