"""Turns pictures, rounds their corners, draws borders, lays them on canvases."""

from __future__ import annotations

import math

from PIL import Image, ImageChops, ImageDraw, ImageOps

from .color import TRANSPARENT, WHITE, AutoColor, Color, backdrop
from .geometry import Map, Plan, Size, turned_size

Radii = tuple[float, float, float, float]
_QUARTERS = {
    90: Image.Transpose.ROTATE_270, 180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_90,
}  # fmt: skip


def flipped(image: Image.Image, turn: str) -> tuple[Image.Image, Map]:
    """Flip top to bottom for vflip, left to right for hflip."""
    if turn == "vflip":
        flip = Map(1, 0, 0, 0, -1, image.height)
        return image.transpose(Image.Transpose.FLIP_TOP_BOTTOM), flip
    return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT), Map(-1, 0, image.width, 0, 1, 0)


def rotated(image: Image.Image, degrees: float) -> tuple[Image.Image, Map]:
    """Turn clockwise on a canvas that holds it all, transparent where nothing is."""
    degrees %= 360
    if degrees == 0:
        return image, Map()
    size = turned_size(image.size, degrees)
    around = _rotation(image.size, size, degrees)
    if degrees in _QUARTERS:
        return image.transpose(_QUARTERS[int(degrees)]), around
    edged = ImageOps.expand(image.convert("RGBA"), 1, TRANSPARENT)  # for soft edges
    back = _rotation(size, edged.size, -degrees)
    coefficients = (back.a, back.b, back.c, back.d, back.e, back.f)
    turned = edged.transform(
        size, Image.Transform.AFFINE, coefficients, resample=Image.Resampling.BICUBIC
    )
    return turned, around


def _rotation(before: Size, after: Size, degrees: float) -> Map:
    """Return the clockwise turn that takes the middle of one size to the middle of the other."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    turn = Map(cosine, -sine, 0, sine, cosine, 0)
    x, y = turn.point(before[0] / 2, before[1] / 2)
    return Map(cosine, -sine, after[0] / 2 - x, sine, cosine, after[1] / 2 - y)


def on_canvas(
    image: Image.Image, plan: Plan, ground: Color | AutoColor | None
) -> tuple[Image.Image, Map]:
    """Lay an image at its place on a plan's canvas; white, or clear where it has alpha itself."""
    if plan.canvas == image.size and plan.at == (0, 0):
        return image, Map()
    color = ground or (TRANSPARENT if image.mode == "RGBA" else WHITE)
    canvas = backdrop(image, color, plan.canvas)
    if image.mode == "RGBA":
        layer = Image.new("RGBA", plan.canvas, TRANSPARENT)
        layer.paste(image, plan.at)
        canvas.alpha_composite(layer)
    else:
        canvas.paste(image, plan.at)
    is_opaque = image.mode == "RGB" and (isinstance(color, AutoColor) or color.is_opaque)
    return canvas.convert("RGB") if is_opaque else canvas, Map(1, 0, plan.at[0], 0, 1, plan.at[1])


def on_ground(image: Image.Image, ground: Color | AutoColor) -> Image.Image:
    """Put a background behind what is transparent."""
    if image.mode != "RGBA":
        return image
    canvas = backdrop(image, ground, image.size)
    canvas.alpha_composite(image)
    is_opaque = isinstance(ground, AutoColor) or ground.is_opaque
    return canvas.convert("RGB") if is_opaque else canvas


def faded(image: Image.Image, percent: int) -> Image.Image:
    if percent == 100:
        return image
    changed = image.convert("RGBA")
    changed.putalpha(changed.getchannel("A").point(lambda value: value * percent / 100))
    return changed


def rounded(image: Image.Image, radii: Radii) -> Image.Image:
    """Cut corners off; each as round as asked, but no rounder than an ellipse."""
    if not any(radii):
        return image
    changed = image.convert("RGBA")
    mask = round_mask(image.size, radii)
    changed.putalpha(ImageChops.multiply(changed.getchannel("A"), mask))
    return changed


def round_mask(size: Size, radii: Radii) -> Image.Image:
    mask = Image.new("L", size, 255)
    width, height = size
    for corner, radius in enumerate(radii):
        least = min(width, height) / 2
        across, down = (width / 2, height / 2) if math.isinf(radius) else (min(radius, least),) * 2
        tile = _corner(across, down, corner)
        right, low = corner in (1, 2), corner in (2, 3)
        if tile:
            at = width - tile.width if right else 0, height - tile.height if low else 0
            mask.paste(tile, at)
    return mask


def _corner(across: float, down: float, corner: int) -> Image.Image | None:
    """Return a quarter of an ellipse, drawn large and made small for a soft edge."""
    wide, high = math.ceil(across), math.ceil(down)
    if min(across, down) < 0.5:
        return None
    finer = 4 if max(wide, high) <= 500 else 2 if max(wide, high) <= 2000 else 1
    tile = Image.new("L", (wide * finer, high * finer), 0)
    box = (0, 0, 2 * across * finer - 1, 2 * down * finer - 1)
    ImageDraw.Draw(tile).ellipse(box, fill=255)
    tile = tile.reduce(finer) if finer > 1 else tile
    if corner in (1, 2):
        tile = tile.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return tile.transpose(Image.Transpose.FLIP_TOP_BOTTOM) if corner in (2, 3) else tile


def bordered(image: Image.Image, width_px: int, color: Color, radii: Radii) -> Image.Image:
    """Draw a border around the picture, which grows by it, along its round corners."""
    if width_px == 0:
        return image
    if image.mode == "RGB" and color.is_opaque:
        return ImageOps.expand(image, width_px, color[:3])
    solid = image.convert("RGBA")
    size = image.width + 2 * width_px, image.height + 2 * width_px
    outer = [radius + width_px if radius else 0 for radius in radii]
    ring = round_mask(size, (outer[0], outer[1], outer[2], outer[3]))
    ring.paste(0, (width_px, width_px), round_mask(image.size, radii))
    canvas = Image.new("RGBA", size, color)
    canvas.putalpha(ring.point(lambda value: value * color.alpha / 255))
    below = Image.new("RGBA", size, (*color[:3], 0))
    below.paste(solid, (width_px, width_px))
    return _added(below, canvas)


def _added(below: Image.Image, ring: Image.Image) -> Image.Image:
    """Join two that share an edge, whose soft pixels add up."""
    alpha = ImageChops.add(below.getchannel("A"), ring.getchannel("A"))
    below.alpha_composite(ring)
    below.putalpha(alpha)
    return below
