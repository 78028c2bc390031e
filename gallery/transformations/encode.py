"""Writes pictures and animations as files of the formats that can be asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from PIL import Image

from .color import WHITE
from .errors import TransformationError
from .parameters import Quality
from .shapes import on_ground

CONTENT_TYPES = {
    "jpg": "image/jpeg", "png": "image/png", "webp": "image/webp", "avif": "image/avif",
    "gif": "image/gif", "heic": "image/heic", "tif": "image/tiff", "bmp": "image/bmp",
    "ico": "image/x-icon", "pdf": "application/pdf", "jp2": "image/jp2",
}  # fmt: skip
OPAQUE = frozenset({"jpg", "bmp", "pdf"})
ANIMATED = frozenset({"gif", "webp"})
#: The longest side that each can hold.
MAX_SIDES_PX = {"webp": 16383, "ico": 256, "jpg": 65_500, "gif": 65_535}
DEFAULT = Quality(80)
#: What the levels of ``q_auto`` are in each format's own measure.
_LEVELS = {
    "jpg": {"best": 90, "good": 80, "eco": 70, "low": 55},
    "webp": {"best": 88, "good": 78, "eco": 68, "low": 50},
    "avif": {"best": 75, "good": 62, "eco": 52, "low": 40},
}
_METHOD = 2  # of WebP: see gallery.imaging.render
_AVIF_SPEED = 8
#: Of x265: the default takes several times as long.
_HEIC_PRESET = "superfast"


@dataclass(frozen=True, slots=True)
class Output:
    """How to write a file; ``durations_ms`` has one entry per frame, ``loops`` is 0 for ever."""

    format: str
    quality: Quality = DEFAULT
    flags: frozenset[str] = frozenset()
    density: int = 0
    color_space: str = ""
    attribution: bytes = b""
    durations_ms: tuple[int, ...] = ()
    loops: int = 0

    @property
    def level(self) -> int:
        """The quality as a number of this format."""
        if self.quality.value is not None:
            return self.quality.value
        return _LEVELS.get(self.format, _LEVELS["jpg"])[self.quality.level]

    @property
    def is_lossy(self) -> bool:
        return "lossy" in self.flags


def encode(frames: Sequence[Image.Image], output: Output) -> bytes:
    """Return the file. Raises TransformationError where the format cannot hold the picture."""
    longest, most = max(frames[0].size), MAX_SIDES_PX.get(output.format)
    if most and longest > most:
        raise TransformationError(f"A {output.format} picture may have {most:,} pixels on a side.")
    if output.format in OPAQUE:
        frames = [on_ground(frame, WHITE) for frame in frames]
    options = _WRITERS[output.format](frames[0], output)
    if output.attribution and output.format in ("jpg", "webp", "avif", "png", "tif"):
        options["exif"] = output.attribution
    content = BytesIO()
    first = options.pop("image", frames[0])
    if len(frames) > 1:
        options |= _animation(frames[1:], output)
    if output.density and output.format in ("jpg", "png", "tif"):
        options["dpi"] = (output.density, output.density)
    try:
        first.save(content, **options)
    except (OSError, ValueError, RuntimeError) as error:
        raise TransformationError(
            f"A picture of {first.size[0]:,} × {first.size[1]:,} pixels cannot be {output.format}."
        ) from error
    return content.getvalue()


def _animation(rest: Sequence[Image.Image], output: Output) -> dict[str, Any]:
    return {
        "save_all": True, "append_images": list(rest), "duration": list(output.durations_ms),
        **({"disposal": 2} if output.format == "gif" else {}),
        **({} if output.format == "gif" and output.loops == 1 else {"loop": output.loops}),
    }  # fmt: skip


def _jpg(image: Image.Image, output: Output) -> dict[str, Any]:
    chroma = "4:4:4" if output.quality.chroma == 444 else "4:2:0"
    is_progressive = any(
        flag == "progressive" or (flag.startswith("progressive:") and flag[12:] != "none")
        for flag in output.flags
    )
    options: dict[str, Any] = {
        "format": "JPEG", "quality": output.level, "subsampling": chroma,
        "progressive": is_progressive,
    }  # fmt: skip
    if output.color_space == "cmyk":
        options["image"] = image.convert("CMYK")
    return options


def _png(image: Image.Image, output: Output) -> dict[str, Any]:
    options: dict[str, Any] = {"format": "PNG", "compress_level": 6}
    if output.is_lossy or "png8" in output.flags:
        options["image"] = paletted(image, 256)
    return options


def paletted(image: Image.Image, colors: int) -> Image.Image:
    if image.mode == "RGBA":
        return image.quantize(colors, Image.Quantize.FASTOCTREE)
    return image.quantize(colors, Image.Quantize.MEDIANCUT)


def _webp(_image: Image.Image, output: Output) -> dict[str, Any]:
    is_lossless = output.quality.value == 100 and not output.is_lossy
    return {"format": "WEBP", "quality": output.level, "method": _METHOD,
            "lossless": is_lossless, "exact": False}  # fmt: skip


def _avif(_image: Image.Image, output: Output) -> dict[str, Any]:
    chroma = "4:4:4" if output.quality.chroma == 444 else "4:2:0"
    return {"format": "AVIF", "quality": output.level, "speed": _AVIF_SPEED,
            "subsampling": chroma}  # fmt: skip


def _heic(image: Image.Image, output: Output) -> dict[str, Any]:
    from pillow_heif import from_pillow  # only those who ask for HEIC pay for it

    return {
        "image": from_pillow(image), "quality": output.level,
        "enc_params": {"preset": _HEIC_PRESET},
    }  # fmt: skip


def _gif(image: Image.Image, _output: Output) -> dict[str, Any]:
    return {"format": "GIF", "image": image}


def _tif(image: Image.Image, output: Output) -> dict[str, Any]:
    options: dict[str, Any] = {"format": "TIFF", "compression": "tiff_lzw"}
    if output.color_space == "cmyk":
        options["image"] = on_ground(image, WHITE).convert("CMYK")
    return options


def _bmp(_image: Image.Image, _output: Output) -> dict[str, Any]:
    return {"format": "BMP"}


def _ico(image: Image.Image, _output: Output) -> dict[str, Any]:
    return {"format": "ICO", "image": image.convert("RGBA"), "sizes": [image.size]}


def _pdf(_image: Image.Image, output: Output) -> dict[str, Any]:
    return {"format": "PDF", "resolution": float(output.density or 72), "quality": output.level}


def _jp2(_image: Image.Image, output: Output) -> dict[str, Any]:
    return {"format": "JPEG2000", "quality_mode": "rates",
            "quality_layers": [max(1, 101 - output.level)]}  # fmt: skip


_WRITERS: Mapping[str, Callable[[Image.Image, Output], dict[str, Any]]] = {
    "jpg": _jpg, "png": _png, "webp": _webp, "avif": _avif, "heic": _heic, "gif": _gif,
    "tif": _tif, "bmp": _bmp, "ico": _ico, "pdf": _pdf, "jp2": _jp2,
}  # fmt: skip
