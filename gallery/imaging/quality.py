"""How good a picture is technically: a dozen measures, each 0..1, and 1 is always good."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from PIL import Image, JpegImagePlugin
from PIL.JpegImagePlugin import JpegImageFile

from .decode import open_image

if TYPE_CHECKING:
    import numpy as np

#: Focus is measured in pictures of one size, so that a large photo is not sharper by being large.
FOCUS_SIDE_PX = 512
#: What is measured pixel by pixel is measured in the middle of larger pictures.
MIDDLE_PX = 1024
#: Where a measure is half good: the variance of the Laplacian, and grey levels of noise.
HALF_FOCUS, HALF_NOISE = 100.0, 8.0
GOOD_PIXELS = 2_000_000
GOOD_COLORFULNESS = 60.0
MIDDLE_GREY = 118.0
#: How much of the colours' detail each way of writing a JPEG keeps; 4:2:0 keeps one in four.
SUBSAMPLING = {0: 1.0, 1: 0.75, 2: 0.5, -1: 0.5}
#: The sums of the tables for brightness and colour that ITU-T T.81, annex K, gives as examples.
_EXAMPLE_SUMS = (3688.0, 5642.0)
_WEIGHTS = {
    "focus": 0.3, "noise": 0.1, "contrast": 0.1, "exposure": 0.1, "lighting": 0.1,
    "jpeg_quality": 0.1, "blockiness": 0.1, "resolution": 0.1,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class JpegFacts:
    """How a JPEG was written: quality of brightness and of colour, and colours' detail, 0..1."""

    quality: float
    chroma_quality: float
    chroma_detail: float


def jpeg_facts(file: IO[bytes]) -> JpegFacts | None:
    """Return how a seekable file was written; None when it is no JPEG. Raises ImageError."""
    with open_image(file) as (image, _):
        if not isinstance(image, JpegImageFile):
            return None
        tables = list(image.quantization.values()) or [[1] * 64]
        is_grey = image.mode == "L"
        detail = 1.0 if is_grey else SUBSAMPLING[JpegImagePlugin.get_sampling(image)]
    quality = _table_quality(tables[0], _EXAMPLE_SUMS[0])
    chroma = quality if is_grey else _table_quality(tables[-1], _EXAMPLE_SUMS[len(tables) > 1])
    return JpegFacts(quality, chroma, detail)


def quality_analysis(
    image: Image.Image, *, jpeg: JpegFacts | None, size: tuple[int, int] | None = None
) -> dict[str, float]:
    """Return the measures of an RGB image by name, each 0..1, where 1 is good.

    ``jpeg`` is None when the file is no JPEG, which is then as good as can be; ``size`` is of the
    photo in full, if the image is a smaller one.

    ``focus``: variance of the Laplacian. ``noise``: Immerkær's estimate, 1996. ``blockiness``:
    steps within 8 × 8 blocks against those between them. ``dct``: how many blocks have fine
    detail. ``contrast``: distance of the 1st and 99th percentile. ``exposure``: nearness of the
    mean to middle grey. ``lighting``: what is neither lost in shadows nor in lights.
    ``saturation``: mean of HSV's. ``color_score``: these four and colourfulness (Hasler and
    Süsstrunk, 2003). ``pixel_score``: focus, noise, blockiness, dct. ``resolution``: of 2
    megapixels. ``jpeg_quality``, ``jpeg_chroma``, ``chroma_subsampling``: how it was written.
    """
    rgb = image.convert("RGB")
    width, height = size or rgb.size
    written = jpeg or JpegFacts(1.0, 1.0, 1.0)
    pixels, colors = _of_pixels(rgb), _of_colors(rgb)
    return {
        **pixels,
        **colors,
        "pixel_score": _mean(*pixels.values()),
        "color_score": _mean(_colorfulness(rgb), *colors.values()),
        "resolution": _bounded(width * height / GOOD_PIXELS),
        "jpeg_quality": _bounded(written.quality),
        "jpeg_chroma": _bounded(written.chroma_quality),
        "chroma_subsampling": _bounded(written.chroma_detail),
    }


def quality_score(analysis: dict[str, float]) -> float:
    """Return one number, 0..1, for all that `quality_analysis` tells; half of it is sharpness."""
    return _bounded(sum(weight * analysis[name] for name, weight in _WEIGHTS.items()))


