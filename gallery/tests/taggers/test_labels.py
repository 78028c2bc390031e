"""The label file of an operator's own model."""

from __future__ import annotations

from pathlib import Path

import pytest

from gallery.taggers.base import TaggerError
from gallery.taggers.hub import LocalFile
from gallery.taggers.labels import Label, read_labels


def read(path: Path, content: str | bytes) -> tuple[Label, ...]:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_labels(LocalFile(str(path)))


@pytest.mark.parametrize(
    ("content", "texts"),
    [
        ("cat\ndog\n", ["cat", "dog"]),
        ("cat\r\ndog", ["cat", "dog"]),
        ("\ufeffcat\n", ["cat"]),
        ("  polar \x07bear \n", ["polar bear"]),
        ("Bär\n#1 fan\n", ["Bär", "#1 fan"]),
        ("cat\n\n \ndog\n", ["cat", "", "", "dog"]),
        ("cat\n\n", ["cat", ""]),
        ("x" * 100, ["x" * 100]),
        ("cat\u2028\n", ["cat"]),
    ],
)
def test_each_line_is_a_label(content: str, texts: list[str], tmp_path: Path) -> None:
    assert [label.text for label in read(tmp_path / "labels.txt", content)] == texts


def test_prompt_follows_a_tab(tmp_path: Path) -> None:
    labels = read(tmp_path / "labels.txt", "cat\nmouse\ta small grey mouse \n")
    assert labels == (Label("cat"), Label("mouse", "a small grey mouse"))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "has no labels"),
        ("\n \n", "has no labels"),
        ("cat\ndog\ncat\n", "has the label “cat” twice"),
        ("cat\nCat\n", "has the label “Cat” twice"),
        ("cat\n" + "x" * 101, "has a label of 101 characters"),
        (b"caf\xe9", "cannot be read as UTF-8 text"),
    ],
)
def test_labels_that_cannot_be_used_are_refused_for_good(
    content: str | bytes, words: str, tmp_path: Path
) -> None:
    with pytest.raises(TaggerError) as refusal:
        read(tmp_path / "labels.txt", content)
    assert str(refusal.value) == f"labels.txt {words}."
    assert refusal.value.permanent


def test_missing_label_file_is_refused_for_good(tmp_path: Path) -> None:
    with pytest.raises(TaggerError, match=r"labels\.txt is missing") as refusal:
        read_labels(LocalFile(str(tmp_path / "labels.txt")))
    assert refusal.value.permanent
