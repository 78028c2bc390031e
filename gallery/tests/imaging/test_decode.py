"""Every kind of image, as people have them and as attackers make them."""

from __future__ import annotations

import gzip
import random
import struct
import subprocess
import sys
import zlib
from contextlib import suppress
from io import BytesIO

import pytest
from PIL import Image, ImageCms

from gallery.imaging.decode import decode
from gallery.imaging.errors import (
    DamagedImageError,
    EmptyFileError,
    ImageError,
    NotAnImageError,
    TooManyPixelsError,
    UnsupportedImageError,
)

from .makers import FORMATS, encoded, is_red, scene, with_exif


@pytest.mark.parametrize(("written", "named"), FORMATS.items())
def test_kind_is_told_by_the_bytes(written: str, named: str) -> None:
    decoded = decode(BytesIO(encoded(scene(), written)))
    assert (decoded.facts.format, decoded.image.mode) == (named, "RGB")
    assert decoded.image.size == (decoded.facts.width_px, decoded.facts.height_px) == (120, 80)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_photo_is_upright_whatever_its_orientation(format: str, orientation: int) -> None:
    turn_back = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = scene().transpose(turn_back[orientation]) if orientation > 1 else scene()
    exif = Image.Exif()
    exif[0x0112] = orientation
    decoded = decode(BytesIO(encoded(stored, format, exif=exif.tobytes())))
    assert (decoded.facts.width_px, decoded.facts.height_px) == (120, 80)
    assert decoded.image.size == (120, 80)
    assert is_red(decoded.image, 5, 5)
    assert not is_red(decoded.image, 110, 70)


@pytest.mark.parametrize("orientation", [0, 9, 77])
def test_nonsense_orientation_is_ignored(orientation: int) -> None:
    decoded = decode(BytesIO(with_exif({0x0112: orientation})))
    assert is_red(decoded.image, 5, 5)


MODES = [("CMYK", "JPEG"), ("CMYK", "TIFF"), ("L", "PNG"), ("LA", "PNG"), ("P", "PNG"),
         ("P", "GIF"), ("RGBA", "PNG"), ("RGBA", "WEBP"), ("1", "TIFF"), ("YCbCr", "JPEG"),
         ("LAB", "TIFF"), ("F", "TIFF")]  # fmt: skip


@pytest.mark.parametrize(("mode", "format"), MODES)
def test_every_mode_keeps_its_brightness(mode: str, format: str) -> None:
    grey = Image.new("RGB", (64, 64), (120, 120, 120))
    image = grey.convert("L").convert("F") if mode == "F" else grey.convert(mode)
    if mode == "1":
        image = Image.linear_gradient("L").convert("1")
    decoded = decode(BytesIO(encoded(image, format)))
    mean = decoded.image.convert("L").resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
    assert isinstance(mean, int | float)
    assert abs(mean - 124) < 8


@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_sixteen_bits_are_scaled_and_not_clipped(format: str) -> None:
    image = Image.new("I;16", (8, 8), 120 * 257)
    decoded = decode(BytesIO(encoded(image, format)))
    assert decoded.image.getpixel((4, 4)) == (120, 120, 120)


def test_transparent_is_white() -> None:
    decoded = decode(BytesIO(encoded(Image.new("RGBA", (8, 8), (0, 0, 0, 0)), "PNG")))
    assert decoded.image.getpixel((4, 4)) == (255, 255, 255)


def test_bitmap_is_taken() -> None:
    content = encoded(scene(), "BMP")
    decoded = decode(BytesIO(content))
    assert (decoded.facts.format, decoded.image.size) == ("bmp", (120, 80))
    assert is_red(decoded.image, 5, 5)
    with pytest.raises(DamagedImageError):
        decode(BytesIO(content[:2000]))


def test_progressive_jpeg_is_taken() -> None:
    assert decode(BytesIO(encoded(scene(), progressive=True))).image.size == (120, 80)


def test_animation_is_its_first_picture() -> None:
    frames = [scene(), Image.new("RGB", (120, 80), "blue")]
    content = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert is_red(decode(BytesIO(content)).image, 5, 5)


def test_several_pictures_in_one_jpeg_are_its_first() -> None:
    content = encoded(scene(), "MPO", save_all=True, append_images=[scene()])
    assert decode(BytesIO(content)).facts.format == "jpeg"


def test_colours_follow_the_embedded_profile() -> None:
    lab = ImageCms.profileToProfile(
        scene(), ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
    )
    assert lab is not None
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    decoded = decode(BytesIO(encoded(lab, "TIFF", icc_profile=profile)))
    assert is_red(decoded.image, 5, 5)


def test_broken_profile_is_ignored() -> None:
    content = encoded(scene(), "JPEG", icc_profile=b"no profile")
    assert is_red(decode(BytesIO(content)).image, 5, 5)


