"""What else there is among the photos found: tags, categories, years, cameras, people, colours.

Counted on photos that the viewer may see, for they are counted on what was found: exactly when
that is no more than `COUNTED` photos, else on the newest so many, which is a lower bound.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from ..imaging import colors
from ..models import Photo, PhotoTag, Tag
from ..models.tagging import SHOWN_STATES
from ..vocabulary import load
from .conditions import among
from .finding import Search
from .language import Query
from .limits import time_limited
from .tagtree import tag_tree
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

    Four queries, and now and then another one.
    """
    found = search.found
    shown = [photo.pk for photo in page]
    counted = list(dict.fromkeys([*found.keys, *shown]))[:COUNTED]
    with time_limited():
        tags = _Tags(counted, shown)
        facts = _facts(counted)
        most = len(counted) if found.is_all and len(found.keys) <= COUNTED else None
        ranked = tags.ranked(without=search.named_tags, below=most)[: SHOWN["tags"]]
        labels = tags.labels(page, besides=[tag for tag, _ in ranked])
    counts: dict[str, list[tuple[str, Node, int]]] = {
        "tags": [(labels[tag], Tagged((labels[tag],)), n) for tag, n in ranked if tag in labels],
        "category": tags.categories(),
        **facts,
    }
    return [
        facet
        for field in SHOWN
        if (facet := _facet(field, counts[field], search.query, most)).values
    ]


def _facet(
    field: str, counts: Sequence[tuple[str, Node, int]], query: Query, most: int | None
) -> Facet:
    """Rank values, without those that are asked for and those that all photos have.

    ``most`` is how many photos there are; None: more than are counted.
    """
    asked = {str(node) for node in conjuncts(query.tree)}
    ranked = sorted(counts, key=lambda value: (-value[2], value[0]))
    told = [value for value in ranked if value[2] != most and str(value[1]) not in asked]
    return Facet(
        field,
        [
            FacetValue(label, n, most is not None, query.narrowed(node), query.narrowed(Not(node)))
            for label, node, n in told[: SHOWN[field]]
        ],
    )


# --- Tags -------------------------------------------------------------------------------------


class _Tags:
    """The tags of some photos, and all that each is a kind of."""

    def __init__(self, counted: Sequence[int], shown: Sequence[int]) -> None:
        photos = list(dict.fromkeys([*counted, *shown]))
        rows = PhotoTag.objects.filter(among("photo_id", photos), state__in=SHOWN_STATES)
        is_counted, is_shown = set(counted), set(shown)
        self._on: dict[int, list[int]] = defaultdict(list)
        self._surest: dict[int, list[tuple[float, int]]] = {photo: [] for photo in shown}
        for photo, tag, confidence in rows.values_list("photo_id", "tag_id", "confidence"):
            if photo in is_counted:
                self._on[tag].append(photo)
            if photo in is_shown:
                self._surest[photo].append((-confidence, tag))

    def ranked(self, *, without: Collection[int], below: int | None) -> list[tuple[int, int]]:
        """Return tags and on how many photos each or a kind of it is, most first.

        Tags on ``below`` photos are left out: they are on all.
        """
        place_of = tag_tree(self._on)
        photos: dict[int, set[int]] = defaultdict(set)
        for tag, on in self._on.items():
            for above in place_of[tag].above:
                photos[above].update(on)
        counts = [
            (tag, len(on)) for tag, on in photos.items() if tag not in without and len(on) != below
        ]
        return sorted(counts, key=lambda count: (-count[1], count[0]))

    def categories(self) -> list[tuple[str, Node, int]]:
        labels = load().categories
        place_of = tag_tree(self._on)
        photos: dict[str, set[int]] = defaultdict(set)
        for tag, on in self._on.items():
            photos[place_of[tag].category].update(on)
        return [
            (labels[slug], Named("category", (slug,)), len(on))
            for slug, on in photos.items()
            if slug in labels
        ]

    def labels(self, page: Sequence[Photo], *, besides: Iterable[int] = ()) -> dict[int, str]:
        """Return the labels of tags, and note on the photos of a page their surest; one query."""
        surest = {
            photo: [tag for _, tag in sorted(said)[:3]] for photo, said in self._surest.items()
        }
        tags = {*besides, *(tag for some in surest.values() for tag in some)}
        labels = dict(Tag.objects.filter(among("pk", list(tags))).values_list("pk", "label"))
        for photo in page:
            photo.noted_labels = [labels[tag] for tag in surest[photo.pk] if tag in labels]
        return labels


def note_labels(page: Sequence[Photo]) -> None:
    """Note on the photos of a page their surest tags alone; two queries."""
    _Tags([], [photo.pk for photo in page]).labels(page)


# --- Facts ------------------------------------------------------------------------------------


def _facts(counted: Sequence[int]) -> dict[str, list[tuple[str, Node, int]]]:
    rows = list(
        Photo.objects.filter(among("pk", counted)).values_list(
            "taken_at", "camera", "owner__username", "width", "height", "colors"
        )
    )
    years = Counter(row[0].year for row in rows if row[0])
    shapes = Counter(_shape(row[3], row[4]) for row in rows)
    seen = Counter[str]()
    for bits, count in Counter(row[5] or 0 for row in rows).items():
        seen.update(dict.fromkeys(colors.names_in(bits), count))
    return {
        "taken": [
            (str(year), Dated("taken", Day(year), Day(year)), n) for year, n in years.items()
        ],
        "camera": _named("camera", Counter(row[1] for row in rows if row[1])),
        "by": _named("by", Counter(row[2] for row in rows)),
        "orientation": _named("orientation", shapes),
        "color": _named("color", seen),
    }


def _shape(width: int, height: int) -> str:
    if width == height:
        return "square"
    return "landscape" if width > height else "portrait"


def _named(field: str, counts: Counter[str]) -> list[tuple[str, Node, int]]:
    return [(name, Named(field, (name,)), count) for name, count in counts.items()]
