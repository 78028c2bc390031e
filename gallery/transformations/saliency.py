"""Guesses where in a picture people look: at edges, odd colours, skin, faces, the middle."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PIL import Image, ImageFilter

from .geometry import Box, Focus, held

if TYPE_CHECKING:
    import numpy as np

SIDE_PX = 128
#: What each sign counts, and by how much the rim counts less; a face comes on top of it.
EDGES, ODDNESS, SKIN, MIDDLE, FACE = 0.35, 0.5, 0.15, 0.45, 3.0
#: What lies near the edge of a window counts so much less, as it is nearly cut.
EDGE_WEIGHT = 0.5
#: The share of all that is worth a look which a picture should keep.
KEPT = 0.8


class Saliency:
    """A map of the picture, 0 to 1 a point, made from a small copy; the same each time."""

    def __init__(self, image: Image.Image, size: tuple[int, int], faces: Sequence[Box]) -> None:
        """``size`` is that of the picture in which boxes are told, whatever the image's own."""
        self.size = size
        self.values = _map(image, size, faces)

    def window(self, inner: tuple[float, float]) -> tuple[float, float]:
        """Return left and top of the window of this size that holds most."""
        import numpy as np  # start-up need not load it

        rows, columns = self.values.shape
        wide = min(columns, max(1, round(inner[0] / self.size[0] * columns)))
        high = min(rows, max(1, round(inner[1] / self.size[1] * rows)))
        whole = _sums(self.values, high, wide)
        core_high, core_wide = max(1, round(high * 0.7)), max(1, round(wide * 0.7))
        core = _sums(self.values, core_high, core_wide)
        down, right = (high - core_high) // 2, (wide - core_wide) // 2
        inside = core[down : down + whole.shape[0], right : right + whole.shape[1]]
        worth = EDGE_WEIGHT * whole + (1 - EDGE_WEIGHT) * inside
        worth = np.round(worth / max(float(self.values.sum()), 1e-9), 4)
        best = np.argwhere(worth >= worth.max())
        middle = (np.array(worth.shape) - 1) / 2
        top, left = best[np.argmin(((best - middle) ** 2).sum(axis=1))]
        return (
            held(float(left) / columns * self.size[0], inner[0], self.size[0]),
            held(float(top) / rows * self.size[1], inner[1], self.size[1]),
        )

    def subject(self) -> Box:
        """Return the box that holds most of what is worth a look."""
        import numpy as np

        spans = []
        for axis, side in ((0, self.size[0]), (1, self.size[1])):
            total = np.cumsum(np.maximum(self.values - np.median(self.values), 0).sum(axis=axis))
            share = total / max(float(total[-1]), 1e-9)
            first = int(np.searchsorted(share, (1 - KEPT) / 2))
            last = int(np.searchsorted(share, 1 - (1 - KEPT) / 2))
            spans.append((first / len(share) * side, (last + 1 - first) / len(share) * side))
        (left, width), (top, height) = spans
        return Box(left, top, min(width, self.size[0]), min(height, self.size[1]))


def focus_on(saliency: Saliency) -> Focus:
    def focus(_outer: tuple[float, float], inner: tuple[float, float]) -> tuple[float, float]:
        return saliency.window(inner)

    return focus


def _sums(values: np.ndarray, high: int, wide: int) -> np.ndarray:
    """Return the sums of all windows of this size, from an integral image."""
    import numpy as np

    total = np.pad(values.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    sums = total[high:, wide:] - total[:-high, wide:] - total[high:, :-wide] + total[:-high, :-wide]
    return np.asarray(sums)


def _map(image: Image.Image, size: tuple[int, int], faces: Sequence[Box]) -> np.ndarray:
    import numpy as np

    scale = min(1.0, SIDE_PX / max(image.size))
    side = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    small = image.resize(side, Image.Resampling.BOX, reducing_gap=2.0).convert("RGBA")
    seen = np.asarray(small.getchannel("A"), dtype=np.float32) / 255
    colors = small.convert("RGB")
    worth = (
        EDGES * _edges(colors) + ODDNESS * _oddness(colors) + SKIN * _skin(colors)
    ) * seen + 0.02  # fmt: skip
    worth *= 1 - MIDDLE + MIDDLE * _middle(worth.shape)
    for face in faces:
        _add_face(worth, face.within(size), size)
    return worth


def _edges(colors: Image.Image) -> np.ndarray:
    import numpy as np

    luma = np.asarray(colors.convert("L"), dtype=np.float32)
    across = np.abs(np.diff(luma, axis=1, prepend=luma[:, :1]))
    down = np.abs(np.diff(luma, axis=0, prepend=luma[:1]))
    return _scaled(_blurred(across + down))


def _oddness(colors: Image.Image) -> np.ndarray:
    """Return how far each colour is from the picture's mean, CIELAB-like through YCbCr."""
    import numpy as np

    smooth = colors.filter(ImageFilter.GaussianBlur(2)).convert("YCbCr")
    parts = np.asarray(smooth, dtype=np.float32)
    apart = parts - parts.mean(axis=(0, 1))
    return _scaled(np.sqrt((apart**2 * np.array([0.4, 1.5, 1.5])).sum(axis=2)))


def _skin(colors: Image.Image) -> np.ndarray:
    """Return how near each colour is to what skin of all tones has in common: its hue."""
    import numpy as np

    parts = np.asarray(colors.convert("YCbCr"), dtype=np.float32)
    blue, red = parts[..., 1] - 108, parts[..., 2] - 152
    near = np.exp(-(blue**2 / 300 + red**2 / 200))
    return _blurred(np.where(parts[..., 0] > 40, near, 0) * 255) / 255


def _middle(shape: tuple[int, ...]) -> np.ndarray:
    import numpy as np

    down, across = (np.linspace(-1, 1, side) if side > 1 else np.zeros(1) for side in shape)
    return np.asarray(np.exp(-(down[:, None] ** 2 + across[None, :] ** 2)))


def _add_face(worth: np.ndarray, face: Box, size: tuple[int, int]) -> None:
    rows, columns = worth.shape
    left, right = (round(at / size[0] * columns) for at in (face.x, face.x + face.w))
    top, bottom = (round(at / size[1] * rows) for at in (face.y, face.y + face.h))
    worth[top : max(bottom, top + 1), left : max(right, left + 1)] += FACE


def _blurred(values: np.ndarray) -> np.ndarray:
    import numpy as np

    image = Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))
    return np.asarray(image.filter(ImageFilter.GaussianBlur(2)), dtype=np.float32)


def _scaled(values: np.ndarray) -> np.ndarray:
    import numpy as np

    top = float(np.percentile(values, 98))
    return np.clip(values / top, 0, 1) if top > 0 else np.zeros_like(values)
