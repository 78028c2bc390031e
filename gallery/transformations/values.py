"""A component's parameters as values, once the picture that they are about is known."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from . import conditions
from .component import Component
from .conditions import Value
from .errors import TransformationError
from .parameters import PARAMETERS, WHOLE

Name = Callable[[str], Value]
_INSIDE = re.compile(r"\$\(([A-Za-z][A-Za-z0-9]*)\)", re.ASCII)
_ANYWHERE = re.compile(r"\$(?:\(([A-Za-z][A-Za-z0-9]*)\)|([A-Za-z][A-Za-z0-9]*))", re.ASCII)
#: Their values are words, in which a variable may stand for a part.
_IN_WORDS = frozenset({"bo", "co", "b", "c", "g", "f", "cs"})
_PLAIN = re.compile(r"-?[\d.]+\Z", re.ASCII)


def values_of(component: Component, name: Name) -> dict[str, Any]:
    """Return typed values by key. Raises TransformationError.

    ``name`` tells the value of what an expression mentions. Layers stay text.
    """
    values: dict[str, Any] = {}
    for key, text in component.parameters:
        if key in ("l", "u"):
            values[key] = interpolated(text, name)
        elif key not in ("t", "d"):
            values[key] = PARAMETERS[key].read(_resolved(key, text, name))
    return values


def interpolated(text: str, name: Name) -> str:
    """Put the values of variables in the places of ``$(name)``."""
    return _INSIDE.sub(lambda found: shown(name(f"${found[1]}")), text)


def assigned(text: str, name: Name) -> Value:
    """Return what a variable is set to: text as it was written, or a number worked out."""
    if _PLAIN.match(text):
        return text
    if text.startswith("!") and text.count("!") == 2 and text.endswith("!"):
        return interpolated(text[1:-1], name)
    return conditions.evaluate(text, name) if conditions.is_expression(text) else text


def shown(value: Value) -> str:
    if isinstance(value, tuple):
        return ":".join(value)
    return value if isinstance(value, str) else _decimal(value)


def _resolved(key: str, text: str, name: Name) -> str:
    if key == "fl" or not conditions.is_expression(text):
        return text
    if key in _IN_WORDS:
        return _ANYWHERE.sub(lambda found: shown(name(f"${found[1] or found[2]}")), text)
    parts = interpolated(text, name).split(":")
    return ":".join(_part(key, part, name) for part in parts)


def _part(key: str, part: str, name: Name) -> str:
    if not conditions.is_expression(part):
        return part
    tokens = conditions.tokens_of(part)
    value = conditions.evaluate(part, name)
    if isinstance(value, str):
        return value
    if isinstance(value, tuple):
        raise TransformationError(f"“{part[:40]}” is no single value.")
    is_whole = key in WHOLE and (len(tokens) > 1 or key in ("w", "h", "x", "y"))
    return str(round(value)) if is_whole else _decimal(value)


def _decimal(value: float) -> str:
    return f"{value:.4f}".rstrip("0").rstrip(".")


def known(names: Mapping[str, Value], name: str) -> Value:
    if name not in names:
        raise TransformationError(f"The variable “{name[:40]}” has not been set.")
    return names[name]
