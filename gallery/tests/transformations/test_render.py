"""From file to file: formats, turns by EXIF, animations, conditions, bounds."""

from __future__ import annotations

from contextlib import suppress
from io import BytesIO
from typing import IO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageCms

from gallery.tests.imaging.test_decode import png_claiming
from gallery.transformations import (
    Box,
    Limits,
    Scene,
    TooMuchError,
    TransformationError,
    info_json,
    parse,
)

from .makers import BLUE, RED, derive, file_of, is_near, opened, picture, quadrants

FORMATS = {
    "jpg": "JPEG", "png": "PNG", "webp": "WEBP", "avif": "AVIF", "gif": "GIF", "heic": "HEIF",
    "tif": "TIFF", "bmp": "BMP", "jp2": "JPEG2000",
}  # fmt: skip


@pytest.mark.parametrize(("name", "written"), FORMATS.items())
def test_format_is_that_of_the_address(name: str, written: str) -> None:
    derived = derive(quadrants(), "w_60", format=name)
    assert (derived.format, opened(derived).format) == (name, written)
    assert opened(derived).size == (derived.width_px, derived.height_px) == (60, 30)


def test_pdf_and_ico_are_written() -> None:
    assert derive(quadrants(), "w_60", format="pdf").content.startswith(b"%PDF")
    assert derive(quadrants(), "w_60", format="ico").content.startswith(b"\0\0\1\0")
    with pytest.raises(TransformationError, match="256"):
        derive(quadrants(), "w_600", format="ico")


@pytest.mark.parametrize("written", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "AVIF", "HEIF", "BMP"])
def test_every_kind_is_read_and_keeps_its_format(written: str) -> None:
    derived = derive(file_of(quadrants(), written), "w_60")
    assert FORMATS[derived.format] == written


def test_format_in_the_transformation_wins() -> None:
    assert derive(quadrants(), "f_webp", format="jpg").format == "webp"


CHOICES = [
    ("image/avif,image/webp", False, "avif"), ("image/webp,*/*", False, "webp"), ("", False, "jpg"),
    ("", True, "png"), ("image/webp;q=0", False, "jpg"), ("*/*", True, "png"),
]  # fmt: skip


@pytest.mark.parametrize(("accept", "is_clear", "format"), CHOICES)
def test_auto_is_what_the_reader_accepts(accept: str, is_clear: bool, format: str) -> None:
    image = Image.new("RGBA", (20, 20), (9, 9, 9, 0 if is_clear else 255))
    derived = derive(image, "f_auto", accept=accept)
    assert (derived.format, derived.depends_on_accept) == (format, True)
    assert not derive(image, "", accept=accept).depends_on_accept


def test_transparency_is_white_where_the_format_has_none() -> None:
    clear = Image.new("RGBA", (20, 20), (0, 0, 0, 0))
    assert is_near(opened(derive(clear, "", format="jpg")), (5, 5), (255, 255, 255))
    assert is_near(opened(derive(clear, "b_red", format="jpg")), (5, 5), (255, 0, 0))
    assert opened(derive(clear, "", format="webp")).mode == "RGBA"


def test_quality_changes_bytes() -> None:
    image = Image.effect_noise((200, 200), 60).convert("RGB")
    sizes = [len(derive(image, f"q_{level}", format="jpg").content) for level in (10, 50, 95)]
    assert sizes == sorted(set(sizes))
    autos = [
        len(derive(image, f"q_auto:{level}", format=name).content)
        for name in ("jpg",) for level in ("low", "eco", "good", "best")
    ]  # fmt: skip
    assert autos == sorted(set(autos))
    assert len(derive(image, "fl_lossy", format="png").content) < len(
        derive(image, "", format="png").content
    )


def test_progressive_chroma_and_density_are_written() -> None:
    assert opened(derive(quadrants(), "fl_progressive", format="jpg")).info.get("progressive")
    assert opened(derive(quadrants(), "dn_150", format="jpg")).info["dpi"] == (150, 150)
    full = derive(quadrants(), "q_80:444", format="jpg").content
    assert full != derive(quadrants(), "q_80:420", format="jpg").content
    assert opened(derive(quadrants(), "cs_cmyk", format="jpg")).mode == "CMYK"


def with_exif(orientation: int = 6) -> IO[bytes]:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.Base.Artist] = "Ada"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[1] = "N"
    return file_of(quadrants(), "JPEG", exif=exif.tobytes(), quality=95)


