"""A model of the operator's own: what it says, what it needs, and how it fails."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pytest_httpserver import HTTPServer

from gallery.taggers import onnx as onnx_tagger
from gallery.taggers.base import Opinion, TaggerError
from gallery.taggers.network import open_network
from gallery.taggers.onnx import OnnxTagger
from gallery.tests.taggers.networks import NHWC, PLAIN, picture, reading, seeing, tokenizer

COLOURS = "red\ngreen\nblue\n"
SHA256 = "0" * 64


def labels(folder: Path, content: str = COLOURS) -> str:
    (folder / "labels.txt").write_text(content, encoding="utf-8")
    return str(folder / "labels.txt")


def tagger(folder: Path, *, content: str = COLOURS, **options: Any) -> OnnxTagger:
    """A tagger that says how much red, green and blue there is."""
    model = options.pop("model", None) or seeing(folder / "eyes.onnx")
    return OnnxTagger(model=model, labels=labels(folder, content), **(PLAIN | options))


def zero_shot(folder: Path, *, content: str = COLOURS, **options: Any) -> OnnxTagger:
    """A tagger that compares a photo's colour with the colours that labels name."""
    given = {
        "kind": "zero_shot",
        "text_model": reading(folder / "ears.onnx"),
        "tokenizer": tokenizer(folder / "tokenizer.json"),
    }
    model = seeing(folder / "eyes.onnx", output="image_embeds")
    return tagger(folder, content=content, model=model, **(given | options))


def said(opinion: Opinion) -> list[tuple[str, float]]:
    return [(one.label, one.confidence) for one in opinion.suggestions]


def failure(tagger: OnnxTagger) -> TaggerError:
    with pytest.raises(TaggerError) as caught:
        tagger.tag(picture())
    return caught.value


# --- One score per label --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("activation", "confidences"),
    [
        ("", [("red", 0.7311), ("blue", 0.5), ("green", 0.5)]),
        ("sigmoid", [("red", 0.7311), ("blue", 0.5), ("green", 0.5)]),
        ("softmax", [("red", 0.5761), ("blue", 0.2119), ("green", 0.2119)]),
        ("none", [("red", 1.0)]),
    ],
)
def test_scores_become_confidences(
    activation: str, confidences: list[tuple[str, float]], tmp_path: Path
) -> None:
    opinion = tagger(tmp_path, activation=activation).tag(picture("red"))
    assert said(opinion) == confidences
    assert opinion.features is None


def test_only_what_is_likely_enough_is_said(tmp_path: Path) -> None:
    opinion = tagger(tmp_path, activation="none").tag(picture("#80331a"))
    assert said(opinion) == [("red", 0.502), ("green", 0.2), ("blue", 0.102)]
    assert said(tagger(tmp_path, activation="none").tag(picture("#191919"))) == []


def test_blank_line_leaves_an_output_unsaid(tmp_path: Path) -> None:
    opinion = tagger(tmp_path, content="\ngreen\n\n", activation="none").tag(picture("white"))
    assert said(opinion) == [("green", 1.0)]


@pytest.mark.parametrize("times", [100.0, -100.0])
@pytest.mark.parametrize("activation", ["sigmoid", "softmax"])
def test_extreme_scores_are_no_trouble(activation: str, times: float, tmp_path: Path) -> None:
    model = seeing(tmp_path / "eyes.onnx", times=100 * times)
    opinion = tagger(tmp_path, model=model, activation=activation).tag(picture("red"))
    assert all(0 <= one.confidence <= 1 for one in opinion.suggestions)


@pytest.mark.parametrize("times", [2.0, -1.0])
def test_scores_that_are_no_confidences_are_refused_for_good(times: float, tmp_path: Path) -> None:
    model = seeing(tmp_path / "eyes.onnx", times=times)
    error = failure(tagger(tmp_path, model=model, activation="none"))
    assert "eyes.onnx gives scores that are not from 0 to 1" in str(error)
    assert error.permanent


