"""Where a picture is cut and how large it becomes: arithmetic on sizes and boxes alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from .errors import TransformationError

Size = tuple[int, int]
#: Where a window of a size (w, h) goes in a picture of a size: the window's left and top.
Focus = Callable[[tuple[float, float], tuple[float, float]], tuple[float, float]]
#: How much of the surroundings a face keeps in a thumbnail, at a zoom of 1.
FACE_MARGIN = 2.0
#: Which share of the picture lies left of, and above, what each of the compass points at.
ANCHORS: Mapping[str, tuple[float, float]] = {
    "center": (0.5, 0.5), "north": (0.5, 0.0), "north_east": (1.0, 0.0), "east": (1.0, 0.5),
    "south_east": (1.0, 1.0), "south": (0.5, 1.0), "south_west": (0.0, 1.0), "west": (0.0, 0.5),
    "north_west": (0.0, 0.0),
}  # fmt: skip


class Box(NamedTuple):
    """A part of a picture, in pixels from its top left."""

    x: float
    y: float
    w: float
    h: float

    @property
    def center(self) -> tuple[float, float]:
        return self.x + self.w / 2, self.y + self.h / 2

    @property
    def corners(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom, as Pillow has it."""
        return self.x, self.y, self.x + self.w, self.y + self.h

    def within(self, size: tuple[float, float]) -> Box:
        """Return what of the box lies in a picture of ``size``; it may have no width or height."""
        left, top = (min(max(0.0, at), side) for at, side in zip(self[:2], size, strict=True))
        right = min(max(left, self.x + self.w), size[0])
        bottom = min(max(top, self.y + self.h), size[1])
        return Box(left, top, right - left, bottom - top)


def around(boxes: list[Box]) -> Box:
    """Return the box that holds all of these, of which there is one at least."""
    left, top = min(box.x for box in boxes), min(box.y for box in boxes)
    right, bottom = max(box.x + box.w for box in boxes), max(box.y + box.h for box in boxes)
    return Box(left, top, right - left, bottom - top)


