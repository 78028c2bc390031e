"""Acts on tags themselves: a new name, or several made one. Done and undone as a whole."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from typing import Any

from django.core import serializers
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from .. import tagging, tags, teaching
from ..models import (
    ActKind,
    ActStatus,
    BulkAct,
    PhotoTag,
    Tag,
    TagAlias,
    TaggingRun,
    TagParent,
    TaughtTag,
    User,
)
from ..models.tags import tag_slug
from . import recording


class NameTakenError(Exception):
    """Another tag has this name already, as ``tag``."""

    def __init__(self, tag: Tag) -> None:
        super().__init__(f"There is a tag “{tag}” already: merge the two instead.")
        self.tag = tag


class TagsChangedError(Exception):
    """The tags of an act were renamed or merged since; that has to be undone first."""

    def __init__(self) -> None:
        super().__init__("These tags were renamed or merged since. Undo that first.")


@transaction.atomic
def rename_tag(tag: Tag, label: str, *, by: User) -> BulkAct:
    """Give a tag another name; its old one becomes an alias. Raises NameTakenError.

    ``label`` must have a letter or digit.
    """
    slug = tag_slug(label)
    if other := Tag.objects.named(slug).exclude(pk=tag.pk).first():
        raise NameTakenError(other)
    before, old = _written([tag.pk]), (tag.slug, tag.label)
    TagAlias.objects.filter(slug=slug).delete()
    tag.slug, tag.label = slug, label
    tag.save(update_fields=["slug", "label"])
    if old[0] != slug:
        TagAlias.objects.create(slug=old[0], label=old[1], tag=tag)
    return BulkAct.objects.create(
        kind=ActKind.RENAME,
        status=ActStatus.APPLIED,
        by=by,
        applied_at=timezone.now(),
        photo_count=tag.photo_tags.shown().count(),
        details={"label": label, "old_label": old[1], "tags": [tag.pk]}
        | {"before": before, "after": _written([tag.pk])},
    )


@transaction.atomic
def merge_tags(sources: Collection[Tag], *, into: Tag, by: User) -> BulkAct:
    """Make several tags one, see `tags.merge_tags`."""
    sources = [source for source in sources if source.pk != into.pk]
    keys = [source.pk for source in sources] + [into.pk]
    act = BulkAct.objects.create(
        kind=ActKind.MERGE,
        status=ActStatus.APPLIED,
        by=by,
        details={
            "label": into.label,
            "names": [source.label for source in sources],
            "tags": keys,
            "before": _written(keys),
        },
    )
    watch = partial(recording.recorded, act)
    act.details["retired"] = tags.merge_tags(sources, into=into, watch=watch)
    act.details["after"] = _written(keys)
    act.photo_count = act.changes.values("photo").distinct().count()
    act.applied_at = timezone.now()
    act.save()
    return act


@transaction.atomic
def undo(act: BulkAct) -> bool:
    """Bring names, aliases, places and photos back. Raises TagsChangedError. False: undone."""
    if not act.move(ActStatus.APPLIED, status=ActStatus.UNDONE, undone_at=timezone.now()):
        return False
    if _names(_written(act.details["tags"])) != _names(act.details["after"]):
        raise TagsChangedError
    _bring_back(act)
    photos = list(act.changes.order_by("photo").values_list("photo_id", flat=True).distinct())
    for some in teaching.batches(photos):
        act.left_count += recording.restore(act, some)
    act.save(update_fields=["left_count"])
    _settle_newer(act)
    return True


# --- The tags themselves ----------------------------------------------------------------------


def _written(keys: Collection[int]) -> list[dict[str, Any]]:
    """Return some tags, their aliases, their places and what was taught of them, as JSON."""
    rows: list[models.Model] = [
        *Tag.objects.filter(pk__in=keys).order_by("pk"),
        *TagAlias.objects.filter(tag__in=keys).order_by("pk"),
        *TagParent.objects.filter(Q(parent__in=keys) | Q(child__in=keys)).order_by("pk"),
        *TaughtTag.objects.filter(tag__in=keys).order_by("pk"),
    ]
    written: list[dict[str, Any]] = serializers.serialize("python", rows)
    return [_as_json(row) for row in written]


def _as_json(row: dict[str, Any]) -> dict[str, Any]:
    fields = {
        name: value.isoformat() if hasattr(value, "isoformat") else value
        for name, value in row["fields"].items()
    }
    return row | {"fields": fields}


def _names(written: list[dict[str, Any]]) -> set[tuple[str, int, str]]:
    """Return which tag is called what, as own name or alias."""
    return {
        (row["model"], row["fields"].get("tag", row["pk"]), row["fields"]["slug"])
        for row in written
        if row["model"] in ("gallery.tag", "gallery.tagalias")
    }


def _bring_back(act: BulkAct) -> None:
    keys = act.details["tags"]
    TagAlias.objects.filter(tag__in=keys).delete()
    TagParent.objects.filter(Q(parent__in=keys) | Q(child__in=keys)).delete()
    for row in serializers.deserialize("python", _rows(act, "tag", "tagalias", "tagparent")):
        row.save()
    _bring_back_taught(act)
    tags.rebuild_closure()


def _rows(act: BulkAct, *names: str) -> list[dict[str, Any]]:
    wanted = {f"gallery.{name}" for name in names}
    return [row for row in act.details["before"] if row["model"] in wanted]


def _bring_back_taught(act: BulkAct) -> None:
    """Give taught tags their tag back; those that were retired come back whole."""
    retired = set(act.details.get("retired", ()))
    for row in _rows(act, "taughttag"):
        TaughtTag.objects.filter(pk=row["pk"]).update(tag=row["fields"]["tag"])
    written = [row for row in _rows(act, "taughttag") if row["pk"] in retired]
    for back in serializers.deserialize("python", written):
        back.save()
        teaching.reinstate(TaughtTag.objects.get(pk=back.object.pk))


def _settle_newer(act: BulkAct) -> None:
    """Give photos that were tagged since what their taggers really said."""
    since = TaggingRun.objects.filter(finished_at__gt=act.created_at).values("photo")
    rows = PhotoTag.objects.filter(tag__in=act.details["tags"], photo__in=since)
    for some in teaching.batches(rows.order_by("photo").values_list("photo_id", flat=True)):
        tagging.settle_all(set(some))
