"""The sizes that are served."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image, ImageChops, ImageStat

from gallery.imaging.decode import decode
from gallery.imaging.fingerprint import perceptual_hash
from gallery.imaging.render import placeholder, render_for_taggers, render_ladder

from .makers import scene, with_exif


def test_ladder_has_every_asked_width() -> None:
    ladder = render_ladder(scene(1500, 1000), [320, 640, 1280])
    assert {key: (one.width_px, one.height_px) for key, one in ladder.items()} == {
        320: (320, 213),
        640: (640, 427),
        1280: (1280, 853),
    }


def test_nothing_is_enlarged() -> None:
    [one] = render_ladder(scene(), [320]).values()
    assert (one.width_px, one.height_px) == (120, 80)


@pytest.mark.parametrize("size", [(5000, 2), (2, 5000), (1, 1)])
def test_odd_shapes_are_rendered(size: tuple[int, int]) -> None:
    [one] = render_ladder(scene(*size), [320]).values()
    assert Image.open(BytesIO(one.content)).size == (one.width_px, one.height_px)


def test_rendition_carries_no_metadata() -> None:
    exif_gps = with_exif({0x010F: "Pentax", 0x8825: {1: "N", 2: (51.0, 0.0, 0.0)}})
    [one] = render_ladder(decode(BytesIO(exif_gps)).image, [320]).values()
    image = Image.open(BytesIO(one.content))
    assert not {"exif", "icc_profile", "xmp"} & image.info.keys()


@pytest.mark.parametrize(
    ("size", "rendered"),
    [((1500, 1000), (576, 384)), ((1000, 1500), (384, 576)), ((90, 60), (90, 60))],
)
def test_taggers_get_the_short_side_they_need(
    size: tuple[int, int], rendered: tuple[int, int]
) -> None:
    one = render_for_taggers(scene(*size))
    image = Image.open(BytesIO(one.content))
    assert image.size == (one.width_px, one.height_px) == rendered
    assert not {"exif", "icc_profile", "xmp"} & image.info.keys()


def test_taggers_see_what_people_would_not_miss() -> None:
    noise = Image.effect_noise((384, 384), 60).convert("RGB")
    [served] = render_ladder(noise, [640]).values()
    for_taggers = render_for_taggers(noise)
    assert _difference(noise, for_taggers.content) < _difference(noise, served.content) / 2


def _difference(image: Image.Image, content: bytes) -> float:
    """Return the mean difference of a channel, in steps of 255."""
    other = Image.open(BytesIO(content)).convert("RGB")
    return ImageStat.Stat(ImageChops.difference(image, other)).mean[0]


def test_placeholder_is_tiny() -> None:
    uri = placeholder(scene(1500, 1000))
    assert uri.startswith("data:image/webp;base64,")
    assert len(uri) < 300


def test_same_picture_at_another_size_has_nearly_the_same_hash() -> None:
    picture = Image.radial_gradient("L").resize((900, 600)).rotate(30).convert("RGB")
    large, small = perceptual_hash(picture), perceptual_hash(picture.resize((300, 200)))
    assert len(large) == 16
    assert (int(large, 16) ^ int(small, 16)).bit_count() <= 6
