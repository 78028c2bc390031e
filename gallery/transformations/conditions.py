"""Conditions, variables and arithmetic: ``w_gt_300_and_!sale!_in_tags``, ``$side_iw_div_2``."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence

from .errors import TransformationError

#: A number, a text, or several texts (tags).
Value = float | str | tuple[str, ...]

MAX_TOKENS = 60
MAX_NUMBER = 1e9
_NUMBER = re.compile(r"-?\d{1,9}(?:\.\d{1,9})?\Z", re.ASCII)
_RATIO = re.compile(r"(\d{1,6}(?:\.\d{1,6})?):(\d{1,6}(?:\.\d{1,6})?)\Z", re.ASCII)
_VARIABLE = re.compile(r"\$[A-Za-z][A-Za-z0-9]{0,63}\Z", re.ASCII)
_TOKEN = r"(?:(?:ctx:|md:)?![^!]*!|[^_!]+)"  # noqa: S105  # a piece of text
_TOKENS = re.compile(rf"{_TOKEN}(?:_{_TOKEN})*\Z")
#: What may be asked of the picture: its size now and at first, ratios, faces, pages, words.
NAMES = frozenset({"w", "h", "iw", "ih", "ar", "iar", "fc", "pc", "cp", "tags"})


def _divided(left: float, right: float) -> float:
    if right == 0:
        raise TransformationError("Nothing can be divided by zero.")
    return left / right


def _remainder(left: float, right: float) -> float:
    _divided(left, right)
    return left % right


def _raised(left: float, right: float) -> float:
    try:
        power = left**right
    except (OverflowError, ZeroDivisionError) as error:
        raise TransformationError("This power is no number that can be used.") from error
    if isinstance(power, complex):
        raise TransformationError("This power is no number that can be used.")
    return float(power)


_ARITHMETIC: Mapping[str, Callable[[float, float], float]] = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul,
    "div": _divided, "mod": _remainder, "pow": _raised,
}  # fmt: skip
_ORDER: Mapping[str, Callable[[float, float], bool]] = {
    "lt": operator.lt, "gt": operator.gt, "lte": operator.le, "gte": operator.ge,
}  # fmt: skip
#: The loosest first.
_LEVELS = (
    ("or",), ("and",), ("eq", "ne", "lt", "gt", "lte", "gte", "in", "nin"),
    ("add", "sub"), ("mul", "div", "mod"), ("pow",),
)  # fmt: skip
OPERATORS = frozenset(name for level in _LEVELS for name in level)


def tokens_of(text: str) -> list[str]:
    """Split an expression into operands and the operators between them; check each of them."""
    if not _TOKENS.match(text):
        raise TransformationError(f"“{text[:60]}” is no expression.")
    tokens = re.findall(_TOKEN, text)
    if len(tokens) > MAX_TOKENS:
        raise TransformationError(f"An expression may have {MAX_TOKENS} parts.")
    for place, token in enumerate(tokens):
        if not (token in OPERATORS if place % 2 else _is_operand(token)):
            raise TransformationError(f"“{token[:40]}” is out of place in “{text[:60]}”.")
    if len(tokens) % 2 == 0:
        raise TransformationError(f"Behind “{tokens[-1]}” something is missing.")
    return tokens


def _is_operand(token: str) -> bool:
    return bool(
        token.endswith("!")
        or token in NAMES
        or _NUMBER.match(token)
        or _RATIO.match(token)
        or _VARIABLE.match(token)
    )


def is_expression(text: str) -> bool:
    """Say whether a parameter's value has to be worked out rather than read as it is."""
    parts = text.split("_")
    return "$" in text or parts[0] in ("iw", "ih") or not OPERATORS.isdisjoint(parts[1::2])


def evaluate(text: str, name: Callable[[str], Value]) -> Value:
    """Work an expression out; ``name`` tells the value of a `NAMES`, ``$…``, ``ctx:…`` or ``md:…``.

    Raises TransformationError.
    """
    return _evaluated(tokens_of(text), name)


def is_true(text: str, name: Callable[[str], Value]) -> bool:
    return bool(evaluate(text, name))


def _evaluated(tokens: Sequence[str], name: Callable[[str], Value]) -> Value:
    for level in _LEVELS:
        for place in range(len(tokens) - 2, 0, -2):
            if tokens[place] in level:
                left = _evaluated(tokens[:place], name)
                right = _evaluated(tokens[place + 1 :], name)
                return _applied(tokens[place], left, right)
    return _operand(tokens[0], name)


def _operand(token: str, name: Callable[[str], Value]) -> Value:
    if _NUMBER.match(token):
        return float(token)
    if ratio := _RATIO.match(token):
        return _divided(float(ratio[1]), float(ratio[2]))
    if token.startswith("!"):
        return token[1:-1]
    return name(token)


def _applied(sign: str, left: Value, right: Value) -> Value:
    if sign == "or":
        return float(bool(left) or bool(right))
    if sign == "and":
        return float(bool(left) and bool(right))
    if sign in ("eq", "ne"):
        return float(_is_same(left, right) == (sign == "eq"))
    if sign in ("in", "nin"):
        return float(_is_in(left, right) == (sign == "in"))
    if sign in _ORDER:
        return float(_ORDER[sign](_number(left), _number(right)))
    result = _ARITHMETIC[sign](_number(left), _number(right))
    if abs(result) > MAX_NUMBER:
        raise TransformationError("A number in this transformation grows too large.")
    return result


def _number(value: Value) -> float:
    if isinstance(value, float | int):
        return float(value)
    if isinstance(value, str) and _NUMBER.match(value):
        return float(value)
    raise TransformationError(f"“{str(value)[:40]}” is no number.")


def _is_same(left: Value, right: Value) -> bool:
    if isinstance(left, float) or isinstance(right, float):
        try:
            return abs(_number(left) - _number(right)) < 1e-9
        except TransformationError:
            return False
    return _words(left) == _words(right)


def _is_in(left: Value, right: Value) -> bool:
    return set(_words(left)) <= set(_words(right))


def _words(value: Value) -> tuple[str, ...]:
    if isinstance(value, tuple):
        return value
    return tuple(str(value).split(":"))
