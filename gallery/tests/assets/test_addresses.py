"""Tests of how addresses are read, and of their signatures."""

from __future__ import annotations

import base64
import hashlib

import pytest

from gallery.assets.addresses import MAX_CHARS, Address, AddressError, Reading, fits, read
from gallery.assets.urls import escape_words


def first(path: str) -> Reading:
    return next(read(path).readings())


@pytest.mark.parametrize(
    ("path", "transformation", "version", "source"),
    [
        ("image/upload/a.jpg", "", None, "a.jpg"),
        ("image/upload/v12/a.jpg", "", 12, "a.jpg"),
        ("image/upload/c_fill,w_100/a", "c_fill,w_100", None, "a"),
        ("image/upload/c_fill,w_100/e_sepia/v1/x/y/a.png", "c_fill,w_100/e_sepia", 1, "x/y/a.png"),
        ("image/upload/t_small/a", "t_small", None, "a"),
        ("image/upload/if_w_gt_10/w_5/if_end/a", "if_w_gt_10/w_5/if_end", None, "a"),
        ("image/upload/$side_10,w_$side/a", "$side_10,w_$side", None, "a"),
        ("image/upload/w_100", "", None, "w_100"),
        ("image/upload/v12", "", None, "v12"),
        ("image/upload/folder/w_100/a", "", None, "folder/w_100/a"),
        ("iu/w_10/a", "w_10", None, "a"),
        ("w_10/a", "w_10", None, "a"),
        ("images/w_10/v3/a/b/nice.jpg", "w_10", 3, "a/b.jpg"),
        ("raw/upload/v1/x/a.tar.gz", "", 1, "x/a.tar.gz"),
    ],
)
def test_an_address_is_split_as_far_left_as_it_looks_like_a_transformation(
    path: str, transformation: str, version: int | None, source: str
) -> None:
    reading = first(path)
    assert (reading.transformation, reading.version, reading.source) == (
        transformation,
        version,
        source,
    )


def test_fewer_components_are_tried_next() -> None:
    readings = list(read("image/upload/w_1/h_1/a.jpg").readings())
    assert [one.source for one in readings] == ["a.jpg", "h_1/a.jpg", "w_1/h_1/a.jpg"]


def test_what_looks_like_a_version_may_be_a_folder() -> None:
    readings = list(read("image/upload/v12/a.jpg").readings())
    assert [(one.version, one.source) for one in readings] == [(12, "a.jpg"), (None, "v12/a.jpg")]


def test_a_name_with_a_dot_is_looked_for_in_full_first() -> None:
    [full, without] = first("image/upload/x.y/a.b.jpg").names
    assert (full.public_id, full.format) == ("x.y/a.b.jpg", None)
    assert (without.public_id, without.format) == ("x.y/a.b", "jpg")


def test_what_is_raw_has_its_extension_in_its_name() -> None:
    assert [name.public_id for name in first("raw/upload/a.zip").names] == ["a.zip"]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("image/private/a", ("image", "private")),
        ("image/authenticated/a", ("image", "authenticated")),
        ("iu/a", ("image", "upload")),
        ("images/a/b", ("image", "upload")),
        ("authenticated_images/a/b", ("image", "authenticated")),
        ("files/a.zip/b", ("raw", "upload")),
        ("a/b", ("image", "upload")),
    ],
)
def test_short_forms_name_kind_and_type(path: str, kind: tuple[str, str]) -> None:
    address = read(path)
    assert (address.resource_type, address.type) == kind


def test_the_signature_comes_first() -> None:
    address = read("image/upload/s--AbCd_-12--/w_1/a")
    assert address.signature == "AbCd_-12"
    assert address.segments == ("w_1", "a")


@pytest.mark.parametrize(
    "path",
    [
        "video/upload/a.mp4",
        "image/nothing/a",
        "image",
        "image/upload/",
        "image/upload",
        "image/upload/a\0b",
        "image/upload/" + "a" * MAX_CHARS,
    ],
)
def test_what_is_no_address_of_a_file_is_refused(path: str) -> None:
    with pytest.raises(AddressError):
        read(path)


def test_names_too_long_to_exist_are_not_looked_for() -> None:
    assert first("image/upload/" + "a" * 300).names == ()


def test_a_thousand_components_are_few_readings() -> None:
    assert len(list(read("image/upload/" + "w_1/" * 900 + "a").readings())) < 50


# --- Signatures -------------------------------------------------------------------------------


SECRET = "secret"


def signature(text: str, secret: str = SECRET, *, algorithm: str = "sha1", chars: int = 8) -> str:
    digest = hashlib.new(algorithm, (text + secret).encode()).digest()
    return base64.urlsafe_b64encode(digest).decode()[:chars]


@pytest.mark.parametrize(("algorithm", "chars"), [("sha1", 8), ("sha256", 8), ("sha256", 32)])
def test_the_kinds_of_signatures_that_client_libraries_make(algorithm: str, chars: int) -> None:
    made = signature("w_1/a.jpg", algorithm=algorithm, chars=chars)
    assert fits(made, ["w_1/a.jpg"], ["other", "secret"])
    assert not fits(made, ["w_1/b.jpg"], ["secret"])
    assert not fits(made, ["w_1/a.jpg"], ["other"])


def test_signatures_of_other_lengths_fit_nothing() -> None:
    whole = signature("a", chars=27)
    for chars in (0, 1, 7, 9, 27):
        assert not fits(whole[:chars], ["a"], ["secret"])
    assert not fits(signature("a", algorithm="sha1", chars=32), ["a"], ["secret"])


def test_a_key_whose_secret_cannot_be_read_signs_nothing() -> None:
    assert not fits(signature("a", ""), ["a"], [""])


def test_escaped_names_and_words_are_signed_as_client_libraries_escape_them() -> None:
    reading = Address(
        "image", "upload", "", ("l_text:Arial_20:a%2Cb c", "v1", "schöne", "a b.jpg")
    ).readings()
    texts = next(iter(reading)).signed_texts
    assert "l_text:Arial_20:a%252Cb%20c/sch%C3%B6ne/a%20b.jpg" in texts


def test_the_syntax_of_a_transformation_is_not_escaped() -> None:
    text = "$a_!x!,if_w_gt_1/l_text:Arial_20:Hi!,co_red"
    assert escape_words(text) == "$a_!x!,if_w_gt_1/l_text:Arial_20:Hi%21,co_red"
