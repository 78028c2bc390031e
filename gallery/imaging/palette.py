"""Which colours a picture has, how much of each, and what kind of picture that makes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from PIL import Image

from .colors import color_shares
from .decode import open_image
from .errors import TooManyPixelsError

if TYPE_CHECKING:
    import numpy as np

MAX_COLORS = 32
SIDE_PX = 128
#: The longer list of names and what they stand for, sRGB; the shorter one is `colors.NAMES`.
NAMED = {
    "black": 0x000000, "gray": 0x808080, "lightgray": 0xC8C8C8, "white": 0xFFFFFF,
    "red": 0xE01B24, "darkred": 0x7A0C12, "pink": 0xF7A1C4, "magenta": 0xD0219B,
    "orange": 0xF57C00, "peach": 0xFFCBA4, "brown": 0x6B3F1D, "tan": 0xC8A878,
    "yellow": 0xFFE000, "gold": 0xC9A227, "olive": 0x707820, "lime": 0x80E000,
    "green": 0x1E9E3E, "darkgreen": 0x12471F, "teal": 0x008080, "cyan": 0x20D8E8,
    "lightblue": 0x9CC8F0, "blue": 0x1C50E0, "navy": 0x101C58, "purple": 0x7030A8,
    "lavender": 0xC8B0E8,
}  # fmt: skip
#: How far apart the channels of a grey may be after JPEG, and how much of a photo may be no grey.
GREY_SPREAD, NOT_GREY_SHARE = 8, 0.002

Shares = list[tuple[str, float]]


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours with their percent of the picture, to one decimal, most first, about 100 together.

    ``colors`` are at most 32, as ``#RRGGBB``; ``google`` names them by a dozen words and
    ``cloudinary`` by two dozen. ``illustration_score`` is 0 for a photo and 1 for a drawing.
    """

    colors: Shares
    google: Shares
    cloudinary: Shares
    is_grayscale: bool
    illustration_score: float


def palette(image: Image.Image) -> Palette:
    """Return the colours of an RGB image of any size."""
    import numpy as np  # start-up need not load it

    small = image.convert("RGB")
    small.thumbnail((SIDE_PX, SIDE_PX), Image.Resampling.BOX)
    shares, colors = _quantized(small)
    names = _names(colors)
    named = {name: float(shares[names == name].sum()) for name in set(names.tolist())}
    pixels = np.asarray(small, dtype=np.int16)
    spread = pixels.max(axis=2) - pixels.min(axis=2)
    return Palette(
        colors=_percents({_hex(color): share for color, share in zip(colors, shares, strict=True)}),
        google=_percents(color_shares(image)),
        cloudinary=_percents(named),
        is_grayscale=bool((spread > GREY_SPREAD).mean() <= NOT_GREY_SHARE),
        illustration_score=illustration_score(image),
    )


def illustration_score(image: Image.Image) -> float:
    """Return how much an RGB image looks drawn rather than photographed, 0..1: a guess.

    Drawings are flat: neighbouring pixels are the same, and a few colours cover everything.
    """
    import numpy as np

    small = image.convert("RGB")
    scale = max(1, max(small.size) // (2 * SIDE_PX))
    pixels = np.asarray(small, dtype=np.int16)[::scale, ::scale]
    steps = [np.abs(np.diff(pixels, axis=axis)).max(axis=2) <= 1 for axis in (0, 1)]
    same = np.concatenate([step.ravel() for step in steps])
    flat = float(same.mean()) if same.size else 1.0
    bins = (pixels >> 4).astype(np.int32) @ np.array([256, 16, 1])
    counts = np.sort(np.bincount(bins.ravel()))[::-1]
    covered = float(counts[:8].sum() / counts.sum())
    return round(float(np.clip((flat - 0.35) / 0.45, 0, 1) * np.clip(covered / 0.8, 0, 1)), 3)


def is_semi_transparent(file: IO[bytes], *, max_pixels: int = 120_000_000) -> bool:
    """Whether a file has pixels that are seen through in part. Raises ImageError."""
    with open_image(file, max_pixels=max_pixels) as (image, _):
        if image.width * image.height > max_pixels:
            raise TooManyPixelsError(max_pixels, pixels=image.width * image.height)
        if not image.has_transparency_data:
            return False
        levels = image.convert("RGBA").getchannel("A").histogram()
        return any(levels[1:255])


def _quantized(image: Image.Image) -> tuple[np.ndarray, np.ndarray]:
    """Return shares (n,) and colours (n, 3) that stand for all pixels, n at most 32."""
    import numpy as np

    fewer = image.quantize(MAX_COLORS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    counts = np.array(fewer.histogram()[:MAX_COLORS], dtype=np.float64)
    colors = np.zeros((MAX_COLORS, 3), dtype=np.int64)
    known = np.array(fewer.getpalette() or [], dtype=np.int64).reshape(-1, 3)[:MAX_COLORS]
    colors[: len(known)] = known
    used = counts > 0
    return counts[used] / counts.sum(), colors[used]


def _percents(shares: dict[str, float]) -> Shares:
    rounded = [(name, round(100 * float(share), 1)) for name, share in shares.items()]
    return sorted((one for one in rounded if one[1]), key=lambda one: (-one[1], one[0]))


def _hex(color: np.ndarray) -> str:
    red, green, blue = color.tolist()
    return f"#{red:02X}{green:02X}{blue:02X}"


def _names(colors: np.ndarray) -> np.ndarray:
    """Return the name of each colour (n, 3): the one that looks nearest."""
    import numpy as np

    known = np.array([[rgb >> 16, rgb >> 8 & 255, rgb & 255] for rgb in NAMED.values()])
    distances = np.linalg.norm(_lab(colors)[:, np.newaxis] - _lab(known), axis=2)
    nearest: np.ndarray = np.array(list(NAMED))[distances.argmin(axis=1)]
    return nearest


def _lab(colors: np.ndarray) -> np.ndarray:
    """Return sRGB colours 0..255 of shape (n, 3) as OKLab. Source: Björn Ottosson, 2020."""
    import numpy as np

    srgb = colors / 255
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    cones = linear @ np.array([
        [0.4122214708, 0.2119034982, 0.0883024619],
        [0.5363325363, 0.6806995451, 0.2817188376],
        [0.0514459929, 0.1073969566, 0.6299787005],
    ])  # fmt: skip
    lab: np.ndarray = np.cbrt(cones) @ np.array([
        [0.2104542553, 1.9779984951, 0.0259040371],
        [0.7936177850, -2.4285922050, 0.7827717662],
        [-0.0040720468, 0.4505937099, -0.8086757660],
    ])  # fmt: skip
    return lab
