"""Sizes and places: every way to crop, every gravity, offsets, turns."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from gallery.transformations import Box, Scene, TransformationError
from gallery.transformations.geometry import Map, Wanted, anchored, plan, turned_size

from .makers import BLUE, GREEN, RED, YELLOW, derive, is_near, picture, quadrants

WIDE, HIGH, TINY = (200, 100), (100, 200), (7, 5)
#: Worked out by hand: the way, what is asked for, and the size of what comes of each of the three.
SIZES = [
    ("scale", "w_50,h_80", (50, 80), (50, 80), (50, 80)),
    ("scale", "w_50", (50, 25), (50, 100), (50, 36)),
    ("scale", "h_50", (100, 50), (25, 50), (70, 50)),
    ("scale", "w_0.5", (100, 50), (50, 100), (4, 3)),
    ("scale", "w_50,ar_2:1", (50, 25), (50, 25), (50, 25)),
    ("scale", "w_50,fl_ignore_aspect_ratio", (50, 100), (50, 200), (50, 5)),
    ("fit", "w_50,h_80", (50, 25), (40, 80), (50, 36)),
    ("fit", "w_300,h_300", (300, 150), (150, 300), (300, 214)),
    ("limit", "w_50,h_80", (50, 25), (40, 80), (7, 5)),
    ("limit", "w_300,h_300", (200, 100), (100, 200), (7, 5)),
    ("mfit", "w_50,h_80", (200, 100), (100, 200), (50, 36)),
    ("mfit", "w_300,h_300", (300, 150), (150, 300), (300, 214)),
    ("fill", "w_50,h_80", (50, 80), (50, 80), (50, 80)),
    ("fill", "w_50", (50, 25), (50, 100), (50, 36)),
    ("fill", "ar_1:1,w_60", (60, 60), (60, 60), (60, 60)),
    ("fill", "ar_1:1", (100, 100), (100, 100), (5, 5)),
    ("lfill", "w_50,h_80", (50, 80), (50, 80), (7, 5)),
    ("lfill", "w_150,h_150", (150, 100), (100, 150), (7, 5)),
    ("pad", "w_50,h_80", (50, 80), (50, 80), (50, 80)),
    ("pad", "ar_1:1", (200, 200), (200, 200), (7, 7)),
    ("lpad", "w_50,h_80", (50, 80), (50, 80), (50, 80)),
    ("mpad", "w_150,h_150", (200, 150), (150, 200), (150, 150)),
    ("fill_pad", "g_auto,w_60,h_60", (60, 60), (60, 60), (60, 60)),
    ("auto_pad", "g_auto,w_60,h_60", (60, 60), (60, 60), (60, 60)),
    ("crop", "w_50,h_80", (50, 80), (50, 80), (7, 5)),
    ("crop", "w_0.5,h_0.5", (100, 50), (50, 100), (4, 3)),
    ("crop", "w_500,h_50", (200, 50), (100, 50), (7, 5)),
    ("crop", "w_50,ar_1:1", (50, 50), (50, 50), (7, 5)),
    ("thumb", "w_60,h_60", (60, 60), (60, 60), (60, 60)),
    ("thumb", "g_face,w_60,h_60", (60, 60), (60, 60), (60, 60)),
    ("auto", "w_60,h_60", (60, 60), (60, 60), (60, 60)),
]  # fmt: skip


@pytest.mark.parametrize(("crop", "asked", "wide", "high", "tiny"), SIZES)
def test_way_to_crop_gives_its_size(
    crop: str, asked: str, wide: tuple[int, int], high: tuple[int, int], tiny: tuple[int, int]
) -> None:
    for size, expected in ((WIDE, wide), (HIGH, high), (TINY, tiny)):
        derived = derive(Image.new("RGB", size, RED), f"c_{crop},{asked}")
        assert (derived.width_px, derived.height_px) == expected


CORNERS = [
    ("north_west", RED), ("north_east", GREEN), ("south_west", BLUE), ("south_east", YELLOW),
]  # fmt: skip


@pytest.mark.parametrize(("gravity", "color"), CORNERS)
def test_gravity_says_what_is_kept(gravity: str, color: tuple[int, int, int]) -> None:
    cut = picture(quadrants(), f"c_crop,w_60,h_30,g_{gravity}")
    assert all(is_near(cut, at, color) for at in ((1, 1), (58, 1), (1, 28), (58, 28)))


@pytest.mark.parametrize(
    ("gravity", "left", "right"),
    [("west", RED, RED), ("east", GREEN, GREEN), ("center", RED, GREEN)],
)
def test_fill_cuts_at_its_gravity(
    gravity: str, left: tuple[int, int, int], right: tuple[int, int, int]
) -> None:
    filled = picture(quadrants(), f"c_fill,w_40,h_40,g_{gravity}")
    assert is_near(filled, (5, 5), left)
    assert is_near(filled, (34, 5), right)


@pytest.mark.parametrize(("gravity", "y"), [("north", 10), ("south", 90)])
def test_pad_puts_the_picture_where_gravity_says(gravity: str, y: int) -> None:
    padded = picture(quadrants(), f"c_pad,w_100,h_100,g_{gravity},b_black")
    assert not is_near(padded, (5, y), (0, 0, 0))
    assert is_near(padded, (5, 100 - y), (0, 0, 0))


OFFSETS = [
    ("c_crop,w_20,h_20,x_150,y_60", YELLOW),
    ("c_crop,w_20,h_20,x_0.75,y_0.1", GREEN),
    ("c_crop,w_20,h_20,g_south_east,x_120,y_5", BLUE),
    ("c_crop,w_20,h_20,g_center,x_-40,y_-20", RED),
    ("c_crop,w_20,h_20,g_xy_center,x_150,y_20", GREEN),
    ("c_fill,w_20,h_100,g_west,x_150", GREEN),
]


@pytest.mark.parametrize(("text", "color"), OFFSETS)
def test_offsets_move_what_is_kept(text: str, color: tuple[int, int, int]) -> None:
    assert is_near(picture(quadrants(), text), (2, 2), color)


def test_crop_outside_of_the_picture_is_refused() -> None:
    with pytest.raises(TransformationError, match="outside"):
        derive(quadrants(), "c_crop,w_20,h_20,x_500,y_0")


FACES = Scene(
    faces=lambda: [Box(150, 60, 20, 20), Box(10, 10, 4, 4)], custom=lambda: [Box(10, 60, 30, 30)]
)


@pytest.mark.parametrize(
    ("text", "color"),
    [
        ("c_thumb,g_face,w_40,h_40", YELLOW),
        ("c_crop,g_face,w_30,h_30", YELLOW),
        ("c_fill,g_face,w_30,h_100", YELLOW),
        ("c_crop,g_custom", BLUE),
        ("c_thumb,g_custom,w_20,h_20", BLUE),
        ("w_100/c_crop,g_face,w_10,h_10", YELLOW),
        ("a_180/c_crop,g_face,w_20,h_20", YELLOW),
        ("a_hflip/c_crop,g_face,w_20,h_20", YELLOW),
        ("a_90/c_crop,g_face,w_20,h_20", YELLOW),
        ("c_pad,w_400,h_400/c_crop,g_face,w_20,h_20", YELLOW),
    ],
)
def test_faces_and_areas_are_found_wherever_they_have_got_to(
    text: str, color: tuple[int, int, int]
) -> None:
    cut = picture(quadrants(), text, FACES)
    assert is_near(cut, (cut.width // 2, cut.height // 2 + 2), color)


def test_without_a_face_it_is_the_north() -> None:
    assert is_near(picture(quadrants(100, 200), "c_fill,g_face,w_90,h_20"), (2, 18), RED)


def test_zoom_shows_less_around_a_face() -> None:
    near = picture(quadrants(), "c_thumb,g_face,w_40,h_40,z_2", FACES)
    far = picture(quadrants(), "c_thumb,g_face,w_40,h_40,z_0.25", FACES)
    assert is_near(near, (1, 1), YELLOW)
    assert not is_near(far, (1, 1), YELLOW)


def test_auto_keeps_what_stands_out() -> None:
    image = Image.new("RGB", (300, 100), (90, 120, 90))
    image.paste(RED, (230, 30, 270, 70))
    kept = picture(image, "c_fill,g_auto,w_100,h_100")
    reds = sum(is_near(kept, (x, 50), RED) for x in range(100))
    assert reds >= 38


TURNS = [
    ("a_90", (100, 200), (2, 2), BLUE), ("a_-90", (100, 200), (2, 2), GREEN),
    ("a_180", (200, 100), (2, 2), YELLOW), ("a_vflip", (200, 100), (2, 2), BLUE),
    ("a_hflip", (200, 100), (2, 2), GREEN), ("a_90.hflip", (100, 200), (2, 2), RED),
    ("a_auto_right,c_fill,w_50,h_80", (50, 80), (2, 2), BLUE),
    ("a_auto_left,c_fill,w_50,h_80", (50, 80), (2, 2), GREEN),
    ("a_auto_right,c_fill,w_80,h_50", (80, 50), (2, 2), RED),
]  # fmt: skip


@pytest.mark.parametrize(("text", "size", "at", "color"), TURNS)
def test_turns(
    text: str, size: tuple[int, int], at: tuple[int, int], color: tuple[int, int, int]
) -> None:
    turned = picture(quadrants(), text)
    assert turned.size == size
    assert is_near(turned, at, color)


def test_slanting_leaves_clear_corners() -> None:
    turned = picture(quadrants(), "a_30")
    assert turned.getpixel((0, 0))[3] == 0  # type: ignore[index]
    assert turned.size == turned_size((200, 100), 30)
    assert is_near(picture(quadrants(), "a_30,b_blue"), (1, 1), (0, 0, 255))


def test_ratio_of_pixels_multiplies_sizes() -> None:
    for text in ("w_50,dpr_2.0", "w_50/dpr_2.0", "dpr_2/w_50"):
        assert derive(quadrants(), text).width_px == 100
    assert derive(quadrants(), "dpr_0.5").width_px == 100


def test_size_of_a_turned_picture_is_rounded_down() -> None:
    assert turned_size((241, 51), 45) == (206, 206)
    assert turned_size((241, 51), 90) == (51, 241)


PLANNED = {"scale", "fit", "limit", "mfit", "fill", "lfill", "pad", "lpad", "mpad", "crop"}
sides = st.integers(1, 3000)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(sorted(PLANNED)),
    sides, sides, st.none() | sides, st.none() | sides,
    st.sampled_from(["center", "north_west", "south_east"]),
)  # fmt: skip
def test_plans_stay_within_the_picture(
    crop: str, width: int, height: int, w: int | None, h: int | None, gravity: str
) -> None:
    if w is None and h is None:
        w = 5
    made = plan(crop, (width, height), Wanted(w, h), anchored(gravity))
    left, top, right, bottom = made.box.corners
    assert left >= 0
    assert top >= 0
    assert right <= width + 1e-6
    assert bottom <= height + 1e-6
    assert min(*made.size, *made.canvas) >= 1


def test_maps_follow_each_other() -> None:
    moved = Map(2, 0, 0, 0, 2, 0).then(Map(1, 0, 5, 0, 1, -3))
    assert moved.point(10, 10) == (25, 17)
    assert moved.box(Box(1, 2, 3, 4)) == Box(7, 1, 6, 8)
