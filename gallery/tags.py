"""Keeps the tags in order: brings in the vocabulary, merges tags that mean the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count

from . import teaching
from .models import (
    Noted,
    Photo,
    PhotoTag,
    Tag,
    TagAlias,
    TagClosure,
    TagParent,
    TaughtTag,
    Visibility,
)
from .models.tagging import DECIDED_STATES
from .models.tags import tag_slug
from .teaching import Watch, batches
from .vocabulary import Vocabulary, load


@dataclass(frozen=True, slots=True)
class Synced:
    """How many tags the vocabulary has, and which of its aliases are tags of their own here."""

    tags: int
    taken_aliases: tuple[str, ...]


@transaction.atomic
def sync_vocabulary() -> Synced:
    """Bring tags, categories, parents and aliases in line with the shipped vocabulary.

    Tags that people or other taggers made stay, and so do names that people gave. A tag that was
    merged away here stays merged: its name is an alias, and what the vocabulary says of it holds
    for the tag it became.
    """
    vocabulary = load()
    tags = _sync_tags(vocabulary)
    _sync_parents(vocabulary, tags)
    taken = _sync_aliases(vocabulary, tags)
    rebuild_closure()
    return Synced(tags=len(vocabulary.assignable), taken_aliases=taken)


_COUNTS = ("estimate", "public_count", "people_count")


def note_counts() -> int:
    """Note on how many photos each tag is, on how many public ones, and of how many people those.

    Returns of how many tags that changed. Reads every assignment, so housekeeping does it, every
    so often; a small library is counted in every round.
    """
    shown = PhotoTag.objects.shown().order_by().values_list("tag")
    in_public = shown.filter(photo__visibility=Visibility.PUBLIC)
    counted = (
        dict(shown.annotate(n=Count("pk"))),
        dict(in_public.annotate(n=Count("pk"))),
        dict(in_public.annotate(n=Count("photo__owner", distinct=True))),
    )
    changed = []
    for tag in Tag.objects.only(*_COUNTS):
        counts = tuple(one.get(tag.pk, 0) for one in counted)
        if (tag.estimate, tag.public_count, tag.people_count) != counts:
            tag.estimate, tag.public_count, tag.people_count = counts
            changed.append(tag)
    Tag.objects.bulk_update(changed, _COUNTS, batch_size=200)
    public = Photo.objects.public().count()
    Noted.objects.update_or_create(name=Noted.PUBLIC_PHOTOS, defaults={"number": public})
    return len(changed)


#: Libraries of so few photos are counted in every round: there it takes no time.
FEW = 5000


def note_counts_of_few() -> None:
    """Note counts of a small library, so that nobody waits for what takes no time."""
    if not Photo.objects.order_by("pk")[FEW : FEW + 1].exists():
        note_counts()


def _sync_tags(vocabulary: Vocabulary) -> dict[str, Tag]:
    tags = Tag.objects.by_label(vocabulary.assignable)
    changed = []
    for entry in vocabulary.assignable.values():
        tag = tags[entry.label]
        if _is_own(tag, entry.label, tags) and tag.category != entry.category:
            tag.category = entry.category
            changed.append(tag)
    Tag.objects.bulk_update(changed, ["category"])
    return tags


def _sync_parents(vocabulary: Vocabulary, tags: Mapping[str, Tag]) -> None:
    """Add missing edges and drop those between vocabulary tags that it no longer has."""
    wanted = _without_circles(
        (tags[entry.label].pk, tags[parent].pk)
        for entry in vocabulary.assignable.values()
        for parent in vocabulary.assignable_parents(entry.label)
        if _is_own(tags[entry.label], entry.label, tags)
    )
    known = {tag.pk for tag in tags.values()}
    present = {
        (edge.child_id, edge.parent_id): edge.pk
        for edge in TagParent.objects.filter(child__in=known, parent__in=known)
    }
    gone = [pk for edge, pk in present.items() if edge not in wanted]
    TagParent.objects.filter(pk__in=gone).delete()
    TagParent.objects.bulk_create(
        TagParent(child_id=child, parent_id=parent) for child, parent in wanted - present.keys()
    )


def _is_own(tag: Tag, label: str, vocabulary_tags: Mapping[str, Tag]) -> bool:
    """True unless the tag of this label was merged into another of the vocabulary.

    A tag that was renamed keeps its place.
    """
    return tag.slug == tag_slug(label) or tag.label not in vocabulary_tags


def _without_circles(edges: Iterable[tuple[int, int]]) -> set[tuple[int, int]]:
    """Leave out child-parent edges that would make a tag stand above itself, as merging can."""
    parents: dict[int, set[int]] = defaultdict(set)
    for child, parent in edges:
        if child not in _reachable(parent, parents):
            parents[child].add(parent)
    return {(child, parent) for child, above in parents.items() for parent in above}


def _sync_aliases(vocabulary: Vocabulary, tags: Mapping[str, Tag]) -> tuple[str, ...]:
    """Add missing aliases; return those that are tags of their own here."""
    labels = {
        tag_slug(alias): (alias, tags[entry.label])
        for entry in vocabulary.assignable.values()
        for alias in entry.aliases
    }
    own_tags = set(Tag.objects.filter(slug__in=labels).values_list("slug", flat=True))
    TagAlias.objects.bulk_create(
        [
            TagAlias(slug=slug, label=alias, tag=tag)
            for slug, (alias, tag) in labels.items()
            if slug not in own_tags
        ],
        ignore_conflicts=True,
    )
    return tuple(sorted(labels[slug][0] for slug in own_tags))


def rebuild_closure() -> None:
    """Write anew which tag stands under which, as far as it has changed."""
    wanted = _closure()
    present = {
        (row.ancestor_id, row.descendant_id): row.pk for row in TagClosure.objects.iterator()
    }
    gone = [pk for pair, pk in present.items() if pair not in wanted]
    for start in range(0, len(gone), 500):
        TagClosure.objects.filter(pk__in=gone[start : start + 500]).delete()
    TagClosure.objects.bulk_create(
        [
            TagClosure(ancestor_id=ancestor, descendant_id=descendant)
            for ancestor, descendant in wanted - present.keys()
        ],
        batch_size=500,
        ignore_conflicts=True,
    )


def _closure() -> set[tuple[int, int]]:
    parents: dict[int, set[int]] = defaultdict(set)
    for edge in TagParent.objects.all():
        parents[edge.child_id].add(edge.parent_id)
    return {
        (ancestor, tag)
        for tag in Tag.objects.values_list("pk", flat=True)
        for ancestor in _reachable(tag, parents)
    }


def _reachable(tag: int, parents: Mapping[int, set[int]]) -> set[int]:
    reached: set[int] = set()
    waiting = [tag]
    while waiting:
        current = waiting.pop()
        if current not in reached:
            reached.add(current)
            waiting += parents.get(current, ())
    return reached


def unwatched(photo_ids: Collection[int]) -> AbstractContextManager[None]:
    return nullcontext()


@transaction.atomic
def merge_tags(sources: Iterable[Tag], *, into: Tag, watch: Watch = unwatched) -> list[int]:
    """Make several tags one: their photos, kinds and names go to ``into``.

    Where a photo has both, a person's word outweighs a tagger's, and else the surer one stays.
    What the tags were called lives on as aliases, so that taggers saying it mean ``into``.
    ``watch`` goes around every change of photos' tags. Returns the keys of taught tags that were
    retired because their owner had taught both.
    """
    retired = [
        pk for source in sources if source.pk != into.pk for pk in _merge(source, into, watch)
    ]
    rebuild_closure()
    return retired


def _merge(source: Tag, into: Tag, watch: Watch) -> list[int]:
    retired = _move_taught(source, into, watch)
    photos = PhotoTag.objects.filter(tag=source).order_by("photo")
    for some in batches(list(photos.values_list("photo_id", flat=True))):
        with watch(some):
            _move_photo_tags(source, into, some)
    _move_edges(source, into)
    TagAlias.objects.filter(tag=source).update(tag=into)
    slug, label = source.slug, source.label
    Tag.objects.get(pk=source.pk).delete()
    TagAlias.objects.create(slug=slug, label=label, tag=into)
    return retired


def _move_taught(source: Tag, into: Tag, watch: Watch) -> list[int]:
    """Hand over what people taught; who taught both tags keeps the one that stays."""
    have_both = TaughtTag.objects.filter(tag=into).values("owner")
    rivals = list(TaughtTag.objects.filter(tag=source, owner__in=have_both))
    retired = [taught.pk for taught in rivals]
    for taught in rivals:
        teaching.retire(taught, watch=watch)
    TaughtTag.objects.filter(tag=source).update(tag=into)
    return retired


def _move_photo_tags(source: Tag, into: Tag, photos: Collection[int]) -> None:
    rows = PhotoTag.objects.filter(tag=source, photo__in=photos)
    rivals = {row.photo_id: row for row in PhotoTag.objects.filter(tag=into, photo__in=photos)}
    for row in rows.filter(photo__in=rivals):
        rival = rivals[row.photo_id]
        loser = rival if _weight(row) > _weight(rival) else row
        loser.delete()
    rows.update(tag=into)


def _weight(row: PhotoTag) -> tuple[bool, bool, float]:
    return row.state in DECIDED_STATES, bool(row.is_kept), row.confidence


def _move_edges(source: Tag, into: Tag) -> None:
    """Hand over kinds and parents, leaving out whatever would make a circle."""
    above = set(TagClosure.objects.filter(descendant=into).values_list("ancestor", flat=True))
    below = set(TagClosure.objects.filter(ancestor=into).values_list("descendant", flat=True))
    children = set(TagParent.objects.filter(parent=source).values_list("child", flat=True))
    parents = set(TagParent.objects.filter(child=source).values_list("parent", flat=True))
    TagParent.objects.bulk_create(
        [TagParent(child_id=child, parent=into) for child in children - above - {source.pk}]
        + [TagParent(child=into, parent_id=parent) for parent in parents - below - {source.pk}],
        ignore_conflicts=True,
    )


def add_alias(tag: Tag, label: str) -> None:
    """Give a tag one more name; if that is another tag's, the two become one."""
    slug = tag_slug(label)
    other = Tag.objects.filter(slug=slug).exclude(pk=tag.pk).first()
    if other is not None:
        merge_tags([other], into=tag)
    elif slug and slug != tag.slug:
        TagAlias.objects.update_or_create(slug=slug, defaults={"label": label, "tag": tag})
