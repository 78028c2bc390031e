"""A search as a tree, and the one text that each tree is written as."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

#: Read as something else than a word when they stand alone.
OPERATORS = ("AND", "OR", "NOT")
_BARE = re.compile(r'[^\s()"*:|@<>=-][^\s()"*:|@<>=]*')
#: Signs that are read as quotation marks; none of them can be part of a name or a phrase.
QUOTES = '"“”„«»'
_UNQUOTED = str.maketrans("", "", QUOTES)


class Sort(StrEnum):
    NEWEST = "newest"
    OLDEST = "oldest"
    TAKEN = "taken"
    CONFIDENCE = "confidence"
    SIMILAR = "similar"
    RANDOM = "random"


def quoted(text: str) -> str:
    """Write a name or a phrase so that it is read as one."""
    text = text.translate(_UNQUOTED)
    return text if _BARE.fullmatch(text) and text not in OPERATORS else f'"{text}"'


def decimal(number: float) -> str:
    """Write a number as it is read: to the sixth decimal, and never with an exponent."""
    return f"{number:.6f}".rstrip("0").rstrip(".")


# --- What a photo can be asked for ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Word:
    """A tag of this name, or text that has it; several words stand one after the other."""

    text: str
    is_prefix: bool = False

    def __str__(self) -> str:
        return f"{self.text}*" if self.is_prefix else quoted(self.text)


@dataclass(frozen=True, slots=True)
class Bound:
    """``>=0.7``: what a number is compared with."""

    operator: str
    number: float

    def __str__(self) -> str:
        return f"{self.operator}{decimal(self.number)}"

    def holds(self, number: float) -> bool:
        compare = {
            "<": number < self.number,
            "<=": number <= self.number,
            ">": number > self.number,
            ">=": number >= self.number,
            "=": number == self.number,
        }
        return compare[self.operator]


@dataclass(frozen=True, slots=True)
class Tagged:
    """An assignment of one of these tags, or of a kind of one: bounds and marks are about it."""

    names: tuple[str, ...]
    is_exact: bool = False
    bounds: tuple[Bound, ...] = ()
    marks: tuple[str, ...] = ()

    def __str__(self) -> str:
        names = "|".join(map(quoted, self.names))
        marks = "".join(f"@{quoted(mark)}" for mark in self.marks)
        return f"tag:{'=' * self.is_exact}{names}{''.join(map(str, self.bounds))}{marks}"


@dataclass(frozen=True, slots=True)
class Named:
    """A field that has one of these values: ``by:ann|ben``, ``is:public``, ``camera:canon``."""

    field: str
    names: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.field}:{'|'.join(map(quoted, self.names))}"


@dataclass(frozen=True, slots=True)
class Counted:
    """A number of the photo: ``width:>=4000``, ``tags:0``."""

    field: str
    bound: Bound

    def __str__(self) -> str:
        bound = self.bound
        return f"{self.field}:{decimal(bound.number) if bound.operator == '=' else bound}"


@dataclass(frozen=True, slots=True)
class Day:
    """A year, a month or a day."""

    year: int
    month: int = 0
    day: int = 0

    def __str__(self) -> str:
        parts = [f"{self.year:04}"] + [f"{part:02}" for part in (self.month, self.day) if part]
        return "-".join(parts)

    @property
    def first(self) -> date:
        return date(self.year, self.month or 1, self.day or 1)

    @property
    def following(self) -> date | None:
        """The first day after it; None at the end of the calendar."""
        try:
            if self.day:
                return self.first + timedelta(days=1)
            months = self.year * 12 + (self.month or 12)
            return date(months // 12, months % 12 + 1, 1)
        except (ValueError, OverflowError):
            return None


@dataclass(frozen=True, slots=True)
class Dated:
    """From the beginning of one day, month or year to the end of another; None: without end."""

    field: str
    since: Day | None
    until: Day | None

    def __str__(self) -> str:
        if self.since == self.until:
            return f"{self.field}:{self.since}"
        return f"{self.field}:{self.since or ''}..{self.until or ''}"


#: The units of an age, in days.
UNITS = {"h": 1 / 24, "d": 1, "w": 7, "m": 30, "y": 365}


@dataclass(frozen=True, slots=True)
class Aged:
    """``added:<7d``: younger, or with ``>`` older, than so much time."""

    field: str
    is_younger: bool
    amount: int
    unit: str

    def __str__(self) -> str:
        return f"{self.field}:{'<' if self.is_younger else '>'}{self.amount}{self.unit}"

    @property
    def age(self) -> timedelta:
        return timedelta(days=self.amount * UNITS[self.unit])


Leaf = Word | Tagged | Named | Counted | Dated | Aged

# --- How they are joined ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Not:
    child: Node

    def __str__(self) -> str:
        return f"-({self.child})" if isinstance(self.child, And | Or) else f"-{self.child}"


@dataclass(frozen=True, slots=True)
class And:
    children: tuple[Node, ...]

    def __str__(self) -> str:
        return " ".join(
            f"({child})" if isinstance(child, Or) else f"{child}" for child in self.children
        )


@dataclass(frozen=True, slots=True)
class Or:
    children: tuple[Node, ...]

    def __str__(self) -> str:
        return " OR ".join(map(str, self.children))


Node = Leaf | Not | And | Or


def both(*nodes: Node | None) -> Node | None:
    """Join by AND what is there."""
    parts = [part for node in nodes if node for part in conjuncts(node)]
    return parts[0] if len(parts) == 1 else And(tuple(parts)) if parts else None


def either(nodes: list[Node]) -> Node:
    parts = [
        part for node in nodes for part in (node.children if isinstance(node, Or) else (node,))
    ]
    return parts[0] if len(parts) == 1 else Or(tuple(parts))


def opposite(node: Node) -> Node:
    return node.child if isinstance(node, Not) else Not(node)


def conjuncts(node: Node | None) -> tuple[Node, ...]:
    """Return what must all hold."""
    if node is None:
        return ()
    return node.children if isinstance(node, And) else (node,)


def exchanged(node: Node, old: Leaf, new: Leaf) -> Node:
    """Return a tree with one leaf for another."""
    match node:
        case Not(child):
            return Not(exchanged(child, old, new))
        case And(children):
            return And(tuple(exchanged(child, old, new) for child in children))
        case Or(children):
            return Or(tuple(exchanged(child, old, new) for child in children))
        case _:
            return new if node == old else node


def leaves(node: Node | None) -> Iterator[Leaf]:
    match node:
        case None:
            return
        case Not(child):
            yield from leaves(child)
        case And(children) | Or(children):
            for each in children:
                yield from leaves(each)
        case _:
            yield node
