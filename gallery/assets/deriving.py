"""Pictures made of assets, as programs ask for them: by a text, in advance, in many widths."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import unquote

from ..models import Asset, Derived
from ..transformations import (
    Breakpoint,
    BreakpointSpec,
    Scene,
    looks_like_component,
)
from ..transformations import Derived as Rendered
from ..transformations.encode import CONTENT_TYPES
from ..transformations.parameters import read_format
from . import known, scenes
from .errors import InvalidError
from .rendering import Wish, find, keep, make, parsed_from, widths, wish
from .urls import url_path

__all__ = [
    "Breakpoints", "Eager", "breakpoints", "drop", "eager", "find_or_render", "scene_of",
    "split_eager", "url_path",
]  # fmt: skip

MAX_EAGER = 50
MAX_SPECS = 20


def find_or_render(
    asset: Asset,
    transformation_text: str,
    *,
    format: str | None = None,
    accept: str = "",
    is_signed: bool,
) -> Derived:
    """Return what a transformation makes of an asset; the text as programs write it in addresses.

    Raises TransformationError, or one of AssetError: StrictError, TooManyError, BusyError,
    MissingError.
    """
    text = unquote(transformation_text)
    wanted = wish(asset, text, format=format, accept=accept, is_signed=is_signed)
    return find(wanted) or make(wanted)


def drop(asset: Asset) -> None:
    """Delete all pictures made of an asset; their files go once that is committed."""
    Derived.objects.filter(asset=asset).delete()


def scene_of(asset: Asset, transformation: str = "", *, is_signed: bool = True) -> Scene:
    """Return what rendering this transformation of an asset by hand is told of the asset."""
    parsed = parsed_from(unquote(transformation))
    return scenes.surroundings(asset, parsed, is_signed=is_signed).scene()


# --- In advance -------------------------------------------------------------------------------


class Eager(NamedTuple):
    """A picture made in advance, and the text that asked for it, as it was sent."""

    text: str
    derived: Derived


def split_eager(spec: str) -> list[tuple[str, str, str | None]]:
    """Split ``w_100,c_fill/png|w_50`` into texts as sent, transformations and formats.

    A format is None for the stored one. Raises InvalidError for too many.
    """
    texts = [text.strip() for text in spec.split("|") if text.strip()]
    if len(texts) > MAX_EAGER:
        raise InvalidError(f"eager may have {MAX_EAGER} transformations")
    return [(text, *_without_format(text)) for text in texts]


def _without_format(text: str) -> tuple[str, str | None]:
    head, slash, last = text.rpartition("/")
    if slash and not last:
        return head, None
    if slash and not looks_like_component(last):
        return head, last
    return text, None


def eager(asset: Asset, spec: str) -> list[Eager]:
    """Make what an upload asks for in advance, in its order. Raises like `find_or_render`."""
    return [
        Eager(text, find_or_render(asset, transformation, format=format, is_signed=True))
        for text, transformation, format in split_eager(spec)
    ]


# --- In many widths ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Breakpoints:
    """Widths of one picture, the largest first, each with the path of its address.

    ``transformation`` is the text that asked for it, "" without one.
    """

    transformation: str
    points: list[tuple[Breakpoint, str]]


def breakpoints(asset: Asset, specs: Any) -> list[Breakpoints]:
    """Work out the widths that a picture is worth having in, one entry for each spec.

    A spec is a mapping as programs send it; one alone may come without its list. With
    ``create_derived`` the pictures are stored. Raises InvalidError, TransformationError.
    """
    return [_breakpoints(asset, spec, one) for spec, one in read_breakpoints(specs)]


def read_breakpoints(specs: Any) -> list[tuple[BreakpointSpec, dict[str, Any]]]:
    """Return what specs ask for, each with its mapping. Raises as `breakpoints` does."""
    asked = specs if isinstance(specs, list) else [specs]
    if len(asked) > MAX_SPECS or not all(isinstance(spec, dict) for spec in asked):
        raise InvalidError(f"responsive_breakpoints is a list of up to {MAX_SPECS} objects")
    return [(_spec(one), one) for one in asked]


def _breakpoints(asset: Asset, spec: BreakpointSpec, asked: Mapping[str, Any]) -> Breakpoints:
    wanted = wish(asset, spec.transformation.text, format=spec.format, is_signed=True)
    points = widths(wanted, _expanded(spec, wanted))
    creates = asked.get("create_derived") in (True, 1, "1", "true")
    text = str(asked.get("transformation") or "")
    found = []
    for point in points:
        transformation = "/".join(filter(None, (text, f"c_scale,w_{point.width_px}")))
        if creates:
            _keep(asset, transformation, spec.format, point)
        path = url_path(asset, transformation, spec.format)
        found.append((point, path))
    if creates:
        known.note_use(asset.cloud, wanted.parsed, wanted.text)
    return Breakpoints(text, found)


def _expanded(spec: BreakpointSpec, wanted: Wish) -> BreakpointSpec:
    return BreakpointSpec(
        wanted.whole, spec.format, spec.min_width_px, spec.max_width_px, spec.bytes_step,
        spec.max_images,
    )  # fmt: skip


def _keep(asset: Asset, transformation: str, format: str | None, point: Breakpoint) -> None:
    wanted = wish(asset, unquote(transformation), format=format, is_signed=True)
    if find(wanted) is None:
        kind = CONTENT_TYPES[point.format]
        rendered = Rendered(
            point.content, point.format, point.width_px, point.height_px, kind, False
        )
        keep(wanted, rendered)


def _spec(asked: Mapping[str, Any]) -> BreakpointSpec:
    text = asked.get("transformation")
    if not isinstance(text, str | None):
        raise InvalidError("The transformation of responsive_breakpoints has to be a text")
    format = asked.get("format") or None
    least = _number(asked, "min_width", 50, 1, 16_000)
    most = _number(asked, "max_width", 1000, 1, 16_000)
    if least > most:
        raise InvalidError("min_width of responsive_breakpoints is larger than max_width")
    return BreakpointSpec(
        parsed_from(unquote(text or "")),
        read_format(str(format)) if format else None,
        least,
        most,
        _number(asked, "bytes_step", 20_000, 1, 10**9),
        _number(asked, "max_images", 20, 1, 200),
    )


def _number(asked: Mapping[str, Any], name: str, default: int, low: int, high: int) -> int:
    value = asked.get(name)
    if value is None or value == "":
        return default
    try:
        number = int(value) if isinstance(value, int | str) else low - 1
    except ValueError:
        number = low - 1
    if not low <= number <= high:
        raise InvalidError(f"{name} of responsive_breakpoints is a number from {low} to {high}")
    return number