def test_picture_is_turned_by_its_exif_unless_told_not_to() -> None:
    upright = opened(derive(with_exif(), ""))
    assert upright.size == (100, 200)
    assert is_near(upright, (5, 5), BLUE)
    ignored = opened(derive(with_exif(), "a_ignore"))
    assert ignored.size == (200, 100)
    assert is_near(ignored, (5, 5), RED)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_faces_are_found_in_pictures_left_as_they_are_stored(orientation: int) -> None:
    upright = opened(derive(with_exif(orientation), ""))
    x, y = upright.width * 0.75, upright.height * 0.75
    scene = Scene(faces=lambda: [Box(x - 10, y - 10, 20, 20)])
    expected = upright.convert("RGB").getpixel((int(x), int(y)))
    assert isinstance(expected, tuple)
    cut = opened(derive(with_exif(orientation), "a_ignore/c_crop,g_face,w_10,h_10", scene=scene))
    assert is_near(cut, (5, 5), expected)


def test_nothing_of_the_metadata_is_left_unless_it_says_who_made_it() -> None:
    plain = opened(derive(with_exif(), "w_50"))
    assert not plain.getexif()
    assert "icc_profile" not in plain.info
    kept = opened(derive(with_exif(), "w_50,fl_keep_iptc")).getexif()
    assert dict(kept) == {ExifTags.Base.Artist: "Ada"}
    assert not opened(derive(with_exif(), "w_50,fl_keep_iptc.force_strip")).getexif()


def test_colours_follow_the_profile_and_alpha_stays() -> None:
    lab = ImageCms.createProfile("LAB")
    profile = ImageCms.ImageCmsProfile(lab).tobytes()
    converted = ImageCms.profileToProfile(
        quadrants(), ImageCms.createProfile("sRGB"), lab, outputMode="LAB"
    )
    assert converted is not None
    assert is_near(picture(file_of(converted, "TIFF", icc_profile=profile), ""), (5, 5), RED)
    clear = Image.new("RGBA", (8, 8), (200, 0, 0, 100))
    assert picture(file_of(clear, icc_profile=b"broken"), "").getpixel((2, 2)) == (200, 0, 0, 100)


def test_large_photo_is_decoded_smaller_and_cut_at_the_same_place() -> None:
    large = file_of(quadrants(3200, 1600), "JPEG", quality=95)
    for text in ("c_fill,w_50,h_50,g_east", "c_thumb,w_50,h_50,g_face", "c_auto,g_east,w_50,h_50"):
        scene = Scene(faces=lambda: [Box(2400, 200, 400, 400)])
        small = opened(derive(large, text, scene=scene))
        assert is_near(small, (25, 5), (20, 200, 20))
    png = file_of(quadrants(3200, 1600))
    assert is_near(opened(derive(png, "w_64")), (60, 30), (230, 220, 20))


# --- Anything at all -------------------------------------------------------------------------

PARTS = [
    "w_30",
    "h_0.5",
    "ar_300",
    "ar_0.01",
    "dpr_0.1",
    "dpr_2",
    "r_max",
    "r_1:2:300:4",
    "a_45",
    "a_90.hflip",
    "a_auto_right",
    "a_ignore",
    "b_auto",
    "b_transparent",
    "o_0",
    "bo_30px_solid_rgb:ff000044",
    "z_5",
    "x_-90",
    "y_0.5",
    "co_transparent",
    "cs_cmyk",
    "q_1",
    "f_heic",
    "f_jp2",
    "f_ico",
    "f_gif",
    "pg_2",
    "fl_relative",
    "fl_tiled",
    "fl_no_overflow",
    "fl_layer_apply",
    "l_a",
    "u_a",
    "$x_iw",
    "w_$x_add_3",
    "l_text:Zz_9_italic_stroke_justify_letter_spacing_-5_line_spacing_-90:a%0Ab c",
    "if_w_gt_9",
    "e_shadow",
    "e_outline",
    "e_trim",
    "e_make_transparent",
    "e_oil_paint",
    "e_cartoonify",
    "e_redeye",
    "e_pixelate_region",
    "e_blur_faces",
    "e_vignette",
    "e_mask",
    "e_screen",
    *(
        f"c_{crop}"
        for crop in ("scale", "lfill", "pad", "mpad", "fill_pad", "crop", "thumb", "auto")
    ),
    *(f"g_{one}" for one in ("face", "faces", "auto", "custom", "xy_center", "south_east")),
]
ODD = [
    file_of(Image.new("L", (1, 1))), file_of(Image.new("LA", (1, 90))), file_of(quadrants(90, 1)),
    file_of(Image.new("RGBA", (30, 20), (9, 9, 9, 9)), "WEBP"), file_of(quadrants(40, 30), "GIF"),
]  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from(PARTS), min_size=1, max_size=5, unique=True), max_size=3),
    st.sampled_from(ODD),
)
def test_whatever_can_be_read_is_carried_out_or_refused(
    parts: list[list[str]], file: IO[bytes]
) -> None:
    scene = Scene(
        open_layer=lambda _: file_of(quadrants(20, 10)),
        faces=lambda: [Box(5, 5, 9, 9), Box(-50, 900, 10, 10), Box(1, 1, 0, 0)],
        custom=lambda: [Box(3, 3, 10, 4)],
    )
    text = "/".join(map(",".join, parts))
    with suppress(TransformationError):
        derived = derive(file, text, scene=scene, limits=Limits(max_output_pixels=500_000))
        assert min(derived.width_px, derived.height_px) >= 1