@pytest.mark.parametrize(("content", "lines"), [("red\ngreen\n", 2), (COLOURS + "\n", 4)])
def test_labels_of_another_number_than_the_outputs_are_refused_for_good(
    content: str, lines: int, tmp_path: Path
) -> None:
    error = failure(tagger(tmp_path, content=content))
    assert str(error) == f"labels.txt has {lines} lines, but eyes.onnx has 3 outputs."
    assert error.permanent


def test_opinion_names_the_model_and_the_labels(tmp_path: Path) -> None:
    made = tagger(tmp_path)
    model = hashlib.sha256((tmp_path / "eyes.onnx").read_bytes()).hexdigest()[:8]
    words = hashlib.sha256(COLOURS.encode()).hexdigest()[:8]
    assert made.model == f"eyes/{model}+labels-{words}"
    assert made.tag(picture()).model == made.model


def test_name_of_a_model_is_never_too_long_to_be_kept(tmp_path: Path) -> None:
    assert len(tagger(tmp_path, model=seeing(tmp_path / f"{'x' * 200}.onnx")).model) <= 100


# --- How photos are given -------------------------------------------------------------------------


def flag(*colours: str, width: int = 40) -> Image.Image:
    """Stripes from left to right, one beside the other."""
    image = Image.new("RGB", (width * len(colours), 40))
    for number, colour in enumerate(colours):
        image.paste(colour, (width * number, 0, width * (number + 1), 40))
    return image


@pytest.mark.parametrize(
    ("crop", "confidences"),
    [(True, [("green", 1.0)]), (False, [("red", 0.6667), ("green", 0.3333)])],
)
@pytest.mark.parametrize("upright", [True, False])
def test_middle_is_looked_at_or_all_of_it_squashed(
    crop: bool, confidences: list[tuple[str, float]], upright: bool, tmp_path: Path
) -> None:
    image = flag("red", "#00ff00", "red")
    if upright:
        image = image.transpose(Image.Transpose.ROTATE_90)
    opinion = tagger(tmp_path, activation="none", side_px=12, crop=crop).tag(image)
    assert dict(said(opinion)) == pytest.approx(dict(confidences), abs=0.02)


@pytest.mark.parametrize(
    ("layout", "shape"), [("nchw", (1, 3, 4, 4)), ("nhwc", (1, 4, 4, 3)), ("nhwc", NHWC)]
)
def test_photo_is_laid_out_as_the_model_takes_it(
    layout: str, shape: tuple[int | str, ...], tmp_path: Path
) -> None:
    model = seeing(tmp_path / "eyes.onnx", shape=shape)
    made = tagger(tmp_path, model=model, layout=layout, activation="none")
    assert said(made.tag(picture("#ff8000"))) == [("red", 1.0), ("green", 0.502)]


def test_colours_are_centred_and_scaled(tmp_path: Path) -> None:
    opinion = tagger(tmp_path, mean=[0.5, 0, 0.5], std=[0.5, 1, 0.25]).tag(picture("red"))
    assert said(opinion) == [("red", 0.7311), ("green", 0.5), ("blue", 0.1192)]


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 2), (4, 4)])
@pytest.mark.parametrize("crop", [True, False])
def test_any_size_is_welcome(size: tuple[int, int], crop: bool, tmp_path: Path) -> None:
    opinion = tagger(tmp_path, activation="none", crop=crop).tag(picture("red", *size))
    assert said(opinion) == [("red", 1.0)]


def test_model_of_another_size_is_refused_for_good(tmp_path: Path) -> None:
    error = failure(tagger(tmp_path, model=seeing(tmp_path / "eyes.onnx", shape=(1, 3, 8, 8))))
    assert str(error) == "eyes.onnx takes pixels of 1 × 3 × 8 × 8 and not of 1 × 3 × 4 × 4."
    assert error.permanent


