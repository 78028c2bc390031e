"""What pages show of trends: a report as it was made, less what must not be seen any more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.conf import settings

from ..models import Length, Period, Photo, PhotoTag, Tag, TagCount, TrendReport, Visibility
from ..models.photos import PhotoQuerySet
from ..search.conditions import ROW, Condition
from ..search.meaning import Viewer, public_to, visible_to
from .periods import PLOTTED, TOLD, Span

#: So many of each are shown, and so many pictures beside each.
SHOWN_RISING, SHOWN_NEW, SHOWN_TOGETHER, SHOWN_COMMON, STRIP = 12, 6, 6, 12, 5
#: In so many pairs a tag is shown at most: what else goes with it is told on its own page.
PAIRS_OF_A_TAG = 2
#: The period that lasts is shown from so much of it on, and until then the last one.
ENOUGH_OF_IT = 1 / 3
#: So far back a tag's own page looks.
HISTORY = {Length.DAY: 60, Length.WEEK: 53, Length.MONTH: 36}
LOOKED_AT = 200


@dataclass(frozen=True, slots=True)
class Point:
    """How many people used a tag in a period, and on how many photos; None: not known just now."""

    span: Span
    people: int | None
    photos: int | None = None


@dataclass(slots=True)
class Shown:
    """One or two tags, what is to be said of them, and pictures that the viewer may see.

    ``usual``: how many people would be usual; ``of``: how many use the rarer of two tags.
    """

    tags: list[Tag]
    people: int
    photos: int = 0
    usual: float = 0.0
    of: int = 0
    is_new: bool = False
    points: list[Point] = field(default_factory=list)
    strip: list[Photo] = field(default_factory=list)

    @property
    def tag(self) -> Tag:
        return self.tags[0]


@dataclass(frozen=True, slots=True)
class Trends:
    """The trends of one period. ``categories``: those of which there is anything to tell."""

    span: Span
    is_made: bool
    has_history: bool
    people: int
    photos: int
    rising: list[Shown]
    new: list[Shown]
    together: list[Shown]
    common: list[Shown]
    categories: set[str]

    @property
    def is_empty(self) -> bool:
        return not (self.rising or self.new or self.together or self.common)


@dataclass(frozen=True, slots=True)
class History:
    """How many people used one tag, period by period, the oldest first."""

    length: Length
    points: list[Point]
    strip: list[Photo]


def trends_for(
    viewer: Viewer, length: Length, *, when: str = "", category: str = "", is_public: bool = True
) -> Trends:
    """Read what housekeeping found out; of public photos alone, or of the whole site's.

    Five statements, however large the library. Raises KeyError for a ``when`` that is not told of.
    """
    report = TrendReport.objects.filter(length=length, is_public=is_public).first()
    when = when or _told_first(length, report)
    span = Span.now(length).before(TOLD[when])
    section = _section(report, when, span)
    reader = _Reader(section, span, is_public=is_public)
    trends = Trends(
        span=span,
        is_made=bool(section),
        has_history=bool(section.get("has_history")),
        people=section.get("people", 0),
        photos=section.get("photos", 0),
        rising=reader.shown("rising", category)[:SHOWN_RISING],
        new=reader.shown("new", category)[:SHOWN_NEW],
        together=_varied(reader.shown("together", category))[:SHOWN_TOGETHER],
        common=reader.shown("common", category)[:SHOWN_COMMON],
        categories=reader.categories,
    )
    reader.add_strips(
        [*trends.rising, *trends.new, *trends.together], _seen_by(viewer, is_public=is_public)
    )
    return trends


def rising_tags() -> list[int]:
    """Return the tags that rise among public photos this week, or did last week; one statement."""
    report = TrendReport.objects.filter(length=Length.WEEK, is_public=True).first()
    spans = {Span.now(Length.WEEK).before(ago).start.isoformat() for ago in TOLD.values()}
    sections = (one for one in (report.told.values() if report else ()) if one["start"] in spans)
    return list(
        dict.fromkeys(int(one["tag"]) for some in sections for one in some.get("rising", ()))
    )


def _told_first(length: Length, report: TrendReport | None) -> str:
    """The present period, unless it has hardly begun and the last one has something to tell."""
    has_last = report is not None and bool(report.told["last"].get("people"))
    return "last" if has_last and Span.now(length).elapsed < ENOUGH_OF_IT else "now"


def _section(report: TrendReport | None, when: str, span: Span) -> dict[str, Any]:
    """Return what the report says of the period; it may have been made before a period ended."""
    sections = report.told.values() if report else ()
    start = span.start.isoformat()
    return next((one for one in sections if one["start"] == start and "people" in one), {})


def _seen_by(viewer: Viewer, *, is_public: bool) -> PhotoQuerySet:
    photos = Photo.objects.visible_to(viewer)
    return photos.public() if is_public else photos


def _varied(those: Iterable[Shown]) -> list[Shown]:
    """Leave out pairs of a tag that is in enough of them already."""
    met = Counter[int]()
    kept = []
    for one in those:
        keys = [tag.pk for tag in one.tags]
        if all(met[key] < PAIRS_OF_A_TAG for key in keys):
            met.update(keys)
            kept.append(one)
    return kept


class _Reader:
    """Turns keys into tags and photos, and leaves out tags whose counts are withheld."""

    def __init__(self, section: dict[str, Any], span: Span, *, is_public: bool) -> None:
        self._section, self._length = section, span.length
        keys = {key for name in _PARTS for one in section.get(name, ()) for key in _tags_of(one)}
        if is_public and keys:
            keys -= _withheld(keys, span)
        self._tags = Tag.objects.only("label", "slug", "category").in_bulk(keys)
        self._examples: dict[int, list[int]] = {}

    @property
    def categories(self) -> set[str]:
        return {tag.category for tag in self._tags.values()}

    def shown(self, part: str, category: str) -> list[Shown]:
        """Return what is told of tags in a category, or of all."""
        found = []
        for one in self._section.get(part, ()):
            tags = [self._tags[key] for key in _tags_of(one) if key in self._tags]
            is_asked = not category or category in {tag.category for tag in tags}
            if len(tags) == len(_tags_of(one)) and is_asked:
                found.append(self._one(one, tags))
        return found

    def _one(self, one: dict[str, Any], tags: list[Tag]) -> Shown:
        plot = [(date.fromisoformat(start), people) for start, people in one.get("plot", ())]
        shown = Shown(
            tags=tags,
            people=one["people"],
            photos=one.get("photos", 0),
            usual=one.get("usual", 0.0),
            of=one.get("of", 0),
            is_new=one.get("is_new", False),
            points=[Point(Span(self._length, start), people) for start, people in plot],
        )
        self._examples[id(shown)] = one.get("examples", [])
        return shown

    def add_strips(self, those: Sequence[Shown], photos: PhotoQuerySet) -> None:
        """Add pictures that are among these photos and still have the tags. Two statements."""
        keys = {photo for one in those for photo in self._examples[id(one)]}
        seen = photos.for_cards().in_bulk(keys)
        tags = {tag.pk for one in those for tag in one.tags}
        rows = PhotoTag.objects.shown().filter(photo__in=seen, tag__in=tags)
        having = set(rows.values_list("photo_id", "tag_id"))
        used: set[int] = set()
        for one in those:
            fitting = [
                seen[key]
                for key in self._examples[id(one)]
                if key in seen and all((key, tag.pk) in having for tag in one.tags)
            ]
            fitting.sort(key=lambda photo: photo.pk in used)  # rather another picture each time
            one.strip = fitting[:STRIP]
            used |= {photo.pk for photo in one.strip}


_PARTS = ("rising", "new", "together", "common")


def _tags_of(one: dict[str, Any]) -> list[int]:
    return one.get("tags") or [one["tag"]]


def _withheld(tags: Collection[int], span: Span) -> set[int]:
    """Return those tags of which a count that the report is made of is not to be shown now."""
    first = span.before(PLOTTED[span.length]).start
    counts = TagCount.objects.filter(is_withheld=True, tag__in=tags)
    those = counts.filter(period__length=span.length, period__start__gte=first)
    return set(those.values_list("tag_id", flat=True))


# --- One tag ----------------------------------------------------------------------------------


def history_of(
    tag: Tag, viewer: Viewer, length: Length, *, is_public: bool = True
) -> History | None:
    """Return how many people used a tag over time; None: fewer use it than may be named.

    Six statements.
    """
    if not _has_enough_people(tag, is_public=is_public):
        return None
    spans = [Span.now(length).before(ago) for ago in reversed(range(HISTORY[length]))]
    known = Period.objects.filter(
        length=length, start__gte=spans[0].start, counted_at__isnull=False
    )
    periods = {period.start: period for period in known}
    rows = TagCount.objects.filter(tag=tag, period__in=periods.values())
    counts = {row.period_id: row for row in rows}
    points = [_point(span, periods.get(span.start), counts, is_public=is_public) for span in spans]
    first = next((at for at, point in enumerate(points) if point.people is not None), len(points))
    seen = public_to(viewer) if is_public else visible_to(viewer)
    return History(length, points[first:], _strip_of(tag, seen))


def _has_enough_people(tag: Tag, *, is_public: bool) -> bool:
    rows = PhotoTag.objects.shown().filter(tag=tag)
    if is_public:
        rows = rows.filter(photo__visibility=Visibility.PUBLIC)
    owners = rows.order_by().values("photo__owner").distinct()
    return len(owners[: settings.MIN_PEOPLE]) >= int(settings.MIN_PEOPLE)


def _point(
    span: Span, period: Period | None, counts: dict[int, TagCount], *, is_public: bool
) -> Point:
    if period is None:
        return Point(span, None)
    count = counts.get(period.pk, TagCount())
    if not is_public:
        return Point(span, count.people, count.photos)
    if count.is_withheld:
        return Point(span, None)
    return Point(span, count.public_people, count.public_photos)


def _strip_of(tag: Tag, seen: Condition) -> list[Photo]:
    """Return the newest photos of a tag, of different people, of the newest that are looked at."""
    rows = PhotoTag.objects.shown().filter(seen.on(ROW), tag=tag).order_by("-photo")
    of_owner: dict[int, int] = {}
    for photo, owner in rows.values_list("photo", "photo__owner")[:LOOKED_AT]:
        of_owner.setdefault(owner, photo)
    chosen = list(of_owner.values())[:STRIP]
    found = Photo.objects.for_cards().in_bulk(chosen)
    return [found[key] for key in chosen if key in found]
