"""Which colours stand out in a picture: a dozen names, a bit each."""

from __future__ import annotations

import base64
from io import BytesIO
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    import numpy as np

#: In the order of their bits; never change it, only append.
NAMES = (
    "red", "orange", "yellow", "green", "teal", "blue",
    "purple", "pink", "brown", "black", "gray", "white",
)  # fmt: skip
BITS = {name: 1 << place for place, name in enumerate(NAMES)}
#: Where each colour begins on the circle of hues, in degrees, and its name.
HUES = (
    (0, "red"), (16, "orange"), (43, "yellow"), (68, "green"), (155, "teal"), (196, "blue"),
    (255, "purple"), (292, "pink"), (345, "red"),
)  # fmt: skip
SIDE_PX = 64
#: A colour stands out when so much of the picture has it, black, grey and white when more has.
SHARE, SHARE_OF_GREYS = 0.12, 0.25
GREYS = ("black", "gray", "white")


def dominant_colors(image: Image.Image) -> int:
    """Return the colours that stand out in an RGB image, as a sum of BITS; 0: none does."""
    return sum(
        BITS[name]
        for name, share in color_shares(image).items()
        if share >= (SHARE_OF_GREYS if name in GREYS else SHARE)
    )


def color_shares(image: Image.Image) -> dict[str, float]:
    """Return for each of NAMES how much of an RGB image has it, 0..1."""
    import numpy as np  # start-up need not load it

    small = image.convert("RGB")
    small.thumbnail((SIDE_PX, SIDE_PX), Image.Resampling.BOX)
    counts = np.bincount(_places(np.asarray(small)).ravel(), minlength=len(NAMES))
    return dict(zip(NAMES, (counts / counts.sum()).tolist(), strict=True))


def colors_of_data_uri(uri: str) -> int:
    """Return the same of a picture in a data URI. Raises ValueError when there is none in it."""
    try:
        with Image.open(BytesIO(base64.b64decode(uri.partition(",")[2]))) as image:
            return dominant_colors(image)
    except OSError as error:
        raise ValueError("There is no picture in this data URI.") from error


def names_in(colors: int) -> list[str]:
    return [name for name, bit in BITS.items() if colors & bit]


def _places(pixels: np.ndarray) -> np.ndarray:
    """Return for each pixel the place of its colour's name in NAMES."""
    import numpy as np

    hsv = np.asarray(Image.fromarray(pixels).convert("HSV")).astype(np.float32)
    hue, saturation, value = hsv[..., 0] * (360 / 255), hsv[..., 1] / 255, hsv[..., 2] / 255
    starts = np.array([start for start, _ in HUES])
    places = np.array([NAMES.index(name) for _, name in HUES])
    named = places[np.searchsorted(starts, hue, side="right") - 1]
    is_brown = (hue >= 10) & (hue < 50) & (value < 0.62) & (saturation > 0.25)
    named = np.where(is_brown, NAMES.index("brown"), named)
    is_grey = (saturation < 0.14) | (value < 0.17)
    greys = np.select(
        [value < 0.2, value < 0.82], [NAMES.index("black"), NAMES.index("gray")],
        NAMES.index("white"),
    )  # fmt: skip
    return np.where(is_grey, greys, named)
