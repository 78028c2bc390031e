"""Effects: each changes what it should and leaves what it should."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageChops, ImageStat

from gallery.transformations import Box, Scene, TransformationError
from gallery.transformations.effect_names import ART, BLENDS, RULES

from .makers import BLUE, RED, is_near, picture, quadrants


def photo(width: int = 120, height: int = 90) -> Image.Image:
    """Return something with soft and hard edges, colours and noise; the same each time."""
    random = np.random.default_rng(1)
    pixels = np.asarray(quadrants(width, height)).astype(int) // 2 + 40
    pixels += random.integers(0, 40, (height, width, 1)) + np.arange(width)[None, :, None] // 2
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def mean(image: Image.Image, channel: int | None = None) -> float:
    stat = ImageStat.Stat(image.convert("RGB")).mean
    return sum(stat) / 3 if channel is None else stat[channel]


CHANGING = sorted(
    set(RULES) - BLENDS - {"opacity_threshold", "redeye", "trim", "art", "contrast", "gamma", "red",
                           "green", "blue", "blur_faces", "pixelate_faces", "make_transparent"}
)  # fmt: skip


@pytest.mark.parametrize("name", [*CHANGING, *(f"art:{name}" for name in sorted(ART))])
def test_effect_changes_the_picture_the_same_way_each_time(name: str) -> None:
    image = photo()
    once, again = picture(image, f"e_{name}"), picture(image, f"e_{name}")
    assert ImageChops.difference(once, again).getbbox() is None
    same = (
        once.size == image.size and not ImageChops.difference(once.convert("RGB"), image).getbbox()
    )
    assert not same


@pytest.mark.parametrize("name", CHANGING)
def test_effect_takes_pictures_of_one_pixel_and_with_alpha(name: str) -> None:
    assert min(picture(Image.new("RGBA", (1, 1), (9, 9, 9, 0)), f"e_{name}").size) >= 1
    changed = picture(Image.new("RGBA", (20, 10), (200, 40, 40, 128)), f"e_{name}")
    assert np.asarray(changed.getchannel("A")).min() <= 128


DIRECTIONS = [
    ("brightness:50", "brightness:-50", None), ("gamma:50", "gamma:-40", None),
    ("red:50", "red:-50", 0), ("green:50", "green:-50", 1), ("blue:50", "blue:-50", 2),
]  # fmt: skip


@pytest.mark.parametrize(("more", "less", "channel"), DIRECTIONS)
def test_levels_go_both_ways(more: str, less: str, channel: int | None) -> None:
    image = photo()
    own = mean(image, channel)
    assert mean(picture(image, f"e_{more}"), channel) > own + 5
    assert mean(picture(image, f"e_{less}"), channel) < own - 5


def test_colours_go_and_grow() -> None:
    def strength(image: Image.Image) -> float:
        return ImageStat.Stat(image.convert("HSV")).mean[1]

    image = photo()
    for name in ("grayscale", "saturation:-100", "blackwhite"):
        assert strength(picture(image, f"e_{name}").convert("RGB")) < 1
    for name in ("saturation:60", "vibrance:80"):
        assert strength(picture(image, f"e_{name}").convert("RGB")) > strength(image) + 5


def test_contrast_and_blur_change_the_spread() -> None:
    def spread(text: str) -> float:
        return ImageStat.Stat(picture(photo(), text).convert("L")).stddev[0]

    own = spread("")
    assert spread("e_contrast:60") > own > spread("e_contrast:-60")
    assert spread("e_blur:400") < own


def test_negative_twice_is_the_picture() -> None:
    twice = picture(photo(), "e_negate/e_negate")
    assert ImageChops.difference(twice.convert("RGB"), photo()).getbbox() is None


def test_region_alone_is_changed() -> None:
    for name in ("blur_region:800", "pixelate_region:10"):
        changed = picture(photo(), f"e_{name},x_20,y_10,w_40,h_30").convert("RGB")
        assert ImageChops.difference(changed, photo()).getbbox() == (20, 10, 60, 40)


@pytest.mark.parametrize("name", ["blur_faces", "pixelate_faces"])
def test_faces_alone_are_changed(name: str) -> None:
    scene = Scene(faces=lambda: [Box(60, 40, 30, 30)])
    box = ImageChops.difference(
        picture(photo(), f"e_{name}", scene).convert("RGB"), photo()
    ).getbbox()
    assert box is not None
    assert 50 <= box[0] <= 66
    assert box[2] <= 96
    assert (
        ImageChops.difference(picture(photo(), f"e_{name}").convert("RGB"), photo()).getbbox()
        is None
    )


def test_trim_cuts_edges_of_one_colour() -> None:
    image = Image.new("RGB", (60, 40), "white")
    image.paste(RED, (10, 5, 40, 35))
    assert picture(image, "e_trim").size == (30, 30)
    assert picture(image, "e_trim:5:black").size == (60, 40)
    clear = Image.new("RGBA", (60, 40), (0, 0, 0, 0))
    clear.paste((*RED, 255), (10, 5, 40, 35))
    assert picture(clear, "e_trim").size == (30, 30)
    assert picture(Image.new("RGB", (9, 9)), "e_trim").size == (9, 9)


def test_ground_becomes_transparent_and_the_same_colour_within_stays() -> None:
    image = Image.new("RGB", (60, 60), "white")
    image.paste(RED, (10, 10, 50, 50))
    image.paste((255, 255, 255), (25, 25, 35, 35))
    alpha = picture(image, "e_make_transparent").getchannel("A")
    assert [alpha.getpixel(at) for at in ((1, 1), (15, 15), (30, 30))] == [0, 255, 255]
    alpha = picture(image, "e_make_transparent,co_white").getchannel("A")
    assert [alpha.getpixel(at) for at in ((1, 1), (15, 15), (30, 30))] == [0, 255, 0]


def test_opacity_threshold_leaves_all_or_nothing() -> None:
    image = Image.linear_gradient("L").resize((20, 20))
    clear = Image.new("RGBA", (20, 20), RED)
    clear.putalpha(image)
    alpha = picture(clear, "e_opacity_threshold").getchannel("A")
    assert set(np.unique(np.asarray(alpha))) == {0, 255}


def test_red_eye_goes_and_a_red_coat_stays() -> None:
    image = Image.new("RGB", (200, 200), (180, 150, 130))
    image.paste((200, 20, 20), (50, 50, 58, 58))
    image.paste((200, 20, 20), (0, 120, 200, 200))
    changed = picture(image, "e_redeye")
    assert is_near(changed, (54, 54), (20, 20, 20))
    assert is_near(changed, (100, 160), (200, 20, 20))


def test_shadow_and_outline_grow_the_picture() -> None:
    image = Image.new("RGB", (50, 50), RED)
    shaded = picture(image, "e_shadow:100,x_20,y_20,co_blue")
    assert shaded.width > 70
    outlined = picture(image, "e_outline:5,co_blue")
    assert outlined.size == (60, 60)
    assert is_near(outlined, (2, 30), (0, 0, 255))
    assert is_near(outlined, (30, 30), RED)
    assert picture(image, "e_outline:inner:5,co_blue").size == (50, 50)


def test_corners_borders_opacity_and_ground() -> None:
    image = Image.new("RGB", (80, 60), RED)
    assert picture(image, "r_20").getpixel((0, 0))[3] == 0  # type: ignore[index]
    assert picture(image, "r_20").getpixel((40, 30))[3] == 255  # type: ignore[index]
    assert picture(image, "r_0:20:0:0").getpixel((0, 0))[3] == 255  # type: ignore[index]
    assert picture(image, "r_max").getpixel((5, 5))[3] == 0  # type: ignore[index]
    assert is_near(picture(image, "r_20,b_blue"), (0, 0), (0, 0, 255))
    framed = picture(image, "bo_5px_solid_blue")
    assert framed.size == (90, 70)
    assert is_near(framed, (2, 2), (0, 0, 255))
    rounded = picture(image, "r_20,bo_5px_solid_blue")
    assert rounded.getpixel((0, 0))[3] == 0  # type: ignore[index]
    assert is_near(rounded, (2, 35), (0, 0, 255))
    assert picture(image, "o_50").getpixel((5, 5))[3] == 128  # type: ignore[index]


def test_background_follows_the_picture() -> None:
    image = Image.new("RGB", (60, 20), BLUE)
    image.paste(RED, (20, 5, 40, 15))
    assert is_near(picture(image, "c_pad,w_60,h_60,b_auto"), (2, 2), BLUE)
    assert is_near(picture(image, "c_pad,w_60,h_60,b_auto:predominant"), (2, 2), BLUE)
    contrast = picture(image, "c_pad,w_60,h_60,b_auto:border_contrast")
    assert not is_near(contrast, (2, 2), BLUE)
    two = Image.new("RGB", (60, 20), BLUE)
    two.paste(RED, (30, 0, 60, 20))
    graded = picture(two, "c_pad,w_60,h_60,b_auto:predominant_gradient:2")
    assert is_near(graded, (1, 2), BLUE)
    assert is_near(graded, (58, 2), RED)


@pytest.mark.parametrize("name", sorted(BLENDS))
def test_ways_to_mix_need_a_layer(name: str) -> None:
    with pytest.raises(TransformationError, match="needs a layer"):
        picture(photo(), f"e_{name}")
