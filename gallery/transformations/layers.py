"""Puts one picture onto another: where it goes, and how the two are mixed."""

from __future__ import annotations

import math

from PIL import Image, ImageChops

from .color import TRANSPARENT
from .geometry import Map, Size
from .limits import Limits


def tiled(layer: Image.Image, size: Size) -> Image.Image:
    """Repeat a layer from the top left on until it covers ``size``."""
    canvas = Image.new("RGBA", size, TRANSPARENT)
    for x in range(0, size[0], layer.width):
        canvas.paste(layer, (x, 0))
    high = layer.height
    while high < size[1]:  # twice as much each time
        canvas.paste(canvas.crop((0, 0, size[0], min(high, size[1] - high))), (0, high))
        high *= 2
    return canvas


def put(
    base: Image.Image, layer: Image.Image, at: Size, limits: Limits, *,
    blend: str = "", is_under: bool = False, may_grow: bool = True,
) -> tuple[Image.Image, Map]:  # fmt: skip
    """Put an RGBA layer with its top left at ``at`` of the base, which grows to hold it all.

    ``blend`` is one of `BLENDS` or "" for what is in front to hide what is behind. Raises
    TooMuchError where the canvas grows too large.
    """
    if blend in ("mask", "cut_out"):
        return _cut(base, layer, at, is_outside=blend == "mask"), Map()
    if may_grow and not blend:
        base, at, moved = _grown(base, layer, at, limits)
    else:
        moved = Map()
    layer, at = _clipped(layer, at, base.size)
    if layer.width and layer.height:
        base = _mixed(base, layer, at, blend, is_under=is_under)
    return base, moved


def _grown(
    base: Image.Image, layer: Image.Image, at: Size, limits: Limits
) -> tuple[Image.Image, Size, Map]:
    left, top = min(0, at[0]), min(0, at[1])
    right = max(base.width, at[0] + layer.width)
    bottom = max(base.height, at[1] + layer.height)
    size = right - left, bottom - top
    if size == base.size:
        return base, at, Map()
    limits.check_size(*size)
    canvas = Image.new("RGBA", size, TRANSPARENT)
    canvas.paste(base, (-left, -top))
    return canvas, (at[0] - left, at[1] - top), Map(1, 0, -left, 0, 1, -top)


def _clipped(layer: Image.Image, at: Size, size: Size) -> tuple[Image.Image, Size]:
    left, top = max(0, -at[0]), max(0, -at[1])
    right, bottom = min(layer.width, size[0] - at[0]), min(layer.height, size[1] - at[1])
    box = left, top, max(left, right), max(top, bottom)
    return layer.crop(box), (max(0, at[0]), max(0, at[1]))


def _mixed(
    base: Image.Image, layer: Image.Image, at: Size, blend: str, *, is_under: bool
) -> Image.Image:
    box = (*at, at[0] + layer.width, at[1] + layer.height)
    below = base.crop(box)
    if is_under:
        layer.alpha_composite(below.convert("RGBA"))
        mixed = layer
    elif blend:
        mixed = _blended(below, layer, blend)
    else:
        mixed = below.convert("RGBA")
        mixed.alpha_composite(layer)
    changed = base.copy()
    changed.paste(mixed.convert(base.mode), box)
    return changed


def _blended(below: Image.Image, layer: Image.Image, blend: str) -> Image.Image:
    mix = {"screen": ImageChops.screen, "multiply": ImageChops.multiply,
           "overlay": ImageChops.overlay}[blend]  # fmt: skip
    ground = below.convert("RGB")
    mixed = Image.composite(mix(ground, layer.convert("RGB")), ground, layer.getchannel("A"))
    if below.mode == "RGBA":
        mixed.putalpha(below.getchannel("A"))
    return mixed


def _cut(base: Image.Image, layer: Image.Image, at: Size, *, is_outside: bool) -> Image.Image:
    """Keep of the base what lies beneath the layer, or what does not."""
    shape = Image.new("L", base.size, 0)
    shape.paste(layer.getchannel("A"), at)
    if not is_outside:
        shape = ImageChops.invert(shape)
    changed = base.convert("RGBA")
    changed.putalpha(ImageChops.multiply(changed.getchannel("A"), shape))
    return changed


def place(x: float, y: float) -> Size:
    return math.floor(x + 0.5), math.floor(y + 0.5)
