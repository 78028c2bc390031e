"""What the words of a search mean in this library, for this viewer: a tree becomes a condition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db.models import (
    F,
    Q,
    QuerySet,
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
    User,
    Visibility,
)
from ..models.photos import HAS_PLACE
from ..models.tagging import SHOWN_STATES, TagState
from ..models.tags import tag_slug
from ..vocabulary import load
from .conditions import (
    LOOKUPS,
    NOTHING,
    ROW,
    All,
    Arrived,
    Assigned,
    Condition,
    Either,
    Facts,
    No,
    Rows,
    compared,
)
from .facts import counted_of, dated_of, part_of, taken_of, text_of
from .language import Mistake, Query
from .tagged import (
    assigned_kinds,
    first_assigned,
    is_contradiction,
    known_tags,
    merged,
    without_implied,
)
from .tree import (
    Aged,
    And,
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


# --- Whose photos -----------------------------------------------------------------------------


_PUBLIC = Facts(Q(visibility=Visibility.PUBLIC), is_posting=True)


def owned_by(person: User) -> Condition:
    return Facts(Q(owner=person), is_posting=True)


def visible_to(viewer: Viewer) -> Condition:
    """The same as `PhotoQuerySet.visible_to`, for the engine."""
    if not isinstance(viewer, User):
        return public_to(viewer)
    return _not_apart(Either([_PUBLIC, owned_by(viewer)]), viewer)


def public_to(viewer: Viewer) -> Condition:
    """Everyone's public photos, but for those of people with whom the viewer is apart."""
    return _not_apart(_PUBLIC, viewer)


def _not_apart(seen: Condition, viewer: Viewer) -> Condition:
    if not isinstance(viewer, User) or not viewer.apart_from:
        return seen
    return All([seen, No(Facts(Q(owner__in=viewer.apart_from)))])


# --- Names ------------------------------------------------------------------------------------


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
    if is_contradiction(flat):
        flat.append(NOTHING)
    flat = without_implied(flat)
    return Meaning(
        condition=All(flat),
        mistakes=tuple(reader.mistakes),
        doubts=tuple(reader.doubts),
        like=reader.like if any(map(_is_like, conjuncts(query.tree))) else None,
        assigned=first_assigned(flat),
        named_tags=frozenset(tag.pk for tag in reader.tags.values()),
    )


def _is_like(node: Node) -> bool:
    return isinstance(node, Named) and node.field == "like"


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
                return Either(merged(self.condition(child) for child in children))
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
                return counted_of(leaf)
            case Dated():
                return dated_of(leaf)
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
        text = text_of(word)
        tag = None if word.is_prefix else self.tags.get(tag_slug(word.text))
        return Either([assigned_kinds(tag.kinds, Q(state__in=SHOWN_STATES)), text]) if tag else text

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
        return assigned_kinds(keys, more)

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
        return Arrived(since, until) if aged.field == "added" else taken_of(since, until)

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
        return assigned_kinds(kinds, Q(state__in=SHOWN_STATES))

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
        return Either([part_of("camera", name) for name in named.names])

    def place(self, named: Named) -> Condition:
        return Either([part_of("place", name) for name in named.names])

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
        ranked: dict[int, None] = {}
        self.liked += len(named.names)
        if self.liked > MOST_LIKED:
            return self.mistake(named, f"A search may name {MOST_LIKED} photos to be like.")
        for name in named.names:
            try:
                near = similar.likest(name, self.viewer)
            except similar.UnlikeError as error:
                return self.mistake(named, str(error))
            ranked |= {one.photo: None for one in near}
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
