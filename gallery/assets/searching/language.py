"""The language of search expressions: text becomes a tree, without any database.

The grammar is that of the vendor's documentation of search expressions: fields with values, ranges
and groups; AND before OR, and a bare sequence is AND.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

MAX_CHARS = 10_000
MAX_TERMS = 200
#: What all terms may weigh together: SQLite takes up to 1000 conditions in one, and a term may
#: become several; a bare value is looked for in every text, word by word.
MAX_WEIGHT = 700
_WEIGHT, _BARE_WEIGHT = 3, 10
MAX_DEPTH = 20

_GRAMMAR = r"""
    start: either?
    either: every (_OR every)*
    every: _part (_AND? _part)*
    _part: negated | _primary
    negated: NOT+ _primary
    _primary: _OPEN either _CLOSE | asked | bare
    bare: _value
    asked: FIELD OPERATOR (_value | range | _OPEN values _CLOSE)
    values: some (_OR some)*
    some: _one (_AND? _one)*
    _one: refused | _choice
    refused: NOT+ _choice
    _choice: _OPEN values _CLOSE | _value | range
    _value: WORD | PHRASE | STAR
    range: FROM _value _TO _value UNTIL

    _OPEN: "("
    _CLOSE: ")"
    FROM: /[\[{]/
    UNTIL: /[\]}]/
    OPERATOR: /:|>=|<=|=|>|</
    _OR.5: /OR(?=[\s()"]|$)|\|\|/
    _AND.5: /AND(?=[\s()"]|$)|&&/
    _TO.5: /TO(?=[\s"]|$)/
    NOT.5: /(?<![^\s(!+-])(?:NOT(?=[\s("])|[!+-](?=[^\s)]))/
    FIELD.3: /[^\W\d](?:[\w.\-]|\\.)*(?=\s*[:=<>])/
    PHRASE.3: /"(?:[^"\\]|\\.)*"(?:\*(?=[\s()\]}|&]|$))?/s
    WORD.1: /(?:\\.|[^\s!(){}\[\]*^~?:\\=&><"|]|\|(?!\|)|(?<=\d):(?=\d))+(?:\*(?=[\s()\]}|&]|$))?/s
    STAR.2: /\*(?=[\s()\]}|&]|$)/

    %ignore /\s+/
"""


class MistakeError(ValueError):
    """An expression cannot be meant; ``position`` is where, counted from 0."""

    def __init__(self, why: str, position: int) -> None:
        super().__init__(f"Invalid expression at position {position}: {why}")
        self.position = position


@dataclass(frozen=True, slots=True)
class Text:
    """A value, without quotes and escapes; ``is_prefix``: it had a ``*`` behind it.

    ``Text("", True)`` is anything at all.
    """

    text: str
    is_prefix: bool = False
    position: int = 0

    @property
    def is_anything(self) -> bool:
        return self.is_prefix and not self.text


@dataclass(frozen=True, slots=True)
class Span:
    """Values from one to another; whether each end is meant too."""

    low: Text
    high: Text
    has_low: bool
    has_high: bool
    position: int = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """A field compared with a value; ``field`` is "" for a bare value, which may stand anywhere."""

    field: str
    operator: str
    value: Text | Span
    position: int = 0


@dataclass(frozen=True, slots=True)
class Every:
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Some:
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Opposite:
    part: Node


Node = Asked | Every | Some | Opposite
#: What holds of everything.
EVERYTHING = Every(())


def parse(text: str) -> Node:
    """Read an expression; an empty one is everything. Raises MistakeError."""
    _check_size(text)
    try:
        tree = _parser().parse(text)
    except UnexpectedInput as error:
        raise _mistake(error, text) from None
    node = _node(tree.children[0]) if tree.children else EVERYTHING
    asked = list(terms(node))
    if len(asked) > MAX_TERMS:
        raise MistakeError(f"There are more than {MAX_TERMS} values here.", 0)
    if sum(map(_weight, asked)) > MAX_WEIGHT:
        raise MistakeError("There are too many values without a field here.", 0)
    return node


def _weight(asked: Asked) -> int:
    if asked.field or not isinstance(asked.value, Text):
        return _WEIGHT
    return _BARE_WEIGHT + len(asked.value.text.split())


def terms(node: Node) -> Iterable[Asked]:
    """Return everything that is asked of fields."""
    match node:
        case Asked():
            yield node
        case Opposite(part):
            yield from terms(part)
        case Every(parts) | Some(parts):
            for part in parts:
                yield from terms(part)


@cache
def _parser() -> Lark:
    return Lark(_GRAMMAR, parser="lalr")


def _check_size(text: str) -> None:
    if len(text) > MAX_CHARS:
        raise MistakeError(f"It is longer than {MAX_CHARS} characters.", MAX_CHARS)
    if found := re.search(r"[\x00-\x08\x0e-\x1f\x7f]", text):
        raise MistakeError("There is a control character here.", found.start())
    depth = 0
    for bracket in re.finditer(r'\\.|"(?:[^"\\]|\\.)*"|[()]', text, re.DOTALL):
        depth += {"(": 1, ")": -1}.get(bracket[0], 0)
        if depth > MAX_DEPTH:
            raise MistakeError("Brackets are too deep in each other.", bracket.start())


def _mistake(error: UnexpectedInput, text: str) -> MistakeError:
    if isinstance(error, UnexpectedToken):
        at = error.token.start_pos
        if error.token.type == "$END" or at is None:
            return MistakeError("Something is missing at the end.", len(text))
        return MistakeError(f"“{str(error.token)[:50]}” cannot stand here.", at)
    at = error.pos_in_stream or 0
    if isinstance(error, UnexpectedCharacters) and text[at] == '"':
        return MistakeError("The second quote is missing.", at)
    return MistakeError(f"“{text[at]}” cannot stand here; escape it with a backslash.", at)


# --- From the parser's tree to nodes ------------------------------------------------------------


def _node(tree: Tree[Token] | Token) -> Node:
    assert isinstance(tree, Tree)
    children = tree.children
    match tree.data:
        case "either":
            return _joined(Some, [_node(child) for child in children])
        case "every":
            return _joined(Every, [_node(child) for child in children])
        case "negated":
            return _negated(children)
        case "bare":
            token = children[0]
            assert isinstance(token, Token)
            if token in ("AND", "OR", "NOT"):
                raise MistakeError(f"“{token}” cannot stand here.", _start(token))
            return Asked("", ":", _text(token), _start(token))
    return _asked(children)


def _joined(kind: type[Every] | type[Some], parts: list[Node]) -> Node:
    return parts[0] if len(parts) == 1 else kind(tuple(parts))


def _is_odd(signs: Iterable[Tree[Token] | Token]) -> bool:
    """Whether an odd number of signs deny; a plus does not."""
    return sum(str(sign) != "+" for sign in signs) % 2 == 1


def _negated(children: list[Tree[Token] | Token]) -> Node:
    """Read a part with signs before it; the bare name of a field then is what stands in it."""
    *signs, primary = children
    node = _node(primary)
    if not _is_odd(signs):
        return node
    if isinstance(node, Asked) and not node.field and isinstance(node.value, Text):
        return Opposite(_field_named(node, node.value))
    return Opposite(node)


#: Fields that may be empty, of which ``-tags`` asks.
_MAY_BE_EMPTY = re.compile(r"tags|context(\..+)?|metadata(\..+)?|moderation_(kind|status)|taken_at")


def _field_named(bare: Asked, value: Text) -> Asked:
    if value.is_prefix or not _MAY_BE_EMPTY.fullmatch(value.text):
        return bare
    return Asked(value.text, ":", Text("", True, value.position), bare.position)


def _asked(children: list[Tree[Token] | Token]) -> Node:
    field, operator, value = children
    assert isinstance(field, Token)
    return _of_field(_unescaped(field), str(operator), value, _start(field))


def _of_field(field: str, operator: str, tree: Tree[Token] | Token, position: int) -> Node:
    """Read a value, a range, or a group of them, as asked of one field."""
    if isinstance(tree, Token):
        return Asked(field, operator, _text(tree), position)
    if tree.data == "range":
        return Asked(field, operator, _span(tree.children), position)
    if tree.data == "refused":
        *signs, choice = tree.children
        node = _of_field(field, operator, choice, position)
        return Opposite(node) if _is_odd(signs) else node
    parts = [_of_field(field, operator, child, position) for child in tree.children]
    return _joined(Some if tree.data == "values" else Every, parts)


def _span(children: list[Tree[Token] | Token]) -> Span:
    start, low, high, end = children
    assert isinstance(start, Token)
    assert isinstance(low, Token)
    assert isinstance(high, Token)
    return Span(_text(low), _text(high), start == "[", end == "]", _start(start))


def _text(token: Token) -> Text:
    text = str(token)
    is_prefix = text.endswith("*") and not re.search(r"(?<!\\)(?:\\\\)*\\\*$", text)
    text = text[:-1] if is_prefix else text
    if token.type == "PHRASE":
        text = text[1:-1]
    return Text(_unescaped(text), is_prefix, _start(token))


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)


def _start(token: Token) -> int:
    return token.start_pos or 0
