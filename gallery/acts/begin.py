"""Begins acts on photos: which photos, what is to be done, who asks."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from django.db import transaction

from ..models import ActKind, ActSlice, ActStatus, BulkAct, Tag, TaggingRun, User
from .steps import go_on

#: Tagging may take long for each photo; everything else is quick.
SLICE_SIZES = {ActKind.RETAG: 25}
SLICE_SIZE = 200


def add_tag(label: str, photo_ids: Iterable[int], *, by: User, query: str = "") -> BulkAct:
    """A person says that all these photos show a tag. ``label`` must have a letter or digit."""
    known = Tag.objects.named(label).first()
    return _begin(ActKind.ADD, photo_ids, by=by, label=known.label if known else label, query=query)


def remove_tag(tag: Tag, photo_ids: Iterable[int], *, by: User, query: str = "") -> BulkAct:
    """A person says that none of these photos shows a tag."""
    return _begin(ActKind.REMOVE, photo_ids, by=by, label=tag.label, query=query)


def retag(tagger: str, photo_ids: Iterable[int], *, by: User, query: str = "") -> BulkAct:
    """Ask a tagger about photos, to see what would change before anything does."""
    return _begin(ActKind.RETAG, photo_ids, by=by, tagger=tagger, query=query)


def forget_tagger(tagger: str, *, by: User | None = None) -> BulkAct:
    """Let nothing that a tagger ever said count any more; its runs stay in the ledger."""
    runs = TaggingRun.objects.counting().filter(tagger=tagger).order_by("photo")
    photos = runs.values_list("photo_id", flat=True).distinct()
    return _begin(ActKind.FORGET, photos.iterator(), by=by, tagger=tagger)


def _begin(
    kind: ActKind, photo_ids: Iterable[int], *, by: User | None, **details: object
) -> BulkAct:
    """Start an act. A small one is done when this returns, unless it asks taggers."""
    size = SLICE_SIZES.get(kind, SLICE_SIZE)
    status = ActStatus.LOOKING if kind == ActKind.RETAG else ActStatus.APPLYING
    waiting = iter(photo_ids)
    with transaction.atomic():
        newest_tag = Tag.objects.order_by("-pk").values_list("pk", flat=True).first()
        details["newest_tag"] = newest_tag or 0
        act = BulkAct.objects.create(kind=kind, status=status, by=by, details=details)
        while some := list(islice(waiting, size)):
            ActSlice.objects.create(act=act, photo_ids=some, photo_count=len(some))
            act.photo_count += len(some)
        act.save(update_fields=["photo_count"])
    go_on(act)
    return act
