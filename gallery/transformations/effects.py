"""Applies the effects: those on colours, those on surroundings, those on areas and on alpha."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

from . import tones
from .color import BLACK, Color
from .effect_names import Effect
from .geometry import Box

if TYPE_CHECKING:
    import numpy as np

OnColors = Callable[[Image.Image, Effect, Color | None], Image.Image]
#: Paintings are made on a copy of at most so many pixels and enlarged again.
PAINTED_PIXELS = 1_500_000
MAX_SPOTS = 500
#: What `blur` of 100 blurs: a Gaussian of so many pixels.
BLUR_PX_PER_100 = 4.0


def apply(
    image: Image.Image, effect: Effect, color: Color | None, areas: Sequence[Box]
) -> Image.Image:
    """Return the image, RGB or RGBA, with an effect that leaves its size.

    ``color`` is what ``co_`` says; ``areas`` are the faces or the region, for effects on those.
    """
    if effect.name in _ON_AREAS:
        return _ON_AREAS[effect.name](image, effect, areas)
    if effect.name in _ON_ALPHA:
        return _ON_ALPHA[effect.name](image, effect, color)
    changed = _ON_COLORS[effect.name](image.convert("RGB"), effect, color)
    if image.mode == "RGBA":
        changed.putalpha(image.getchannel("A"))
    return changed


# --- Surroundings -----------------------------------------------------------------------------


def _radius(level: float) -> float:
    return level / 100 * BLUR_PX_PER_100


def blurred(image: Image.Image, radius_px: float) -> Image.Image:
    """Blur, colours weighed by their opacity, in a time that does not depend on the radius."""
    if image.mode != "RGBA":
        return image.filter(ImageFilter.GaussianBlur(radius_px))
    weighed = image.convert("RGBa").filter(ImageFilter.GaussianBlur(radius_px))
    return weighed.convert("RGBA")


def _blur(image: Image.Image, effect: Effect, _color: Color | None) -> Image.Image:
    return blurred(image, _radius(effect.level))


def _pixelate(image: Image.Image, effect: Effect, _color: Color | None) -> Image.Image:
    return pixelated(image, _square(image.size, effect.level))


def _square(size: tuple[float, float], level: float) -> int:
    """Return the side of the squares; where none is given, some 30 fit on the longer side."""
    return max(1, round(level or max(5.0, max(size) / 30)))


def pixelated(image: Image.Image, square_px: int) -> Image.Image:
    small = image.reduce(square_px)
    wide, high = small.width * square_px, small.height * square_px
    large = small.resize((wide, high), Image.Resampling.NEAREST)
    return large.crop((0, 0, *image.size))


def _sharpen(image: Image.Image, effect: Effect, _color: Color | None) -> Image.Image:
    return image.filter(ImageFilter.UnsharpMask(1.0, round(effect.level), 0))


def _unsharp_mask(image: Image.Image, effect: Effect, _color: Color | None) -> Image.Image:
    return image.filter(ImageFilter.UnsharpMask(2.5, round(effect.level), 2))


def _vignette(image: Image.Image, effect: Effect, _color: Color | None) -> Image.Image:
    """Darken towards the corners, by up to the level in percent and half of that again."""
    share = min(1.0, effect.level / 100 * 1.5)
    far = Image.radial_gradient("L").crop((26, 26, 230, 230))

    def light(value: float) -> float:
        return 255 * (1 - share * math.pow(max(0.0, (value / 255 - 0.25) / 0.75), 1.5))

    shade = far.point(light).resize(image.size, Image.Resampling.BICUBIC)
    return ImageChops.multiply(image, Image.merge("RGB", (shade, shade, shade)))


def _on_smaller(image: Image.Image, paint: Callable[[Image.Image], Image.Image]) -> Image.Image:
    scale = min(1.0, math.sqrt(PAINTED_PIXELS / (image.width * image.height)))
    if scale == 1:
        return paint(image)
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    painted = paint(image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0))
    return painted.resize(image.size, Image.Resampling.BICUBIC)


def _oil_paint(image: Image.Image, effect: Effect, _color: Color | None) -> Image.Image:
    radius = max(1, round(effect.level / 12))
    return _on_smaller(image, lambda small: _strokes(small, radius))


def _strokes(image: Image.Image, radius: int) -> Image.Image:
    """Give each pixel the mean colour of the brightness that is commonest around it."""
    import numpy as np  # start-up need not load it

    luma = image.convert("L")
    best = np.full((image.height, image.width), -1.0, dtype=np.float32)
    painted = np.array(image, dtype=np.float32)
    pixels = painted.copy()
    levels = np.asarray(luma) // 32
    for level in range(8):
        inside = (levels == level).astype(np.float32)
        weight = _box_mean(inside, radius)
        is_more = weight > best
        colors = np.stack(
            [_box_mean(pixels[..., part] * inside, radius) for part in range(3)], axis=-1
        )
        mean = colors / np.maximum(weight, 1e-6)[..., None]
        painted[is_more] = mean[is_more]
        best = np.maximum(best, weight)
    return Image.fromarray(np.clip(painted, 0, 255).astype(np.uint8))


def _box_mean(values: np.ndarray, radius: int) -> np.ndarray:
    import numpy as np
    from scipy.ndimage import uniform_filter

    return np.asarray(uniform_filter(values, 2 * radius + 1, mode="nearest"))


def _cartoonify(image: Image.Image, effect: Effect, _color: Color | None) -> Image.Image:
    return _on_smaller(image, lambda small: _cartoon(small, effect))


def _cartoon(image: Image.Image, effect: Effect) -> Image.Image:
    """Draw dark lines where brightness jumps, over few flat colours."""
    flat = image
    for _ in range(2):
        flat = flat.filter(ImageFilter.MedianFilter(5))
    if "bw" in effect.words:
        flat = flat.convert("L").convert("RGB").point(lambda value: 255 if value > 100 else 0)
    elif effect.second:
        steps = max(3.0, 26 - effect.second / 5)
        flat = tones.curved(flat, lambda value: round(value / 255 * steps) / steps * 255)
        flat = tones.saturation(flat, Effect("saturation", 30), None)
    lines = image.convert("L").filter(ImageFilter.GaussianBlur(1.2))
    mean = lines.filter(ImageFilter.BoxBlur(5))
    darker = ImageChops.subtract(mean, lines)
    gain = effect.level / 100 * 14
    ink = darker.point(lambda value: 255 - min(255, max(0, value - 8) * gain))
    return ImageChops.multiply(flat, Image.merge("RGB", (ink, ink, ink)))


# --- Areas ------------------------------------------------------------------------------------


def _in_areas(
    image: Image.Image,
    areas: Sequence[Box],
    change: Callable[[Image.Image], Image.Image],
    *,
    is_oval: bool,
) -> Image.Image:
    changed = image.copy()
    for area in areas:
        left, top, right, bottom = (round(at) for at in area.within(image.size).corners)
        if right > left and bottom > top:
            part = image.crop((left, top, right, bottom))
            changed.paste(change(part), (left, top), _oval(part.size) if is_oval else None)
    return changed


def _oval(size: tuple[int, int]) -> Image.Image:
    mask = Image.new("L", size, 0)
    ImageDraw.Draw(mask).ellipse((0, 0, size[0] - 1, size[1] - 1), fill=255)
    return mask.filter(ImageFilter.GaussianBlur(max(1.0, min(size) / 30)))


def _blur_faces(image: Image.Image, effect: Effect, areas: Sequence[Box]) -> Image.Image:
    """Blur whole ovals, at least so much that no feature of a face of this size is left."""

    def change(part: Image.Image) -> Image.Image:
        return blurred(part, max(_radius(effect.level), max(part.size) / 12))

    return _in_areas(image, [_widened(area) for area in areas], change, is_oval=True)


def _pixelate_faces(image: Image.Image, effect: Effect, areas: Sequence[Box]) -> Image.Image:
    def change(part: Image.Image) -> Image.Image:
        return pixelated(part, round(effect.level or max(2.0, max(part.size) / 8)))

    return _in_areas(image, [_widened(area) for area in areas], change, is_oval=False)


def _widened(area: Box) -> Box:
    return Box(area.x - area.w * 0.1, area.y - area.h * 0.1, area.w * 1.2, area.h * 1.2)


def _blur_region(image: Image.Image, effect: Effect, areas: Sequence[Box]) -> Image.Image:
    return _in_areas(image, areas, lambda part: blurred(part, _radius(effect.level)), is_oval=False)


def _pixelate_region(image: Image.Image, effect: Effect, areas: Sequence[Box]) -> Image.Image:
    def change(part: Image.Image) -> Image.Image:
        return pixelated(part, _square(part.size, effect.level))

    return _in_areas(image, areas, change, is_oval=False)


def _redeye(image: Image.Image, _effect: Effect, areas: Sequence[Box]) -> Image.Image:
    """Make small round red spots grey, in faces where some are known, else everywhere."""
    return _in_areas(image, areas or [Box(0, 0, *image.size)], _without_red_spots, is_oval=False)


def _without_red_spots(part: Image.Image) -> Image.Image:
    import numpy as np
    from scipy import ndimage

    pixels = np.array(part, dtype=np.float32)
    other = np.maximum(pixels[..., 1], pixels[..., 2])
    spots, count = ndimage.label((pixels[..., 0] > 70) & (pixels[..., 0] > 1.9 * other))
    most = part.width * part.height * 0.02
    found = enumerate(ndimage.find_objects(spots, max_label=MAX_SPOTS), start=1)
    for label, (rows, columns) in ((label, where) for label, where in found if where):
        high, wide = rows.stop - rows.start, columns.stop - columns.start
        inside = spots[rows, columns] == label
        is_round = 0.5 <= wide / high <= 2 and inside.mean() > 0.5
        if 4 <= inside.sum() <= most and is_round:
            red = pixels[rows, columns, 0]
            red[inside] = pixels[rows, columns, 1:3].mean(axis=2)[inside]
    return Image.fromarray(pixels.astype(np.uint8)) if count else part


# --- Alpha ------------------------------------------------------------------------------------


def _opacity_threshold(image: Image.Image, effect: Effect, _color: Color | None) -> Image.Image:
    if image.mode != "RGBA":
        return image
    edge, changed = effect.level * 2.55, image.copy()
    changed.putalpha(image.getchannel("A").point(lambda value: 255 if value >= edge else 0))
    return changed


def difference(image: Image.Image, color: Color) -> Image.Image:
    """Return how far each pixel is from a colour, the farthest of its channels, as mode L."""
    flat = Image.new("RGB", image.size, color[:3])
    red, green, blue = ImageChops.difference(image.convert("RGB"), flat).split()
    return ImageChops.lighter(ImageChops.lighter(red, green), blue)


def _make_transparent(image: Image.Image, effect: Effect, color: Color | None) -> Image.Image:
    """Make one colour transparent: the one given, or that of the ground around the subject."""
    import numpy as np
    from scipy import ndimage

    ground = color or corner_color(image)
    edge = effect.level * 2.55
    is_ground = np.asarray(difference(image, ground)) <= edge
    if color is None:
        spots, _ = ndimage.label(is_ground)
        rim = np.concatenate([spots[0], spots[-1], spots[:, 0], spots[:, -1]])
        is_ground = np.isin(spots, np.setdiff1d(rim, [0]))
    alpha = Image.fromarray(np.where(is_ground, 0, 255).astype(np.uint8))
    changed = image.convert("RGBA")
    changed.putalpha(ImageChops.darker(alpha, changed.getchannel("A")))
    return changed


def corner_color(image: Image.Image) -> Color:
    pixel = image.convert("RGBA").crop((0, 0, 1, 1)).getpixel((0, 0))
    assert isinstance(pixel, tuple)
    return Color(*(int(part) for part in pixel))


def trim_box(image: Image.Image, effect: Effect) -> tuple[int, int, int, int] | None:
    """Return what is left without edges of one colour or none; None where all is such."""
    if image.mode == "RGBA" and not effect.tints:
        alpha = image.getchannel("A")
        if alpha.getextrema()[0] == 0:
            return alpha.point(lambda value: 255 if value > 8 else 0).getbbox()
    color = effect.tints[0].color if effect.tints else corner_color(image)
    edge = effect.level * 2.55
    return difference(image, color).point(lambda value: 255 if value > edge else 0).getbbox()


# --- Around what is seen ----------------------------------------------------------------------


def shadow(
    image: Image.Image, effect: Effect, color: Color | None, offset: tuple[float, float] | None
) -> tuple[Image.Image, tuple[int, int]]:
    """Return the image on a shadow, and where its top left now is.

    Without an offset in pixels the shadow falls to the lower right by 3 % of the longer side.
    """
    own = max(2.0, max(image.size) * 0.03)
    x, y = (round(at) for at in offset or (own, own))
    soft = max(1.0, max(abs(x), abs(y), 2) / 2)
    room = math.ceil(soft * 2)
    left, top = max(0, room - x), max(0, room - y)
    size = image.width + left + max(0, room + x), image.height + top + max(0, room + y)
    return _on_shadow(image, size, (left, top), (left + x, top + y), soft, effect, color), (
        left,
        top,
    )


def _on_shadow(
    image: Image.Image, size: tuple[int, int], at: tuple[int, int], shadow_at: tuple[int, int],
    soft: float, effect: Effect, color: Color | None,
) -> Image.Image:  # fmt: skip
    solid = image.convert("RGBA")
    shade = Image.new("L", size, 0)
    shade.paste(solid.getchannel("A"), shadow_at)
    strength = effect.level / 100
    shade = shade.filter(ImageFilter.GaussianBlur(soft)).point(lambda value: value * strength)
    canvas = Image.new("RGBA", size, (*(color or BLACK)[:3], 0))
    canvas.putalpha(shade)
    canvas.alpha_composite(solid, at)
    return canvas


def outline(
    image: Image.Image, effect: Effect, color: Color | None
) -> tuple[Image.Image, tuple[int, int]]:
    """Return the image with a line around or within what is seen, and where its top left is."""
    mode = effect.words[0] if effect.words else "outer"
    width = effect.level
    room = math.ceil(width + _radius(effect.second)) if mode in ("outer", "fill") else 0
    solid = ImageOps.expand(image.convert("RGBA"), room, (0, 0, 0, 0))
    line = _line_on_smaller(solid.getchannel("A"), width, mode)
    if effect.second:
        line = line.filter(ImageFilter.GaussianBlur(_radius(effect.second) / 2))
    ink = Image.new("RGBA", solid.size, (*(color or BLACK)[:3], 0))
    ink.putalpha(line)
    if mode.endswith("fill"):
        return ink, (room, room)
    below, above = (ink, solid) if mode == "outer" else (solid, ink)
    below.alpha_composite(above)
    return below, (room, room)


def _line_on_smaller(alpha: Image.Image, width: float, mode: str) -> Image.Image:
    """Return the line of a copy of at most PAINTED_PIXELS, enlarged again."""
    scale = min(1.0, math.sqrt(PAINTED_PIXELS / (alpha.width * alpha.height)))
    if scale == 1:
        return _line(alpha, width, mode)
    size = max(1, round(alpha.width * scale)), max(1, round(alpha.height * scale))
    line = _line(alpha.resize(size, Image.Resampling.BOX), width * scale, mode)
    return line.resize(alpha.size, Image.Resampling.BICUBIC)


def _line(alpha: Image.Image, width: float, mode: str) -> Image.Image:
    """Return an alpha of all nearer than ``width`` pixels to what is seen, or to its rim within."""
    import numpy as np
    from scipy.ndimage import distance_transform_edt

    seen = np.pad(np.asarray(alpha) > 127, 1)
    if mode in ("outer", "fill"):
        near = np.clip(width + 0.5 - distance_transform_edt(~seen), 0, 1)
    else:
        near = np.clip(width + 0.5 - distance_transform_edt(seen), 0, 1) * seen
        if mode == "inner_fill":
            near = seen - near
    if not seen.any():
        near = np.zeros(seen.shape)
    return Image.fromarray((near[1:-1, 1:-1] * 255).astype(np.uint8))


_ON_COLORS: Mapping[str, OnColors] = {
    "grayscale": tones.grayscale, "sepia": tones.sepia, "blackwhite": tones.blackwhite,
    "negate": tones.negate, "brightness": tones.brightness, "contrast": tones.contrast,
    "saturation": tones.saturation, "vibrance": tones.vibrance, "hue": tones.hue,
    "gamma": tones.gamma, "red": tones.channel, "green": tones.channel, "blue": tones.channel,
    "auto_brightness": tones.auto_brightness, "auto_color": tones.auto_color,
    "auto_contrast": tones.auto_contrast, "improve": tones.improve, "colorize": tones.colorize,
    "tint": tones.tint, "art": tones.art, "sharpen": _sharpen, "unsharp_mask": _unsharp_mask,
    "vignette": _vignette, "oil_paint": _oil_paint, "cartoonify": _cartoonify,
}  # fmt: skip
_ON_ALPHA: Mapping[str, OnColors] = {
    "blur": _blur, "pixelate": _pixelate, "opacity_threshold": _opacity_threshold,
    "make_transparent": _make_transparent,
}  # fmt: skip
_ON_AREAS: Mapping[str, Callable[[Image.Image, Effect, Sequence[Box]], Image.Image]] = {
    "blur_faces": _blur_faces, "pixelate_faces": _pixelate_faces, "redeye": _redeye,
    "blur_region": _blur_region, "pixelate_region": _pixelate_region,
}  # fmt: skip
ON_AREAS = frozenset(_ON_AREAS)
