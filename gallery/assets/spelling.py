"""Transformations as lists of mappings in long names, and back to the text that addresses have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..transformations import TransformationError, parse
from ..transformations.language import LONG_NAMES
from .errors import InvalidError

_SHORT_NAMES = {long: short for short, long in LONG_NAMES.items()}


def text_of(chain: Any) -> str:
    """Return the text of a list of mappings, such as ``[{"crop": "scale", "width": 100}]``.

    Raises InvalidError.
    """
    links = [chain] if isinstance(chain, Mapping) else chain
    if not isinstance(links, list) or not all(isinstance(link, Mapping) for link in links):
        raise InvalidError("A transformation is a text or a list of mappings")
    return "/".join(",".join(_items(link)) for link in links)


def list_of(text: str) -> list[dict[str, Any]]:
    """Return a text as mappings in long names; one that cannot be read stands for itself."""
    try:
        return parse(text).info
    except TransformationError:
        return [{"raw_transformation": text}]


def _items(link: Mapping[str, Any]) -> Iterator[str]:
    yield from _conditions(link)
    for name, value in link.items():
        if name in ("if", "variables"):
            continue
        if name == "raw_transformation":
            yield _spelled(value)
        elif name in _SHORT_NAMES:
            yield f"{_SHORT_NAMES[name]}_{_spelled(value)}"
        else:
            raise InvalidError(f"Invalid transformation parameter {str(name)[:50]}")


def _conditions(link: Mapping[str, Any]) -> Iterator[str]:
    if "if" in link:
        yield f"if_{_spelled(link['if'])}"
    variables = link.get("variables", [])
    if not isinstance(variables, list) or not all(_is_pair(one) for one in variables):
        raise InvalidError("Variables of a transformation are pairs of name and value")
    for name, value in variables:
        yield f"{_spelled(name)}_{_spelled(value)}"


def _is_pair(one: Any) -> bool:
    return isinstance(one, list) and len(one) == 2


def _spelled(value: Any) -> str:
    if isinstance(value, list):
        return ".".join(_spelled(one) for one in value)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise InvalidError("A transformation has a value in it that is no text and no number")
    return str(value)
