"""Photos of the past, and what housekeeping makes of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import count

from django.utils import timezone

from gallery.models import Length, Photo, PhotoTag, Tag, TagCount, TagState, User
from gallery.tests.factories import make_user
from gallery.trends import upkeep
from gallery.trends.periods import Span, day_of

_numbers = count(10**9)


def make_people(count: int) -> list[User]:
    return [make_user() for _ in range(count)]


def photo_of(owner: User, *labels: str, days_ago: float = 0, visibility: str = "public") -> Photo:
    """Return a photo of these tags that came so many days ago."""
    [photo] = photos_of([owner], *labels, days_ago=days_ago, visibility=visibility)
    return photo


def photos_of(
    people: Iterable[User], *labels: str, days_ago: float = 0, visibility: str = "public"
) -> list[Photo]:
    """Return a photo of each person."""
    photos = Photo.objects.bulk_create(
        Photo(
            owner=one, visibility=visibility, sha256=f"{next(_numbers):064x}",
            width=64, height=48, size_bytes=1000, format="jpeg",
        )
        for one in people
    )  # fmt: skip
    came = timezone.now() - timedelta(days=days_ago)
    for photo in photos:
        photo.created_at = came
    Photo.objects.bulk_update(photos, ["created_at"])
    tags = Tag.objects.by_label(labels).values()
    PhotoTag.objects.bulk_create(
        PhotoTag(photo=photo, tag=tag, confidence=0.9, state=TagState.ASSIGNED)
        for photo in photos
        for tag in tags
    )
    return photos


def usual_weeks(people: Sequence[User], *, weeks: int = 10, label: str = "sky") -> None:
    """Have everybody upload a photo of something else every week, this one too."""
    for week in range(weeks + 1):
        photos_of(people, label, days_ago=7 * week)


def count_all() -> None:
    """Do what housekeeping does until nothing is left to do."""
    upkeep.recount(thorough=True)
    while upkeep.recount():
        pass


def people_of(label: str, length: str, days_ago: int = 0) -> tuple[int, int] | None:
    """Return how many people are counted for a tag, and how many in public."""
    day = day_of(timezone.now() - timedelta(days=days_ago))
    counts = TagCount.objects.filter(
        tag=Tag.objects.get(label=label), period__length=length,
        period__start=Span.of(Length(length), day).start,
    )  # fmt: skip
    return counts.values_list("people", "public_people").first()
