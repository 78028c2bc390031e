"""Small real image files, made in memory."""

from __future__ import annotations

from io import BytesIO

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image


def picture(width: int = 64, height: int = 48, *, seed: int = 0, format: str = "JPEG") -> bytes:
    """Return a gradient whose bytes differ from seed to seed."""
    image = Image.linear_gradient("L").resize((width, height))
    tint = ((seed * 53) % 256, (seed * 97) % 256, (seed * 151) % 256)
    coloured = Image.merge("RGB", [image.point(lambda v, t=t: (v + t) % 256) for t in tint])
    content = BytesIO()
    coloured.save(content, format)
    return content.getvalue()


def uploaded(
    name: str = "photo.jpg", *, seed: int = 0, width: int = 64, height: int = 48
) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, picture(width, height, seed=seed), "image/jpeg")
