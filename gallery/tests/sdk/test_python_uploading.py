"""Python's library stores pictures and files, and changes what is stored."""

from __future__ import annotations

import base64
import hashlib
from io import BytesIO
from pathlib import Path

import cloudinary.api
import cloudinary.exceptions
import cloudinary.uploader
import cloudinary.utils
import pytest
from pytest_httpserver import HTTPServer

from ..pictures import picture

pytestmark = pytest.mark.usefixtures("sdk")
PICTURE = picture(200, 100)


# --- Where a file comes from ------------------------------------------------------------------


def test_path_is_uploaded(file: Path) -> None:
    told = cloudinary.uploader.upload(str(file))

    facts = ("width", "height", "bytes", "format", "resource_type", "type", "original_filename")
    assert [told[fact] for fact in facts] == [
        200, 100, len(PICTURE), "jpg", "image", "upload", "koala",
    ]  # fmt: skip
    assert told["etag"] == hashlib.md5(PICTURE, usedforsecurity=False).hexdigest()
    assert told["tags"] == []
    assert "context" not in told
    assert len(told["asset_id"]) == len(told["version_id"]) == len(told["request_id"]) == 32
    assert len(told["public_id"]) == 20


def test_answer_is_signed_as_the_library_checks_it(file: Path) -> None:
    told = cloudinary.uploader.upload(file)
    assert cloudinary.utils.verify_api_response_signature(
        told["public_id"], told["version"], told["signature"]
    )


def test_bytes_are_uploaded() -> None:
    assert cloudinary.uploader.upload(PICTURE)["original_filename"] == "file"


def test_stream_is_uploaded(name: str) -> None:
    told = cloudinary.uploader.upload(BytesIO(PICTURE), public_id=name)
    assert (told["public_id"], told["original_filename"]) == (name, "stream")


def test_data_uri_with_line_breaks_is_uploaded() -> None:
    text = base64.encodebytes(PICTURE).decode()
    told = cloudinary.uploader.upload(f"data:image/png;base64,{text}")
    assert (told["width"], told["format"]) == (200, "jpg")


def test_address_is_fetched(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/zoo/bear.jpg").respond_with_data(PICTURE)
    told = cloudinary.uploader.upload(httpserver.url_for("/zoo/bear.jpg"))
    assert (told["bytes"], told["original_filename"]) == (len(PICTURE), "bear")


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("http://127.0.0.1:9/x.jpg", "Error in loading"),
        ("http://169.254.169.254/latest/meta-data/", "Error in loading"),
        ("http://[::1]/x.jpg", "Error in loading"),
        ("s3://bucket/x.jpg", "Unsupported source URL"),
        ("ftp://127.0.0.1/x.jpg", "Unsupported source URL"),
    ],
)
def test_address_within_the_network_is_not_fetched(address: str, reason: str) -> None:
    with pytest.raises(cloudinary.exceptions.BadRequest, match=reason):
        cloudinary.uploader.upload(address)


def test_chunks_become_one_picture(name: str) -> None:
    told = cloudinary.uploader.upload_large(
        BytesIO(PICTURE), chunk_size=len(PICTURE) // 3, resource_type="image", tags=[name]
    )
    assert (told["bytes"], told["width"], told["tags"]) == (len(PICTURE), 200, [name])


def test_chunks_keep_the_name_they_are_given(name: str) -> None:
    told = cloudinary.uploader.upload_large(
        BytesIO(PICTURE), chunk_size=len(PICTURE) // 3, resource_type="image", public_id=name
    )
    assert told["public_id"] == name


def test_chunks_are_raw_unless_said_otherwise(file: Path) -> None:
    told = cloudinary.uploader.upload_large(str(file))
    assert (told["resource_type"], told["bytes"]) == ("raw", len(PICTURE))
    assert "format" not in told


def test_text_is_stored_as_it_is(tmp_path: Path, name: str) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("only text")
    told = cloudinary.uploader.upload(str(notes), resource_type="raw", public_id=f"{name}.txt")
    assert (told["public_id"], told["bytes"]) == (f"{name}.txt", 9)


@pytest.mark.parametrize(
    ("format", "told"),
    [
        ("PNG", "png"),
        ("TIFF", "tif"),
        ("WEBP", "webp"),
        ("GIF", "gif"),
        ("BMP", "bmp"),
        ("ICO", "ico"),
    ],
)
def test_format_is_told_by_the_vendors_name(format: str, told: str) -> None:
    assert cloudinary.uploader.upload(picture(32, 32, format=format))["format"] == told


# --- What it is called ------------------------------------------------------------------------


def test_file_gives_its_name_with_something_unique(file: Path) -> None:
    told = cloudinary.uploader.upload(str(file), use_filename=True)
    stem, _, unique = told["public_id"].partition("_")
    assert (stem, len(unique)) == ("koala", 6)


def test_file_gives_just_its_name_in_a_folder(file: Path, name: str) -> None:
    told = cloudinary.uploader.upload(
        str(file), use_filename=True, unique_filename=False, folder=f"{name}/in"
    )
    assert told["public_id"] == f"{name}/in/koala"


