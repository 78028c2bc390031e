"""What a search means, said a second time and as plainly as can be, over objects in memory.

Written from what is promised to people, and slow: the engine must agree with it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from gallery.search.tree import (
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
    Sort,
    Tagged,
    Word,
)

CATEGORIES = {"birds": "Birds", "sea-life": "Fish & sea life"}
STATES = ("assigned", "confirmed", "rejected", "suggested")
TAGGERS = ("bundled", "file")
SAME_FORMATS = {"jpg": "jpeg", "tif": "tiff", "heif": "heic"}


@dataclass
class Tag:
    label: str
    parents: Sequence[str] = ()
    aliases: Sequence[str] = ()
    category: str = ""
    estimate: int | None = None


@dataclass
class Mark:
    """A tag on a photo; ``tagger`` is None where a person typed it."""

    tag: str
    confidence: float
    state: str
    tagger: str | None


@dataclass
class Photo:
    public_id: str
    owner: str
    is_public: bool
    created_at: datetime
    title: str = ""
    caption: str = ""
    original_name: str = ""
    place: str = ""
    camera: str = ""
    width: int = 2
    height: int = 2
    format: str = "jpeg"
    taken_at: datetime | None = None
    colors: frozenset[str] = frozenset()
    shuffle: int = 0
    liked_by: frozenset[str] = frozenset()
    marks: Sequence[Mark] = ()
    key: int = 0

    @property
    def shown(self) -> list[Mark]:
        return [mark for mark in self.marks if mark.state in ("assigned", "confirmed")]


@dataclass
class Library:
    """``near`` has for a photo those that look like it, itself first, by their public ids."""

    people: Sequence[str]
    tags: Sequence[Tag]
    photos: Sequence[Photo]
    now: datetime
    near: dict[str, list[str]] = field(default_factory=dict)

    def visible_to(self, viewer: str | None) -> list[Photo]:
        return [one for one in self.photos if one.is_public or one.owner == viewer]

    def tag_called(self, name: str) -> Tag | None:
        called = _name(name)
        by_label = [tag for tag in self.tags if _name(tag.label) == called]
        by_alias = [tag for tag in self.tags if called in map(_name, tag.aliases)]
        return next(iter(by_label + by_alias), None)

    def kinds_of(self, label: str) -> set[str]:
        """The labels of all tags that are a kind of one, itself too."""
        kinds = {label}
        while more := {
            tag.label for tag in self.tags if tag.label not in kinds and kinds & set(tag.parents)
        }:
            kinds |= more
        return kinds


def _name(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\w+", text.lower()))


def words(text: str) -> list[str]:
    parts = unicodedata.normalize("NFKD", text.casefold())
    return re.findall(
        r"[^\W_]+", "".join(char for char in parts if not unicodedata.combining(char))
    )


# --- Searching --------------------------------------------------------------------------------


@dataclass
class Naive:
    """All answers about a library for somebody; ``viewer`` is None for nobody signed in."""

    library: Library
    viewer: str | None

    def find(self, tree: Node | None) -> list[Photo]:
        """The photos found, in the order in which they came."""
        seen = self.library.visible_to(self.viewer)
        return [photo for photo in seen if tree is None or self.holds(tree, photo)]

    def holds(self, node: Node, photo: Photo) -> bool:
        match node:
            case And(children):
                return all(self.holds(child, photo) for child in children)
            case Or(children):
                return any(self.holds(child, photo) for child in children)
            case Not(child):
                return not self.holds(child, photo)
            case _:
                return self._leaf(node, photo)

    def _leaf(self, leaf: Leaf, photo: Photo) -> bool:
        match leaf:
            case Word(text, is_prefix):
                return _has_text(photo, text, is_prefix=is_prefix) or (
                    not is_prefix and bool(self._marks(Tagged((text,)), photo))
                )
            case Tagged():
                return bool(self._marks(leaf, photo))
            case Counted(name, bound):
                numbers = {"tags": len(photo.shown), "width": photo.width, "height": photo.height}
                return _compares(numbers[name], bound)
            case Dated(name, since, until):
                at = photo.taken_at if name == "taken" else photo.created_at
                following = until.following if until else None
                return at is not None and (
                    (since is None or at >= _midnight(since.first))
                    and (following is None or at < _midnight(following))
                )
            case Aged(name, is_younger):
                at = photo.taken_at if name == "taken" else photo.created_at
                return at is not None and (self.library.now - at <= leaf.age) == is_younger
            case Named(name, values):
                return any(self._named(name, value, photo) for value in values)

    def _named(self, name: str, value: str, photo: Photo) -> bool:
        match name:
            case "category":
                slugs = {_name(label): slug for slug, label in CATEGORIES.items()}
                slug = slugs.get(_name(value), value.lower())
                own = {tag.label for tag in self.library.tags if tag.category == slug}
                return any(mark.tag in own for mark in photo.shown)
            case "by":
                return photo.owner == (self.viewer if value.lower() == "me" else value)
            case "is" if value == "mine":
                return photo.owner == self.viewer
            case "is" if value == "favourite":
                return self.viewer in photo.liked_by
            case "like":
                return photo.public_id in self.library.near[value]
        return _has_fact(photo, name, value)

    def _marks(self, asked: Tagged, photo: Photo) -> list[Mark]:
        """The assignments on a photo that answer a question about tags."""
        labels: set[str] = set()
        for name in asked.names:
            if tag := self.library.tag_called(name):
                labels |= {tag.label} if asked.is_exact else self.library.kinds_of(tag.label)
        states = set(asked.marks) & set(STATES) or {"assigned", "confirmed"}
        taggers = set(asked.marks) & set(TAGGERS)
        return [
            mark
            for mark in photo.marks
            if mark.tag in labels
            and mark.state in states
            and (mark.state != "rejected" or photo.owner == self.viewer)
            and (not taggers or mark.tagger in taggers)
            and ("manual" not in asked.marks or mark.tagger is None)
            and all(_compares(mark.confidence, bound) for bound in asked.bounds)
        ]

    # --- Mistakes ---

    def is_mistaken(self, tree: Node | None) -> bool:
        """Whether a name in it means nothing to this viewer, or too many photos are named."""
        leaves = list(_leaves(tree))
        liked = [leaf.names for leaf in leaves if isinstance(leaf, Named) and leaf.field == "like"]
        return sum(map(len, liked)) > 3 or any(map(self._is_mistaken, leaves))

    def _is_mistaken(self, leaf: Leaf) -> bool:
        seen = self.library.visible_to(self.viewer)
        match leaf:
            case Named("is", values):
                return self.viewer is None and bool({"favourite", "mine"} & set(values))
            case Named("by", values):
                owners = {photo.owner for photo in seen} | ({"me"} if self.viewer else set())
                return not {value.lower() if value == "ME" else value for value in values} <= owners
            case Named("like", values):
                return not set(values) <= {photo.public_id for photo in seen}
            case Tagged(names, is_exact, _, marks):
                if "rejected" in marks and self.viewer is None:
                    return True
                return not all(self._knows_tag(name, is_exact=is_exact) for name in names)
        return False

    def _knows_tag(self, name: str, *, is_exact: bool) -> bool:
        tag = self.library.tag_called(name)
        if tag is None:
            return False
        labels = {tag.label} if is_exact else self.library.kinds_of(tag.label)
        seen = self.library.visible_to(self.viewer)
        return bool(tag.category) or any(
            mark.tag in labels and (mark.state != "rejected" or photo.owner == self.viewer)
            for photo in seen
            for mark in photo.marks
        )

    # --- Orders ---

    def ordered(self, tree: Node | None, sort: Sort, *, seed: int = 0) -> list[Photo]:
        found = self.find(tree)
        match sort:
            case Sort.OLDEST:
                return found
            case Sort.TAKEN:
                return sorted(found, key=lambda one: (date_of(one), one.key), reverse=True)
            case Sort.RANDOM:
                return sorted(found, key=lambda one: (one.shuffle < seed, one.shuffle, one.key))
            case Sort.CONFIDENCE:
                return sorted(found, key=lambda one: (self._surest(tree, one), one.key))[::-1]
            case Sort.SIMILAR:
                ranks = self._ranks(tree)
                return sorted(found, key=lambda one: (ranks.index(one.public_id), -one.key))
            case _:
                return found[::-1]

    def _surest(self, tree: Node | None, photo: Photo) -> float:
        """How sure the tag is that the search is about, or the surest of them; without any: -1."""
        marks = [mark for asked in self.tags_of(tree) for mark in self._marks(asked, photo)]
        return max((mark.confidence for mark in marks), default=-1)

    def tags_of(self, tree: Node | None) -> list[Tagged]:
        """The tags that a search is about first."""
        first = tree.children[0] if isinstance(tree, And) else tree
        about = map(self._about, first.children if isinstance(first, Or) else [first])
        return [asked for asked in about if asked]

    def _about(self, node: Node | None) -> Tagged | None:
        if isinstance(node, Tagged):
            return node
        if isinstance(node, Word) and not node.is_prefix and self.library.tag_called(node.text):
            return Tagged((node.text,))
        return None

    def _ranks(self, tree: Node | None) -> list[str]:
        (asked,) = [leaf for leaf in _leaves(tree) if isinstance(leaf, Named)]
        ranks = [near for public_id in asked.names for near in self.library.near[public_id]]
        return list(dict.fromkeys(ranks))


def _leaves(node: Node | None) -> Iterator[Leaf]:
    match node:
        case None:
            return
        case Not(child):
            yield from _leaves(child)
        case And(children) | Or(children):
            for child in children:
                yield from _leaves(child)
        case _:
            yield node


def _has_fact(photo: Photo, name: str, value: str) -> bool:
    match name:
        case "is":
            return photo.is_public == (value == "public")
        case "has":
            facts = {"date": "taken_at"}
            return bool(getattr(photo, facts.get(value, value)))
        case "camera" | "place":
            return _begins_in(words(getattr(photo, name)), words(value))
        case "format":
            return photo.format == SAME_FORMATS.get(value.lower(), value.lower())
        case "orientation":
            return value == _shape(photo)
        case "color":
            return value in photo.colors
    raise AssertionError(name)


def _begins_in(said: list[str], asked: list[str]) -> bool:
    """Whether words stand in others one after the other, the last of which may go on."""
    for start in range(len(said) - len(asked) + 1):
        here = said[start : start + len(asked)]
        if asked and here[:-1] == asked[:-1] and here[-1].startswith(asked[-1]):
            return True
    return False


def _has_text(photo: Photo, text: str, *, is_prefix: bool) -> bool:
    asked = words(text)
    fields = (photo.title, photo.caption, photo.original_name, photo.place, photo.camera)
    for said in map(words, fields):
        for start in range(len(said) - len(asked) + 1):
            here = said[start : start + len(asked)]
            if here == asked or (is_prefix and here[-1].startswith(asked[-1])):
                return bool(asked)
    return False


def _compares(number: float, bound: Bound) -> bool:
    match bound.operator:
        case "<":
            return number < bound.number
        case "<=":
            return number <= bound.number
        case ">":
            return number > bound.number
        case ">=":
            return number >= bound.number
    return number == bound.number


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _shape(photo: Photo) -> str:
    if photo.width == photo.height:
        return "square"
    return "landscape" if photo.width > photo.height else "portrait"


def date_of(photo: Photo) -> datetime:
    return photo.taken_at or photo.created_at
