"""Names that assets may have, and those made up for them."""

from __future__ import annotations

import pytest

from gallery.assets import naming
from gallery.assets.errors import InvalidError


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("logo", "logo"), ("a b-c.d", "a b-c.d"), ("a?b&c", "a_b_c"), ("dir/x", "dir_x"),
        ("kůň", "kůň"), ("a%20b", "a_20b"), (" a ", "a"), ("x" * 400, "x" * 255),
    ],
)  # fmt: skip
def test_names_made_of_file_names(stem: str, name: str) -> None:
    made = naming.from_filename(stem, is_unique=False)
    assert made == name
    naming.check_public_id(made)


@pytest.mark.parametrize("stem", ["", "...", "???", "/", "\n", "\u202e"])
def test_file_names_that_are_no_names(stem: str) -> None:
    naming.check_public_id(naming.from_filename(stem, is_unique=True))
    naming.check_public_id(naming.from_filename(stem, is_unique=False))


def test_unique_names_end_in_six_random_characters() -> None:
    made = {naming.from_filename("x" * 300, is_unique=True) for _ in range(20)}
    assert len(made) == 20
    assert all(len(name) <= 255 and name[-7] == "_" for name in made)


@pytest.mark.parametrize(("text", "folder"), [("", ""), ("/", ""), ("a/b/", "a/b"), ("/a", "a")])
def test_folders(text: str, folder: str) -> None:
    assert naming.check_folder(text) == folder


@pytest.mark.parametrize("text", ["a//b", "a/../b", "a?b", "x" * 300, "\x00", " a"])
def test_bad_folders(text: str) -> None:
    with pytest.raises(InvalidError):
        naming.check_folder(text)
