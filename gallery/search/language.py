"""The language of the search box: text becomes a tree or mistakes, without any database.

`docs/search-language.md` describes it for people.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedInput, UnexpectedToken

from .tree import (
    OPERATORS,
    QUOTES,
    Leaf,
    Node,
    Sort,
    Word,
    both,
    conjuncts,
    either,
    exchanged,
    opposite,
    quoted,
)
from .values import FIELDS, SAME, RefusedError, nearest, read_sort, read_value

MAX_CHARS = 1000
MAX_TERMS = 40
MAX_DEPTH = 12
SORT = "sort"

_GRAMMAR = r"""
    start: either?
    either: both (_OR both)*
    both: _part (_AND? _part)*
    _part: opposite | group | field | phrase | word
    opposite: NOTS _part
    group: _OPEN either _CLOSE
    field: FIELD
    phrase: PHRASE
    word: WORD

    _OPEN: "("
    _CLOSE: ")"
    _OR.5: /OR(?=[\s()"]|$)/
    _AND.5: /AND(?=[\s()"]|$)/
    NOTS.5: /(?:-(?=[^\s)])|NOT(?=[\s()"]|$)\s*)+/
    FIELD.3: /[A-Za-z]+:(?:"[^"]*"|[^\s()"])*/
    PHRASE.3: /"[^"]*"/
    WORD.1: /[^\s()"]+/

    %ignore /\s+/
"""


@dataclass(frozen=True, slots=True)
class Mistake:
    """A part of a text, from ``start`` to before ``end``, that cannot be meant, and why.

    ``better`` is the nearest text, the whole of it, that can be; of several mistakes the last one
    has it, with all of them mended.
    """

    start: int
    end: int
    why: str
    better: str | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """A search and its order. With mistakes in it, nothing is searched for."""

    text: str
    tree: Node | None = None
    sort: Sort | None = None
    mistakes: tuple[Mistake, ...] = ()
    #: Where in the text each part of the search stands, from and to before.
    places: Mapping[Node, tuple[int, int]] = field(default_factory=dict, compare=False)

    def __str__(self) -> str:
        """The canonical text, which is read as the same search."""
        if self.mistakes:
            return self.text
        ordered = [f"{SORT}:{self.sort}"] if self.sort else []
        return " ".join([str(self.tree)] * (self.tree is not None) + ordered)

    def place_of(self, node: Node) -> tuple[int, int]:
        """Return from where to before where a part of the search stands in its text."""
        places = self.places or parse(self.text).places
        return places.get(node, (0, len(self.text)))

    @property
    def place_of_sort(self) -> tuple[int, int]:
        """Return from where to before where the order stands in its text."""
        found = re.search(rf"\b{SORT}:{self.sort}\b", self.text, re.IGNORECASE)
        return found.span() if found else (0, len(self.text))

    def narrowed(self, *nodes: Node) -> Query:
        """The same search for fewer photos."""
        kept = [node for node in nodes if node not in conjuncts(self.tree)]
        return _query(both(self.tree, *kept), self.sort)

    def without(self, node: Node) -> Query:
        """The same search without one of the things that must all hold."""
        rest = [other for other in conjuncts(self.tree) if other != node]
        return _query(both(*rest), self.sort)

    def with_instead(self, old: Leaf, new: Leaf) -> Query:
        """The same search with one word or condition for another, wherever it stands."""
        return _query(self.tree and exchanged(self.tree, old, new), self.sort)

    def sorted_by(self, sort: Sort | None) -> Query:
        return _query(self.tree, sort)


def _query(tree: Node | None, sort: Sort | None) -> Query:
    query = Query("", tree, sort)
    return replace(query, text=str(query))


def query_of(*nodes: Node, sort: Sort | None = None) -> Query:
    """Return the search for photos for which all this holds."""
    return _query(both(*nodes), sort)


def parse(text: str) -> Query:
    """Read a search. What cannot be meant is told in its mistakes."""
    text = cleaned(text)
    if mistake := _too_much(text):
        return Query(text[:MAX_CHARS].rstrip(), mistakes=(mistake,))
    try:
        tree = _parser().parse(text)
    except UnexpectedInput as error:
        return Query(text, mistakes=(_misplaced(text, error),))
    return _read(text, tree)


def _read(text: str, tree: Tree[Token]) -> Query:
    reader = _Reader(text)
    query = reader.read(tree)
    return replace(query, mistakes=_with_proposal(text, query.mistakes, reader.instead))


def _with_proposal(
    text: str, mistakes: tuple[Mistake, ...], instead: Sequence[str | None]
) -> tuple[Mistake, ...]:
    """Propose the text with other parts instead of the mistaken ones, if that can be meant."""
    if not mistakes or None in instead:
        return mistakes
    parts, at = [], 0
    for mistake, part in zip(mistakes, instead, strict=True):
        parts += [text[at : mistake.start], part or ""]
        at = mistake.end
    better = cleaned("".join([*parts, text[at:]]))
    if not better or _is_wrong(better):
        return mistakes
    return (*mistakes[:-1], replace(mistakes[-1], better=better))


def cleaned(text: str) -> str:
    """Return a text with spaces for what cannot be seen, and plain quotes for fine ones."""
    plain = text.translate({ord(mark): '"' for mark in QUOTES})
    seen = ("" if unicodedata.category(char) == "Cs" else char for char in plain)
    return " ".join("".join(c if c.isprintable() else " " for c in seen).split())


@cache
def _parser() -> Lark:
    return Lark(_GRAMMAR, parser="lalr", lexer="basic")


def _too_much(text: str) -> Mistake | None:
    if len(text) > MAX_CHARS:
        why = f"A search may have {MAX_CHARS:,} characters; this one has {len(text):,}."
        return Mistake(0, len(text[:MAX_CHARS].rstrip()), why)
    too_deep = [start for start, depth in _brackets(text) if depth > MAX_DEPTH]
    if too_deep:
        return Mistake(too_deep[0], too_deep[0] + 1, f"Brackets may be {MAX_DEPTH} deep.")
    return None


def _brackets(text: str) -> Iterator[tuple[int, int]]:
    """Yield where each bracket stands that is not in quotes, and how deep it is behind it."""
    depth, is_quoted = 0, False
    for at, char in enumerate(text):
        is_quoted ^= char == '"'
        if char in "()" and not is_quoted:
            depth += 1 if char == "(" else -1
            yield at, depth


# --- What was read, made into a tree ----------------------------------------------------------


class _Reader:
    """Makes a search of a parsed text, and notes what cannot be meant on the way."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.sort: Sort | None = None
        self.mistakes: list[Mistake] = []
        #: What may be meant by each mistaken part; None: nobody knows.
        self.instead: list[str | None] = []
        self.places: dict[Node, tuple[int, int]] = {}
        self.starts: list[int] = []

    def read(self, parsed: Tree[Token]) -> Query:
        tree = self._node(parsed, is_top=True)
        if (count := len(self.starts)) > MAX_TERMS:
            why = f"A search may have {MAX_TERMS} words and conditions; this one has {count}."
            return self._refused(self.starts[MAX_TERMS], why)
        if self.mistakes:
            return Query(self.text, mistakes=tuple(self.mistakes))
        query = Query(self.text, tree, self.sort, places=self.places)
        if (length := len(str(query))) > MAX_CHARS:
            why = f"A search may have {MAX_CHARS:,} characters; written out it has {length:,}."
            return self._refused(0, why)
        return query

    def _refused(self, start: int, why: str) -> Query:
        """Refuse all of the text from a place on, without knowing better."""
        self.instead = [None]
        return Query(self.text, mistakes=(Mistake(start, len(self.text), why),))

    def _node(self, parsed: Tree[Token], *, is_top: bool) -> Node | None:
        below = parsed.children
        match parsed.data:
            case "start":
                return self._all(below, is_top=True)
            case "group":
                return self._all(below, is_top=False)
            case "either":
                nodes = [self._node(_tree(one), is_top=is_top) for one in below]
                present = [node for node in nodes if node]
                return either(present) if present else None
            case "both":
                return self._all(below, is_top=is_top)
            case "opposite":
                signs = _token(below[0])
                node = self._all(below[1:], is_top=False)
                is_odd = (signs.count("-") + signs.count("NOT")) % 2
                return opposite(node) if node and is_odd else node
            case kind:
                return self._leaf(str(kind), _token(below[0]), is_top=is_top)

    def _all(self, below: Iterable[Tree[Token] | Token], *, is_top: bool) -> Node | None:
        return both(*[self._node(_tree(one), is_top=is_top) for one in below])

    def _leaf(self, kind: str, token: Token, *, is_top: bool) -> Node | None:
        start = token.start_pos or 0
        end = start + len(token)
        self.starts.append(start)
        if len(self.starts) > MAX_TERMS:
            return None
        try:
            if kind == "field":
                node = self._field(token, is_top=is_top)
            else:
                node = _word(token.strip('"'), is_phrase=kind == "phrase")
        except RefusedError as error:
            self.mistakes.append(Mistake(start, end, str(error)))
            self.instead.append(error.better)
            return None
        if node:
            self.places.setdefault(node, (start, end))
        return node

    def _field(self, token: Token, *, is_top: bool) -> Node | None:
        name, _, value = token.partition(":")
        known = SAME.get(name.lower(), name.lower())
        if known == SORT:
            self._note_sort(value, is_top=is_top)
            return None
        if known not in FIELDS:
            close = nearest(known, [*FIELDS, SORT], cutoff=74)
            better = f"{close}:{value}"
            raise RefusedError(
                f"There is no field “{name}:”. To look for the text itself, put it in quotes.",
                better if close and not _is_wrong(better) else quoted(token),
            )
        if token.count('"') % 2:
            raise RefusedError("A quotation mark is opened and not closed.", f'{token}"')
        return read_value(known, value)

    def _note_sort(self, value: str, *, is_top: bool) -> None:
        if not is_top:
            raise RefusedError(
                "An order holds for the whole search and stands outside brackets.", ""
            )
        sort = read_sort(value)
        if self.sort not in (None, sort):
            raise RefusedError("A search has one order; this is a second one.", "")
        self.sort = sort


def _word(text: str, *, is_phrase: bool) -> Node:
    is_prefix = not is_phrase and text.endswith("*")
    plain = " ".join(text.rstrip("*").split()) if is_prefix else " ".join(text.split())
    if plain.startswith("@") and not (is_phrase or is_prefix):
        raise RefusedError(
            "A mark such as @confirmed stands right behind its tag: tag:dog@confirmed.",
            quoted(plain),
        )
    if not any(char.isalnum() for char in plain):
        raise RefusedError("There is no letter and no digit to look for here.", "")
    return Word(plain, is_prefix)


def _tree(child: Tree[Token] | Token) -> Tree[Token]:
    assert isinstance(child, Tree)
    return child


def _token(child: Tree[Token] | Token) -> Token:
    assert isinstance(child, Token)
    return child


# --- What is in the wrong place ---------------------------------------------------------------


def _misplaced(text: str, error: UnexpectedInput) -> Mistake:
    """Say what is in the wrong place, and how the text might be meant."""
    start, end, why = _place_and_reason(text, error)
    repairs = map(cleaned, _repairs(text, start, end))
    better = next((one for one in map(_mended, repairs) if one), None)
    return Mistake(start, end, why, better)


def _mended(text: str) -> str | None:
    """Return a text whose words are in their places, or else what its mistakes propose."""
    if not text or _too_much(text):
        return None
    try:
        query = _read(text, _parser().parse(text))
    except UnexpectedInput:
        return None
    return query.mistakes[-1].better if query.mistakes else text


def _place_and_reason(text: str, error: UnexpectedInput) -> tuple[int, int, str]:
    start = error.pos_in_stream or 0
    if not isinstance(error, UnexpectedToken):
        return start, len(text), "A quotation mark is opened and not closed."
    if error.token.type == "$END":
        return _place_and_reason_at_end(text)
    end = start + len(error.token)
    if error.token.type != "_CLOSE":
        return start, end, f"Beside “{error.token}” something is missing."
    before = text[:start].rstrip()
    if before.endswith("("):
        return len(before) - 1, end, "There is nothing in these brackets."
    if dict(_brackets(text))[start] < 0:
        return start, end, "This bracket closes none."
    return start, end, "Before this bracket something is missing."


def _place_and_reason_at_end(text: str) -> tuple[int, int, str]:
    opened: list[int] = []
    for at, _ in _brackets(text):
        if text[at] == "(":
            opened.append(at)
        else:
            opened.pop()
    if opened:
        return opened[-1], opened[-1] + 1, "A bracket is opened and not closed."
    last = next(sign for sign in OPERATORS if text.endswith(sign))
    return len(text) - len(last), len(text), f"Behind “{last}” something is missing."


def _repairs(text: str, start: int, end: int) -> Iterator[str]:
    """Yield texts that may be meant, the likeliest first."""
    opened = sum(1 if text[at] == "(" else -1 for at, _ in _brackets(text))
    if text.count('"') % 2:
        yield f'{text}"'
        yield text.replace('"', " ")
    if opened > 0:
        yield text + ")" * opened
    yield text[:start] + text[end:]
    words = text.split()
    while words and words[-1] in ("OR", "AND", "NOT", "-", "("):
        words.pop()
        yield " ".join(words)
    yield cleaned("".join(" " if char in '()"' else char for char in text))
    yield " ".join(
        quoted(word.strip('()-"')) for word in text.split() if any(map(str.isalnum, word))
    )


def _is_wrong(text: str) -> bool:
    if _too_much(text):
        return True
    try:
        return bool(_Reader(text).read(_parser().parse(text)).mistakes)
    except UnexpectedInput:
        return True
