"""Layers: pictures and texts over and under, where they go and how they mix."""

from __future__ import annotations

from typing import IO

import pytest
from PIL import Image, ImageChops

from gallery.transformations import Limits, Scene, TooMuchError, TransformationError
from gallery.transformations import text as text_module
from gallery.transformations.color import Color
from gallery.transformations.layer_names import read_style
from gallery.transformations.text import Ink, draw_text

from .makers import BLUE, RED, derive, file_of, is_near, picture

BASE = Image.new("RGB", (100, 60), RED)


def stored(name: str) -> IO[bytes]:
    pictures = {
        "blue": Image.new("RGB", (20, 10), BLUE),
        "in/grey": Image.new("RGB", (200, 200), (90, 90, 90)),
    }
    return file_of(pictures[name])


SCENE = Scene(open_layer=stored, open_fetched=lambda url: file_of(Image.new("RGB", (9, 9), BLUE)))


def box_of_change(text: str, scene: Scene = SCENE) -> tuple[int, int, int, int] | None:
    return ImageChops.difference(picture(BASE, text, scene).convert("RGB"), BASE).getbbox()


PLACES = [
    ("l_blue", (40, 25, 60, 35)), ("l_blue,g_north_west", (0, 0, 20, 10)),
    ("l_blue,g_south_east,x_5,y_3", (75, 47, 95, 57)), ("l_blue,g_north,y_0.5", (40, 30, 60, 40)),
    ("l_blue,x_-10", (30, 25, 50, 35)), ("l_blue,w_10", (45, 28, 55, 33)),
    ("l_blue,w_0.5", (45, 28, 55, 33)), ("l_blue,fl_relative,w_0.5", (25, 18, 75, 43)),
    ("l_blue/w_10/fl_layer_apply,g_west", (0, 28, 10, 33)),
    ("l_blue,w_10/a_90/fl_layer_apply,g_west", (0, 25, 5, 35)),
    ("l_blue,fl_layer_apply,g_west", (0, 25, 20, 35)), ("l_blue,fl_tiled", (0, 0, 100, 60)),
    ("l_in:grey/w_30,h_30/l_blue/w_10/fl_layer_apply/fl_layer_apply,g_east", (70, 15, 100, 45)),
    ("l_fetch:aHR0cHM6Ly9hLmIvYy5wbmc,g_east", (91, 26, 100, 35)),
    ("$n_!blue!,l_$(n),g_west", (0, 25, 20, 35)), ("u_blue", None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "box"), PLACES)
def test_layer_goes_where_it_should(text: str, box: tuple[int, int, int, int] | None) -> None:
    found = box_of_change(text)
    if box is None or found is None:
        assert found == box
    else:
        assert all(abs(one - other) <= 1 for one, other in zip(found, box, strict=True))


def test_canvas_grows_for_a_layer_unless_told_not_to() -> None:
    assert picture(BASE, "l_in:grey", SCENE).size == (200, 200)
    assert picture(BASE, "l_in:grey,fl_no_overflow", SCENE).size == (100, 60)
    under = picture(BASE, "u_in:grey", SCENE)
    assert under.size == (200, 200)
    assert is_near(under, (100, 100), RED)
    assert is_near(under, (5, 5), (90, 90, 90))


MIXES = [
    ("e_multiply", (78, 7, 7)), ("e_screen", (232, 103, 103)), ("o_50", (155, 55, 55)),
]  # fmt: skip


@pytest.mark.parametrize(("how", "color"), MIXES)
def test_layers_are_mixed(how: str, color: tuple[int, int, int]) -> None:
    mixed = picture(BASE, f"l_in:grey,w_20,h_20,{how}", SCENE)
    assert is_near(mixed, (50, 30), color, by=8)
    assert is_near(mixed, (5, 5), RED)


def test_mask_keeps_and_cut_out_removes_what_is_beneath() -> None:
    kept, removed = picture(BASE, "l_blue,e_mask", SCENE), picture(BASE, "l_blue,e_cut_out", SCENE)
    for image, middle, corner in ((kept, 255, 0), (removed, 0, 255)):
        alpha = image.getchannel("A")
        assert (alpha.getpixel((50, 30)), alpha.getpixel((2, 2))) == (middle, corner)


