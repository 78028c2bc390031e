"""The vendor's language of transformations: text in, components and one spelling of them out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from . import conditions
from .blocks import Node, arranged
from .component import Component
from .effect_names import NEED_FACES
from .errors import TransformationError
from .layer_names import FetchedLayer, StoredLayer, read_layer, read_public_id
from .parameters import PARAMETERS, read_names

MAX_CHARS = 8000
MAX_COMPONENTS = 100
#: How many named transformations may stand in one another.
MAX_DEPTH = 5
LONG_NAMES = {
    **{key: parameter.name for key, parameter in PARAMETERS.items()},
    "l": "overlay", "u": "underlay", "if": "if",
}  # fmt: skip
_TEXTS = frozenset({"t", "d", "l", "u", "e", "if"})  # never numbers, whatever they look like
_ITEM = re.compile(r"([a-z]{1,3})_(.+)\Z", re.ASCII | re.DOTALL)
_ASSIGNMENT = re.compile(r"(\$[A-Za-z][A-Za-z0-9]{0,63})_(.+)\Z", re.ASCII)
_JSON_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,8})(\.\d{1,9})?\Z", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
#: A part of a value that is given by a variable: ``$name``, or ``$(name)`` within words.
_VARIABLE = re.compile(r"\$(?:\(([A-Za-z][A-Za-z0-9]*)\)|([A-Za-z][A-Za-z0-9]*))", re.ASCII)


@dataclass(frozen=True)
class Transformation:
    """A chain of components, and ``text``, what was sent for it.

    ``canonical`` is one spelling for all that differ in order and in zeros alone.
    """

    text: str
    components: tuple[Component, ...]
    canonical: str
    nodes: tuple[Node, ...] = field(repr=False)

    @property
    def info(self) -> list[dict[str, Any]]:
        """One mapping per component, in long names, numbers as numbers."""
        return [_info(component) for component in self.components]

    @property
    def format(self) -> str | None:
        """The last format asked for in the vendor's names, which may be auto."""
        values = self._values("f")
        return PARAMETERS["f"].read(values[-1]) if values and "$" not in values[-1] else None

    @property
    def named(self) -> tuple[str, ...]:
        return tuple(name for value in self._values("t") for name in read_names(value))

    @property
    def layers(self) -> tuple[str, ...]:
        """The public ids of all pictures that are laid over or under, or stand in."""
        found = [one.public_id for one in self._layers() if isinstance(one, StoredLayer)]
        found += [read_public_id(value) for value in self._values("d")]
        return tuple(dict.fromkeys(found))

    @property
    def fetched_layers(self) -> tuple[str, ...]:
        """The addresses of all layers that are fetched."""
        found = [one.url for one in self._layers() if isinstance(one, FetchedLayer)]
        return tuple(dict.fromkeys(found))

    @property
    def default_image(self) -> str | None:
        """The public id and extension of what stands in for a picture that is not there."""
        values = self._values("d")
        return read_public_id(values[-1]) if values else None

    @property
    def flags(self) -> frozenset[str]:
        return frozenset(flag for component in self.components for flag in component.flags)

    @property
    def needs(self) -> frozenset[str]:
        """Which of faces, saliency and custom areas decide what the picture looks like."""
        return frozenset(need for one in self.components for need in _needs(one))

    def _values(self, key: str) -> list[str]:
        return [value for one in self.components for name, value in one.parameters if name == key]

    def _layers(self) -> list[Any]:
        values = [*self._values("l"), *self._values("u")]
        return [read_layer(value) for value in values if not _VARIABLE.search(value)]


def parse(text: str) -> Transformation:
    """Read a chain of components; "" changes nothing.

    Raises TransformationError: what is unknown, out of range, not offered, or too long.
    """
    if len(text) > MAX_CHARS:
        raise TransformationError(f"A transformation may have {MAX_CHARS:,} characters.")
    segments = [segment for segment in text.split("/") if segment]
    if len(segments) > MAX_COMPONENTS:
        raise TransformationError(f"A transformation may have {MAX_COMPONENTS} components.")
    return _transformation(text, tuple(map(_component, segments)))


def _transformation(text: str, components: tuple[Component, ...]) -> Transformation:
    canonical = "/".join(filter(None, map(_canonical, components)))
    return Transformation(text, components, canonical, arranged(components))


def looks_like_component(segment: str) -> bool:
    """Say whether a segment of an address is meant as a component, be it right or wrong."""
    items = segment.split(",")
    return len(segment) <= MAX_CHARS and all(map(_looks_like_item, items))


def _looks_like_item(item: str) -> bool:
    if _ASSIGNMENT.match(item):
        return True
    found = _ITEM.match(item)
    return bool(found and found[1] in LONG_NAMES)


def expand(transformation: Transformation, named: Callable[[str], str | None]) -> Transformation:
    """Return the same with each ``t_name`` replaced by what ``named`` tells of it.

    The text stays as it was sent. Raises TransformationError for unknown names and for names that
    stand in each other too deeply.
    """
    found = _expanded(transformation.components, named, depth=0)
    components = tuple(islice(found, MAX_COMPONENTS + 1))
    if len(components) > MAX_COMPONENTS:
        raise TransformationError(f"A transformation may have {MAX_COMPONENTS} components.")
    return _transformation(transformation.text, components)


