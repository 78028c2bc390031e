"""The language of transformations: what is read, how it is written, what is refused."""

from __future__ import annotations

import string
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gallery.transformations import (
    TransformationError,
    expand,
    looks_like_component,
    parse,
)

GOOD = [
    "",
    "c_fill,g_face,h_100,w_100",
    "w_0.5",
    "w_iw,h_ih",
    "ar_16:9,c_fill,w_300",
    "dpr_2.0,w_100",
    "dpr_auto,w_auto",
    "q_80",
    "q_auto",
    "q_auto:best:sensitive",
    "q_80:444",
    "f_auto",
    "f_jpg",
    "r_20",
    "r_max",
    "r_0:10:20:max",
    "a_45",
    "a_-90.hflip",
    "a_22.5",
    "a_ignore",
    "a_auto_right",
    "e_sepia",
    "e_blur:300",
    "e_outline:outer:15:200,co_red",
    "e_tint:equalize:80:blue:rgb:fff",
    "e_cartoonify:70:bw",
    "e_art:zorro",
    "e_trim:20:rgb:ffffff",
    "e_improve:indoor:50",
    "b_rgb:00ff0080",
    "b_auto:predominant_gradient:2",
    "b_transparent",
    "x_-10,y_0.5,c_crop,w_10",
    "o_50",
    "bo_5px_solid_rgb:ff0000",
    "l_folder:logo,w_50",
    "u_logo/e_blur/fl_layer_apply",
    "l_text:Arial_40_bold_italic_underline:Hi%20there,co_white",
    "l_fetch:aHR0cHM6Ly9hLmIvYy5wbmc",
    "l_text:Times New Roman_40_letter_spacing_-2_line_spacing_5:a%252Cb%252Fc",
    "t_named",
    "fl_progressive.lossy",
    "fl_attachment:my.file",
    "z_1.5,c_thumb,g_faces,w_50",
    "d_no:one.png",
    "pg_2",
    "dn_150",
    "cs_srgb",
    "if_w_gt_300/w_300/if_else/w_100/if_end",
    "if_ar_lte_16:9,w_10",
    "if_!sale:new!_in_tags_or_ctx:!kind!_eq_!shoe!,e_grayscale",
    "$x_10,w_$x_mul_2_add_3",
    "$c_!red!,e_colorize,co_$c",
    "$t_!abc!,l_text:Arial_20:$(t)%20def",
    "if_fc_eq_0_and_pc_gt_1/w_9",
    "w_auto:breakpoints_50_1000_20_20:json",
    "w_auto:100:400",
    "g_xy_center,x_5,y_5,c_crop,w_9",
]


@pytest.mark.parametrize("text", GOOD)
def test_canonical_text_means_the_same_and_stays(text: str) -> None:
    once = parse(text)
    assert once.text == text
    assert parse(once.canonical).canonical == once.canonical
    assert parse(once.canonical).needs == once.needs


