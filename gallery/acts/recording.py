"""What an act changed on photos is recorded row by row, so that undoing restores exactly that."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import transaction

from .. import tagging
from ..models import BulkAct, PhotoTag, RunStatus, Tag, TagChange, TaggingRun
from ..models.tagging import SHOWN_STATES

BATCH = 500


@dataclass(frozen=True, slots=True)
class Row:
    """A tag on a photo, as far as acts change it. No state: there is no row.

    How a program wrote it, and that it is kept for one, never changes alone.
    """

    state: str = ""
    confidence: float | None = None
    run: int | None = None
    spelling: str | None = field(default=None, compare=False)
    is_kept: bool | None = field(default=None, compare=False)

    @property
    def is_shown(self) -> bool:
        return self.state in SHOWN_STATES


NO_ROW = Row()

#: Of a photo and a tag.
Key = tuple[int, int]


def rows_of(photo_ids: Collection[int]) -> dict[Key, Row]:
    """Return what is on these photos."""
    rows = PhotoTag.objects.filter(photo__in=photo_ids)
    return {
        (photo, tag): Row(state, confidence, run, spelling, is_kept)
        for photo, tag, state, confidence, run, spelling, is_kept in rows.values_list(
            "photo_id", "tag_id", "state", "confidence", "run_id", "spelling", "is_kept"
        )
    }


@contextmanager
def recorded(act: BulkAct, photo_ids: Collection[int]) -> Iterator[None]:
    """Record what the block changes of the tags of these photos, together with it or not at all."""
    with transaction.atomic():
        tagging.hold_tags(photo_ids)
        before = rows_of(photo_ids)
        yield
        keep_changes(act, before, rows_of(photo_ids))


def keep_changes(act: BulkAct, before: Mapping[Key, Row], after: Mapping[Key, Row]) -> None:
    """Keep the differences. Of a tag that the act changed before, it keeps what was there first."""
    TagChange.objects.bulk_create(
        [
            _change(act, key, before.get(key, NO_ROW), after.get(key, NO_ROW))
            for key in sorted(before.keys() | after.keys())
            if before.get(key) != after.get(key)
        ],
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=["act", "photo", "tag"],
        update_fields=["after_state", "after_confidence", "after_run"],
    )


def _change(act: BulkAct, key: Key, before: Row, after: Row) -> TagChange:
    photo, tag = key
    return TagChange(
        act=act,
        photo_id=photo,
        tag_id=tag,
        before_state=before.state,
        before_confidence=before.confidence,
        before_run=before.run,
        before_spelling=before.spelling,
        before_is_kept=before.is_kept,
        after_state=after.state,
        after_confidence=after.confidence,
        after_run=after.run,
    )


def kept_count(before: Mapping[Key, Row], after: Mapping[Key, Row]) -> int:
    """Return how many tags are shown before and after."""
    return sum(row.is_shown and after.get(key, NO_ROW).is_shown for key, row in before.items())


def restore(act: BulkAct, photo_ids: Collection[int]) -> int:
    """Put back what was on these photos before the act; return how many rows are left as they are.

    Those are rows that have changed since. Where taggers have answered since, too, what they say
    holds; what people decided stays in any case.
    """
    tagging.hold_tags(photo_ids)
    now = rows_of(photo_ids)
    back: list[TagChange] = []
    left: list[TagChange] = []
    for change in act.changes.filter(photo__in=photo_ids):
        row = now.get((change.photo_id, change.tag_id), NO_ROW)
        (back if row == _after(change) else left).append(change)
    _put_back(back)
    tagging.settle_all(_moved_on(act, photo_ids) | {change.photo_id for change in left})
    return len(left)


def _after(change: TagChange) -> Row:
    return Row(change.after_state, change.after_confidence, change.after_run)


def _put_back(changes: Collection[TagChange]) -> None:
    gone: defaultdict[int, list[int]] = defaultdict(list)
    for change in changes:
        if not change.before_state:
            gone[change.tag_id].append(change.photo_id)
    for tag, photos in gone.items():
        PhotoTag.objects.filter(tag=tag, photo__in=photos).delete()
    rows = [change for change in changes if change.before_state]
    tags = set(_existing(Tag, {change.tag_id for change in rows}))
    runs = set(_existing(TaggingRun, {change.before_run for change in rows}))
    PhotoTag.objects.bulk_create(
        [
            PhotoTag(
                photo_id=change.photo_id,
                tag_id=change.tag_id,
                state=change.before_state,
                confidence=change.before_confidence or 0.0,
                run_id=change.before_run if change.before_run in runs else None,
                spelling=change.before_spelling,
                is_kept=change.before_is_kept,
            )
            for change in rows
            if change.tag_id in tags
        ],
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=["photo", "tag"],
        update_fields=["state", "confidence", "run", "spelling", "is_kept"],
    )


def _existing(model: type[Tag] | type[TaggingRun], keys: Collection[int | None]) -> list[int]:
    return list(model._default_manager.filter(pk__in=keys).values_list("pk", flat=True))


def _moved_on(act: BulkAct, photo_ids: Collection[int]) -> set[int]:
    """Return the photos about which a tagger has answered since the act began."""
    runs = TaggingRun.objects.counting().filter(photo__in=photo_ids, status=RunStatus.COMPLETE)
    since = runs.filter(finished_at__gt=act.created_at)
    return set(since.values_list("photo_id", flat=True))


def forget_new_words(act: BulkAct) -> None:
    """Delete the tags that came with the act and are on nothing any more."""
    new = Tag.objects.filter(pk__gt=act.details["newest_tag"], pk__in=act.changes.values("tag"))
    new.filter(
        photo_tags=None, aliases=None, taught_tags=None, parent_edges=None, child_edges=None
    ).delete()
