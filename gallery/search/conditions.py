"""Narrows a list of photos by the terms of a query."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Exists, OuterRef, Q

from ..models import PhotoTag, Tag
from ..models.photos import PhotoQuerySet
from .language import Field, Term


def narrow(photos: PhotoQuerySet, terms: Iterable[Term]) -> PhotoQuerySet:
    """Keep the photos for which every term holds."""
    for term in terms:
        condition = _holds(term)
        photos = photos.filter(~condition if term.excluded else condition)
    return photos


def _holds(term: Term) -> Q:
    tags = Tag.objects.named(term.text)
    carrying = PhotoTag.objects.shown().under(tags).filter(photo=OuterRef("pk"))
    if term.field is Field.TAG:
        return Q(Exists(carrying))
    return Q(Exists(carrying)) | _written(term.text)


def _written(text: str) -> Q:
    columns = ("title", "caption", "original_name", "place", "camera")
    written = Q()
    for column in columns:
        written |= Q(**{f"{column}__icontains": text})
    return written
