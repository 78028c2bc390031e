"""What the words of a search mean in this library, for this viewer: a tree becomes a condition."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db.models import (
    BigIntegerField,
    CharField,
    F,
    IntegerField,
    Q,
    QuerySet,
    Value,
)
from django.db.models.functions import Coalesce
from django.utils import timezone

from .. import similar
from ..imaging import colors
from ..models import (
    Favourite,
    Photo,
    PhotoTag,
    PhotoWord,
    Tag,
    TagAlias,
    TagClosure,
    User,
    Visibility,
)
from ..models.photos import HAS_PLACE, column_words, words_of
from ..models.tagging import SHOWN_STATES, TagState
from ..models.tags import tag_slug
from ..vocabulary import load
from .conditions import (
    DATE,
    LOOKUPS,
    NOTHING,
    PHOTO,
    ROW,
    All,
    Arrived,
    Assigned,
    Condition,
    Either,
    Facts,
    No,
    Posting,
    Rows,
    TagCount,
    compared,
)
from .language import Mistake, Query
from .tree import (
    Aged,
    And,
    Bound,
    Counted,
    Dated,
    Leaf,
    Named,
    Node,
    Not,
    Or,
    Tagged,
    Word,
    conjuncts,
    leaves,
)
from .values import STATES, nearest

Viewer = User | AnonymousUser

ME = "me"
#: To find what is like a photo, all photos are looked at.
MOST_LIKED = 3
#: Greater than any word that begins with what stands before it.
_LAST = "\U0010ffff"


# --- Whose photos -----------------------------------------------------------------------------


def owned_by(person: User) -> Condition:
    return Facts(Q(owner=person), is_posting=True)


def visible_to(viewer: Viewer) -> Condition:
    """The same as `PhotoQuerySet.visible_to`, for the engine."""
    public = Facts(Q(visibility=Visibility.PUBLIC), is_posting=True)
    return Either([public, owned_by(viewer)]) if isinstance(viewer, User) else public


# --- Names ------------------------------------------------------------------------------------


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


def _tag_names(tree: Node | None) -> Iterator[str]:
    for leaf in leaves(tree):
        match leaf:
            case Tagged(names):
                yield from names
            case Word(text, is_prefix=False):
                yield text


# --- Trees ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Doubt:
    """A name that is a mistake unless some photo answers: what it would be, and how to find out."""

    leaf: Leaf
    name: str
    why: str
    answers: QuerySet[Any]


@dataclass(slots=True)
class Meaning:
    """What a search asks for: ``condition`` of a photo, and the names that remain to be checked.

    ``like`` is the photos that a ``like:`` asks for, the most similar first; None where a photo
    may be found that is like none.
    """

    condition: Condition
    mistakes: tuple[Mistake, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    like: Sequence[int] | None = None
    #: What an order by confidence is about.
    assigned: Assigned | None = None
    #: All tags that are named, with their kinds; facets need not repeat them.
    named_tags: frozenset[int] = frozenset()


def meaning_of(query: Query, *, viewer: Viewer, scope: Condition | None) -> Meaning:
    """Find out what a search means. ``scope`` must hold besides; None: all that there is."""
    reader = _Meanings(query, viewer)
    parts = [scope] if scope else []
    if query.tree is not None:
        parts.append(reader.condition(query.tree))
    flat = [one for part in parts for one in (part.parts if isinstance(part, All) else [part])]
    if _is_contradiction(flat):
        flat.append(NOTHING)
    flat = _without_implied(flat)
    return Meaning(
        condition=All(flat),
        mistakes=tuple(reader.mistakes),
        doubts=tuple(reader.doubts),
        like=reader.like if any(map(_is_like, conjuncts(query.tree))) else None,
        assigned=_assigned(flat),
        named_tags=frozenset(tag.pk for tag in reader.tags.values()),
    )


def _is_like(node: Node) -> bool:
    return isinstance(node, Named) and node.field == "like"


def _is_contradiction(parts: Sequence[Condition]) -> bool:
    """Whether a tag is asked for, and that the photo has no tag of a kind that it is of."""
    asked = [part for part in parts if isinstance(part, Assigned)]
    denied = [part.part for part in parts if isinstance(part, No)]
    return any(
        set(one.tags) <= set(other.tags) and one.more == other.more
        for one in asked
        for other in denied
        if isinstance(other, Assigned)
    )


def _without_implied(parts: Sequence[Condition]) -> list[Condition]:
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


def _assigned(parts: Iterable[Condition]) -> Assigned | None:
    """Return the first tag that photos are asked to have."""
    for part in parts:
        if isinstance(part, Assigned):
            return part
        if isinstance(part, Either) and (found := _assigned(part.parts)):
            return found
    return None


def _assigned_kinds(kinds: Mapping[int, int], more: Q) -> Assigned:
    """Ask for one of these tags; photos of a kind mostly have what it is a kind of as well."""
    estimate = sum(kinds.values()) or None
    commonest = max(kinds, key=lambda kind: kinds[kind], default=None)
    return Assigned(sorted(kinds), more, estimate, commonest, max(kinds.values(), default=0))


def _merged(parts: Iterable[Condition]) -> list[Condition]:
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


class _Meanings:
    """Turns one tree into a condition, and notes what is wrong with its names."""

    def __init__(self, query: Query, viewer: Viewer) -> None:
        self.query = query
        self.viewer = viewer
        self.now = timezone.now()
        self.tags = known_tags(_tag_names(query.tree))
        self.mistakes: list[Mistake] = []
        self.doubts: list[Doubt] = []
        self.like: Sequence[int] | None = None
        self.liked = 0

    def condition(self, node: Node) -> Condition:
        match node:
            case And(children):
                return All([self.condition(child) for child in children])
            case Or(children):
                return Either(_merged(self.condition(child) for child in children))
            case Not(child):
                return No(self.condition(child))
            case _:
                return self._leaf(node)

    def _leaf(self, leaf: Leaf) -> Condition:
        match leaf:
            case Word():
                return self._word(leaf)
            case Tagged():
                return self._tagged(leaf)
            case Counted():
                return _counted(leaf)
            case Dated():
                return _dated(leaf)
            case Aged():
                return self._aged(leaf)
            case Named():
                return _READ[leaf.field](self, leaf)

    def mistake(self, leaf: Leaf, why: str, better: str | None = None) -> Condition:
        """Note what is wrong; nothing is found then, whatever stands around it."""
        start, end = self.query.place_of(leaf)
        text = self.query.text
        whole = None if better is None else text[:start] + better + text[end:]
        self.mistakes.append(Mistake(start, end, why, whole))
        return NOTHING

    def _word(self, word: Word) -> Condition:
        text = _text(word)
        tag = None if word.is_prefix else self.tags.get(tag_slug(word.text))
        return (
            Either([_assigned_kinds(tag.kinds, Q(state__in=SHOWN_STATES)), text]) if tag else text
        )

    def _tagged(self, asked: Tagged) -> Condition:
        more = self._marks(asked)
        if more is None:
            return NOTHING
        for bound in asked.bounds:
            more &= Q(**{f"confidence__{LOOKUPS[bound.operator]}": bound.number})
        keys: dict[int, int] = {}
        for name in asked.names:
            tag = self.tags.get(tag_slug(name))
            kinds = tag.kinds if tag else {}
            if tag and asked.is_exact:
                kinds = {tag.pk: kinds[tag.pk]}
            keys.update(kinds)
            if tag is None or not tag.is_of_vocabulary:
                self._doubt_tag(asked, name, list(kinds))
        return _assigned_kinds(keys, more)

    def _doubt_tag(self, asked: Tagged, name: str, kinds: Sequence[int]) -> None:
        """A word of people's own is as good as unknown to those who may see no photo with it."""
        seen = PhotoTag.objects.filter(self._told, visible_to(self.viewer).on(ROW), tag__in=kinds)
        why = f"No photo that you may see has a tag “{name}”."
        self.doubts.append(Doubt(asked, name, why, seen))

    @property
    def _told(self) -> Q:
        """Assignments that the viewer is told of: who rejected what is its owner's business."""
        told = ~Q(state=TagState.REJECTED)
        return told | Q(photo__owner=self.viewer.pk) if self.viewer.pk else told

    def _marks(self, asked: Tagged) -> Q | None:
        states, taggers, is_manual = [], [], False
        for mark in asked.marks:
            if mark == "manual":
                is_manual = True
            elif mark in STATES:
                states.append(mark)
            elif mark in settings.TAGGERS:
                taggers.append(mark)
            else:
                known = [*STATES, *settings.TAGGERS]
                better = str(Tagged(asked.names, asked.is_exact, asked.bounds, ()))
                close = nearest(mark, known)
                self.mistake(
                    asked,
                    f"There is no mark @{mark}; there are {', '.join(f'@{one}' for one in known)}.",
                    f"{better}@{close}" if close else better,
                )
                return None
        if TagState.REJECTED in states and not isinstance(self.viewer, User):
            self.mistake(asked, "Sign in to look for tags that you rejected.")
            return None
        more = Q(state__in=states or SHOWN_STATES)
        if TagState.REJECTED in states:
            more &= self._told
        if taggers:
            more &= Q(run__tagger__in=taggers)
        return more & Q(run=None) if is_manual else more

    def _aged(self, aged: Aged) -> Condition:
        since, until = (
            (self.now - aged.age, None) if aged.is_younger else (None, self.now - aged.age)
        )
        return Arrived(since, until) if aged.field == "added" else _taken(since, until)

    def category(self, named: Named) -> Condition:
        categories = load().categories
        slugs = {tag_slug(label): slug for slug, label in categories.items()} | {
            slug: slug for slug in categories
        }
        found = [slugs.get(tag_slug(name)) for name in named.names]
        for name, slug in zip(named.names, found, strict=True):
            if slug is None:
                better = nearest(name, list(slugs))
                self.mistake(
                    named,
                    f"There is no category “{name}”.",
                    str(Named("category", (better,))) if better else None,
                )
        tags = Tag.objects.filter(category__in=[slug for slug in found if slug])
        kinds = dict(tags.values_list("pk", Coalesce("estimate", 0)))
        return _assigned_kinds(kinds, Q(state__in=SHOWN_STATES))

    def by(self, named: Named) -> Condition:
        names = [name for name in named.names if name.lower() != ME]
        people = Q()
        if len(names) < len(named.names):
            if not isinstance(self.viewer, User):
                return self.mistake(named, "Sign in to look for photos of your own.")
            people |= Q(owner=self.viewer.pk)
        for name in names:
            person = User.objects.filter(username=name)
            people |= Q(owner=person.values("pk")[:1])
            seen = Photo.objects.visible_to(self.viewer).filter(owner__in=person)
            why = f"You may see no photo of anybody called “{name}”."
            self.doubts.append(Doubt(named, name, why, seen))
        return Facts(people, is_posting=len(named.names) == 1)

    def is_(self, named: Named) -> Condition:
        return Either([self._is(named, name) for name in named.names])

    def _is(self, named: Named, name: str) -> Condition:
        if name in Visibility.values:
            return Facts(Q(visibility=name), is_posting=True)
        if not isinstance(self.viewer, User):
            return self.mistake(named, f"Sign in to look for photos that are {name}.")
        if name == "mine":
            return owned_by(self.viewer)
        return Rows(Favourite.objects.filter(person=self.viewer))

    def has(self, named: Named) -> Condition:
        return Either([_HAS[name] for name in named.names])

    def camera(self, named: Named) -> Condition:
        return Either([_part_of("camera", name) for name in named.names])

    def place(self, named: Named) -> Condition:
        return Either([_part_of("place", name) for name in named.names])

    def format(self, named: Named) -> Condition:
        same = {"jpg": "jpeg", "tif": "tiff", "heif": "heic"}
        names = [same.get(name.lower(), name.lower()) for name in named.names]
        return (
            Facts(Q(format__in=names))
            if len(names) > 1
            else Facts(Q(format=names[0]), is_posting=True)
        )

    def orientation(self, named: Named) -> Condition:
        shapes = {
            "landscape": Q(width__gt=F("height")),
            "portrait": Q(width__lt=F("height")),
            "square": Q(width=F("height")),
        }
        asked = Q(_connector=Q.OR)
        for name in named.names:
            asked |= shapes[name]
        return Facts(asked)

    def color(self, named: Named) -> Condition:
        bits = sum({colors.BITS[name] for name in named.names})
        return Facts(compared(Coalesce(F("colors").bitand(bits), 0), ">", 0))

    def likeness(self, named: Named) -> Condition:
        seen = Photo.objects.visible_to(self.viewer)
        ranked: dict[int, None] = {}
        self.liked += len(named.names)
        if self.liked > MOST_LIKED:
            return self.mistake(named, f"A search may name {MOST_LIKED} photos to be like.")
        for public_id in named.names:
            photo = seen.select_related("fingerprint").filter(public_id=public_id).first()
            if photo is None:
                return self.mistake(named, f"You may see no photo “{public_id}”.")
            ranked |= {near.photo: None for near in similar.nearest(photo)}
        self.like = list(ranked)
        return Facts(Q(pk__in=self.like), is_posting=True)


