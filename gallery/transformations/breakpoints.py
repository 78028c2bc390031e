"""Which widths of a picture are worth having: those that differ enough in bytes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import IO

from PIL import Image

from .encode import encode
from .geometry import whole
from .language import Transformation, parse
from .limits import Budget, Limits
from .parameters import AutoWidth, read_format, read_length
from .picture import open_source
from .render import Result, check_components, transformed
from .scene import Scene

MAX_IMAGES = 200


@dataclass(frozen=True)
class BreakpointSpec:
    """What is asked for; ``format`` is None for the stored one."""

    transformation: Transformation
    format: str | None = None
    min_width_px: int = 50
    max_width_px: int = 1000
    bytes_step: int = 20_000
    max_images: int = 20


@dataclass(frozen=True)
class Breakpoint:
    """One width; ``transformation`` is the text that renders it."""

    width_px: int
    height_px: int
    content: bytes
    format: str
    transformation: str

    @property
    def size_bytes(self) -> int:
        return len(self.content)


def breakpoints(
    file: IO[bytes],
    spec: BreakpointSpec,
    *,
    scene: Scene | None = None,
    limits: Limits | None = None,
) -> list[Breakpoint]:
    """Return the widest first, then some in between, the narrowest last.

    The widest is no wider than the transformed picture, rounded down; from one to the next it is
    about ``bytes_step`` bytes, or more where they would be too many. Raises TransformationError.
    """
    limits = limits or Limits()
    check_components(spec.transformation, limits)
    with open_source(file, limits) as source:
        asked = spec.transformation.format or (read_format(spec.format) if spec.format else None)
        name = source.format if asked in (None, "auto") else asked
        result = transformed(source, spec.transformation, None, scene or Scene(), Budget(limits))
        return _Series(result, name, spec).all()


class _Series:
    def __init__(self, result: Result, format: str | None, spec: BreakpointSpec) -> None:
        assert format
        self.result, self.format, self.spec = result, format, spec
        self.image = result.frames[0]

    def all(self) -> list[Breakpoint]:
        largest = min(self.spec.max_width_px, self.image.width)
        smallest = min(self.spec.min_width_px, largest)
        found = {width: self.at(width) for width in {largest, smallest}}
        if len(found) == 2 and self.spec.max_images > 2:
            self._fill(found, smallest, largest)
        kept = sorted(found.values(), key=lambda one: -one.width_px)
        return kept[: max(1, self.spec.max_images)]

    def at(self, width: int) -> Breakpoint:
        self.result.chain.budget.check()
        height = whole(self.image.height * width / self.image.width)
        image = self.image
        if (width, height) != image.size:
            image = image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=2.0)
        content = encode([image], self.result.output(self.format))
        text = "/".join(filter(None, (self.spec.transformation.text, f"c_scale,w_{width}")))
        return Breakpoint(width, height, content, self.format, text)

    def _fill(self, found: dict[int, Breakpoint], smallest: int, largest: int) -> None:
        """Add widths between two; each is guessed from the sizes next to it and then written."""
        most, least = found[largest].size_bytes, found[smallest].size_bytes
        count = min(self.spec.max_images, MAX_IMAGES) - 2
        step = max(self.spec.bytes_step, math.ceil((most - least) / (count + 1)))
        above, goal = found[largest], most - step
        while goal > least and count > 0:
            width = _between(found[smallest], above, goal)
            if not smallest < width < above.width_px:
                return
            above = found[width] = self.at(width)
            goal, count = above.size_bytes - step, count - 1


def _between(below: Breakpoint, above: Breakpoint, goal: int) -> int:
    """Return the width at which a picture may have ``goal`` bytes, growing as a power of it."""
    if above.size_bytes <= below.size_bytes:
        return below.width_px
    power = math.log(above.size_bytes / below.size_bytes) / math.log(
        above.width_px / below.width_px
    )
    return round(above.width_px * math.pow(goal / above.size_bytes, 1 / power))


# --- The same in an address -------------------------------------------------------------------


def auto_breakpoints(
    transformation: Transformation, *, format: str | None = None
) -> tuple[BreakpointSpec, bool] | None:
    """Return what ``w_auto:breakpoints…`` asks for and whether as JSON; None where it does not.

    The transformation in it is the rest of the chain.
    """
    for place, component in enumerate(transformation.components):
        auto = _auto(component.get("w"))
        if auto and auto.wants_breakpoints:
            rest = component.without("w", "c") if not component.get("h") else component.without("w")
            others = list(transformation.components)
            others[place : place + 1] = [rest] if rest else []
            spec = BreakpointSpec(
                parse("/".join(one.spelled for one in others)), format, auto.min_px, auto.max_px,
                auto.step_kb * 1000, auto.max_images,
            )  # fmt: skip
            return spec, auto.wants_json
    return None


def _auto(text: str) -> AutoWidth | None:
    return read_length(text).auto if text.startswith("auto") else None


def widths_json(found: list[Breakpoint]) -> dict[str, list[int]]:
    """Return what ``:json`` asks for."""
    return {"breakpoints": [one.width_px for one in found]}
