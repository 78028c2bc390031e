"""Colours by name or number, and those that a picture suggests for its background."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from PIL import Image, ImageColor

from .errors import TransformationError

if TYPE_CHECKING:
    import numpy as np

_HEX = re.compile(r"(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})\Z", re.IGNORECASE)
_SOURCES = ("border", "predominant")
_SAMPLE_PX = 64


class Color(NamedTuple):
    """Red, green, blue and opacity, 0 to 255 each."""

    red: int
    green: int
    blue: int
    alpha: int = 255

    @property
    def is_opaque(self) -> bool:
        return self.alpha == 255


WHITE, BLACK = Color(255, 255, 255), Color(0, 0, 0)
TRANSPARENT = Color(255, 255, 255, 0)


class AutoColor(NamedTuple):
    """A background that the picture decides on.

    ``source`` is border or predominant; ``is_contrast``: the brighter or darker of its own;
    ``corners`` is 2 or 4 for a gradient of that many colours, else 1.
    """

    source: str
    is_contrast: bool = False
    corners: int = 1


@cache
def read_color(text: str) -> Color:
    """Read a CSS name, ``rgb:`` with 3, 4, 6 or 8 hex digits, or transparent."""
    if text == "transparent":
        return TRANSPARENT
    if text.startswith("rgb:") and _HEX.match(text[4:]):
        return Color(*ImageColor.getrgb(f"#{text[4:]}"))
    if text.lower() in ImageColor.colormap:
        return Color(*ImageColor.getrgb(text.lower()))
    raise TransformationError(f"“{text[:40]}” is no colour.")


def read_background(text: str) -> Color | AutoColor:
    """Read a colour, or auto with where it comes from."""
    kind, _, rest = text.partition(":")
    if kind != "auto":
        return read_color(text)
    source, *counts = (rest or "border").split(":")
    source, _, manner = source.partition("_")
    is_known = source in _SOURCES and manner in ("", "contrast", "gradient")
    if not is_known or counts not in ([], ["2"], ["4"]) or (counts and manner != "gradient"):
        raise TransformationError(f"“{text[:40]}” is no background.")
    corners = int(counts[0]) if counts else 4
    return AutoColor(source, manner == "contrast", corners if manner == "gradient" else 1)


def backdrop(picture: Image.Image, wanted: Color | AutoColor, size: tuple[int, int]) -> Image.Image:
    """Return an RGBA canvas of ``size`` in the colour wanted, or in those of the picture."""
    if isinstance(wanted, Color):
        return Image.new("RGBA", size, wanted)
    small = picture.resize((_SAMPLE_PX, _SAMPLE_PX), Image.Resampling.BOX, reducing_gap=2.0)
    sample = small.convert("RGBA")
    if wanted.corners == 1:
        color = _prevailing(_pixels(sample, wanted.source))
        return Image.new("RGBA", size, _contrasted(color) if wanted.is_contrast else color)
    return _gradient(sample, wanted).resize(size, Image.Resampling.BILINEAR)


def _gradient(sample: Image.Image, wanted: AutoColor) -> Image.Image:
    half = _SAMPLE_PX // 2
    columns = [(0, half), (half, _SAMPLE_PX)]
    rows = columns if wanted.corners == 4 else [(0, _SAMPLE_PX)]
    corners = Image.new("RGBA", (2, len(rows)))
    for x, (left, right) in enumerate(columns):
        for y, (top, bottom) in enumerate(rows):
            part = sample.crop((left, top, right, bottom))
            corners.putpixel((x, y), _prevailing(_pixels(part, wanted.source)))
    return corners


def _pixels(sample: Image.Image, source: str) -> np.ndarray:
    """Return the colours, (n, 3), of all pixels or of those at the edges."""
    import numpy as np  # start-up need not load it

    pixels = np.asarray(sample)
    if source == "border":
        pixels = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    pixels = pixels.reshape(-1, 4)
    seen = pixels[pixels[:, 3] > 127]
    return (seen if len(seen) else pixels)[:, :3]


def _prevailing(pixels: np.ndarray) -> Color:
    """Return the mean of the fullest of 4 × 4 × 4 cells of colour."""
    import numpy as np

    cells = (pixels >> 6).astype(np.intp) @ np.array([16, 4, 1])
    members = pixels[cells == np.bincount(cells).argmax()]
    red, green, blue = (round(float(value)) for value in members.mean(axis=0))
    return Color(red, green, blue)


def _contrasted(color: Color) -> Color:
    """Return the same colour, far brighter when it is dark and far darker when it is bright."""
    luma = 0.299 * color.red + 0.587 * color.green + 0.114 * color.blue
    goal = 0 if luma > 127 else 255
    red, green, blue = (round(part + (goal - part) * 0.6) for part in color[:3])
    return Color(red, green, blue)
