"""All that an act can change, to compare before and after."""

from __future__ import annotations

from typing import Any

from gallery.models import PhotoTag, Tag, TagAlias, TagClosure, TaggingRun, TagParent, TaughtTag

State = dict[str, set[tuple[Any, ...]]]


def state() -> State:
    """Return the content of every table that acts write to, keys of mere relations apart."""
    return {
        "photo tags": set(
            PhotoTag.objects.values_list(
                "photo", "tag", "state", "confidence", "run", "spelling", "is_kept"
            )
        ),
        "tags": set(Tag.objects.values_list("pk", "slug", "label", "category", "threshold")),
        "aliases": set(TagAlias.objects.values_list("slug", "label", "tag")),
        "parents": set(TagParent.objects.values_list("child", "parent")),
        "closure": set(TagClosure.objects.values_list("ancestor", "descendant")),
        "taught": {
            (pk, owner, tag, bytes(head), yes)
            for pk, owner, tag, head, yes in TaughtTag.objects.values_list(
                "pk", "owner", "tag", "head", "yes_count"
            )
        },
        "runs": set(
            TaggingRun.objects.filter(act=None).values_list("pk", "taught", "counts", "threshold")
        ),
    }