def test_large_photo_is_shrunk_and_its_size_remembered() -> None:
    decoded = decode(BytesIO(encoded(scene(3000, 2000))), max_side_px=1000)
    assert decoded.image.size == (1000, 667)
    assert (decoded.facts.width_px, decoded.facts.height_px) == (3000, 2000)


def test_panorama_keeps_at_least_a_pixel() -> None:
    decoded = decode(BytesIO(encoded(Image.new("RGB", (5000, 1)), "PNG")), max_side_px=100)
    assert decoded.image.size == (100, 1)


def test_nothing_of_the_metadata_stays_on_the_image() -> None:
    content = with_exif({0x010F: "Pentax", 0x0112: 1})
    image = decode(BytesIO(content)).image
    assert not image.info
    assert not image.getexif()


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("share", [0.2, 0.5, 0.8, 0.95])
def test_file_cut_short_is_refused(format: str, share: float) -> None:
    noise = Image.effect_noise((200, 150), 90).convert("RGB")
    content = encoded(noise, format)
    with pytest.raises(DamagedImageError):
        decode(BytesIO(content[: int(len(content) * share)]))


@pytest.mark.parametrize("format", FORMATS)
def test_damaged_bytes_are_refused_or_taken_but_never_crash(format: str) -> None:
    content = encoded(scene(), format)
    luck = random.Random(format)  # noqa: S311
    for _ in range(60):
        damaged = bytearray(content)
        for _ in range(luck.choice([1, 4, 30])):
            damaged[luck.randrange(len(damaged))] = luck.randrange(256)
        with suppress(ImageError):
            decode(BytesIO(bytes(damaged)))


def png_claiming(width: int, height: int) -> bytes:
    """Return a PNG of a few bytes that promises to unfold to so many pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + check

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + pixels + chunk(b"IEND", b"")


def test_bomb_is_refused_before_it_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(image: Image.Image) -> None:
        pytest.fail("it was decoded")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", explode)
    with pytest.raises(TooManyPixelsError, match="2,500 megapixels; up to 120 are accepted"):
        decode(BytesIO(png_claiming(50_000, 50_000)))


VIDEO = b"\0\0\0\x18ftypisom\0\0\0\0isommp42"
SVG = b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"></svg>'
REFUSED = [
    (b"", EmptyFileError, "empty"),
    (b"hello", NotAnImageError, "not an image"),
    (b"PK\x03\x04zip", NotAnImageError, "not an image"),
    (SVG, UnsupportedImageError, "SVG"),
    (gzip.compress(SVG, mtime=0), UnsupportedImageError, "SVG"),
    ("\ufeff<SVG/>".encode("utf-16-le"), UnsupportedImageError, "SVG"),
    (VIDEO, UnsupportedImageError, "video"),
    (b"\x1aE\xdf\xa3webm", UnsupportedImageError, "video"),
    (b"RIFF\0\0\0\0AVI ", UnsupportedImageError, "video"),
    (b"RIFF\0\0\0\0WAVE", NotAnImageError, "not an image"),
    (b"%PDF-1.7", UnsupportedImageError, "PDF"),
    (b"BM\0\0", DamagedImageError, "damaged"),
    (b"8BPS", UnsupportedImageError, "Photoshop"),
    (b"\xff\xd8\xff", DamagedImageError, "damaged"),
    (b"\x89PNG\r\n\x1a\n", DamagedImageError, "damaged"),
    (b"\0\0\0\x18ftypheic\0\0\0\0heicmif1", DamagedImageError, "damaged"),
]


@pytest.mark.parametrize(("content", "error", "word"), REFUSED)
def test_refusal_says_in_one_sentence_why(
    content: bytes, error: type[ImageError], word: str
) -> None:
    with pytest.raises(error, match=word) as caught:
        decode(BytesIO(content))
    assert str(caught.value).count(".") == 1


def test_start_up_loads_no_heavy_decoder() -> None:
    check = (
        "import sys, gallery.imaging.decode, gallery.imaging.fingerprint;"
        "sys.exit(bool({'pillow_heif', 'imagehash', 'scipy', 'numpy'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", check], check=True)


def test_icon_is_its_largest_picture() -> None:
    icon = encoded(scene(64, 64), "ICO", sizes=[(16, 16), (64, 64)])
    decoded = decode(BytesIO(icon))
    assert decoded.facts.format == "ico"
    assert decoded.image.size == (64, 64)


def test_icon_with_a_picture_larger_than_icons_can_be_is_refused() -> None:
    icon = bytearray(encoded(scene(64, 64), "ICO", sizes=[(64, 64)]))
    start = icon.index(b"IHDR") + 4
    icon[start : start + 8] = (30_000).to_bytes(4, "big") * 2
    with pytest.raises(DamagedImageError):
        decode(BytesIO(bytes(icon)))


@pytest.mark.parametrize("head", [b"\0\0\1\0", b"\0\0\1\0" + b"\0" * 40, b"\0\0\1\0\1\0text"])
def test_what_begins_like_an_icon_is_none(head: bytes) -> None:
    with pytest.raises(ImageError):
        decode(BytesIO(head))