# --- Zero-shot ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "confidences"),
    [
        ({}, [("blue", 1.0)]),
        ({"logit_scale": 1}, [("blue", 0.5761), ("green", 0.2119), ("red", 0.2119)]),
        ({"activation": "sigmoid", "logit_bias": -98}, [("blue", 0.8808)]),
    ],
)
def test_photo_gets_the_labels_it_is_like(
    options: dict[str, Any], confidences: list[tuple[str, float]], tmp_path: Path
) -> None:
    assert said(zero_shot(tmp_path, **options).tag(picture("blue"))) == confidences


def test_label_is_said_and_not_its_prompt(tmp_path: Path) -> None:
    content = "fire\ta red rose\n\nmeadow\tgreen\n"
    assert said(zero_shot(tmp_path, content=content).tag(picture("red"))) == [("fire", 1.0)]


def test_labels_are_read_once(tmp_path: Path) -> None:
    made = zero_shot(tmp_path)
    first = made.tag(picture("blue"))
    (tmp_path / "ears.onnx").unlink()
    (tmp_path / "tokenizer.json").unlink()
    assert made.tag(picture("blue")) == first


def test_models_that_do_not_belong_together_are_refused_for_good(tmp_path: Path) -> None:
    error = failure(zero_shot(tmp_path, text_model=reading(tmp_path / "deaf.onnx", width=2)))
    assert "eyes.onnx describes photos by 3 numbers" in str(error)
    assert error.permanent


# --- What it needs --------------------------------------------------------------------------------


def test_files_of_a_hub_are_fetched_at_the_first_photo_and_never_again(
    httpserver: HTTPServer, tmp_path: Path
) -> None:
    model = Path(seeing(tmp_path / "eyes.onnx")).read_bytes()
    address = "/someone/eyes/resolve/main"
    httpserver.expect_oneshot_request(f"{address}/eyes.onnx").respond_with_data(model)
    httpserver.expect_oneshot_request(f"{address}/labels.txt").respond_with_data(COLOURS)

    def fetching() -> OnnxTagger:
        return OnnxTagger(
            model="hub:someone/eyes/eyes.onnx",
            sha256=hashlib.sha256(model).hexdigest(),
            labels="hub:someone/eyes/labels.txt",
            labels_sha256=hashlib.sha256(COLOURS.encode()).hexdigest(),
            hub_url=httpserver.url_for("/"),
            cache_dir=str(tmp_path / "models"),
            token="hf_1",
            activation="none",
            **PLAIN,
        )

    made = fetching()
    made.check()
    assert made.model.startswith("eyes/")
    assert not httpserver.log
    assert said(made.tag(picture("red"))) == [("red", 1.0)]
    assert said(fetching().tag(picture("red"))) == [("red", 1.0)]
    shown = [request.headers["Authorization"] for request, _ in httpserver.log]
    assert shown == ["Bearer hf_1", "Bearer hf_1"]


def test_threads_that_arrive_together_load_the_model_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    opened: list[str] = []

    def count(path: Path, *, name: str, threads: int) -> Any:
        opened.append(name)
        time.sleep(0.05)  # long enough for the others to arrive
        return open_network(path, name=name, threads=threads)

    monkeypatch.setattr(onnx_tagger, "open_network", count)
    made = tagger(tmp_path)
    with ThreadPoolExecutor(4) as pool:
        opinions = list(pool.map(made.tag, [picture()] * 8))
    assert opened == ["eyes.onnx"]
    assert len({opinion.suggestions for opinion in opinions}) == 1


def test_any_number_of_processor_cores_sees_the_same(tmp_path: Path) -> None:
    assert zero_shot(tmp_path, threads=2).tag(picture()) == zero_shot(tmp_path).tag(picture())


@pytest.mark.parametrize("missing", ["eyes.onnx", "labels.txt", "ears.onnx", "tokenizer.json"])
def test_missing_file_is_found_at_start_up_and_at_the_first_photo(
    missing: str, tmp_path: Path
) -> None:
    made = zero_shot(tmp_path)
    made.check()
    (tmp_path / missing).unlink()
    with pytest.raises(TaggerError, match=f"{missing} is missing or cannot be read"):
        made.check()
    error = failure(made)
    assert str(error) == f"{missing} is missing or cannot be read."
    assert error.permanent


