"""The tags that a search names: which they are here, and what asking for several comes to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import BigIntegerField, CharField, IntegerField, Q, Value
from django.db.models.functions import Coalesce

from ..models import Tag, TagAlias, TagClosure
from ..models.tags import tag_slug
from .conditions import Assigned, Condition, Either, No


@dataclass(frozen=True, slots=True)
class KnownTag:
    """A tag that a search names; ``kinds`` are the keys of all that are kinds of it, itself too,
    with about how many photos each is on.
    """

    pk: int
    is_of_vocabulary: bool
    kinds: Mapping[int, int]


def known_tags(names: Iterable[str]) -> dict[str, KnownTag]:
    """Return the tags of these names by the slugs of the names, aliases included; one query."""
    slugs = {slug for name in names if (slug := tag_slug(name))}
    if not slugs:
        return {}
    aliases = TagAlias.objects.filter(slug__in=slugs)
    own = Tag.objects.filter(slug__in=slugs).order_by()
    rows = TagClosure.objects.filter(
        ancestor__in=own.values("pk").union(aliases.order_by().values("tag"))
    ).values_list(
        "ancestor", "ancestor__slug", "ancestor__category", "descendant",
        Coalesce("descendant__estimate", 0),
    )  # fmt: skip
    names_of = aliases.values_list(
        "tag",
        "slug",
        Value("", output_field=CharField()),
        Value(0, output_field=BigIntegerField()),
        Value(0, output_field=IntegerField()),
    )
    kinds: dict[int, dict[int, int]] = defaultdict(dict)
    owners: dict[str, int] = {}
    of_vocabulary: set[int] = set()
    for pk, slug, category, kind, estimate in rows.order_by().union(names_of.order_by(), all=True):
        if kind:
            kinds[pk][kind] = estimate
        if slug in slugs and (kind or slug not in owners):
            owners[slug] = pk
        if category:
            of_vocabulary.add(pk)
    return {slug: KnownTag(pk, pk in of_vocabulary, kinds[pk]) for slug, pk in owners.items()}


def is_contradiction(parts: Sequence[Condition]) -> bool:
    """Whether a tag is asked for, and that the photo has no tag of a kind that it is of."""
    asked = [part for part in parts if isinstance(part, Assigned)]
    denied = [part.part for part in parts if isinstance(part, No)]
    return any(
        set(one.tags) <= set(other.tags) and one.more == other.more
        for one in asked
        for other in denied
        if isinstance(other, Assigned)
    )


def without_implied(parts: Sequence[Condition]) -> list[Condition]:
    """Leave out tags of which a kind is asked for as well: what is a finch is a bird anyway."""

    def is_implied(place: int, part: Condition) -> bool:
        return isinstance(part, Assigned) and any(
            isinstance(other, Assigned)
            and other.more == part.more
            and set(other.tags) <= set(part.tags)
            and (len(other.tags) < len(part.tags) or other_place < place)
            for other_place, other in enumerate(parts)
        )

    return [part for place, part in enumerate(parts) if not is_implied(place, part)]


def first_assigned(parts: Iterable[Condition]) -> Assigned | None:
    """Return the first tag that photos are asked to have."""
    for part in parts:
        if isinstance(part, Assigned):
            return part
        if isinstance(part, Either) and (found := first_assigned(part.parts)):
            return found
    return None


def assigned_kinds(kinds: Mapping[int, int], more: Q) -> Assigned:
    """Ask for one of these tags; photos of a kind mostly have what it is a kind of as well."""
    estimate = sum(kinds.values()) or None
    commonest = max(kinds, key=lambda kind: kinds[kind], default=None)
    return Assigned(sorted(kinds), more, estimate, commonest, max(kinds.values(), default=0))


def merged(parts: Iterable[Condition]) -> list[Condition]:
    """Return what may hold instead, with all tags of which the same is asked as one condition."""
    flat = [one for part in parts for one in (part.parts if isinstance(part, Either) else [part])]
    merged: list[Condition] = []
    for part in flat:
        same = next(
            (
                place
                for place, other in enumerate(merged)
                if isinstance(part, Assigned)
                and isinstance(other, Assigned)
                and other.more == part.more
            ),
            None,
        )
        if same is None:
            merged.append(part)
        else:
            merged[same] = _one_of(merged[same], part)
    return merged


def _one_of(one: Condition, other: Condition) -> Assigned:
    assert isinstance(one, Assigned)
    assert isinstance(other, Assigned)
    larger = one if (one.estimate or 0) >= (other.estimate or 0) else other
    return Assigned(
        sorted({*one.tags, *other.tags}),
        one.more,
        (one.estimate or 0) + (other.estimate or 0) or None,
        larger.commonest,
        one.photos + other.photos,
    )
