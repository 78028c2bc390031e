"""Zero-shot tagging: photos are compared with the words for a label."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tokenizers import Tokenizer

from gallery.taggers import zero_shot
from gallery.taggers.base import TaggerError
from gallery.taggers.hub import LocalFile
from gallery.taggers.labels import Label
from gallery.taggers.network import open_network
from gallery.taggers.zero_shot import Likenesses, Texts
from gallery.tests.taggers.networks import reading, seeing, tokenizer

COLOURS = [Label("red"), Label("green"), Label("blue")]


def texts(folder: Path, **options: Any) -> Texts:
    model = LocalFile(reading(folder / "ears.onnx"))
    words = LocalFile(tokenizer(folder / "tokenizer.json"))
    given: dict[str, Any] = {"prompt": "a photo of {}", "length": 7, "threads": 1}
    return Texts(**({"model": model, "tokenizer": words} | given | options))


def failure(texts: Texts) -> TaggerError:
    with pytest.raises(TaggerError) as caught:
        texts.embeddings(COLOURS)
    return caught.value


@pytest.mark.parametrize("output", ["text_embeds", "pooler_output", "anything"])
def test_labels_are_described_in_their_order_by_rows_of_length_1(
    output: str, tmp_path: Path
) -> None:
    model = LocalFile(reading(tmp_path / "ears2.onnx", output=output))
    assert texts(tmp_path, model=model).embeddings(COLOURS).tolist() == np.eye(3).tolist()


def test_more_labels_than_fit_one_batch_keep_their_order(tmp_path: Path) -> None:
    rows = texts(tmp_path).embeddings(COLOURS * (zero_shot.BATCH // 2))
    assert (rows == np.tile(np.eye(3), (zero_shot.BATCH // 2, 1))).all()


def test_label_with_its_own_prompt_is_described_by_that(tmp_path: Path) -> None:
    [row] = texts(tmp_path).embeddings([Label("sunset", "red red blue blue")])
    assert row == pytest.approx([0.5**0.5, 0, 0.5**0.5])


def test_label_that_is_put_into_a_prompt_may_have_braces(tmp_path: Path) -> None:
    [row] = texts(tmp_path, prompt="green {}").embeddings([Label("{0} {red}")])
    assert row == pytest.approx([0.5**0.5, 0.5**0.5, 0])


def test_text_is_cut_at_the_length(tmp_path: Path) -> None:
    [row] = texts(tmp_path, length=2).embeddings([Label("x", "red red green blue")])
    assert row.tolist() == [1, 0, 0]


@pytest.mark.parametrize(
    ("own", "used"),
    [
        ({"pad_id": 5, "pad_token": "green", "length": 3}, 5),
        (None, 0),
    ],
)
def test_text_is_filled_up_as_its_tokenizer_does(
    own: dict[str, Any] | None, used: int, tmp_path: Path
) -> None:
    path = tokenizer(tmp_path / "tokenizer.json")
    made = Tokenizer.from_file(path)
    if own:
        made.enable_padding(**own)
        made.save(path)
    [read] = zero_shot._tokenized(["red"], LocalFile(path), length=4)
    assert read.ids == [4, used, used, used]
    assert read.attention_mask == [1, 0, 0, 0]


@pytest.mark.parametrize(("token", "used"), [("<|endoftext|>", 1), ("</s>", 1), ("end", 0)])
def test_tokenizer_that_says_nothing_of_filling_up_gets_a_well_known_token(
    token: str, used: int, tmp_path: Path
) -> None:
    from tokenizers.models import WordLevel

    Tokenizer(WordLevel({"red": 0, token: 1}, unk_token="red")).save(str(tmp_path / "t.json"))
    [read] = zero_shot._tokenized(["red"], LocalFile(str(tmp_path / "t.json")), length=2)
    assert read.ids == [0, used]


def test_likeness_is_the_cosine_times_scale_plus_bias(tmp_path: Path) -> None:
    network = open_network(Path(seeing(tmp_path / "eyes.onnx")), name="eyes.onnx", threads=1)
    likenesses = Likenesses(network, np.eye(3), scale=10, bias=-1)
    pixels = np.zeros((1, 3, 2, 2), np.float32)
    pixels[:, 0] = 0.3
    pixels[:, 2] = 0.4
    assert likenesses.logits(pixels).tolist() == pytest.approx([5, -1, 7])
    assert likenesses.logits(pixels * 0).tolist() == [-1, -1, -1]


def test_photos_and_texts_described_by_different_numbers_are_refused(tmp_path: Path) -> None:
    network = open_network(Path(seeing(tmp_path / "eyes.onnx")), name="eyes.onnx", threads=1)
    likenesses = Likenesses(network, np.eye(2), scale=1, bias=0)
    with pytest.raises(TaggerError) as refusal:
        likenesses.logits(np.ones((1, 3, 2, 2), np.float32))
    assert "eyes.onnx describes photos by 3 numbers" in str(refusal.value)
    assert "texts by 2" in str(refusal.value)
    assert refusal.value.permanent


@pytest.mark.parametrize("content", ["", "{}", "[1]", "not a tokenizer"])
def test_file_that_is_no_tokenizer_is_refused_for_good(content: str, tmp_path: Path) -> None:
    (tmp_path / "words.json").write_text(content, encoding="utf-8")
    error = failure(texts(tmp_path, tokenizer=LocalFile(str(tmp_path / "words.json"))))
    assert str(error) == "words.json is no tokenizer that can read the labels."
    assert error.permanent


def test_tokenizer_without_a_word_for_a_label_is_refused_for_good(tmp_path: Path) -> None:
    words = LocalFile(tokenizer(tmp_path / "words.json", unknown=None))
    error = failure(texts(tmp_path, tokenizer=words))
    assert "words.json is no tokenizer that can read the labels" in str(error)


def test_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = texts(tmp_path)
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    error = failure(made)
    assert "tokenizer.json needs the package tokenizers" in str(error)
    assert error.permanent


@pytest.mark.parametrize(
    ("option", "words"),
    [({"prompt": "a photo"}, "for the label"), ({"length": 0}, "must be 1 or more")],
)
def test_options_that_make_no_sense_are_refused_at_start_up(
    option: dict[str, Any], words: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=words):
        texts(tmp_path, **option)
