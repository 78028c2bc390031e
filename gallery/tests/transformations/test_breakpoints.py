"""Breakpoints: which widths, in which order, with how many bytes between them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from PIL import Image

from gallery.transformations import (
    BreakpointSpec,
    Limits,
    TooMuchError,
    TransformationError,
    auto_breakpoints,
    breakpoints,
    parse,
    widths_json,
)

from .makers import derive, file_of, quadrants


def test_small_picture_has_its_own_width_and_the_least() -> None:
    found = breakpoints(file_of(quadrants(241, 51)), BreakpointSpec(parse("a_45,c_scale"), "png"))
    assert [one.width_px for one in found] == [206, 50]
    assert {one.format for one in found} == {"png"}
    assert found[0].transformation == "a_45,c_scale/c_scale,w_206"


def noise(side: int) -> Image.Image:
    return Image.effect_noise((side, side), 80).convert("RGB")


def test_widths_descend_by_about_the_step_in_bytes() -> None:
    spec = BreakpointSpec(parse("c_scale"), "jpg", 50, 900, 20_000, 20)
    found = breakpoints(file_of(noise(1000)), spec)
    widths, sizes = [one.width_px for one in found], [one.size_bytes for one in found]
    assert (widths[0], widths[-1]) == (900, 50)
    assert widths == sorted(set(widths), reverse=True)
    steps = [more - less for more, less in pairwise(sizes)]
    assert all(8_000 < step < 60_000 for step in steps[:-1])


@pytest.mark.parametrize("most", [1, 2, 5])
def test_there_are_no_more_than_asked_for(most: int) -> None:
    spec = BreakpointSpec(parse(""), "jpg", 50, 900, 1, most)
    found = breakpoints(file_of(noise(1000)), spec)
    assert len(found) <= most
    assert found[0].width_px == 900


def test_picture_narrower_than_the_least_has_its_own_width() -> None:
    found = breakpoints(file_of(quadrants(20, 10)), BreakpointSpec(parse("")))
    assert [one.width_px for one in found] == [20]


def test_address_says_the_same_in_one_word() -> None:
    asked = auto_breakpoints(parse("e_sepia/c_scale,w_auto:breakpoints_60_700_20_9:json"))
    assert asked is not None
    spec, wants_json = asked
    assert wants_json
    assert spec.transformation.canonical == "e_sepia"
    assert (spec.min_width_px, spec.max_width_px) == (60, 700)
    assert (spec.bytes_step, spec.max_images) == (20_000, 9)
    assert widths_json(breakpoints(file_of(quadrants(241, 51)), spec)) == {"breakpoints": [241, 60]}
    assert auto_breakpoints(parse("w_100")) is None


def test_width_that_is_left_to_us_is_the_picture_s_own() -> None:
    assert derive(quadrants(), "w_auto").width_px == 200
    assert derive(quadrants(), "w_auto:20:80").width_px == 80


def test_bounds_hold_here_too() -> None:
    with pytest.raises(TooMuchError):
        breakpoints(file_of(quadrants()), BreakpointSpec(parse("w_90000")))
    with pytest.raises(TooMuchError, match="seconds"):
        breakpoints(file_of(quadrants()), BreakpointSpec(parse("")), limits=Limits(cpu_s=0))
    with pytest.raises(TransformationError, match="format"):
        breakpoints(file_of(quadrants()), BreakpointSpec(parse(""), "exe"))