def test_letters_of_any_language_stay(tmp_path: Path) -> None:
    path = tmp_path / "bär_猫.jpg"
    path.write_bytes(PICTURE)
    told = cloudinary.uploader.upload(str(path), use_filename=True, unique_filename=False)
    assert told["public_id"] == told["original_filename"] == "bär_猫"


def test_name_that_is_taken_gets_the_new_picture(name: str) -> None:
    first = cloudinary.uploader.upload(PICTURE, public_id=name, tags=["old"])
    second = cloudinary.uploader.upload(picture(60, 40), public_id=name, tags=["new"])

    assert second["asset_id"] == first["asset_id"]
    assert second["version"] >= first["version"]
    assert second["version_id"] != first["version_id"]
    assert second["overwritten"] is True
    assert (second["width"], second["tags"]) == (60, ["new"])


def test_name_that_is_taken_may_be_left_alone(name: str) -> None:
    cloudinary.uploader.upload(PICTURE, public_id=name)
    told = cloudinary.uploader.upload(picture(60, 40), public_id=name, overwrite=False)
    assert (told["existing"], told["width"]) == (True, 200)


@pytest.mark.parametrize("public_id", ["a?b", "a#b", "a&b", "/a", "a/", " a", "x" * 256, "a%b"])
def test_name_that_no_asset_may_have_is_refused(public_id: str) -> None:
    with pytest.raises(cloudinary.exceptions.BadRequest, match="public_id"):
        cloudinary.uploader.upload(PICTURE, public_id=public_id)


# --- What is asked with it --------------------------------------------------------------------


def test_labels_come_with_it(name: str) -> None:
    told = cloudinary.uploader.upload(
        PICTURE, tags=["zoo", name, "zoo"], context={"alt": "a|b=c", "caption": "Grüße"}
    )
    assert sorted(told["tags"]) == sorted(["zoo", name])
    assert told["context"] == {"custom": {"alt": "a|b=c", "caption": "Grüße"}}


def test_picture_is_transformed_before_it_is_stored() -> None:
    told = cloudinary.uploader.upload(
        PICTURE, transformation={"width": 50, "crop": "scale"}, format="png"
    )
    assert (told["width"], told["height"], told["format"]) == (50, 25, "png")


def test_eager_pictures_are_told_in_order(name: str) -> None:
    eager = [
        {"width": 40, "height": 40, "crop": "fill"},
        {"width": 20, "crop": "scale", "format": "png"},
    ]
    made = cloudinary.uploader.upload(PICTURE, public_id=name, eager=eager)["eager"]
    assert [(one["width"], one["height"], one["format"]) for one in made] == [
        (40, 40, "jpg"),
        (20, 10, "png"),
    ]
    assert made[0]["transformation"] == "c_fill,h_40,w_40"
    assert len(cloudinary.api.resource(name)["derived"]) == 2


def test_breakpoints_go_down_to_the_least(name: str) -> None:
    wanted = {"create_derived": False, "bytes_step": 500, "min_width": 50, "max_width": 150}
    told = cloudinary.uploader.upload(PICTURE, responsive_breakpoints=wanted)
    widths = [one["width"] for one in told["responsive_breakpoints"][0]["breakpoints"]]
    assert widths == sorted(widths, reverse=True)
    assert (widths[0], widths[-1]) == (150, 50)


def test_analyses_are_told() -> None:
    told = cloudinary.uploader.upload(
        PICTURE, colors=True, phash=True, quality_analysis=True, image_metadata=True, faces=True
    )
    assert told["faces"] == []
    assert len(told["phash"]) == 16
    assert isinstance(told["quality_analysis"]["focus"], float)
    assert all(colour.startswith("#") and share > 0 for colour, share in told["colors"])


def test_unsigned_upload_is_as_its_preset_says(name: str) -> None:
    cloudinary.api.create_upload_preset(name=name, unsigned=True, tags=["preset"], folder=name)
    told = cloudinary.uploader.unsigned_upload(PICTURE, name, tags=["mine"])
    assert told["public_id"].startswith(f"{name}/")
    assert sorted(told["tags"]) == ["mine", "preset"]


def test_unsigned_upload_may_not_ask_for_everything(name: str) -> None:
    cloudinary.api.create_upload_preset(name=name, unsigned=True)
    with pytest.raises(cloudinary.exceptions.BadRequest, match="unsigned"):
        cloudinary.uploader.unsigned_upload(PICTURE, name, eager=[{"width": 10}])


def test_preset_that_wants_signatures_is_not_for_unsigned_uploads(name: str) -> None:
    cloudinary.api.create_upload_preset(name=name, unsigned=False)
    with pytest.raises(cloudinary.exceptions.BadRequest, match="preset"):
        cloudinary.uploader.unsigned_upload(PICTURE, name)