# --- Animations and pages ---------------------------------------------------------------------


def moving(written: str, frames: int = 3, size: tuple[int, int] = (40, 20)) -> IO[bytes]:
    images = [Image.new("RGB", size, color) for color in ("red", "lime", "blue", "white")[:frames]]
    options = {} if written == "TIFF" else {"duration": [50, 100, 150, 200][:frames], "loop": 0}
    return file_of(images[0], written, save_all=True, append_images=images[1:], **options)


@pytest.mark.parametrize(("written", "format"), [("GIF", "gif"), ("WEBP", "webp"), ("GIF", "webp")])
def test_animation_keeps_moving(written: str, format: str) -> None:
    animation = opened(derive(moving(written), "w_20,e_sepia:10", format=format))
    assert animation.n_frames == 3  # type: ignore[attr-defined]
    assert animation.size == (20, 10)
    animation.seek(1)
    assert is_near(animation, (5, 5), (20, 250, 20))
    animation.load()
    assert animation.info["duration"] == 100


def test_animation_is_its_first_frame_where_nothing_moves() -> None:
    still = opened(derive(moving("GIF"), "", format="jpg"))
    assert is_near(still, (5, 5), (255, 0, 0))
    assert derive(moving("GIF"), "f_auto", accept="image/webp").format == "webp"
    assert derive(moving("GIF"), "f_auto").format == "gif"


@pytest.mark.parametrize("written", ["GIF", "TIFF"])
def test_page_is_chosen(written: str) -> None:
    assert is_near(picture(moving(written), "pg_3"), (5, 5), (0, 0, 255))
    with pytest.raises(TransformationError, match="3 pages"):
        derive(moving(written), "pg_4")


def test_frames_are_cut_alike() -> None:
    first, second = Image.new("RGB", (60, 20), "white"), Image.new("RGB", (60, 20), "white")
    first.paste(RED, (0, 0, 15, 20))
    second.paste(BLUE, (45, 0, 60, 20))
    file = file_of(first, "GIF", save_all=True, append_images=[second], duration=50)
    animation = opened(derive(file, "c_fill,g_auto,w_20,h_20"))
    assert is_near(animation, (3, 10), RED)
    animation.seek(1)
    assert is_near(animation, (3, 10), (255, 255, 255))


# --- Conditions and variables -----------------------------------------------------------------

WIDTHS = [
    ("if_w_gt_100,w_50", 50), ("if_w_lt_100,w_50", 200), ("if_w_gt_100/w_50/if_end/w_40", 40),
    ("if_w_lt_100/w_50/if_else/w_30/if_end", 30), ("if_w_lt_200,w_50/if_else,w_60", 60),
    ("if_w_lt_200,w_50/if_else,w_60/e_sepia", 60), ("if_ar_eq_2:1,w_9", 9),
    ("if_w_eq_200_and_h_eq_100_or_w_eq_1,w_9", 9), ("if_iar_gt_3_and_w_gt_1,w_9", 200),
    ("if_!a:b!_in_tags,w_9", 9), ("if_!z!_in_tags,w_9", 200), ("if_!z!_nin_tags,w_9", 9),
    ("if_ctx:!kind!_eq_!shoe!,w_9", 9), ("if_ctx:!none!_eq_!shoe!,w_9", 200), ("if_fc_eq_1,w_9", 9),
    ("if_w_gt_1/if_h_gt_1/w_9/if_end/if_end", 9), ("$x_50,w_$x", 50), ("$x_0.5/w_$x", 100),
    ("w_iw_div_4", 50), ("w_iw_sub_10_mul_2", 180), ("$x_iw_div_2,w_$x_add_1", 101),
    ("w_100/w_w_div_2", 50), ("$a_10/$a_$a_mul_3/w_$a", 30), ("w_10/if_iw_eq_200,w_20", 20),
    ("$m_!fill!,c_$m,w_30,h_20", 30), ("$e_40,e_sepia:$e,w_50", 50), ("w_2_pow_5", 32),
]  # fmt: skip


