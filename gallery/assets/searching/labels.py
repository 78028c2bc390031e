"""What callers wrote on assets, searched for: tags, context and structured metadata."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from django.db.models import Count, Q, QuerySet, Value
from django.db.models.functions import Coalesce, StrIndex
from django.db.models.lookups import GreaterThan, GreaterThanOrEqual, LessThan

from ...models import (
    Asset,
    AssetContext,
    AssetTag,
    Cloud,
    FieldType,
    MetadataField,
    MetadataValue,
    PhotoTag,
    PhotoWord,
    Tag,
    TagAlias,
)
from ...models.photos import words_of
from ...models.tagging import SHOWN_STATES
from ...models.tags import tag_slug
from ...search import conditions as photos
from .conditions import NOTHING, Condition, of_photo, of_photo_facts, of_rows, some
from .language import Asked, MistakeError, Text
from .matching import JsonNumber, JsonText, Match, within
from .values import Dates, number, stretch_of

CAPTION = "caption"
#: So many words one value may have.
MAX_WORDS = 50
_SHOWN = Q(state__in=SHOWN_STATES)


def match_of(asked: Asked) -> Match:
    """Return how text is compared with what is asked. Raises MistakeError for an order of texts."""
    if not isinstance(asked.value, Text):
        raise MistakeError(f"{asked.field} has no order to have a range of.", asked.value.position)
    if asked.operator not in (":", "="):
        raise MistakeError(f"{asked.field} is compared with : or = only.", asked.position)
    match = Match.of(asked.operator, asked.value)
    if match.pattern and len(match.pattern.words) > MAX_WORDS:
        raise _too_many_words(asked.value)
    return match


def _too_many_words(value: Text) -> MistakeError:
    return MistakeError(f"More than {MAX_WORDS} words are not looked for.", value.position)


# --- Tags -------------------------------------------------------------------------------------


def tagged(cloud: Cloud, match: Match) -> Condition:
    """Ask for a tag, in the spelling it was given in."""
    own = AssetTag.objects.filter(match.on("name"))
    parts = [of_rows(own, posting=own.filter(asset__cloud=cloud))]
    if (assigned := _assigned(match)) is not None:
        parts.append(of_photo(assigned))
    return some(parts)


def _assigned(match: Match) -> photos.Condition | None:
    if match.value.is_anything:
        return photos.Rows(PhotoTag.objects.filter(_SHOWN))
    by_label = set(Tag.objects.filter(match.on("label")).values_list("pk", flat=True))
    candidates = by_label | _spelled_like(match)
    if not candidates:
        return None
    spelled = Q(spelling__isnull=False) & match.on("spelling")
    as_label = Q(spelling__isnull=True)
    if by_label != candidates:
        as_label &= photos.among("tag_id", sorted(by_label)) if by_label else Q(pk__in=[])
    # “Not none of them”: neither database would read the index of tags for a plain OR.
    return photos.Assigned(sorted(candidates), _SHOWN & ~(~as_label & ~spelled))


def _spelled_like(match: Match) -> set[int]:
    """Return tags one of whose spellings may be meant: a spelling has a slug of its tag."""
    words = match.pattern.words if match.pattern else (match.value.text,)
    slugs = [tag_slug(word) for word in words]
    lookup = "exact" if match.is_whole and not match.value.is_prefix else "contains"
    asked = Q()
    for slug in filter(None, slugs):
        asked &= Q(**{f"slug__{lookup}": slug})
    if not asked and lookup == "exact":
        return set()
    aliases = TagAlias.objects.filter(asked).order_by().values_list("tag", flat=True)
    own = Tag.objects.filter(asked).order_by().values_list("pk", flat=True)
    return set(own.union(aliases))


#: Of tags, so many are counted: the most frequent.
MOST_TAGS = 1000


def tag_counts(assets: QuerySet[Asset]) -> dict[str, int]:
    """Return how many of some assets have each tag, the most frequent first."""
    name = Coalesce("spelling", "tag__label")
    shown = PhotoTag.objects.filter(_SHOWN, photo__in=assets.values("photo"))
    own = AssetTag.objects.filter(asset__in=assets.values("pk"))
    counts = Counter[str]()
    for rows in (shown.values_list(name), own.values_list("name")):
        most = rows.order_by().annotate(n=Count("pk")).order_by("-n")[:MOST_TAGS]
        counts.update(dict(most))
    return dict(counts.most_common(MOST_TAGS))


# --- Context ----------------------------------------------------------------------------------


def with_context_key(cloud: Cloud, match: Match) -> Condition:
    rows = AssetContext.objects.filter(match.on("key"))
    parts = [of_rows(rows, posting=rows.filter(asset__cloud=cloud))]
    if match.accepts(CAPTION):
        parts.append(of_photo_facts(~Q(caption="")))
    return some(parts)


def with_context(cloud: Cloud, key: str, match: Match) -> Condition:
    rows = AssetContext.objects.filter(key=key)
    same = rows.filter(match.on("value"))
    parts = [of_rows(same, posting=rows.filter(asset__cloud=cloud))]
    if key == CAPTION:
        parts.append(of_photo_facts(~Q(caption="") & match.on("caption")))
    return some(parts)


# --- Structured metadata ----------------------------------------------------------------------


def with_field(cloud: Cloud, match: Match) -> Condition:
    fields = MetadataField.objects.filter(match.on("external_id"), cloud=cloud)
    rows = MetadataValue.objects.filter(field__in=list(fields.values_list("pk", flat=True)))
    return of_rows(rows, posting=rows)


def with_metadata(cloud: Cloud, external_id: str, asked: Asked, dates: Dates) -> Condition:
    """Ask for the value of a field: text, or of a list an entry's id or value."""
    field = MetadataField.objects.filter(cloud=cloud, external_id=external_id).first()
    if field is None:
        raise MistakeError(f"There is no metadata field {external_id[:100]}.", asked.position)
    rows = MetadataValue.objects.filter(field=field)
    if isinstance(asked.value, Text) and asked.value.is_anything:
        return of_rows(rows, posting=rows)
    return of_rows(rows.filter(_value_holds(field, asked, dates)), posting=rows)