@pytest.mark.parametrize(
    ("option", "reason"),
    [
        ({"allowed_formats": ["png"]}, "Image file format jpg not allowed"),
        ({"detection": "people"}, "Detection invalid model 'people'"),
        ({"raw_convert": "people"}, "Raw convert is invalid"),
        ({"background_removal": "people"}, "is invalid"),
        ({"metadata": {"no_such_field": "x"}}, "no_such_field"),
        ({"transformation": {"raw_transformation": "w_-5"}}, "-5"),
        ({"transformation": {"effect": "gen_replace:from_a;to_b"}}, "gen_replace"),
        ({"eval": "x"}, "Eval is not offered"),
    ],
)
def test_option_that_cannot_be_had_is_refused(
    name: str, option: dict[str, object], reason: str
) -> None:
    with pytest.raises(cloudinary.exceptions.BadRequest, match=reason):
        cloudinary.uploader.upload(PICTURE, public_id=name, **option)
    with pytest.raises(cloudinary.exceptions.NotFound):
        cloudinary.api.resource(name)


@pytest.mark.parametrize("content", [b"no picture", b"<svg onload='alert(1)'/>", PICTURE[:40]])
def test_what_is_no_picture_is_refused(content: bytes) -> None:
    with pytest.raises(cloudinary.exceptions.BadRequest, match="Invalid image file"):
        cloudinary.uploader.upload(content)


def test_error_is_returned_to_who_asks_for_that() -> None:
    error = cloudinary.uploader.upload(b"no picture", return_error=True)["error"]
    assert (error["http_code"], error["message"]) == (400, "Invalid image file")
    assert len(error["request_id"]) == 32


# --- What is stored is changed ----------------------------------------------------------------


def test_explicit_replaces_labels_and_makes_pictures(name: str) -> None:
    cloudinary.uploader.upload(PICTURE, public_id=name, tags=["old"], context={"alt": "old"})
    told = cloudinary.uploader.explicit(
        name, type="upload", tags=["new"], eager=[{"width": 30, "crop": "scale"}]
    )
    assert told["tags"] == ["new"]
    assert told["context"] == {"custom": {"alt": "old"}}
    assert told["eager"][0]["height"] == 15


def test_explicit_of_nothing_is_not_found(name: str) -> None:
    with pytest.raises(cloudinary.exceptions.NotFound, match=f"Resource not found - {name}"):
        cloudinary.uploader.explicit(name, type="upload")


def test_rename_moves_an_asset(name: str) -> None:
    stored = cloudinary.uploader.upload(PICTURE, public_id=name)
    told = cloudinary.uploader.rename(name, f"{name}/moved")
    assert (told["public_id"], told["asset_id"]) == (f"{name}/moved", stored["asset_id"])
    with pytest.raises(cloudinary.exceptions.NotFound):
        cloudinary.api.resource(name)


def test_rename_asks_before_it_takes_anothers_place(name: str) -> None:
    cloudinary.uploader.upload(PICTURE, public_id=name)
    cloudinary.uploader.upload(picture(60, 40), public_id=f"{name}-2")
    with pytest.raises(cloudinary.exceptions.BadRequest, match="already exists"):
        cloudinary.uploader.rename(name, f"{name}-2")
    cloudinary.uploader.rename(name, f"{name}-2", overwrite=True)
    assert cloudinary.api.resource(f"{name}-2")["width"] == 200


def test_destroy_takes_it_away_once(name: str) -> None:
    cloudinary.uploader.upload(PICTURE, public_id=name)
    assert cloudinary.uploader.destroy(name)["result"] == "ok"
    assert cloudinary.uploader.destroy(name)["result"] == "not found"


def test_tags_are_added_and_taken_away(name: str) -> None:
    ids = [f"{name}-1", f"{name}-2"]
    for one in ids:
        cloudinary.uploader.upload(PICTURE, public_id=one, tags=["first"])

    told = cloudinary.uploader.add_tag("zoo,bear", [*ids, f"no-{name}"])
    assert sorted(told["public_ids"]) == ids
    assert cloudinary.api.resource(ids[0])["tags"] == ["bear", "first", "zoo"]
    cloudinary.uploader.remove_tag("bear", ids)
    assert cloudinary.api.resource(ids[0])["tags"] == ["first", "zoo"]
    cloudinary.uploader.replace_tag("only", ids)
    assert cloudinary.api.resource(ids[1])["tags"] == ["only"]
    cloudinary.uploader.remove_all_tags(ids)
    assert "tags" not in cloudinary.api.resource(ids[1])


def test_context_is_added_and_taken_away(name: str) -> None:
    cloudinary.uploader.upload(PICTURE, public_id=name, context={"alt": "A bear"})
    cloudinary.uploader.add_context({"shot": "1=1|2"}, [name])
    expected = {"custom": {"alt": "A bear", "shot": "1=1|2"}}
    assert cloudinary.api.resource(name)["context"] == expected
    cloudinary.uploader.remove_all_context([name])
    assert "context" not in cloudinary.api.resource(name)


def test_text_becomes_a_picture(name: str) -> None:
    told = cloudinary.uploader.text("Grüße", public_id=name, font_size=20, font_color="red")
    assert told["type"] == "text"
    assert told["width"] > 10
    assert told["height"] > 5