_READ = {
    "category": _Meanings.category,
    "by": _Meanings.by,
    "is": _Meanings.is_,
    "has": _Meanings.has,
    "camera": _Meanings.camera,
    "place": _Meanings.place,
    "format": _Meanings.format,
    "orientation": _Meanings.orientation,
    "color": _Meanings.color,
    "like": _Meanings.likeness,
}
_HAS: Mapping[str, Condition] = {
    "place": Rows(PhotoWord.objects.filter(word=HAS_PLACE)),
    "camera": Facts(~Q(camera="")),
    "date": Facts(Q(taken_at__isnull=False)),
    "title": Facts(~Q(title="")),
}


# --- Text, numbers, dates ---------------------------------------------------------------------


def _text(word: Word) -> Condition:
    """Photos whose text has these words, one after the other."""
    words = words_of(word.text)
    if not words:
        return NOTHING
    if word.is_prefix:
        return All([*map(_has_word, words[:-1]), _has_prefix(words[-1])])
    if len(words) == 1:
        return _has_word(words[0])
    return All(
        [*map(_has_word, dict.fromkeys(words)), Facts(Q(text__contains=f" {' '.join(words)} "))]
    )


def _has_word(word: str) -> Rows:
    return Rows(PhotoWord.objects.filter(word=word))


