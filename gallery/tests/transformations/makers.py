"""Pictures whose parts can be told apart, and what becomes of them."""

from __future__ import annotations

from io import BytesIO
from typing import IO, Any

from PIL import Image

from gallery.transformations import Derived, Limits, Scene, parse, render

RED, GREEN, BLUE, YELLOW = (220, 20, 20), (20, 200, 20), (20, 20, 220), (230, 220, 20)


def quadrants(width: int = 200, height: int = 100) -> Image.Image:
    """Return red top left, green top right, blue bottom left, yellow bottom right."""
    image = Image.new("RGB", (width, height), RED)
    image.paste(GREEN, (width // 2, 0, width, height))
    image.paste(BLUE, (0, height // 2, width, height))
    image.paste(YELLOW, (width // 2, height // 2, width, height))
    return image


def file_of(image: Image.Image, format: str = "PNG", **options: Any) -> IO[bytes]:
    file = BytesIO()
    image.save(file, format, **options)
    return file


def derive(
    image: Image.Image | IO[bytes], text: str, *, format: str | None = None, accept: str = "",
    scene: Scene | None = None, limits: Limits | None = None,
) -> Derived:  # fmt: skip
    file = file_of(image) if isinstance(image, Image.Image) else image
    return render(
        file, parse(text), format=format, accept=accept, scene=scene or Scene(), limits=limits
    )


def opened(derived: Derived) -> Image.Image:
    image = Image.open(BytesIO(derived.content))
    image.load()
    return image


def picture(image: Image.Image | IO[bytes], text: str, scene: Scene | None = None) -> Image.Image:
    """Return what a transformation makes of an image, as RGBA."""
    return opened(derive(image, text, format="png", scene=scene)).convert("RGBA")


def is_near(image: Image.Image, at: tuple[int, int], color: tuple[int, ...], by: int = 40) -> bool:
    pixel = image.convert("RGB").getpixel(at)
    assert isinstance(pixel, tuple)
    return all(abs(one - other) <= by for one, other in zip(pixel, color[:3], strict=True))
