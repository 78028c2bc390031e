"""On how many photos that a viewer may see tags are: exact for few, a bound for many."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import BigIntegerField, Subquery
from django.db.models import Count as CountOf

from ..models import Photo, PhotoTag, Tag, TagClosure, User, Visibility
from ..models.tagging import SHOWN_STATES
from .conditions import ROW, among
from .meaning import Viewer, visible_to


@dataclass(frozen=True, slots=True)
class Count:
    """``number`` of photos; at least so many unless ``is_exact``."""

    number: int
    is_exact: bool = True

    def __str__(self) -> str:
        return f"{self.number:,}" if self.is_exact else f"{self.number:,}+"


_MILLION = 1_000_000


class _RowsAndPhotos(Subquery):
    """Counts rows that are limited inside × a million, plus the different photos among them."""

    template = (
        "(SELECT COUNT(*) * 1000000 + COUNT(DISTINCT photo_id) FROM (%(subquery)s) AS limited)"
    )
    output_field = BigIntegerField()


def count_tags(keys: Sequence[int], *, viewer: Viewer, most: int) -> dict[int, Count]:
    """Return of each tag that is on photos the viewer may see, kinds included, on how many.

    No more than ``most`` assignments of a tag are looked at. Two queries.
    """
    kinds: dict[int, list[int]] = defaultdict(list)
    for tag, kind in TagClosure.objects.filter(ancestor__in=keys).values_list(
        "ancestor_id", "descendant_id"
    ):
        kinds[tag].append(kind)
    return count_kinds(kinds, viewer=viewer, most=most)


def count_kinds(
    kinds: Mapping[int, Sequence[int]], *, viewer: Viewer, most: int
) -> dict[int, Count]:
    """The same of tags whose kinds are known, themselves included. One query."""
    if not kinds:
        return {}
    seen = visible_to(viewer).on(ROW)
    asked = {}
    for tag, below in kinds.items():
        rows = PhotoTag.objects.filter(seen, among("tag_id", below), state__in=SHOWN_STATES)
        asked[f"on{tag}"] = _RowsAndPhotos(rows.order_by().values("photo_id")[: most + 1])
    row = Tag.objects.filter(pk__in=kinds).annotate(**asked).values(*asked).first() or {}
    counted = {tag: divmod(row.get(f"on{tag}") or 0, _MILLION) for tag in kinds}
    return {
        tag: Count(photos if rows <= most else photos // 10 * 10, is_exact=rows <= most)
        for tag, (rows, photos) in counted.items()
        if rows
    }


#: In a library of more photos, counts of public ones are those that housekeeping noted.
MOST_EXACT = 5000
#: Of one's own private photos so many are counted then, the newest.
MOST_PRIVATE = 2000


@dataclass(frozen=True, slots=True)
class CountedTags:
    """All tags on photos a viewer may see; of each, ``photo_count`` says on how many.

    Unless ``is_exact``, the counts of public photos are up to an hour old, do not include kinds of
    the tag, and of the viewer's own private photos the newest `MOST_PRIVATE` are counted.
    """

    tags: Sequence[Tag]
    is_exact: bool


def count_all_tags(*, viewer: Viewer) -> CountedTags:
    """Count every tag there is for a viewer, exactly in a small library."""
    if not Photo.objects.order_by("pk")[MOST_EXACT : MOST_EXACT + 1].exists():
        return CountedTags(
            list(Tag.objects.counted_on(Photo.objects.visible_to(viewer))), is_exact=True
        )
    own = _count_private(viewer) if isinstance(viewer, User) else {}
    tags = []
    for tag in Tag.objects.all():
        tag.photo_count = (tag.public_count or 0) + own.get(tag.pk, 0)
        if tag.photo_count:
            tags.append(tag)
    return CountedTags(tags, is_exact=False)


def _count_private(viewer: User) -> dict[int, int]:
    private = Photo.objects.owned_by(viewer).filter(visibility=Visibility.PRIVATE).newest_first()
    newest = list(private.values_list("pk", flat=True)[:MOST_PRIVATE])
    rows = PhotoTag.objects.shown().filter(photo__in=newest).order_by()
    return dict(rows.values_list("tag").annotate(n=CountOf("pk")))