def _value_holds(field: MetadataField, asked: Asked, dates: Dates) -> Q:
    match field.type:
        case FieldType.INTEGER:
            bounds = stretch_of(asked, number)
            return within(JsonNumber("value"), bounds.low, bounds.high)
        case FieldType.DATE:
            return _date_holds(asked, dates)
        case FieldType.ENUM | FieldType.SET:
            return _entry_holds(field, match_of(asked))
    return match_of(asked).on_expression(JsonText("value"))


def _date_holds(asked: Asked, dates: Dates) -> Q:
    """Compare days, which are written so that they sort as text."""
    bounds = stretch_of(asked, dates)
    day = JsonText("value")
    found = Q(GreaterThan(day, Value("")))
    if bounds.low:
        found &= Q(GreaterThanOrEqual(day, Value(bounds.low.date().isoformat())))
    if bounds.high:
        found &= Q(LessThan(day, Value(bounds.high.date().isoformat())))
    return found


def _entry_holds(field: MetadataField, match: Match) -> Q:
    entries = field.entries.values_list("external_id", "value")
    meant = [key for key, value in entries if match.accepts(key) or match.accepts(value)]
    holds = [_names_entry(field, key) for key in meant]
    none = Q()
    for one in holds:
        none &= ~one
    return ~none if holds else Q(pk__in=[])


def _names_entry(field: MetadataField, key: str) -> Q:
    if field.type == FieldType.ENUM:
        return Q(value=key)
    written = {json.dumps(key), json.dumps(key, ensure_ascii=False)}
    none = Q()
    for text in sorted(written):
        none &= ~Q(GreaterThan(StrIndex(JsonText("value"), Value(text)), 0))
    return ~none


# --- Anywhere ---------------------------------------------------------------------------------


def anywhere(cloud: Cloud, match: Match) -> Condition:
    """Ask for words in any text: the name, labels, and what the pages' search reads of a photo."""
    values = AssetContext.objects.filter(match.on("value"))
    named = match.on("public_id"), match.on("display_name")
    parts = [
        *[Condition(one, costs=1) for one in named],
        tagged(cloud, match),
        of_rows(values),
        _written(match.value),
    ]
    if MetadataField.objects.filter(cloud=cloud).exists():
        parts.append(of_rows(MetadataValue.objects.filter(_any_value(cloud, match))))
    return some(parts)


def _any_value(cloud: Cloud, match: Match) -> Q:
    none = ~match.on_expression(JsonText("value"))
    lists = [FieldType.ENUM, FieldType.SET]
    for field in MetadataField.objects.filter(cloud=cloud, type__in=lists):
        none &= ~(Q(field=field) & _entry_holds(field, match))
    return ~none


def _written(value: Text) -> Condition:
    """Ask for words of a photo's texts: title, caption, place and the like."""
    words = words_of(value.text)
    if len(words) > MAX_WORDS:
        raise _too_many_words(value)
    if not words:
        return NOTHING
    *whole, last = words
    needed: list[QuerySet[Any]] = [PhotoWord.objects.filter(word=word) for word in whole]
    lookup = "word__startswith" if value.is_prefix else "word"
    needed.append(PhotoWord.objects.filter(**{lookup: last}))
    together: list[photos.Condition] = [photos.Rows(rows) for rows in needed]
    if whole:
        end = "" if value.is_prefix else " "
        together.append(photos.Facts(Q(text__contains=f" {' '.join(words)}{end}")))
    return of_photo(photos.All(together))