def test_missing_layers_and_too_many_are_refused() -> None:
    with pytest.raises(TransformationError, match="Resource not found - no/where"):
        derive(BASE, "l_no:where", scene=SCENE)
    with pytest.raises(TransformationError, match="Resource not found - https://a"):
        derive(BASE, "l_fetch:aHR0cHM6Ly9hLmIvYy5wbmc")
    with pytest.raises(TooMuchError, match="10 layers"):
        derive(BASE, "/".join(["l_blue"] * 11), scene=SCENE)


def test_layer_that_is_no_picture_is_refused() -> None:
    scene = Scene(open_layer=lambda _: file_of(BASE, "PDF"))
    with pytest.raises(TransformationError, match="PDF"):
        derive(BASE, "l_paper", scene=scene)


# --- Text -------------------------------------------------------------------------------------


def test_text_is_drawn_in_its_colour_where_it_should() -> None:
    box = box_of_change("l_text:Arial_20:Hi,co_white,g_north_west,x_5,y_5")
    assert box is not None
    assert abs(box[0] - 5) <= 1
    assert abs(box[1] - 5) <= 1
    assert box[2] < 40


def _size(
    style: str,
    words: str = "Some words",
    *,
    width_px: int | None = None,
    height_px: int | None = None,
) -> tuple[int, int]:
    drawn = draw_text(
        words, read_style(style), Ink(), Limits(), width_px=width_px, height_px=height_px
    )
    return drawn.size


def test_styles_change_what_is_drawn() -> None:
    plain = _size("Arial_40")
    assert _size("Arial_80")[1] > plain[1] * 1.7
    assert _size("Arial_40_letter_spacing_10")[0] > plain[0] + 80
    assert _size("Arial_40", "a\nb")[1] < _size("Arial_40_line_spacing_40", "a\nb")[1] - 30
    assert _size("Arial_40_underline")[1] > _size("Arial_40", "Somewords")[1]
    assert _size("Arial_40", "Some words go here", width_px=150)[0] <= 152
    assert _size("Arial_40", "a b c d e f g h", width_px=40, height_px=100)[1] <= 100


def test_wrapped_text_is_aligned() -> None:
    left, right = (
        draw_text("wide line\nx", read_style(f"Arial_30_{side}"), Ink(), Limits())
        for side in ("left", "right")
    )
    lower = (0, left.height * 2 // 3, left.width, left.height)
    boxes = left.crop(lower).getbbox(), right.crop(lower).getbbox()
    assert boxes[0]
    assert boxes[1]
    assert boxes[0][0] < 10
    assert boxes[1][2] > left.width - 10


def test_stroke_and_ground_are_drawn() -> None:
    ink = Ink(Color(255, 255, 255), Color(255, 0, 0), 3, Color(0, 0, 255))
    image = draw_text("O", read_style("Arial_60_stroke"), ink, Limits())
    colors = {pixel[:3] for _, pixel in image.getcolors(100_000) or [] if isinstance(pixel, tuple)}
    assert {(255, 255, 255), (255, 0, 0), (0, 0, 255)} <= colors


def test_text_is_drawn_without_any_font_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_module, "_installed", dict)
    text_module._face.cache_clear()
    assert _size("Arial_40")[0] > 100
    assert _size("Nobody_40_bold_italic")[0] > 100
    text_module._face.cache_clear()


@pytest.mark.parametrize(
    "words", ["a%252Cb%252Fc", "Gr%C3%BC%C3%9Fe", "日本語", "👋 hi", "100%25 %zz", "a%0Ab"]
)
def test_odd_texts_are_drawn(words: str) -> None:
    assert box_of_change(f"l_text:Arial_20:{words},co_white") is not None


def test_huge_text_is_refused_before_it_is_drawn() -> None:
    with pytest.raises(TooMuchError):
        derive(BASE, "l_text:Arial_1000:" + "W" * 500)
    with pytest.raises(TooMuchError):
        derive(BASE, "l_text:Arial_1000:abc,dpr_20,w_5000")