@dataclass(frozen=True, slots=True)
class Map:
    """An affine map of points: x' = a·x + b·y + c and y' = d·x + e·y + f."""

    a: float = 1.0
    b: float = 0.0
    c: float = 0.0
    d: float = 0.0
    e: float = 1.0
    f: float = 0.0

    def point(self, x: float, y: float) -> tuple[float, float]:
        return self.a * x + self.b * y + self.c, self.d * x + self.e * y + self.f

    def then(self, after: Map) -> Map:
        c, f = after.point(self.c, self.f)
        return Map(
            after.a * self.a + after.b * self.d, after.a * self.b + after.b * self.e, c,
            after.d * self.a + after.e * self.d, after.d * self.b + after.e * self.e, f,
        )  # fmt: skip

    def box(self, box: Box) -> Box:
        """Return the upright box around where a box comes to lie."""
        left, top, right, bottom = box.corners
        points = [self.point(x, y) for x in (left, right) for y in (top, bottom)]
        xs, ys = zip(*points, strict=True)
        return Box(min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for: sides in pixels and the ratio of width to height, each if given."""

    w: float | None = None
    h: float | None = None
    ratio: float | None = None
    keeps_other_side: bool = False  # the flag ignore_aspect_ratio

    @property
    def is_nothing(self) -> bool:
        return self.w is None and self.h is None and self.ratio is None


@dataclass(frozen=True, slots=True)
class Plan:
    """Cut ``box`` out, scale it to ``size``, and lay it at ``at`` on a canvas of its own size."""

    box: Box
    size: Size
    canvas: Size
    at: Size = (0, 0)

    @property
    def scale(self) -> float:
        """How much the picture is enlarged, in the direction in which it is more."""
        return max(self.size[0] / self.box.w, self.size[1] / self.box.h)


def whole(side: float) -> int:
    """Round to pixels, half of one up, one at least."""
    return max(1, math.floor(side + 0.5))


def sides(size: tuple[float, float], wanted: Wanted) -> tuple[float, float]:
    """Return width and height; what is not given follows from the ratio, else the picture's."""
    width, height = size
    ratio = wanted.ratio or width / height
    if wanted.w is not None and wanted.h is not None:
        return wanted.w, wanted.h
    if wanted.keeps_other_side and wanted.ratio is None:
        return wanted.w or width, wanted.h or height
    if wanted.w is not None:
        return wanted.w, wanted.w / ratio
    if wanted.h is not None:
        return wanted.h * ratio, wanted.h
    return min(width, height * ratio), min(height, width / ratio)


def anchored(gravity: str, *, x: float = 0.0, y: float = 0.0) -> Focus:
    """Return a focus on a point of the compass, moved inwards by x and y (to the right, down)."""
    across, down = ANCHORS[gravity]

    def focus(outer: tuple[float, float], inner: tuple[float, float]) -> tuple[float, float]:
        left = (outer[0] - inner[0]) * across + (-x if across == 1 else x)
        top = (outer[1] - inner[1]) * down + (-y if down == 1 else y)
        return left, top

    return focus


def centered_on(x: float, y: float) -> Focus:
    """Return a focus that has a point in the middle of the window, or as near as can be."""

    def focus(outer: tuple[float, float], inner: tuple[float, float]) -> tuple[float, float]:
        return held(x - inner[0] / 2, inner[0], outer[0]), held(
            y - inner[1] / 2, inner[1], outer[1]
        )

    return focus


def held(start: float, length: float, side: float) -> float:
    """Move a stretch of this length as little as needed to lie between 0 and ``side``."""
    return min(max(0.0, start), max(0.0, side - length))


# --- The ways to crop -------------------------------------------------------------------------


def plan(crop: str, size: Size, wanted: Wanted, focus: Focus) -> Plan:
    """Return what a way to crop does to a picture of this size.

    Not of thumb, fill_pad and auto_pad, which look at the picture. Raises TransformationError
    where nothing of the picture would be left.
    """
    return _WAYS[crop](size, wanted, focus)


def _of_all(size: Size, scaled: tuple[float, float]) -> Plan:
    target = whole(scaled[0]), whole(scaled[1])
    return Plan(Box(0, 0, *size), target, target)


def _scale(size: Size, wanted: Wanted, _focus: Focus) -> Plan:
    if wanted.w is None and wanted.h is None:  # a ratio alone keeps the width
        return _of_all(size, (size[0], size[0] / (wanted.ratio or 1)))
    return _of_all(size, sides(size, wanted))


def _scaled(size: Size, factor: float) -> tuple[float, float]:
    return size[0] * factor, size[1] * factor


def _fit_factor(size: Size, wanted: Wanted) -> float:
    width, height = sides(size, wanted)
    return min(width / size[0], height / size[1])


def _fit(size: Size, wanted: Wanted, _focus: Focus) -> Plan:
    return _of_all(size, _scaled(size, _fit_factor(size, wanted)))


def _limit(size: Size, wanted: Wanted, _focus: Focus) -> Plan:
    return _of_all(size, _scaled(size, min(1.0, _fit_factor(size, wanted))))


def _mfit(size: Size, wanted: Wanted, _focus: Focus) -> Plan:
    return _of_all(size, _scaled(size, max(1.0, _fit_factor(size, wanted))))


def _fill(size: Size, wanted: Wanted, focus: Focus) -> Plan:
    width, height = sides(size, wanted)
    factor = max(width / size[0], height / size[1])
    return _window(size, (width / factor, height / factor), (whole(width), whole(height)), focus)


def _lfill(size: Size, wanted: Wanted, focus: Focus) -> Plan:
    width, height = sides(size, wanted)
    factor = min(1.0, max(width / size[0], height / size[1]))
    width, height = min(width, size[0] * factor), min(height, size[1] * factor)
    return _window(size, (width / factor, height / factor), (whole(width), whole(height)), focus)


def _window(size: Size, window: tuple[float, float], target: Size, focus: Focus) -> Plan:
    """Cut a window out that is moved into the picture where it would stand out of it."""
    left, top = focus(size, window)
    left, top = held(left, window[0], size[0]), held(top, window[1], size[1])
    return Plan(Box(left, top, *window), target, target)


def _crop(size: Size, wanted: Wanted, focus: Focus) -> Plan:
    width, height = sides(size, wanted)
    window = whole(min(width, size[0])), whole(min(height, size[1]))
    left, top = focus(size, window)
    box = Box(math.floor(left + 0.5), math.floor(top + 0.5), *window).within(size)
    if box.w < 1 or box.h < 1:
        raise TransformationError("This crop lies outside of the picture.")
    target = int(box.w), int(box.h)
    return Plan(box, target, target)


def _on_canvas(size: Size, scaled: tuple[float, float], canvas: Size, focus: Focus) -> Plan:
    target = min(whole(scaled[0]), canvas[0]), min(whole(scaled[1]), canvas[1])
    left, top = focus(canvas, target)
    at = math.floor(left + 0.5), math.floor(top + 0.5)
    return Plan(Box(0, 0, *size), target, canvas, at)


def _canvas(size: Size, wanted: Wanted) -> Size:
    if wanted.w is None and wanted.h is None and wanted.ratio:  # the least that holds it all
        ratio = wanted.ratio
        return whole(max(size[0], size[1] * ratio)), whole(max(size[1], size[0] / ratio))
    width, height = sides(size, wanted)
    return whole(width), whole(height)


def _pad(size: Size, wanted: Wanted, focus: Focus) -> Plan:
    canvas = _canvas(size, wanted)
    factor = min(canvas[0] / size[0], canvas[1] / size[1])
    return _on_canvas(size, _scaled(size, factor), canvas, focus)


def _lpad(size: Size, wanted: Wanted, focus: Focus) -> Plan:
    canvas = _canvas(size, wanted)
    factor = min(1.0, canvas[0] / size[0], canvas[1] / size[1])
    return _on_canvas(size, _scaled(size, factor), canvas, focus)


def _mpad(size: Size, wanted: Wanted, focus: Focus) -> Plan:
    width, height = _canvas(size, wanted)
    canvas = max(width, size[0]), max(height, size[1])
    return _on_canvas(size, size, canvas, focus)


_WAYS: Mapping[str, Callable[[Size, Wanted, Focus], Plan]] = {
    "scale": _scale, "fit": _fit, "limit": _limit, "mfit": _mfit, "fill": _fill,
    "lfill": _lfill, "pad": _pad, "lpad": _lpad, "mpad": _mpad, "crop": _crop, "auto": _fill,
}  # fmt: skip


def thumb(
    size: Size, wanted: Wanted, area: Box, zoom: float, *, margin: float = FACE_MARGIN
) -> Plan:
    """Cut around an area so that some of its surroundings are seen, then scale to what is wanted.

    Without a size it is the area itself, with the same margin.
    """
    reach = area.w * margin / zoom, area.h * margin / zoom
    if wanted.is_nothing:
        return _crop(size, Wanted(*reach), centered_on(*area.center))
    width, height = sides(size, wanted)
    factor = min(width / reach[0], height / reach[1])
    factor = max(factor, width / size[0], height / size[1])
    window = width / factor, height / factor
    return _window(size, window, (whole(width), whole(height)), centered_on(*area.center))


def fill_keeping(size: Size, wanted: Wanted, keep: Box) -> Plan:
    """Fill, but show more and pad the rest where the window would lose some of ``keep``."""
    width, height = sides(size, wanted)
    canvas = whole(width), whole(height)
    least = min(width / size[0], height / size[1])
    most = max(width / size[0], height / size[1])
    factor = max(least, min(most, width / keep.w, height / keep.h))
    window = min(size[0], width / factor), min(size[1], height / factor)
    left, top = centered_on(*keep.center)(size, window)
    target = min(canvas[0], whole(window[0] * factor)), min(canvas[1], whole(window[1] * factor))
    at = (canvas[0] - target[0]) // 2, (canvas[1] - target[1]) // 2
    return Plan(Box(left, top, *window), target, canvas, at)


def turned_size(size: Size, degrees: float) -> Size:
    """Return the size, rounded down, that holds a picture turned by so many degrees."""
    cosine, sine = abs(math.cos(math.radians(degrees))), abs(math.sin(math.radians(degrees)))
    width = size[0] * cosine + size[1] * sine
    height = size[0] * sine + size[1] * cosine
    return max(1, math.floor(width + 1e-6)), max(1, math.floor(height + 1e-6))
