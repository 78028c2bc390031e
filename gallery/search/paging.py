"""Pages by place: each starts where another ended, at any depth at the same cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from ..models import Photo
from ..models.photos import PhotoQuerySet

PAGE_SIZE = 60
MAX_KEY = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Place:
    """Where a photo stands in an ordered list: the lap, what it is ordered by, its key.

    In a URL: the parts with ``~`` between them.
    """

    key: int
    value: float | int | None = None
    lap: int = 0

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Read a place from a URL; None when it is none, as in a link cut short."""
        try:
            *before, key = text[:80].split("~")
            if not before:
                return cls(_key(key))
            lap, value = before
            is_whole = value.lstrip("-").isdecimal()
            return cls(_key(key), _key(value) if is_whole else _share(value), int(lap) % 2)
        except ValueError:
            return None

    def __str__(self) -> str:
        return f"{self.key}" if self.value is None else f"{self.lap}~{self.value!r}~{self.key}"


def _key(text: str) -> int:
    return max(-MAX_KEY, min(int(text), MAX_KEY))


def _share(text: str) -> float:
    share = float(text)
    if not 0 <= share <= 1:
        raise ValueError
    return share


@dataclass(frozen=True, slots=True)
class Page:
    """Some photos in order, and where the pages beside it begin."""

    photos: list[Photo]
    previous: Place | None = None
    next: Place | None = None

    @property
    def is_first(self) -> bool:
        return self.previous is None


def newest_page(photos: PhotoQuerySet, *, before: str = "") -> Page:
    """Return the photos of a list that came before a place, or its first; the newest first."""
    place = Place.read(before)
    rows = photos.filter(pk__lt=place.key) if place else photos
    found = list(rows.newest_first()[: PAGE_SIZE + 1])
    shown = found[:PAGE_SIZE]
    return Page(
        photos=shown,
        previous=Place(shown[0].pk) if place and shown else None,
        next=Place(shown[-1].pk) if len(found) > PAGE_SIZE else None,
    )
