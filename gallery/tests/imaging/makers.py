"""Image files of every kind, made in memory."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pillow_heif
from PIL import ExifTags, Image

pillow_heif.register_heif_opener()

#: What Pillow writes and what photolib calls it.
FORMATS = {
    "JPEG": "jpeg",
    "PNG": "png",
    "WEBP": "webp",
    "GIF": "gif",
    "TIFF": "tiff",
    "AVIF": "avif",
    "HEIF": "heic",
}


def scene(width: int = 120, height: int = 80) -> Image.Image:
    """Return grey ground with a red corner, top left, to tell how it is turned."""
    image = Image.new("RGB", (width, height), (120, 120, 120))
    image.paste((220, 20, 20), (0, 0, width // 3, height // 3))
    return image


def encoded(image: Image.Image, format: str = "JPEG", **options: Any) -> bytes:
    content = BytesIO()
    image.save(content, format, **options)
    return content.getvalue()


def with_exif(
    main: dict[int, Any], inner: dict[int, Any] | None = None, format: str = "JPEG"
) -> bytes:
    exif = Image.Exif()
    exif.update(main)
    exif.get_ifd(ExifTags.IFD.Exif).update(inner or {})
    return encoded(scene(), format, exif=exif.tobytes())


def is_red(image: Image.Image, x: int, y: int) -> bool:
    pixel = image.getpixel((x, y))
    assert isinstance(pixel, tuple)
    return pixel[0] > 170 and pixel[1] < 90
