"""Photos of the past, and what housekeeping makes of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from django.utils import timezone

from gallery.models import Photo, Tag, TagCount, User
from gallery.tests.factories import make_photo, make_user
from gallery.trends import upkeep


def make_people(count: int) -> list[User]:
    return [make_user() for _ in range(count)]


def photo_of(owner: User, *labels: str, days_ago: float = 0, visibility: str = "public") -> Photo:
    """Return a photo of these tags that came so many days ago."""
    photo = make_photo(owner, tags=dict.fromkeys(labels, 0.9), visibility=visibility)
    photo.created_at = timezone.now() - timedelta(days=days_ago)
    photo.save(update_fields=["created_at"])
    return photo


def photos_of(
    people: Iterable[User], *labels: str, days_ago: float = 0, visibility: str = "public"
) -> list[Photo]:
    """Return a photo of each person."""
    return [photo_of(one, *labels, days_ago=days_ago, visibility=visibility) for one in people]


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
    from gallery.models import Length
    from gallery.trends.periods import Span, day_of

    day = day_of(timezone.now() - timedelta(days=days_ago))
    counts = TagCount.objects.filter(
        tag=Tag.objects.get(label=label), period__length=length,
        period__start=Span.of(Length(length), day).start,
    )  # fmt: skip
    return counts.values_list("people", "public_people").first()