def _of_pixels(image: Image.Image) -> dict[str, float]:
    grey = _grey(_middle(image))
    return {
        "focus": _focus(image),
        "noise": _bounded(HALF_NOISE / (HALF_NOISE + _noise(grey))),
        "blockiness": _blockiness(grey),
        "dct": _detail(grey),
    }


def _of_colors(image: Image.Image) -> dict[str, float]:
    import numpy as np

    small = image.copy()
    small.thumbnail((FOCUS_SIDE_PX, FOCUS_SIDE_PX), Image.Resampling.BOX)
    grey = _grey(small)
    low, high = np.percentile(grey, (1, 99))
    mean = float(grey.mean())
    room = MIDDLE_GREY if mean < MIDDLE_GREY else 255 - MIDDLE_GREY
    return {
        "contrast": _bounded((high - low) / 255),
        "exposure": _bounded(1 - abs(mean - MIDDLE_GREY) / room),
        "lighting": _bounded(1 - float(np.mean((grey < 8) | (grey > 247)))),
        "saturation": _bounded(np.asarray(small.convert("HSV"))[..., 1].mean() / 255),
    }


def _focus(image: Image.Image) -> float:
    from scipy import ndimage  # only who measures pays for this

    small = image.copy()
    small.thumbnail((FOCUS_SIDE_PX, FOCUS_SIDE_PX), Image.Resampling.BOX)
    variance = float(ndimage.laplace(_grey(small), mode="reflect").var())
    return _bounded(variance / (variance + HALF_FOCUS))


def _noise(grey: np.ndarray) -> float:
    """Return the standard deviation of noise in grey levels; texture counts a little, too."""
    import numpy as np
    from scipy import ndimage

    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]])
    differences = np.abs(ndimage.convolve(grey, kernel, mode="reflect"))
    return float(np.sqrt(np.pi / 2) * differences.mean() / 6)


def _blockiness(grey: np.ndarray) -> float:
    import numpy as np

    ratios = [1.0]
    for steps in (np.abs(np.diff(grey, axis=1)), np.abs(np.diff(grey, axis=0)).T):
        between = np.arange(steps.shape[1]) % 8 == 7
        if between.any():
            ratios.append(float((steps[:, ~between].mean() + 1) / (steps[:, between].mean() + 1)))
    return _bounded(min(ratios))


def _detail(grey: np.ndarray) -> float:
    """Return the share of 8 × 8 blocks whose DCT has anything in its upper frequencies."""
    import numpy as np
    from scipy import fft

    rows, columns = grey.shape[0] // 8, grey.shape[1] // 8
    if not rows or not columns:
        return 1.0
    blocks = grey[: rows * 8, : columns * 8].reshape(rows, 8, columns, 8).swapaxes(1, 2)
    coefficients = np.abs(fft.dctn(blocks, axes=(2, 3), norm="ortho"))
    is_fine = np.add.outer(np.arange(8), np.arange(8)) >= 7
    return _bounded((coefficients[..., is_fine].max(axis=-1) > 4).mean())


def _colorfulness(image: Image.Image) -> float:
    import numpy as np

    small = image.copy()
    small.thumbnail((FOCUS_SIDE_PX, FOCUS_SIDE_PX), Image.Resampling.BOX)
    red, green, blue = np.moveaxis(np.asarray(small, dtype=np.float32), 2, 0)
    red_green, yellow_blue = red - green, (red + green) / 2 - blue
    spread = np.hypot(red_green.std(), yellow_blue.std())
    mean = np.hypot(red_green.mean(), yellow_blue.mean())
    return _bounded((spread + 0.3 * mean) / GOOD_COLORFULNESS)


def _table_quality(table: list[int], example_sum: float) -> float:
    """Return the quality, 0..1, at which the IJG's library scales an example table to this one."""
    percent = 100 * sum(table) / example_sum
    return _bounded(((200 - percent) / 2 if percent <= 100 else 5000 / percent) / 100)


def _middle(image: Image.Image) -> Image.Image:
    """Return the middle, cut along the blocks of a JPEG."""
    left, top = (max(0, (side - MIDDLE_PX) // 16 * 8) for side in image.size)
    return image.crop(
        (left, top, min(image.width, left + MIDDLE_PX), min(image.height, top + MIDDLE_PX))
    )


def _grey(image: Image.Image) -> np.ndarray:
    import numpy as np

    return np.asarray(image.convert("L"), dtype=np.float32)


def _mean(*scores: float) -> float:
    return _bounded(sum(scores) / len(scores))


def _bounded(score: float) -> float:
    return round(min(1.0, max(0.0, float(score))), 4)
