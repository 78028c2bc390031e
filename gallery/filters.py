"""The filter form beside lists of photos: another view of the search that the box holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import django_filters
from django import forms
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.functional import cached_property

from .imaging import colors
from .models import Photo
from .models.photos import PhotoQuerySet
from .search import language
from .search.conditions import PHOTO, Condition
from .search.finding import Search
from .search.language import Query
from .search.limits import TooSlowError
from .search.meaning import Viewer
from .search.tree import Bound, Dated, Day, Named, Node, Sort, Tagged, conjuncts

#: What takes a list to another place and does not narrow it.
PLACES = ("before", "after", "seed", "month")
MAX_TAGS = 20


def tag_names(value: str) -> list[str]:
    return [name for part in value.split(",") if (name := part.strip())]


class PhotoFilterForm(forms.Form):
    """Checks what only makes sense together."""

    def clean_tags(self) -> str:
        names = tag_names(self.cleaned_data["tags"])
        if len(names) > MAX_TAGS:
            raise ValidationError(f"Up to {MAX_TAGS} tags can be asked for at once.")
        for name in names:
            if language.parse(str(Tagged((name,)))).mistakes:
                raise ValidationError(f"“{name}” is no name of a tag.")
        return ", ".join(names)

    def clean_owner(self) -> str:
        name: str = self.cleaned_data["owner"].strip()
        if name and language.parse(str(Named("by", (name,)))).mistakes:
            raise ValidationError(f"“{name}” is nobody's name.")
        return name

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("min_confidence") and not cleaned.get("tags"):
            self.add_error("tags", "Name the tags that should be so sure.")
        since, until = cleaned.get("taken_from"), cleaned.get("taken_to")
        if since and until and since > until:
            self.add_error("taken_to", "This is before the first day.")
        return cleaned


class PhotoFilter(django_filters.FilterSet):
    """A search as a form. ``query`` is all of it; the box has what no field holds.

    ``viewer`` is whose permissions narrow what names mean; None: nobody has signed in. ``scope``
    must hold besides.
    """

    q = django_filters.CharFilter(label="Search")
    tags = django_filters.CharFilter(
        label="Tags, with commas between",
        widget=forms.TextInput(attrs={"placeholder": "dog, beach"}),
    )
    min_confidence = django_filters.NumberFilter(
        label="Tags at least this sure",
        min_value=0,
        max_value=1,
        error_messages=dict.fromkeys(
            ("invalid", "min_value", "max_value"), "A confidence is a number from 0 to 1."
        ),
        widget=forms.NumberInput(attrs={"step": 0.05, "placeholder": "0 to 1"}),
    )
    owner = django_filters.CharFilter(
        label="Whose",
        widget=forms.TextInput(attrs={"placeholder": "user name", "autocapitalize": "none"}),
    )
    taken_from = django_filters.DateFilter(
        label="Taken from", widget=forms.DateInput(attrs={"type": "date"})
    )
    taken_to = django_filters.DateFilter(
        label="Taken until", widget=forms.DateInput(attrs={"type": "date"})
    )
    orientation = django_filters.ChoiceFilter(
        label="Orientation",
        empty_label="Any",
        choices=[("landscape", "Landscape"), ("portrait", "Portrait"), ("square", "Square")],
    )
    color = django_filters.ChoiceFilter(
        label="Colour",
        empty_label="Any",
        choices=[(name, name.capitalize()) for name in colors.NAMES],
    )
    sort = django_filters.ChoiceFilter(
        label="Order",
        empty_label="As fits the search",
        choices=[
            (Sort.NEWEST, "Newest first"),
            (Sort.OLDEST, "Oldest first"),
            (Sort.TAKEN, "By date taken"),
            (Sort.CONFIDENCE, "Surest first"),
            (Sort.RANDOM, "Random"),
        ],
    )

    class Meta:
        model = Photo
        fields: list[str] = []
        form = PhotoFilterForm

    def __init__(
        self,
        data: QueryDict | None = None,
        *args: Any,
        viewer: Viewer | None = None,
        scope: Condition | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data, *args, **kwargs)
        self._viewer = viewer or AnonymousUser()
        self._scope = scope

    def is_valid(self) -> bool:
        """Whether the form can be read and the search has no mistake; the latter stands at q."""
        if not super().is_valid():
            return False
        try:
            for mistake in self.search.mistakes:
                self.form.add_error("q", mistake.why)
        except TooSlowError as error:
            self.form.add_error("q", str(error))
        return bool(self.form.is_valid())

    @cached_property
    def query(self) -> Query:
        """The whole search; of a form that cannot be read, what can."""
        self.form.is_valid()
        asked = {name: self.form.cleaned_data.get(name) or "" for name in self.form.fields}
        typed = language.parse(asked["q"])
        if typed.mistakes:
            return typed
        kept = typed.narrowed(*_nodes(asked))
        return kept.sorted_by(Sort(asked["sort"])) if asked["sort"] else kept

    @cached_property
    def search(self) -> Search:
        return Search(self.query, viewer=self._viewer, scope=self._scope)

    @property
    def has_fields(self) -> bool:
        """Whether a field beside the box is filled in."""
        return any(self.data.get(name) for name in self.form.fields if name != "q")

    def filter_queryset(self, photos: PhotoQuerySet) -> PhotoQuerySet:
        return photos.filter(self.search.condition.on(PHOTO))


def _nodes(asked: dict[str, Any]) -> list[Node]:
    """Return what the fields beside the box ask for."""
    floor = asked["min_confidence"]
    bounds = (Bound(">=", float(floor)),) if floor else ()
    nodes: list[Node] = [Tagged((name,), bounds=bounds) for name in tag_names(asked["tags"])]
    if asked["owner"]:
        nodes.append(Named("by", (asked["owner"],)))
    if asked["taken_from"] or asked["taken_to"]:
        nodes.append(Dated("taken", _day(asked["taken_from"]), _day(asked["taken_to"])))
    return nodes + [Named(name, (asked[name],)) for name in ("orientation", "color") if asked[name]]


def _day(day: date | None) -> Day | None:
    return Day(day.year, day.month, day.day) if day else None


def form_data(query: Query) -> dict[str, str]:
    """Return a search as the values of the form: the box keeps what no other field can hold."""
    values: dict[str, str] = {"sort": query.sort or ""}
    nodes = conjuncts(query.tree)
    floor = _common_floor(nodes)
    values["min_confidence"] = f"{floor[0].number:g}" if floor else ""
    names: list[str] = []
    rest: list[Node] = []
    for node in nodes:
        match node:
            case Tagged((name,), is_exact=False, marks=(), bounds=bounds) if (
                "," not in name and bounds == floor
            ):
                names.append(name)
            case Named("by", (name,)) if "owner" not in values:
                values["owner"] = name
            case Named("orientation" | "color" as field, (name,)) if field not in values:
                values[field] = name
            case Dated("taken", since, until) if "taken_from" not in values and _are_days(
                since, until
            ):
                values |= {
                    "taken_from": since.first.isoformat() if since else "",
                    "taken_to": until.first.isoformat() if until else "",
                }
            case _:
                rest.append(node)
    values["tags"] = ", ".join(names)
    values["q"] = str(language.query_of(*rest))
    return values


def _common_floor(nodes: Sequence[Node]) -> tuple[Bound, ...]:
    """Return how sure all tags that are asked for must be, when that is the same for each."""
    asked = {
        node.bounds
        for node in nodes
        if isinstance(node, Tagged) and not (node.is_exact or node.marks or node.names[1:])
    }
    match [*asked]:
        case [(Bound(">="),) as floor]:
            return floor
    return ()


def _are_days(*days: Day | None) -> bool:
    return all(day is None or day.day for day in days)


@dataclass(frozen=True, slots=True)
class Narrowing:
    """One thing that a search asks for, and the search without it."""

    words: str
    without: Query


def narrowings(query: Query) -> list[Narrowing]:
    """Return what must all hold of the photos that a search finds."""
    return [Narrowing(str(node), query.without(node)) for node in conjuncts(query.tree)]