def _has_prefix(start: str) -> Condition:
    return _Many(_beginning(start).exclude(word__contains=":"))


def _beginning(start: str) -> QuerySet[PhotoWord]:
    return PhotoWord.objects.filter(word__gte=start, word__lt=start + _LAST)


class _Many(Rows):
    """Rows of which a photo may have several."""

    def postings(self) -> list[Posting]:
        return [Posting(self.rows, ROW, is_ordered=False, of=self)]


def _part_of(column: str, name: str) -> Condition:
    """Photos with these words in one column, one after the other; the last may go on."""
    words = column_words(column, name)
    if not words:
        return NOTHING
    last = _Many(_beginning(words[-1]))
    if len(words) == 1:
        return last
    in_row = Facts(Q(text__contains=f" {' '.join(words)}"))
    return All([*map(_has_word, dict.fromkeys(words[:-1])), last, in_row])


def _counted(counted: Counted) -> Condition:
    bound: Bound = counted.bound
    if counted.field == "tags":
        return TagCount(bound)
    return Facts(Q(**{f"{counted.field}__{LOOKUPS[bound.operator]}": bound.number}))


def _dated(dated: Dated) -> Condition:
    since = _midnight(dated.since.first) if dated.since else None
    following = dated.until.following if dated.until else None
    until = _midnight(following) if following else None
    return Arrived(since, until) if dated.field == "added" else _taken(since, until)


def _taken(since: datetime | None, until: datetime | None) -> Condition:
    """Photos taken in a time; said of the date that lists are in the order of, too."""
    taken, dated = Q(taken_at__isnull=False), Q()
    if since:
        taken &= Q(taken_at__gte=since)
        dated &= compared(DATE, ">=", since)
    if until:
        taken &= Q(taken_at__lt=until)
        dated &= compared(DATE, "<", until)
    return Facts(taken & dated, also=Posting(Photo.objects.filter(taken), PHOTO, is_ordered=False))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)
