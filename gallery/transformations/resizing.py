"""From a component's values to a plan: sides, what to keep in view, and the way to crop."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from . import geometry
from .errors import TransformationError
from .geometry import Box, Focus, Plan, Size, Wanted
from .parameters import Gravity, Length, Offset
from .saliency import Saliency, focus_on

_CENTER = Gravity("center")
_KEEPING = ("fill_pad", "auto_pad")
#: They scale before they cut, so that an offset in pixels of the result is more of the picture.
_SCALING = ("fill", "lfill", "thumb", "auto")
_PADDING = ("pad", "lpad", "mpad")


@dataclass(frozen=True)
class View:
    """What a plan may look at. Boxes are in pixels of the picture as it is now.

    ``relative_to`` is what factors are shares of, the picture itself unless it is a layer.
    """

    size: Size
    faces: Callable[[], Sequence[Box]]
    custom: Callable[[], Sequence[Box]]
    saliency: Callable[[], Saliency] | None
    relative_to: tuple[float, float]
    dpr: float = 1.0


def wanted(values: Mapping[str, Any], view: View) -> Wanted:
    """Return the sides that are asked for, in pixels."""
    sides = [
        _side(values.get(key), own, view.dpr)
        for key, own in zip(("w", "h"), view.relative_to, strict=True)
    ]
    keeps = "ignore_aspect_ratio" in values.get("fl", ())
    return Wanted(sides[0], sides[1], values.get("ar"), keeps_other_side=keeps)


def _side(length: Length | None, own: float, dpr: float) -> float | None:
    if length is None:
        return None
    if length.auto:
        return length.auto.fallback_px * dpr if length.auto.fallback_px else None
    if length.factor:
        return max(1.0, own * length.factor * dpr)
    return (length.px or 1) * dpr


def plan(values: Mapping[str, Any], view: View) -> Plan | None:
    """Return what happens to the picture; None when nothing does. Raises TransformationError."""
    asked = wanted(values, view)
    crop = values.get("c", "scale")
    gravity: Gravity | None = values.get("g")
    if crop in _KEEPING and (not gravity or gravity.kind != "auto"):
        raise TransformationError(f"The crop {crop} needs the gravity auto.")
    areas = _areas(gravity, view) if gravity else []
    if areas and (crop == "thumb" or (crop == "crop" and asked.is_nothing)):
        return _around(areas, crop, asked, values, view)
    if asked.is_nothing:
        return None
    if crop in _KEEPING:
        keep = view.saliency().subject() if view.saliency else Box(0, 0, *view.size)
        return geometry.fill_keeping(view.size, asked, keep)
    focus = _focus(crop, gravity, values, view, areas)
    return geometry.plan("fill" if crop == "thumb" else crop, view.size, asked, focus)


def _around(
    areas: list[Box], crop: str, asked: Wanted, values: Mapping[str, Any], view: View
) -> Plan:
    gravity: Gravity = values["g"]
    is_custom = gravity.kind == "custom" or crop == "crop"
    area = geometry.around(areas).within(view.size)
    if area.w < 1 or area.h < 1:
        area = Box(0, 0, *view.size)
    margin = 1.0 if is_custom else geometry.FACE_MARGIN
    return geometry.thumb(view.size, asked, area, values.get("z", 1.0), margin=margin)


def _areas(gravity: Gravity, view: View) -> list[Box]:
    """Return the boxes that a gravity is about; of several faces, face is about the largest."""
    kind = gravity.kind
    if kind == "custom":
        if boxes := list(view.custom()):
            return boxes
        kind = gravity.fallback
    elif kind == "auto" and gravity.subject.startswith("custom"):
        return list(view.custom())
    if kind not in ("face", "faces"):
        return []
    faces = list(view.faces())
    return faces if kind == "faces" else sorted(faces, key=lambda box: box.w * box.h)[-1:]


def _focus(
    crop: str, gravity: Gravity | None, values: Mapping[str, Any], view: View, areas: list[Box]
) -> Focus:
    has_offset = "x" in values or "y" in values
    if gravity is None:
        if crop == "auto":
            gravity = Gravity("auto")
        else:
            gravity = Gravity("north_west") if crop == "crop" and has_offset else _CENTER
    if gravity.kind in geometry.ANCHORS:
        x, y = _offsets(crop, values, view)
        return geometry.anchored(gravity.kind, x=x, y=y)
    if crop in _PADDING:
        return geometry.anchored("center")
    return content_focus(gravity, values, view, areas)


def content_focus(
    gravity: Gravity, values: Mapping[str, Any], view: View, areas: Sequence[Box] = ()
) -> Focus:
    """Return a focus on what is to be seen: a point, areas, what is salient, or an end instead."""
    if gravity.kind == "xy_center":
        x, y = offsets(values, view.size, view.dpr)
        return geometry.centered_on(x, y)
    if areas:
        return geometry.centered_on(*geometry.around(list(areas)).center)
    if gravity.kind == "auto" or gravity.fallback == "auto":
        return focus_on(view.saliency()) if view.saliency else geometry.anchored("center")
    is_north = gravity.kind in ("face", "faces") and gravity.fallback != "center"
    return geometry.anchored("north" if is_north else "center")


def _offsets(crop: str, values: Mapping[str, Any], view: View) -> tuple[float, float]:
    """Return x and y in pixels of the picture, or of the canvas where it is padded."""
    if crop in _PADDING:
        asked = wanted(values, view)
        return offsets(values, (asked.w or view.size[0], asked.h or view.size[1]), view.dpr)
    x, y = offsets(values, view.size, view.dpr)
    if crop not in _SCALING:
        return x, y
    width, height = geometry.sides(view.size, wanted(values, view))
    factor = max(width / view.size[0], height / view.size[1])
    x_offset, y_offset = values.get("x", Offset(0)), values.get("y", Offset(0))
    return (
        x if x_offset.is_relative else x / factor,
        y if y_offset.is_relative else y / factor,
    )


def offsets(
    values: Mapping[str, Any], size: tuple[float, float], dpr: float
) -> tuple[float, float]:
    found = []
    for key, side in zip(("x", "y"), size, strict=True):
        offset: Offset = values.get(key, Offset(0))
        found.append(offset.px(side) if offset.is_relative else offset.value * dpr)
    return found[0], found[1]
