"""What somebody who types a search may want to write next, and what was meant by a wrong name.

Nobody is told a name that stands on nothing they may see.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Exists, F, OuterRef, Q
from rapidfuzz import fuzz, process

from ..models import Photo, PhotoWord, Tag, TagAlias, User
from ..models.photos import words_of
from ..models.tags import tag_slug
from ..vocabulary import load
from .counting import Count, count_tags
from .helping import FIELD_HELP
from .language import Query, cleaned
from .limits import time_limited
from .meaning import Viewer
from .tree import Sort, Word, leaves, quoted
from .values import CHOICES, SAME

LIMIT = 8
MOST_LOOKED_AT, MOST_PROPOSED = 8, 3
#: So many of the names that fit are counted, so many assignments of each at most.
CANDIDATES, COUNTED = 12, 200
#: How alike a name must be, of 100, to be meant by another.
ALIKE = 72
NAMES_AGE_S = 60.0
_LAST_TERM = re.compile(
    r'(?P<sign>-?)(?:(?P<field>[A-Za-z]+):=?)?(?P<others>(?:(?:"[^"]*"|[^\s()"|]+)\|)*)'
    r'(?P<start>"[^"]*|[^\s()"|]*)$'
)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """``text`` is the whole search with it, ``count`` of how many photos it is known."""

    label: str
    text: str
    kind: str
    count: Count | None = None


def suggest(text: str, *, viewer: Viewer) -> list[Suggestion]:
    """Return what may be meant by the end of a text."""
    found = _LAST_TERM.search(text[-200:])
    if not found:
        return []
    start = cleaned(found["start"].lstrip('"'))
    lead = text[: len(text) - len(found["start"])]
    field = (found["field"] or "").lower()
    field = SAME.get(field, field)
    with time_limited():
        if field == "tag":
            return _tags(start, lead, viewer)
        if field == "by":
            return _people(start, lead, viewer)
        if field == "camera":
            return _cameras(start, lead, viewer)
        if field:
            return _choices(field, start, lead)
        return (_fields(start, lead) + _tags(start, lead, viewer))[:LIMIT] if start else []


def _fields(start: str, lead: str) -> list[Suggestion]:
    fitting = [one for one in FIELD_HELP if len(start) > 1 and one.field.startswith(start.lower())]
    return [Suggestion(f"{one.field}:", f"{lead}{one.field}:", one.meaning) for one in fitting]


def _choices(field: str, start: str, lead: str) -> list[Suggestion]:
    known: Iterable[str] = CHOICES.get(field, ())
    if field == "category":
        known = load().categories
    if field == "sort":
        known = [*Sort]
    fitting = [one for one in known if one.startswith(start.lower())]
    return [Suggestion(one, f"{lead}{quoted(one)} ", field) for one in fitting[: 2 * LIMIT]]


# --- Tags -------------------------------------------------------------------------------------


def _tags(start: str, lead: str, viewer: Viewer) -> list[Suggestion]:
    fitting = _fitting_tags(start)
    counted = count_tags([pk for pk, _ in fitting], viewer=viewer, most=COUNTED)
    if len(counted) < LIMIT // 2:
        fitting += [one for one in similar_names(start) if one not in fitting]
        counted = count_tags([pk for pk, _ in fitting], viewer=viewer, most=COUNTED)
    labels = dict(fitting)
    begins = tag_slug(start)
    order = sorted(
        counted, key=lambda pk: (not tag_slug(labels[pk]).startswith(begins), -counted[pk].number)
    )
    return [
        Suggestion(labels[pk], f"{lead}{quoted(labels[pk])} ", "tag", counted[pk])
        for pk in order[:LIMIT]
    ]


def _fitting_tags(start: str) -> list[tuple[int, str]]:
    """Return tags of which a name, or a word of one, begins so: keys and labels."""
    slug = tag_slug(start)
    if not slug:
        return []
    begins, inside = Q(slug__startswith=slug), Q(slug__contains=f"-{slug}")
    popular = F("estimate").desc(nulls_last=True)
    own = Tag.objects.order_by(popular, "slug").values_list("pk", "label")
    aliases = TagAlias.objects.filter(begins).order_by("slug").values_list("tag", "tag__label")
    found = dict(own.filter(begins)[:CANDIDATES])
    if len(found) < CANDIDATES:
        found |= dict(own.filter(inside)[: CANDIDATES - len(found)])
    if len(found) < CANDIDATES:
        found = dict(aliases[: CANDIDATES - len(found)]) | found
    return list(found.items())


# --- Wrong names ------------------------------------------------------------------------------

_names: tuple[float, list[tuple[str, int, str]]] = (0.0, [])


def similar_names(name: str) -> list[tuple[int, str]]:
    """Return tags whose name is nearly this, the likest first: keys and labels.

    The names are read anew after a minute: to look through a hundred thousand takes some ten
    milliseconds, to read them takes some hundred.
    """
    global _names
    if time.monotonic() - _names[0] > NAMES_AGE_S or not _names[1]:
        own = [
            (slug, pk, label) for pk, slug, label in Tag.objects.values_list("pk", "slug", "label")
        ]
        aliases = TagAlias.objects.values_list("slug", "tag_id", "tag__label")
        _names = (time.monotonic(), own + list(aliases))
    slugs = [slug for slug, _, _ in _names[1]]
    found = process.extract(
        tag_slug(name), slugs, scorer=fuzz.ratio, score_cutoff=ALIKE, limit=CANDIDATES
    )
    return list(dict.fromkeys((_names[1][place][1], _names[1][place][2]) for _, _, place in found))


def forget_names() -> None:
    global _names
    _names = (0.0, [])


def meant_tag(name: str, *, viewer: Viewer) -> str | None:
    """Return the tag that was probably meant, of those on photos that the viewer may see."""
    known = similar_names(name)
    counted = count_tags([pk for pk, _ in known], viewer=viewer, most=1)
    return next((label for pk, label in known if pk in counted), None)


def nearly(query: Query, *, viewer: Viewer) -> list[Query]:
    """Return searches for tags whose names are nearly the words of one that found nothing."""
    proposals = []
    for leaf in list(dict.fromkeys(leaves(query.tree)))[:MOST_LOOKED_AT]:
        if isinstance(leaf, Word) and not _is_tag(leaf.text, viewer):
            meant = meant_tag(leaf.text, viewer=viewer)
            if meant:
                proposals.append(query.with_instead(leaf, Word(meant)))
    return proposals[:MOST_PROPOSED]


def _is_tag(name: str, viewer: Viewer) -> bool:
    """Whether a name is that of a tag on a photo that the viewer may see."""
    tags = Tag.objects.named(name).values_list("pk", flat=True)
    return bool(count_tags(list(tags), viewer=viewer, most=1))


# --- People and cameras -----------------------------------------------------------------------


def _people(start: str, lead: str, viewer: Viewer) -> list[Suggestion]:
    seen = Photo.objects.visible_to(viewer).filter(owner=OuterRef("pk"))
    people = User.objects.filter(Exists(seen), username__istartswith=start).order_by("username")
    names = people.values_list("username", flat=True)[:LIMIT]
    return [Suggestion(name, f"{lead}{quoted(name)} ", "person") for name in names]


def _cameras(start: str, lead: str, viewer: Viewer) -> list[Suggestion]:
    photos = Photo.objects.visible_to(viewer).exclude(camera="")
    if words := words_of(start):
        has_word = PhotoWord.objects.filter(word__startswith=words[-1])
        newest = has_word.order_by("-photo").values_list("photo_id", flat=True)[:COUNTED]
        photos = photos.filter(pk__in=list(newest), camera__icontains=start)
    names = photos.order_by("-pk").values_list("camera", flat=True)[:COUNTED]
    distinct = sorted(set(names))[:LIMIT]
    return [Suggestion(name, f"{lead}{quoted(name)} ", "camera") for name in distinct]