@pytest.mark.parametrize(("text", "width"), WIDTHS)
def test_conditions_and_arithmetic(text: str, width: int) -> None:
    scene = Scene(tags=["a", "b", "c"], context={"kind": "shoe"}, faces=lambda: [Box(1, 1, 5, 5)])
    assert derive(quadrants(), text, scene=scene).width_px == width


@pytest.mark.parametrize(
    ("text", "word"),
    [("w_$x", "not been set"), ("w_iw_div_0", "zero"), ("w_9_pow_99", "large|power"),
     ("$x_!red!,w_$x", "number"), ("w_1_sub_5", "number"), ("w_tags_add_1", "number"),
     ("w_0_sub_8_pow_0.5", "number|power"), ("o_$x_add_1,$x_400", "opacity|set")],
)  # fmt: skip
def test_what_cannot_be_worked_out_is_refused(text: str, word: str) -> None:
    with pytest.raises(TransformationError, match=word):
        derive(quadrants(), text)


# --- Bounds -----------------------------------------------------------------------------------

HUGE = [
    "w_30000", "w_10000,h_10000", "w_100", "c_pad,w_15000,h_15000", "c_mpad,w_99999,h_9",
    "w_5000,h_5000,dpr_4", "w_15999/a_45", "w_10/bo_999px_solid_red/c_scale,w_8000,h_8000",
    "l_text:Arial_900:" + "x" * 300, "w_4000,h_4000/e_shadow,x_9999,y_9999",
]  # fmt: skip


@pytest.mark.parametrize("text", [text for text in HUGE if text != "w_100"])
def test_what_would_be_too_large_is_refused_before_the_work(text: str) -> None:
    with pytest.raises(TooMuchError) as caught:
        derive(quadrants(), text)
    assert str(caught.value).count(".") == 1


def test_bomb_is_refused() -> None:
    for size in ((50_000, 50_000), (2_000_000, 2_000_000)):
        with pytest.raises(TransformationError, match="megapixels"):
            derive(BytesIO(png_claiming(*size)), "w_10")
    with pytest.raises(TransformationError, match="megapixels"):
        derive(quadrants(), "w_10", limits=Limits(max_input_pixels=10))


def test_large_page_behind_a_small_one_is_refused() -> None:
    pages = file_of(
        Image.new("L", (8, 8)), "TIFF", save_all=True, append_images=[Image.new("L", (300, 300))]
    )
    with pytest.raises(TransformationError, match="megapixels"):
        derive(pages, "pg_2", limits=Limits(max_input_pixels=1000))


def test_long_animation_is_refused() -> None:
    with pytest.raises(TooMuchError, match="animation"):
        derive(moving("GIF"), "", limits=Limits(max_input_pixels=2000))
    with pytest.raises(TooMuchError, match="animation"):
        derive(moving("GIF"), "w_100", limits=Limits(max_output_pixels=6000))


def test_time_and_components_are_limited() -> None:
    with pytest.raises(TooMuchError, match="seconds"):
        derive(quadrants(), "w_10/w_20", limits=Limits(cpu_s=0))
    with pytest.raises(TooMuchError, match="components"):
        derive(quadrants(), "/".join(["e_sepia"] * 31))


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"\xff\xd8\xff", b"%PDF-1.7", b"BM" + b"\0" * 40]
)
def test_file_that_is_no_picture_is_refused(content: bytes) -> None:
    with pytest.raises(TransformationError):
        derive(BytesIO(content), "w_10")


def test_file_cut_short_is_refused() -> None:
    whole = file_of(Image.effect_noise((200, 200), 60), "JPEG")
    assert isinstance(whole, BytesIO)
    with pytest.raises(TransformationError, match="damaged"):
        derive(BytesIO(whole.getvalue()[:2000]), "w_100")


def test_names_have_to_be_looked_up_first() -> None:
    with pytest.raises(TransformationError, match="looked up"):
        derive(quadrants(), "t_small")


def test_file_stays_open_and_can_be_used_again() -> None:
    file = file_of(quadrants())
    assert derive(file, "w_10").content == derive(file, "w_10").content
    assert not file.closed


def test_sizes_are_told_without_the_picture() -> None:
    told = info_json(file_of(quadrants()), parse("w_50,fl_getinfo"), format="jpg")
    assert told["input"] == {**told["input"], "width": 200, "height": 100, "format": "png"}
    assert told["output"] == {**told["output"], "width": 50, "height": 25, "format": "jpg"}
    assert told["input"]["bytes"] > 0
    assert told["output"]["bytes"] > 0