@pytest.mark.parametrize("missing", ["eyes.onnx", "labels.txt"])
def test_model_without_its_files_has_no_name(missing: str, tmp_path: Path) -> None:
    made = tagger(tmp_path)
    (tmp_path / missing).unlink()
    assert made.model == ""


@pytest.mark.parametrize("content", ["", "cat\ncat\n", "x" * 101])
def test_labels_that_cannot_be_used_are_found_at_start_up(content: str, tmp_path: Path) -> None:
    with pytest.raises(TaggerError, match=r"labels\.txt has"):
        tagger(tmp_path, content=content).check()


@pytest.mark.parametrize(
    ("option", "name"),
    [
        ("sha256", "eyes.onnx"),
        ("labels_sha256", "labels.txt"),
        ("text_model_sha256", "ears.onnx"),
        ("tokenizer_sha256", "tokenizer.json"),
    ],
)
def test_file_with_another_checksum_is_refused_for_good(
    option: str, name: str, tmp_path: Path
) -> None:
    error = failure(zero_shot(tmp_path, **{option: SHA256}))
    assert str(error) == f"{name} has another checksum than the one configured."
    assert error.permanent


def test_damaged_model_is_refused_for_good(tmp_path: Path) -> None:
    made = tagger(tmp_path)
    (tmp_path / "eyes.onnx").write_bytes(b"not a model")
    error = failure(made)
    assert str(error) == "eyes.onnx cannot be loaded on this machine."
    assert error.permanent


TEXTS = {"text_model": "ears.onnx", "tokenizer": "tokenizer.json"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"kind": "clip"}, "kind is one of multi_label, zero_shot, not “clip”"),
        ({"activation": "relu"}, "activation is one of sigmoid, softmax, none, not “relu”"),
        ({"kind": "zero_shot", "activation": "none"}, "activation is one of softmax, sigmoid"),
        ({"layout": "chw"}, "layout is one of nchw, nhwc"),
        ({"side_px": 0}, "side_px is 0"),
        ({"mean": [0.5]}, "three numbers each"),
        ({"std": [0.5, 0, 0.5]}, "three numbers each"),
        ({"model": ""}, "one is empty"),
        ({"model": "hub:a/b/c.onnx"}, "needs its SHA-256"),
        ({"labels": "hub:a/b/c.txt"}, "needs its SHA-256"),
        ({"kind": "zero_shot"}, "one is empty"),
        ({"kind": "zero_shot", **TEXTS, "text_model": "hub:a/b/c.onnx"}, "needs its SHA-256"),
        ({"kind": "zero_shot", **TEXTS, "tokenizer": "hub:a/b/c.json"}, "needs its SHA-256"),
        ({"kind": "zero_shot", **TEXTS, "prompt": "a photo"}, "for the label"),
        ({"hub_url": "huggingface.co"}, "no http or https address"),
    ],
)
def test_options_that_make_no_sense_are_refused_at_start_up(
    options: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        OnnxTagger(**({"model": "eyes.onnx", "labels": "labels.txt"} | options))


def test_making_a_tagger_loads_nothing_heavy() -> None:
    look = (
        "import sys; from gallery.taggers.onnx import OnnxTagger;"
        "files = {'model': 'a.onnx', 'labels': 'a.txt'};"
        "texts = {'text_model': 'b.onnx', 'tokenizer': 'b.json'};"
        "OnnxTagger(**files).model; OnnxTagger(kind='zero_shot', **files, **texts).model;"
        "heavy = {'numpy', 'onnxruntime', 'PIL', 'tokenizers', 'httpx'};"
        "print(*sorted(heavy & sys.modules.keys()))"
    )
    root = Path(onnx_tagger.__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", look], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""
