"""What else there is among the photos found: tags, categories, years, cameras, people, colours.

Counted on photos that the viewer may see, for they are counted on what was found: exactly when
that is no more than `COUNTED` photos, else on the newest so many, which is a lower bound.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..imaging import colors
from ..models import Photo, PhotoTag, TagClosure
from ..models.tagging import SHOWN_STATES
from ..vocabulary import load
from .finding import Found, Search
from .language import Query
from .limits import time_limited
from .tree import Dated, Day, Named, Node, Not, Tagged, conjuncts

COUNTED = 1000
#: So many values of a facet are shown at once, the rest behind a word.
UNFOLDED = 8
SHOWN = {"tags": 20, "category": 8, "taken": 8, "camera": 8, "by": 8, "orientation": 3, "color": 12}
TITLES = {
    "tags": "Tags",
    "category": "Categories",
    "taken": "Years",
    "camera": "Cameras",
    "by": "People",
    "orientation": "Orientation",
    "color": "Colours",
}


@dataclass(frozen=True, slots=True)
class FacetValue:
    """One thing that some of the photos found have.

    ``count`` is a lower bound unless ``is_exact``. ``only`` and ``without`` are the searches for
    the photos that have it and for those that do not.
    """

    label: str
    count: int
    is_exact: bool
    only: Query
    without: Query

    @property
    def count_words(self) -> str:
        return f"{self.count:,}" if self.is_exact else f"{self.count:,}+"


@dataclass(frozen=True, slots=True)
class Facet:
    field: str
    values: Sequence[FacetValue]

    @property
    def title(self) -> str:
        return TITLES[self.field]

    @property
    def first(self) -> Sequence[FacetValue]:
        return self.values[:UNFOLDED]

    @property
    def rest(self) -> Sequence[FacetValue]:
        return self.values[UNFOLDED:]


def facets(search: Search, page: Sequence[Photo]) -> list[Facet]:
    """Return the facets of a search, and note on the photos of a page their surest tags.

    Three queries.
    """
    found = search.found
    counted = found.keys[:COUNTED] or [photo.pk for photo in page]
    with time_limited():
        tags = _Tags(counted, [photo.pk for photo in page])
        facts = _facts(counted)
    counts: dict[str, Counter[tuple[str, Node]]] = {
        "tags": tags.counts(without=search.named_tags),
        "category": tags.category_counts(),
        **facts,
    }
    is_exact = found.is_all and len(found.keys) <= COUNTED
    shown = [
        _facet(field, counts[field], search.query, found, is_exact=is_exact) for field in SHOWN
    ]
    for photo in page:
        photo.noted_labels = tags.surest(photo.pk)
    return [facet for facet in shown if facet.values]


def _facet(
    field: str, counts: Counter[tuple[str, Node]], query: Query, found: Found, *, is_exact: bool
) -> Facet:
    asked = {str(node) for node in conjuncts(query.tree)}
    values = [
        FacetValue(label, count, is_exact, query.narrowed(node), query.narrowed(Not(node)))
        for (label, node), count in counts.most_common(SHOWN[field] + len(asked))
        if str(node) not in asked and not (is_exact and count == len(found.keys))
    ]
    return Facet(field, values[: SHOWN[field]])


# --- Tags -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Named:
    label: str
    category: str


class _Tags:
    """The tags of some photos, and all that each is a kind of; two queries."""

    def __init__(self, counted: Sequence[int], shown: Sequence[int]) -> None:
        self.counted = set(counted)
        self.pairs: list[tuple[int, int, float]] = list(
            PhotoTag.objects.filter(
                photo__in=[*self.counted.union(shown)], state__in=SHOWN_STATES
            ).values_list("photo_id", "tag_id", "confidence")
        )
        self.shown: dict[int, list[tuple[int, float]]] = {photo: [] for photo in shown}
        for photo, tag, confidence in self.pairs:
            if photo in self.shown:
                self.shown[photo].append((tag, confidence))
        self.above: dict[int, list[int]] = defaultdict(list)
        self.names: dict[int, _Named] = {}
        rows = TagClosure.objects.filter(descendant__in={tag for _, tag, _ in self.pairs})
        for tag, above, label, category in rows.values_list(
            "descendant_id", "ancestor_id", "ancestor__label", "ancestor__category"
        ):
            self.above[tag].append(above)
            self.names[above] = _Named(label, category)

    def counts(self, *, without: Iterable[int]) -> Counter[tuple[str, Node]]:
        """Of each tag, on how many photos it or a kind of it is."""
        photos: dict[int, set[int]] = defaultdict(set)
        for photo, tag, _ in self.pairs:
            if photo in self.counted:
                for above in self.above[tag]:
                    photos[above].add(photo)
        for tag in without:
            photos.pop(tag, None)
        counted = sorted(
            photos.items(), key=lambda item: (-len(item[1]), self.names[item[0]].label)
        )
        return Counter(
            {
                (self.names[tag].label, Tagged((self.names[tag].label,))): len(on)
                for tag, on in counted
            }
        )

    def category_counts(self) -> Counter[tuple[str, Node]]:
        categories = load().categories
        photos: dict[str, set[int]] = defaultdict(set)
        for photo, tag, _ in self.pairs:
            if photo in self.counted and self.names[tag].category in categories:
                photos[self.names[tag].category].add(photo)
        return Counter(
            {
                (categories[slug], Named("category", (slug,))): len(on)
                for slug, on in sorted(photos.items(), key=lambda item: -len(item[1]))
            }
        )

    def surest(self, photo: int) -> list[str]:
        own = [(-sure, self.names[tag].label) for tag, sure in self.shown[photo]]
        return [label for _, label in sorted(own)[:3]]


# --- Facts ------------------------------------------------------------------------------------


def _facts(counted: Sequence[int]) -> dict[str, Counter[tuple[str, Node]]]:
    rows = list(
        Photo.objects.filter(pk__in=counted).values_list(
            "taken_at", "camera", "owner__username", "width", "height", "colors"
        )
    )
    years = Counter(row[0].year for row in rows if row[0])
    shapes = Counter(_shape(row[3], row[4]) for row in rows)
    seen = Counter(name for row in rows for name in colors.names_in(row[5] or 0))
    return {
        "taken": Counter(
            {(str(year), Dated("taken", Day(year), Day(year))): n for year, n in years.items()}
        ),
        "camera": _named("camera", Counter(row[1] for row in rows if row[1])),
        "by": _named("by", Counter(row[2] for row in rows)),
        "orientation": _named("orientation", shapes),
        "color": _named("color", seen),
    }


def _shape(width: int, height: int) -> str:
    if width == height:
        return "square"
    return "landscape" if width > height else "portrait"


def _named(field: str, counts: Counter[str]) -> Counter[tuple[str, Node]]:
    return Counter({(name, Named(field, (name,))): count for name, count in counts.items()})


def note_labels(page: Sequence[Photo]) -> None:
    """Note on the photos of a page their surest tags alone; two queries."""
    tags = _Tags([], [photo.pk for photo in page])
    for photo in page:
        photo.noted_labels = tags.surest(photo.pk)