SAME = [
    ("w_100,c_fill", "c_fill,w_100"),
    ("w_0100", "w_100"),
    ("q_auto:good", "q_auto"),
    ("f_jpeg", "f_jpg"),
    ("/w_10//h_20/", "w_10/h_20"),
    ("fl_lossy.progressive", "fl_progressive.lossy"),
    ("fl_lossy,fl_progressive", "fl_progressive.lossy"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_spellings_of_the_same_share_one_canonical(one: str, other: str) -> None:
    assert parse(one).canonical == parse(other).canonical


INFO: list[tuple[str, list[dict[str, Any]]]] = [
    ("", []),
    ("c_scale,l_text:arial_20:abc,w_100",
     [{"crop": "scale", "overlay": "text:arial_20:abc", "width": 100}]),
    ("w_0.5/a_-10", [{"width": 0.5}, {"angle": -10}]),
    ("if_w_gt_100,e_art:fes", [{"effect": "art:fes", "if": "w_gt_100"}]),
    ("t_123", [{"transformation": "123"}]),
    ("$x_10", [{"variables": [["$x", "10"]]}]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "info"), INFO)
def test_info_has_long_names_in_order_and_numbers(text: str, info: list[dict[str, Any]]) -> None:
    found = parse(text).info
    assert found == info
    assert [list(one) for one in found] == [list(one) for one in info]


def test_it_tells_what_it_takes() -> None:
    told = parse(
        "g_face,c_thumb,w_9/l_a:b/u_c,w_1/fl_layer_apply.no_overflow/d_x:y.png,t_n,f_png/f_auto"
    )
    assert told.layers == ("a/b", "c", "x/y.png")
    assert told.default_image == "x/y.png"
    assert told.named == ("n",)
    assert told.format == "auto"
    assert told.flags == {"layer_apply", "no_overflow"}
    assert told.needs == {"faces"}
    assert parse("g_auto,c_fill,w_9").needs == {"saliency"}
    assert parse("g_custom,c_crop").needs == {"custom"}
    assert parse("l_fetch:aHR0cHM6Ly9hLmIvYy5wbmc").fetched_layers == ("https://a.b/c.png",)


REFUSED = [
    ("w_nan", "number"),
    ("w_inf", "number"),
    ("w_1e5", "number"),
    ("w_-5", "number"),
    ("w_0", "number"),
    ("w_99999999", "number"),
    ("w_1.5.2", "number"),
    ("w_", "parameter"),
    ("zz_1", "parameter"),
    ("w", "parameter"),
    ("hello world", "parameter"),
    ("c_squeeze", "crop"),
    ("g_nowhere", "gravity"),
    ("g_auto:cat", "gravity"),
    ("g_face:left", "gravity"),
    ("q_0", "quality"),
    ("q_101", "quality"),
    ("q_auto:great", "quality"),
    ("f_exe", "format"),
    ("ar_0:1", "ratio"),
    ("ar_1:0", "ratio"),
    ("r_1:2:3:4:5", "corners"),
    ("a_sideways", "angle"),
    ("e_gen_fill", "model"),
    ("e_background_removal", "model"),
    ("e_upscale", "model"),
    ("e_unheard", "effect"),
    ("e_blur:0", "1 to 2000"),
    ("e_sepia:200", "1 to 100"),
    ("e_art:unheard", "art"),
    ("b_gen_fill", "colour"),
    ("b_rgb:12", "colour"),
    ("co_puce", "colour"),
    ("o_101", "opacity"),
    ("bo_5_solid_red", "border"),
    ("bo_5px_dotted_red", "border"),
    ("fl_fly", "flag"),
    ("l_text:Arial:abc", "font"),
    ("l_text:Arial_20", "text layer"),
    ("l_text:Arial_20_wobbly:abc", "style"),
    ("l_text:Arial_5000:abc", "font"),
    ("l_text:Arial_20:%00", "characters"),
    ("l_..:secret", "public id"),
    ("l_video:dog", "kind"),
    ("l_private:x", "kind"),
    ("l_fetch:!!!!", "base64"),
    ("l_fetch:ZmlsZTovLy9ldGM", "Web"),
    ("u_a,l_b", "one layer"),
    ("w_1,w_2", "twice"),
    ("if_end", "condition"),
    ("if_else", "condition"),
    ("fl_layer_apply", "no layer"),
    ("if_w_gt", "missing"),
    ("if_w_above_3", "out of place"),
    ("if_w_gt_1/l_a/if_end/fl_layer_apply", "overlap"),
    ("$1x_3", "variable"),
    ("$x_!a!_b_c", "place"),
    ("w_$x_plus_1", "place"),
    ("w_10,if_w_gt_1", "first"),
    ("w_auto:breakpoints_9_1_1_1", "Breakpoints"),
    ("w_10\x00", "control"),
    ("w_10\ne_sepia", "control"),
    ("/".join(["w_1"] * 101), "components"),
    ("l_" + "a" * 9000, "characters"),
    ("w_" + "1" * 500, "number"),
    ("w_\uff11\uff12", "number"),
    ("/".join(["if_w_gt_1"] * 20), "deeply"),
    ("w_" + "_add_".join(["1"] * 90), "parts"),
]


@pytest.mark.parametrize(("text", "word"), REFUSED)
def test_refusal_is_one_sentence_that_says_why(text: str, word: str) -> None:
    with pytest.raises(TransformationError, match=word) as caught:
        parse(text)
    message = str(caught.value)
    assert message.endswith(".")
    assert len(message) < 250


LOOKS = [
    ("w_100", True),
    ("c_fill,w_100", True),
    ("w_nonsense", True),
    ("t_named", True),
    ("$x_1", True),
    ("if_end", True),
    ("if_w_gt_1", True),
    ("e_sepia,", False),
    ("v12", False),
    ("holiday", False),
    ("my_folder", False),
    ("", False),
    ("w_", False),
    ("W_100", False),
    ("w_100,holiday", False),
    ("s--abc--", False),
]


@pytest.mark.parametrize(("segment", "looks"), LOOKS)
def test_components_are_told_from_folders(segment: str, looks: bool) -> None:
    assert looks_like_component(segment) is looks


def test_names_are_replaced_by_what_they_stand_for() -> None:
    named = {"small": "w_10", "both": "t_small/e_sepia"}.get
    expanded = expand(parse("t_both,r_5/q_50"), named)
    assert expanded.canonical == "w_10/e_sepia/r_5/q_50"
    assert expanded.text == "t_both,r_5/q_50"
    assert expand(parse("t_small.both"), named).canonical == "w_10/w_10/e_sepia"


def test_unknown_and_endless_names_are_refused() -> None:
    with pytest.raises(TransformationError, match="no transformation named"):
        expand(parse("t_nobody"), lambda _: None)
    with pytest.raises(TransformationError, match="deeply"):
        expand(parse("t_a"), {"a": "w_1/t_a"}.get)
    with pytest.raises(TransformationError, match="components"):
        expand(parse("t_a"), {"a": "/".join(["t_b"] * 90), "b": "/".join(["w_1"] * 90)}.get)


PARTS = st.sampled_from(
    [
        "w_",
        "h_",
        "c_fill",
        "g_auto",
        "e_",
        "l_text:",
        "Arial_20:",
        "if_",
        "$x_",
        "fl_layer_apply",
        ",",
        "/",
        "_",
        ":",
        ".",
        "!",
        "$",
        "(",
        ")",
        "%2C",
        "-",
        "1",
        "0.5",
        "iw",
        "_gt_",
        "_mul_",
        "end",
        "else",
        "auto",
        "max",
        "rgb:",
        "\x00",
        "é",
        "😀",
        "a_",
        "r_",
        "bo_5px_solid_",
        "b_",
        "t_",
        "l_",
    ]
)


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.text(max_size=80), st.lists(PARTS, max_size=14).map("".join),
                 st.text(string.printable, max_size=40)))  # fmt: skip
@example("a_.")
@example("fl_.")
@example("l_text:_:")
def test_any_text_is_read_or_refused(text: str) -> None:
    looks_like_component(text)
    try:
        read = parse(text)
    except TransformationError:
        return
    assert parse(read.canonical).canonical == read.canonical
    assert isinstance(read.info, list)
    assert read.needs <= {"faces", "saliency", "custom"}
    _ = read.format, read.named, read.layers, read.fetched_layers, read.flags, read.default_image


def test_start_up_loads_no_numpy() -> None:
    code = "import gallery.transformations, sys; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
