"""Renders the sizes that are served: WebP, without metadata."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

from PIL import Image

# On photos, method 2 costs half the time of 4 for some 3 % more bytes.
QUALITY = 80
METHOD = 2
#: What the format can hold.
MAX_SIDE_PX = 16383
PLACEHOLDER_SIDE_PX = 16


@dataclass(frozen=True, slots=True)
class Rendered:
    """One size of a photo as a WebP file."""

    content: bytes
    width_px: int
    height_px: int


def render_ladder(image: Image.Image, widths_px: Sequence[int]) -> dict[int, Rendered]:
    """Render each width from the next larger one; a narrower image keeps its own width."""
    rendered = {}
    shape = image.size
    for width_px in sorted(widths_px, reverse=True):
        image = _at_width(image, width_px, shape)
        rendered[width_px] = Rendered(_webp(image), *image.size)
    return rendered


def _at_width(image: Image.Image, width_px: int, shape: tuple[int, int]) -> Image.Image:
    width = min(width_px, shape[0])
    height = min(max(1, round(shape[1] * width / shape[0])), MAX_SIDE_PX)
    if (width, height) == image.size:
        return image
    return image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=2.0)


def _webp(image: Image.Image, *, quality: int = QUALITY) -> bytes:
    content = BytesIO()
    image.save(content, "WEBP", quality=quality, method=METHOD, exif=b"", icc_profile=b"")
    return content.getvalue()


def placeholder(image: Image.Image) -> str:
    """Return a tiny blurred preview as a data URI of some 150 characters."""
    tiny = image.copy()
    tiny.thumbnail((PLACEHOLDER_SIDE_PX, PLACEHOLDER_SIDE_PX))
    content = base64.b64encode(_webp(tiny, quality=30)).decode("ascii")
    return f"data:image/webp;base64,{content}"