def _expanded(
    components: Iterable[Component], named: Callable[[str], str | None], *, depth: int
) -> Iterator[Component]:
    """Yield what the components stand for, one by one, so that who takes them may stop."""
    if depth > MAX_DEPTH:
        raise TransformationError("Named transformations stand in each other too deeply.")
    for component in components:
        if not (names := component.get("t")):
            yield component
            continue
        for name in read_names(names):
            yield from _expanded(_definition(name, named), named, depth=depth + 1)
        if rest := component.without("t"):
            yield rest


def _definition(name: str, named: Callable[[str], str | None]) -> tuple[Component, ...]:
    if (text := named(name)) is None:
        raise TransformationError(f"There is no transformation named “{name[:60]}”.")
    return parse(text).components


# --- One component ----------------------------------------------------------------------------


def _component(segment: str) -> Component:
    if _CONTROL.search(segment):
        raise TransformationError("A transformation has no control characters.")
    condition, parameters, assignments = "", [], []
    for place, item in enumerate(segment.split(",")):
        if item.startswith("if_") and place == 0:
            condition = _checked_condition(item[3:])
        elif item.startswith("$"):
            assignments.append(_assignment(item))
        elif item:
            parameters.append(_parameter(item))
    return Component(segment, _merged(parameters), tuple(assignments), condition)


def _checked_condition(text: str) -> str:
    if text not in ("else", "end"):
        conditions.tokens_of(text)
    return text


def _assignment(item: str) -> tuple[str, str]:
    found = _ASSIGNMENT.match(item)
    if not found:
        raise TransformationError(f"“{item[:60]}” sets no variable.")
    if not found[2].startswith("!") or "_" in found[2]:
        _checked_value(found[2])
    return found[1], found[2]


def _checked_value(text: str) -> None:
    """Check what is worked out; words such as a colour's may stand without their !."""
    if conditions.is_expression(text) or text.startswith("!"):
        conditions.tokens_of(text)


def _parameter(item: str) -> tuple[str, str]:
    found = _ITEM.match(item)
    if not found or found[1] not in LONG_NAMES:
        raise TransformationError(f"There is no parameter “{item.partition('_')[0][:20]}_”.")
    key, value = found.groups()
    if key == "if":
        raise TransformationError("A condition comes first in its component.")
    _check(key, value)
    return key, value


def _check(key: str, value: str) -> None:
    """Check what can be checked before anything is known of the picture."""
    if key in ("l", "u"):
        if not _VARIABLE.search(value):
            read_layer(value)
    elif key == "d":
        read_public_id(value)
    elif key in ("t", "fl") or not conditions.is_expression(value):
        PARAMETERS[key].read(value)
    elif PARAMETERS[key].is_number and ":" not in value and "." not in value:
        conditions.tokens_of(value)


def _merged(parameters: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Join the flags of a component; nothing else may be said twice."""
    merged: dict[str, str] = {}
    for key, value in parameters:
        if key in merged and key != "fl":
            raise TransformationError(f"The parameter “{key}_” stands twice in one component.")
        merged[key] = f"{merged[key]}.{value}" if key in merged else value
    if "l" in merged and "u" in merged:
        raise TransformationError("A component has one layer, over or under the picture.")
    return tuple(merged.items())


def _canonical(component: Component) -> str:
    items = [f"if_{component.condition}"] if component.condition else []
    items += [f"{name}_{value}" for name, value in component.assignments]
    items += sorted(f"{key}_{_spelled(key, value)}" for key, value in component.parameters)
    return ",".join(items)


def _spelled(key: str, value: str) -> str:
    if key == "fl":
        flags = PARAMETERS["fl"].read(value)
        return ".".join(sorted(set(flags), key=lambda flag: (":" in flag, flag)))
    if key not in PARAMETERS or conditions.is_expression(value):
        return value
    return PARAMETERS[key].spells(value)


def _info(component: Component) -> dict[str, Any]:
    info: dict[str, Any] = {LONG_NAMES[k]: _json(k, v) for k, v in component.parameters}
    if component.condition:
        info["if"] = component.condition
    if component.assignments:
        info["variables"] = [list(pair) for pair in component.assignments]
    return dict(sorted(info.items()))


def _json(key: str, value: str) -> str | int | float:
    found = None if key in _TEXTS else _JSON_NUMBER.match(value)
    if not found:
        return value
    return float(value) if found[1] else int(value)


def _needs(component: Component) -> Iterator[str]:
    kind, _, subject = component.get("g").partition(":")
    subjects = {kind, subject}
    if kind.startswith("face") or subject.startswith("face"):
        yield "faces"
    if component.get("e").partition(":")[0] in NEED_FACES or _asks_for_faces(component):
        yield "faces"
    if kind == "auto" or component.get("c") in ("auto", "fill_pad", "auto_pad"):
        yield "saliency"
    if {"custom", "custom_no_override"} & subjects:
        yield "custom"


def _asks_for_faces(component: Component) -> bool:
    texts = [component.condition, *(value for _, value in component.assignments)]
    texts += [value for key, value in component.parameters if key not in ("l", "u")]
    return any("fc" in text.split("_") for text in texts)
