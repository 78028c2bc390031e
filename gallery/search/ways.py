"""Chooses the way of a search: the posting that drives it, short, walked along or gathered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, TypeGuard

from django.db.models import F, QuerySet, Subquery

from ..models import Photo
from . import paging
from .conditions import EVERYTHING, PHOTO, All, Assigned, Condition, Posting, parts_of

#: So many rows of a posting are looked at to say how many photos there are.
SCAN = 5000
#: The assignments of a tag are sorted, or read as a whole, when they are no more than this; the
#: latter, row by row so many times as quick as to walk, when it is expected to take less time.
GATHERED, QUICKER = 50_000, 5
#: No page looks at more than so many times SCAN rows at first.
LONGEST = 20
#: Photos of another tag are read once, rather than asked of each row, when they are no more than so
#: many times the rows.
IN_SETS = 8
MOST_ROWS = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Way:
    """The posting that drives a search; ``floor`` is the key of its SCANth row, if it has more."""

    posting: Posting
    floor: int | None
    #: All of the posting is read, though it is long: what is asked for besides hardly ever holds.
    is_gathered: bool = False
    #: So many rows of the posting are looked at for a page before the search is thought over.
    walk: int = 0

    @property
    def is_short(self) -> bool:
        return self.floor is None


def deep_row(posting: Posting, *, is_sorted: bool) -> Subquery:
    """The key of the row behind the first SCAN ones, the newest first where they are sorted."""
    order = ["-" + posting.key] if is_sorted else []
    return Subquery(posting.rows.order_by(*order).values(posting.key)[SCAN : SCAN + 1])


def choose_way(postings: Sequence[Posting], deep: dict[Posting, int | None], newest: int) -> Way:
    """Choose a way; ``newest`` is the last key, about as many photos as there are."""
    short = [one for one in postings if all(deep[part] is None for part in one.simple)]
    if short:
        return Way(min(short, key=_length), None)
    rarest = rarest_of(postings)
    sorted_ones = [one for one in postings if one.is_ordered or one is rarest]
    long = [(floor, one) for one in sorted_ones if (floor := deep[one]) is not None]
    floor, posting = min(long, key=lambda pair: pair[0])
    walk = _walk_along(postings, posting, newest)
    if rarest and walk > SCAN and size_of(rarest) <= QUICKER * walk:
        return Way(rarest, None, is_gathered=True)
    return Way(posting, floor, walk=int(min(max(SCAN, 2 * walk), LONGEST * SCAN)))


def rarest_of(postings: Iterable[Posting]) -> Posting | None:
    """Return the tag on the fewest photos, when these are few enough to be sorted or gathered."""
    sized = (one for one in postings if is_sized(one.of) and size_of(one) <= GATHERED)
    return min(sized, key=size_of, default=None)


def _length(posting: Posting) -> tuple[bool, bool, int]:
    """Sort postings: rows that name few photos before every photo there is, and by their size."""
    return posting is EVERYTHING, bool(posting.parts), size_of(posting)


def is_sized(condition: Condition | None) -> TypeGuard[Assigned]:
    return isinstance(condition, Assigned) and bool(condition.estimate)


def size_of(posting: Posting) -> int:
    """About how many rows a posting has, as far as is known."""
    size = posting.of.estimate if isinstance(posting.of, Assigned) else None
    return SCAN if size is None else size


def _walk_along(postings: Sequence[Posting], walked: Posting, newest: int) -> float:
    """Return along how many rows of a posting a page would be full, if tags met by chance."""
    others = (one.of for one in postings if one is not walked and is_sized(one.of))
    share = prod(min(1.0, one.photos / max(newest, 1)) for one in others)
    of = walked.of
    kinds = max(1.0, size_of(walked) / max(of.photos, 1)) if is_sized(of) else 1.0
    return (paging.PAGE_SIZE + 1) * kinds / max(share, 1e-12)


def meeting_of(condition: Condition) -> tuple[Posting, Condition]:
    """Return the photos where the rarest tag meets the next, and what must hold besides.

    The photos of the next are read once and kept: to ask for it at each row would take longer.
    """
    rarest = rarest_of(condition.postings())
    assert rarest is not None, "tags meet where one is on few photos"
    rest = [part for part in parts_of(condition) if part is not rarest.of]
    other = min(filter(is_sized, rest), key=lambda part: part.estimate or 0, default=None)
    rows: QuerySet[Any] = rarest.rows.alias(any_photo=F("photo_id") + 0)
    if other and (other.estimate or 0) <= IN_SETS * size_of(rarest):
        rest.remove(other)
        rows = rows.filter(any_photo__in=other.rows.values("photo_id"))
    # The limit, which nothing reaches, keeps the database from asking the rest of each row.
    keys = rows.order_by().values("photo_id")[:MOST_ROWS]
    return Posting(Photo.objects.filter(pk__in=keys), PHOTO, is_ordered=False), All(rest)
