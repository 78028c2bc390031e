"""Each measure falls when a picture is spoilt in its way."""

from __future__ import annotations

import random
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

from gallery.imaging.errors import ImageError
from gallery.imaging.quality import JpegFacts, jpeg_facts, quality_analysis, quality_score

from .makers import encoded

NAMES = {
    "focus", "jpeg_quality", "jpeg_chroma", "noise", "contrast", "exposure", "saturation",
    "lighting", "pixel_score", "color_score", "dct", "blockiness", "chroma_subsampling",
    "resolution",
}  # fmt: skip
Spoil = Callable[[Image.Image], Image.Image]


def picture(size: tuple[int, int] = (512, 384)) -> Image.Image:
    """Return many soft and sharp shapes of many colours."""
    chosen = random.Random(7)  # noqa: S311
    image = Image.new("RGB", size, (150, 170, 190))
    draw = ImageDraw.Draw(image)
    for _ in range(120):
        x, y = chosen.randrange(size[0]), chosen.randrange(size[1])
        color = (chosen.randrange(20, 236), chosen.randrange(20, 236), chosen.randrange(20, 236))
        draw.ellipse((x, y, x + chosen.randrange(8, 90), y + chosen.randrange(8, 90)), fill=color)
    return image.filter(ImageFilter.GaussianBlur(0.6))


def measured(image: Image.Image, **options: Any) -> dict[str, float]:
    return quality_analysis(image, jpeg=None, **options)


def noisy(image: Image.Image, sigma: float) -> Image.Image:
    noise = Image.merge("RGB", [Image.effect_noise(image.size, 2 * sigma) for _ in range(3)])
    return Image.blend(image, noise, 0.5)


def blocky(image: Image.Image) -> Image.Image:
    return Image.open(BytesIO(encoded(image, quality=5)))


@pytest.mark.parametrize(
    ("name", "spoils"),
    [
        ("focus", [lambda i, r=r: i.filter(ImageFilter.GaussianBlur(r)) for r in (1, 2, 4)]),
        ("dct", [lambda i, r=r: i.filter(ImageFilter.GaussianBlur(r)) for r in (1, 2, 4)]),
        ("noise", [lambda i, s=s: noisy(i, s) for s in (10, 20, 40, 80)]),
        ("contrast", [lambda i, c=c: ImageEnhance.Contrast(i).enhance(c) for c in (0.6, 0.3, 0)]),
        ("saturation", [lambda i, c=c: ImageEnhance.Color(i).enhance(c) for c in (0.6, 0.3, 0)]),
        ("color_score", [lambda i, c=c: ImageEnhance.Color(i).enhance(c) for c in (0.6, 0.3, 0)]),
        ("exposure", [lambda i, b=b: ImageEnhance.Brightness(i).enhance(b) for b in (.6, .3, .1)]),
        ("exposure", [lambda i, b=b: ImageEnhance.Brightness(i).enhance(b) for b in (1.5, 2, 4)]),
        ("lighting", [lambda i, b=b: ImageEnhance.Brightness(i).enhance(b) for b in (1.5, 2, 4)]),
        ("blockiness", [blocky]),
        ("pixel_score", [lambda i, r=r: i.filter(ImageFilter.GaussianBlur(r)) for r in (2, 8)]),
    ],
)  # fmt: skip
def test_measure_falls_with_what_it_measures(name: str, spoils: list[Spoil]) -> None:
    image = picture()
    scores = [measured(image)[name], *(measured(spoil(image))[name] for spoil in spoils)]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > scores[-1]


def test_all_measures_are_floats_from_0_to_1() -> None:
    for image in (picture(), Image.new("RGB", (1, 1)), Image.new("RGB", (3000, 2), "white")):
        analysis = measured(image)
        assert set(analysis) == NAMES
        assert all(type(score) is float and 0 <= score <= 1 for score in analysis.values())
        assert 0 <= quality_score(analysis) <= 1


def test_resolution_is_of_the_photo_in_full() -> None:
    shown = [measured(picture(), size=size)["resolution"] for size in ((500, 400), (4000, 3000))]
    assert shown == [0.1, 1.0]


def test_sharp_picture_scores_higher_as_a_whole() -> None:
    image = picture()
    blurred = image.filter(ImageFilter.GaussianBlur(6))
    assert quality_score(measured(image)) > quality_score(measured(blurred))


@pytest.mark.parametrize("quality", [95, 80, 50, 20])
def test_quality_of_a_jpeg_is_read_from_its_tables(quality: int) -> None:
    facts = jpeg_facts(BytesIO(encoded(picture(), quality=quality)))
    assert facts is not None
    assert facts.quality == pytest.approx(quality / 100, abs=0.03)
    assert facts.chroma_quality == pytest.approx(quality / 100, abs=0.04)


@pytest.mark.parametrize(("subsampling", "detail"), [(0, 1.0), (1, 0.75), (2, 0.5)])
def test_detail_of_colours_is_read_from_a_jpeg(subsampling: int, detail: float) -> None:
    facts = jpeg_facts(BytesIO(encoded(picture(), subsampling=subsampling)))
    assert facts is not None
    analysis = quality_analysis(picture(), jpeg=facts)
    assert analysis["chroma_subsampling"] == detail


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_jpeg_of_other_colours_has_facts_too(mode: str) -> None:
    facts = jpeg_facts(BytesIO(encoded(picture().convert(mode), quality=80)))
    assert isinstance(facts, JpegFacts)
    assert facts.quality == pytest.approx(0.8, abs=0.03)


def test_other_files_have_no_facts_of_a_jpeg() -> None:
    assert jpeg_facts(BytesIO(encoded(picture(), "PNG"))) is None


@pytest.mark.parametrize("content", [b"", b"\xff\xd8\xff", b"not a picture"])
def test_file_that_is_no_picture_is_refused(content: bytes) -> None:
    with pytest.raises(ImageError):
        jpeg_facts(BytesIO(content))
