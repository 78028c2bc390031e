"""Colours of a picture, their names, and whether it is grey, drawn or seen through."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from PIL import Image, ImageDraw

from gallery.imaging.errors import ImageError, TooManyPixelsError
from gallery.imaging.palette import illustration_score, is_semi_transparent, palette

from .makers import encoded, scene


def rainbow() -> Image.Image:
    """Return a picture of very many colours."""
    hue = Image.linear_gradient("L").resize((300, 200))
    value = Image.linear_gradient("L").transpose(Image.Transpose.ROTATE_90).resize((300, 200))
    return Image.merge("HSV", (hue, Image.new("L", (300, 200), 200), value)).convert("RGB")


def drawing() -> Image.Image:
    image = Image.new("RGB", (400, 300), "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((50, 50, 200, 250), fill="#c00000")
    draw.ellipse((220, 80, 380, 240), fill="#0040c0")
    return image


def test_one_colour_is_all_of_a_plain_picture() -> None:
    found = palette(Image.new("RGB", (640, 480), "#1C50E0"))
    assert found.colors == [("#1C50E0", 100.0)]
    assert found.google == found.cloudinary == [("blue", 100.0)]


def test_colours_come_with_their_share_most_first() -> None:
    image = Image.new("RGB", (120, 80), "#FFFFFF")
    image.paste("#E01B24", (0, 0, 30, 80))
    found = palette(image)
    assert found.colors == [("#FFFFFF", 75.0), ("#E01B24", 25.0)]
    assert found.google == found.cloudinary == [("white", 75.0), ("red", 25.0)]


def test_many_colours_are_few_and_make_up_the_whole() -> None:
    found = palette(rainbow())
    for shares in (found.colors, found.google, found.cloudinary):
        percents = [percent for _, percent in shares]
        assert percents == sorted(percents, reverse=True)
        assert sum(percents) == pytest.approx(100, abs=1.6)
        assert all(round(percent, 1) == percent > 0 for percent in percents)
    assert 8 < len(found.colors) <= 32
    assert all(re.fullmatch("#[0-9A-F]{6}", color) for color, _ in found.colors)


@pytest.mark.parametrize(
    ("color", "name"),
    [("#000000", "black"), ("#101C58", "navy"), ("#F7A1C4", "pink"), ("#6B3F1D", "brown"),
     ("#008080", "teal"), ("#C0C4C2", "lightgray"), ("#FFD9B0", "peach")],
)  # fmt: skip
def test_colours_are_named_as_people_would(color: str, name: str) -> None:
    assert palette(Image.new("RGB", (9, 9), color)).cloudinary == [(name, 100.0)]


def test_grey_picture_is_told_from_a_coloured_one() -> None:
    grey = Image.linear_gradient("L").convert("RGB")
    assert palette(grey).is_grayscale
    assert not palette(scene()).is_grayscale


def test_drawing_is_told_from_a_photo() -> None:
    photo = Image.effect_noise((400, 300), 30).convert("RGB")
    assert illustration_score(drawing()) > 0.9
    assert illustration_score(photo) < 0.1


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1)])
def test_odd_sizes_have_colours_too(size: tuple[int, int]) -> None:
    found = palette(Image.new("RGB", size, "white"))
    assert found.colors == [("#FFFFFF", 100.0)]
    assert 0 <= found.illustration_score <= 1


@pytest.mark.parametrize(
    ("alpha", "is_semi"), [(0, False), (1, True), (128, True), (254, True), (255, False)]
)
@pytest.mark.parametrize("format", ["PNG", "WEBP"])
def test_only_part_of_the_light_makes_semi_transparent(
    alpha: int, is_semi: bool, format: str
) -> None:
    image = Image.new("RGBA", (8, 8), (200, 0, 0, alpha))
    content = encoded(image, format, **({"lossless": True} if format == "WEBP" else {}))
    assert is_semi_transparent(BytesIO(content)) == is_semi


def test_photo_without_alpha_is_not_semi_transparent() -> None:
    assert not is_semi_transparent(BytesIO(encoded(scene())))


def test_picture_of_too_many_pixels_is_not_unfolded() -> None:
    with pytest.raises(TooManyPixelsError):
        is_semi_transparent(BytesIO(encoded(scene(), "PNG")), max_pixels=100)


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n", b"not a picture"])
def test_file_that_is_no_picture_is_refused(content: bytes) -> None:
    with pytest.raises(ImageError):
        is_semi_transparent(BytesIO(content))
