"""Pages by key: each starts where another ended, at any depth at the same cost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

from django.db.models import Q

from ..models import Photo
from ..models.photos import PhotoQuerySet

PAGE_SIZE = 60
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Key:
    """A place in a list that is newest first. In a URL: microseconds since 1970, dash, id."""

    created_at: datetime
    pk: int

    @classmethod
    def of(cls, photo: Photo) -> Self:
        return cls(photo.created_at, photo.pk)

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Read a key from a URL; None when it is none, as in a link cut short."""
        try:
            since, pk = text.split("-")
            return cls(_EPOCH + timedelta(microseconds=int(since)), min(int(pk), 2**63 - 1))
        except (ValueError, OverflowError):
            return None

    def __str__(self) -> str:
        return f"{(self.created_at - _EPOCH) // _MICROSECOND}-{self.pk}"

    def is_older(self) -> Q:
        """Rows behind this one; written so that both databases walk the index."""
        at = self.created_at
        return Q(created_at__lte=at) & (Q(created_at__lt=at) | Q(pk__lt=self.pk))

    def is_newer(self) -> Q:
        at = self.created_at
        return Q(created_at__gte=at) & (Q(created_at__gt=at) | Q(pk__gt=self.pk))


@dataclass(frozen=True, slots=True)
class Page:
    """Some photos, newest first, and the keys of the pages beside it."""

    photos: list[Photo]
    newer: Key | None
    older: Key | None
    is_first: bool


def page(photos: PhotoQuerySet, *, before: str = "", after: str = "") -> Page:
    """Return the page older than the key ``before``, or newer than ``after``, or the first."""
    if key := Key.read(after):
        return _newer_page(photos, key)
    key = Key.read(before)
    rows = list((photos.filter(key.is_older()) if key else photos).newest_first()[: PAGE_SIZE + 1])
    shown = rows[:PAGE_SIZE]
    return Page(
        photos=shown,
        newer=Key.of(shown[0]) if key and shown else None,
        older=Key.of(shown[-1]) if len(rows) > PAGE_SIZE else None,
        is_first=key is None,
    )


def _newer_page(photos: PhotoQuerySet, key: Key) -> Page:
    rows = list(photos.filter(key.is_newer()).order_by("created_at", "pk")[: PAGE_SIZE + 1])
    shown = rows[PAGE_SIZE - 1 :: -1] if len(rows) > PAGE_SIZE else rows[::-1]
    if len(rows) <= PAGE_SIZE:  # the first page is near: show it whole, at its own address
        return page(photos)
    return Page(photos=shown, newer=Key.of(shown[0]), older=Key.of(shown[-1]), is_first=False)
