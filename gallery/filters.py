"""The filter form beside every list of photos; the query box is handed to search."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import F
from django.http import QueryDict

from .models import Photo, Tag, User
from .models.photos import PhotoQuerySet
from .search import conditions, language


def read_query(value: str) -> tuple[language.Term, ...]:
    """Parse the query box. Raises ValidationError."""
    try:
        return language.parse(value)
    except language.QueryError as error:
        raise ValidationError(str(error)) from error


def tag_names(value: str) -> list[str]:
    return [name for part in value.split(",") if (name := part.strip())]


class PhotoFilterForm(forms.Form):
    """Checks what only makes sense together or against the database."""

    def clean_q(self) -> str:
        query: str = self.cleaned_data["q"]
        read_query(query)
        return query

    def clean_tags(self) -> str:
        names = tag_names(self.cleaned_data["tags"])
        if len(names) > language.MAX_TERMS:
            raise ValidationError(f"Up to {language.MAX_TERMS} tags can be asked for at once.")
        return ", ".join(names)

    def clean_owner(self) -> str:
        name: str = self.cleaned_data["owner"].strip()
        if name and not User.objects.filter(username=name).exists():
            raise ValidationError(f"Nobody here is called “{name}”.")
        return name

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        since, until = cleaned.get("taken_from"), cleaned.get("taken_to")
        if since and until and since > until:
            self.add_error("taken_to", "This is before the first day.")
        return cleaned


class PhotoFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(method="by_query", label="Search")
    tags = django_filters.CharFilter(
        method="by_tagging",
        label="Tags, with commas between",
        widget=forms.TextInput(attrs={"placeholder": "dog, beach"}),
    )
    min_confidence = django_filters.NumberFilter(
        method="by_tagging",
        label="Tags at least this sure",
        min_value=0,
        max_value=1,
        widget=forms.NumberInput(attrs={"step": 0.05, "placeholder": "0 to 1"}),
    )
    owner = django_filters.CharFilter(
        field_name="owner__username",
        label="Whose",
        widget=forms.TextInput(attrs={"placeholder": "user name", "autocapitalize": "none"}),
    )
    taken_from = django_filters.DateFilter(
        field_name="taken_at",
        lookup_expr="date__gte",
        label="Taken from",
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    taken_to = django_filters.DateFilter(
        field_name="taken_at",
        lookup_expr="date__lte",
        label="Taken until",
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    orientation = django_filters.ChoiceFilter(
        method="by_orientation",
        label="Orientation",
        empty_label="Any",
        choices=[("landscape", "Landscape"), ("portrait", "Portrait"), ("square", "Square")],
    )

    class Meta:
        model = Photo
        fields: list[str] = []
        form = PhotoFilterForm

    def by_query(self, photos: PhotoQuerySet, name: str, value: str) -> PhotoQuerySet:
        return conditions.narrow(photos, language.parse(value))

    def by_orientation(self, photos: PhotoQuerySet, name: str, value: str) -> PhotoQuerySet:
        shapes = {"landscape": "width__gt", "portrait": "width__lt", "square": "width"}
        return photos.filter(**{shapes[value]: F("height")})

    def by_tagging(self, photos: PhotoQuerySet, name: str, value: Any) -> PhotoQuerySet:
        """Tags and confidence speak of the same assignments: see filter_queryset."""
        return photos

    def filter_queryset(self, photos: PhotoQuerySet) -> PhotoQuerySet:
        photos = super().filter_queryset(photos)
        asked = self.form.cleaned_data
        names, floor = tag_names(asked["tags"]), asked["min_confidence"]
        for name in names:
            photos = photos.tagged(Tag.objects.named(name), min_confidence=floor or 0)
        if floor and not names:
            photos = photos.sure_of_a_tag(floor)
        return photos


@dataclass(frozen=True, slots=True)
class Narrowing:
    """One field of the filter form that is filled in, and the page without it."""

    words: str
    without: str


def narrowings(search: PhotoFilter, asked: QueryDict) -> list[Narrowing]:
    """Return what narrows a list, the query box apart; ``without`` is a query string."""
    return [
        Narrowing(_words(search.form[name], value), _without(asked, name))
        for name in search.form.fields
        if name != "q" and (value := asked.get(name, "").strip())
    ]


def _words(field: forms.BoundField, value: str) -> str:
    choices = dict(getattr(field.field, "choices", ()))
    return f"{field.label}: {choices.get(value, value)}"


def _without(asked: QueryDict, name: str) -> str:
    rest = asked.copy()
    for key in (name, "before", "after"):
        rest.pop(key, None)
    return rest.urlencode()
