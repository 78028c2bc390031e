"""Effects that change colours and leave every pixel in its place."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import cast

from PIL import Image, ImageChops, ImageEnhance, ImageFilter, ImageOps

from .color import BLACK, Color
from .effect_names import Effect, Tint

Curve = Callable[[float], float]
_SEPIA = (
    0.393, 0.769, 0.189, 0, 0.349, 0.686, 0.168, 0, 0.272, 0.534, 0.131, 0,
)  # fmt: skip


def curved(image: Image.Image, *curves: Curve) -> Image.Image:
    """Send each channel of an RGB image through its curve, or all through the one given."""
    table: list[int] = []
    for curve in curves if len(curves) == 3 else curves * 3:
        table += [min(255, max(0, round(curve(value)))) for value in range(256)]
    return image.point(table)


def grayscale(image: Image.Image, _effect: Effect, _color: Color | None) -> Image.Image:
    return image.convert("L").convert("RGB")


def sepia(image: Image.Image, effect: Effect, _color: Color | None) -> Image.Image:
    return Image.blend(image, image.convert("RGB", _SEPIA), effect.level / 100)


def blackwhite(image: Image.Image, effect: Effect, _color: Color | None) -> Image.Image:
    edge = effect.level * 2.55
    return image.convert("L").point(lambda value: 255 if value >= edge else 0).convert("RGB")


def negate(image: Image.Image, _effect: Effect, _color: Color | None) -> Image.Image:
    return ImageChops.invert(image)


def brightness(image: Image.Image, effect: Effect, _color: Color | None) -> Image.Image:
    share = effect.level / 100
    if share < 0:
        return curved(image, lambda value: value * (1 + share))
    return curved(image, lambda value: 255 * (1 - (1 - value / 255) ** (1 + share)))


def contrast(image: Image.Image, effect: Effect, _color: Color | None) -> Image.Image:
    factor = ((100 + effect.level) / 100) ** 2
    return curved(image, lambda value: 127.5 + (value - 127.5) * factor)


def saturation(image: Image.Image, effect: Effect, _color: Color | None) -> Image.Image:
    return ImageEnhance.Color(image).enhance(1 + effect.level / 100)


def vibrance(image: Image.Image, effect: Effect, _color: Color | None) -> Image.Image:
    """Change pale colours most and strong ones hardly."""
    changed = ImageEnhance.Color(image).enhance(1 + effect.level / 50)
    pale = ImageChops.invert(image.convert("HSV").getchannel("S"))
    return Image.composite(changed, image, pale)


def hue(image: Image.Image, effect: Effect, _color: Color | None) -> Image.Image:
    """Turn the circle of hues by 1.8 degrees a step."""
    turn = round(effect.level / 100 * 128)
    angle, strength, value = image.convert("HSV").split()
    return Image.merge("HSV", (angle.point(lambda at: (at + turn) % 256), strength, value)).convert(
        "RGB"
    )


def gamma(image: Image.Image, effect: Effect, _color: Color | None) -> Image.Image:
    power = 1 / (1 + effect.level / 100)
    return curved(image, lambda value: 255 * (value / 255) ** power)


def channel(image: Image.Image, effect: Effect, _color: Color | None) -> Image.Image:
    share = effect.level / 100

    def changed(value: float) -> float:
        return value + (255 - value) * share if share > 0 else value * (1 + share)

    curves: list[Curve] = [lambda value: value] * 3
    curves[("red", "green", "blue").index(effect.name)] = changed
    return curved(image, *curves)


# --- What the picture itself decides ----------------------------------------------------------


def auto_brightness(image: Image.Image, effect: Effect, _color: Color | None) -> Image.Image:
    """Bring the mean to the middle by a gamma."""
    mean = min(0.95, max(0.05, _means(image.convert("L"))[0] / 255))
    power = min(2.5, max(0.4, math.log(0.47) / math.log(mean)))
    changed = curved(image, lambda value: 255 * (value / 255) ** power)
    return Image.blend(image, changed, effect.level / 100)


def auto_color(image: Image.Image, effect: Effect, _color: Color | None) -> Image.Image:
    """Take out a cast: the mean of all colours becomes nearly grey."""
    means = [max(1.0, mean) for mean in _means(image)]
    grey = sum(means) / 3
    gains = [min(1.6, max(0.6, grey / mean)) ** 0.5 for mean in means]
    curves: list[Curve] = [lambda value, gain=gain: value * gain for gain in gains]  # type: ignore[misc]
    return Image.blend(image, curved(image, *curves), effect.level / 100)


def auto_contrast(image: Image.Image, effect: Effect, _color: Color | None) -> Image.Image:
    changed = ImageOps.autocontrast(image, cutoff=0.5, preserve_tone=True)
    return Image.blend(image, changed, effect.level / 100)


def improve(image: Image.Image, effect: Effect, _color: Color | None) -> Image.Image:
    """Stretch what is dull, brighten what is dark; indoors the cast of lamps goes too."""
    changed = ImageOps.autocontrast(image, cutoff=0.5, preserve_tone=True)
    mean = min(0.95, max(0.05, _means(changed.convert("L"))[0] / 255))
    power = min(1.2, max(0.75, math.log(0.46) / math.log(mean)))
    changed = curved(changed, lambda value: 255 * (value / 255) ** power)
    if "indoor" in effect.words:
        changed = auto_color(changed, Effect("auto_color", 60), None)
    changed = vibrance(changed, Effect("vibrance", 15), None)
    changed = changed.filter(ImageFilter.UnsharpMask(1.5, 40, 2))
    return Image.blend(image, changed, effect.level / 100)


def _means(image: Image.Image) -> list[float]:
    small = image.resize((64, 64), Image.Resampling.BOX, reducing_gap=2.0)
    one = small.resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
    parts = one if isinstance(one, tuple) else (cast("float", one),)
    return [float(part) for part in parts]


# --- Colours laid over it ---------------------------------------------------------------------


def colorize(image: Image.Image, effect: Effect, color: Color | None) -> Image.Image:
    layer = Image.new("RGB", image.size, (color or BLACK)[:3])
    return Image.blend(image, layer, effect.level / 100)


def tint(image: Image.Image, effect: Effect, _color: Color | None) -> Image.Image:
    """Colour the picture by its brightness, from the first colour in the dark to the last."""
    luma = image.convert("L")
    if "equalize" in effect.words:
        luma = ImageOps.equalize(luma)
    stops = _stops(effect.tints)
    tables = [[_between(stops, value / 255, part) for value in range(256)] for part in range(3)]
    changed = Image.merge("RGB", [luma.point(table) for table in tables])
    return Image.blend(image, changed, effect.level / 100)


def _stops(tints: tuple[Tint, ...]) -> list[tuple[float, Color]]:
    colors = [one.color for one in tints]
    positions = [one.position for one in tints]
    if len(colors) == 1:  # black, the colour, white
        return [(0.0, BLACK), (positions[0] or 0.5, colors[0]), (1.0, Color(255, 255, 255))]
    even = [place / (len(colors) - 1) for place in range(len(colors))]
    at = [even[i] if position is None else position for i, position in enumerate(positions)]
    return sorted(zip(at, colors, strict=True), key=lambda stop: stop[0])


def _between(stops: list[tuple[float, Color]], at: float, part: int) -> int:
    before = [stop for stop in stops if stop[0] <= at] or stops[:1]
    after = [stop for stop in stops if stop[0] >= at] or stops[-1:]
    (left, low), (right, high) = before[-1], after[0]
    share = (at - left) / (right - left) if right > left else 0.0
    return round(low[part] + (high[part] - low[part]) * share)


#: Per filter: saturation, contrast, brightness (as the effects of these names), the gains of
#: red, green and blue, and how far black is lifted, of 255.
_ART: Mapping[str, tuple[int, int, int, tuple[float, float, float], int]] = {
    "al_dente": (35, 20, 10, (1.12, 1.02, 0.82), 0),
    "athena": (-15, 5, 15, (1.06, 1.0, 0.94), 22),
    "audrey": (-100, 25, 10, (1.0, 1.0, 1.0), 5),
    "aurora": (15, 0, 20, (1.1, 0.96, 1.04), 18),
    "daguerre": (-100, 15, 0, (1.08, 1.0, 0.86), 12),
    "eucalyptus": (-10, 5, 10, (0.9, 1.06, 0.96), 16),
    "fes": (10, 10, 5, (1.14, 1.0, 0.84), 20),
    "frost": (-30, 10, 20, (0.9, 1.0, 1.14), 10),
    "hairspray": (25, 15, 10, (1.1, 0.94, 1.06), 8),
    "hokusai": (20, 10, 0, (0.9, 1.0, 1.12), 24),
    "incognito": (-70, 20, -5, (0.98, 1.0, 1.04), 10),
    "linen": (-40, -10, 20, (1.06, 1.02, 0.94), 26),
    "peacock": (45, 15, 0, (0.9, 1.06, 1.08), 0),
    "primavera": (25, 0, 25, (1.04, 1.06, 0.94), 14),
    "quartz": (-20, 0, 15, (1.08, 0.96, 1.06), 24),
    "red_rock": (30, 20, -5, (1.2, 0.94, 0.82), 4),
    "refresh": (25, 15, 15, (0.98, 1.04, 1.04), 0),
    "sizzle": (50, 25, 5, (1.14, 0.98, 0.9), 0),
    "sonnet": (-50, 0, 10, (1.1, 1.0, 0.88), 20),
    "ukulele": (30, 5, 15, (1.08, 1.04, 0.86), 12),
    "zorro": (-100, 55, -10, (1.0, 1.0, 1.0), 0),
}


def art(image: Image.Image, effect: Effect, _color: Color | None) -> Image.Image:
    strength, steepness, light, gains, lift = _ART[effect.words[0]]
    changed = saturation(image, Effect("saturation", strength), None)
    changed = contrast(changed, Effect("contrast", steepness), None)
    changed = brightness(changed, Effect("brightness", light), None)
    share = (255 - lift) / 255
    curves: list[Curve] = [lambda value, gain=gain: lift + value * gain * share for gain in gains]  # type: ignore[misc]
    return curved(changed, *curves)
