"""The bundled tagger: what it says of real photos, and how it fails."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from gallery import vocabulary
from gallery.taggers import embedded
from gallery.taggers.base import SUGGESTION_FLOOR, Opinion, TaggerError
from gallery.taggers.embedded import EmbeddedTagger

MODEL_FILE = f"{embedded.MODEL_NAME}.onnx"
CARD_FILE = f"{embedded.MODEL_NAME}.json"


@pytest.fixture(scope="module")
def tagger() -> EmbeddedTagger:
    return EmbeddedTagger()


@pytest.fixture
def model_dir(tmp_path: Path) -> Path:
    for name in (MODEL_FILE, CARD_FILE, embedded.HEADS_FILE):
        shutil.copy(embedded.MODEL_DIR / name, tmp_path)
    return tmp_path


def rings(width: int = 320, height: int = 240) -> Image.Image:
    return Image.radial_gradient("L").resize((width, height)).convert("RGB")


def skimage_photo(name: str) -> Image.Image:
    data = pytest.importorskip("skimage.data")
    return Image.fromarray(getattr(data, name)()).convert("RGB")


def sklearn_photo(name: str) -> Image.Image:
    datasets = pytest.importorskip("sklearn.datasets")
    return Image.fromarray(datasets.load_sample_image(name))


def confidences(opinion: Opinion) -> dict[str, float]:
    return {said.label: said.confidence for said in opinion.suggestions}


@pytest.mark.parametrize(
    ("photo", "label"),
    [("chelsea", "cat"), ("chelsea", "mammal"), ("coffee", "coffee"), ("coffee", "espresso")],
)
def test_a_photo_gets_the_obvious_tag_with_certainty(
    tagger: EmbeddedTagger, photo: str, label: str
) -> None:
    assert confidences(tagger.tag(skimage_photo(photo)))[label] >= 0.4


@pytest.mark.parametrize("vnni", [True, False])
def test_exact_and_fast_sums_see_the_same(monkeypatch: pytest.MonkeyPatch, vnni: bool) -> None:
    monkeypatch.setattr(embedded, "_has_vnni", lambda: vnni)
    assert confidences(EmbeddedTagger().tag(skimage_photo("chelsea")))["cat"] >= 0.4


def test_an_old_chinese_building_is_a_building_and_perhaps_a_palace(
    tagger: EmbeddedTagger,
) -> None:
    said = confidences(tagger.tag(sklearn_photo("china.jpg")))
    assert said["building"] >= 0.4
    assert said["palace"] >= 0.25


def test_a_photo_without_animals_does_not_sum_to_an_animal(tagger: EmbeddedTagger) -> None:
    assert confidences(tagger.tag(skimage_photo("coffee"))).get("animal", 0) < 0.05


def test_a_kind_is_never_less_likely_than_its_kinds(tagger: EmbeddedTagger) -> None:
    said = confidences(tagger.tag(skimage_photo("chelsea")))
    ancestors = [(label, up) for label in said for up in vocabulary.load().ancestors(label)]
    assert ancestors
    assert all(said[up] >= said[label] for label, up in ancestors)


def test_suggestions_come_most_confident_first_and_above_the_floor(tagger: EmbeddedTagger) -> None:
    values = [said.confidence for said in tagger.tag(skimage_photo("astronaut")).suggestions]
    assert len(values) > 1
    assert values == sorted(values, reverse=True)
    assert all(SUGGESTION_FLOOR <= value <= 1 for value in values)
    assert values == [round(value, 4) for value in values]


def test_every_suggestion_is_in_the_vocabulary(tagger: EmbeddedTagger) -> None:
    said = confidences(tagger.tag(skimage_photo("astronaut")))
    assert said.keys() <= vocabulary.load().tags.keys()


def test_the_features_are_1280_floats_that_differ_between_photos(tagger: EmbeddedTagger) -> None:
    one, other = tagger.tag(rings()).features, tagger.tag(skimage_photo("coffee")).features
    assert one is not None
    assert other is not None
    assert one.shape == (1280,)
    assert one.dtype == "float32"
    assert abs(one - other).max() > 0.1


def test_the_opinion_names_the_model_and_the_vocabulary(tagger: EmbeddedTagger) -> None:
    version = vocabulary.load().version
    assert tagger.tag(rings()).model == f"efficientnet-lite2-int8/1+vocabulary-{version}"


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 2), (260, 260), (2400, 1600)])
def test_any_size_is_welcome(tagger: EmbeddedTagger, size: tuple[int, int]) -> None:
    assert tagger.tag(Image.new("RGB", size, "teal")).features is not None


def test_only_the_middle_of_a_photo_is_looked_at(tagger: EmbeddedTagger) -> None:
    wide = Image.new("RGB", (900, 300), "red")
    wide.paste(rings(400, 300), (250, 0))
    elsewhere = wide.copy()
    elsewhere.paste("blue", (0, 0, 250, 300))
    assert tagger.tag(wide).suggestions == tagger.tag(elsewhere).suggestions


def test_the_same_photo_gets_the_same_opinion_with_any_number_of_threads(
    tagger: EmbeddedTagger,
) -> None:
    photo = rings()
    again, threaded = tagger.tag(photo), EmbeddedTagger(threads=2).tag(photo)
    assert tagger.tag(photo).suggestions == again.suggestions == threaded.suggestions


def test_threads_that_arrive_together_load_the_model_once(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[int] = []
    open_session = embedded._open_session

    def count(model: bytes, *, threads: int) -> Any:
        opened.append(threads)
        return open_session(model, threads=threads)

    monkeypatch.setattr(embedded, "_open_session", count)
    tagger = EmbeddedTagger()
    with ThreadPoolExecutor(4) as pool:
        opinions = list(pool.map(tagger.tag, [rings()] * 8))
    assert opened == [1]
    assert len({opinion.suggestions for opinion in opinions}) == 1


@pytest.mark.parametrize("trace", [b'.py", line ', b"site-packages", b"/tools/build"])
def test_the_shipped_model_tells_nothing_of_the_machine_that_built_it(trace: bytes) -> None:
    assert trace not in (embedded.MODEL_DIR / MODEL_FILE).read_bytes()


def test_a_model_with_one_wrong_byte_is_refused_for_good(model_dir: Path) -> None:
    path = model_dir / MODEL_FILE
    model = bytearray(path.read_bytes())
    model[len(model) // 2] ^= 1
    path.write_bytes(model)
    with pytest.raises(TaggerError, match="damaged") as refusal:
        EmbeddedTagger(model_dir=model_dir).tag(rings())
    assert refusal.value.permanent


def test_a_missing_model_is_refused_for_good(model_dir: Path) -> None:
    (model_dir / MODEL_FILE).unlink()
    with pytest.raises(TaggerError, match="cannot be read") as refusal:
        EmbeddedTagger(model_dir=model_dir).tag(rings())
    assert refusal.value.permanent


@pytest.mark.parametrize("card", ["", "{", "[]", "{}", '{"name": "x", "version": 1}'])
def test_a_damaged_description_is_refused_for_good(model_dir: Path, card: str) -> None:
    (model_dir / CARD_FILE).write_text(card, encoding="utf-8")
    with pytest.raises(TaggerError, match="missing or damaged") as refusal:
        EmbeddedTagger(model_dir=model_dir).tag(rings())
    assert refusal.value.permanent


def test_a_file_that_is_no_model_is_refused_for_good(model_dir: Path) -> None:
    (model_dir / MODEL_FILE).write_bytes(b"not a model")
    card = json.loads((model_dir / CARD_FILE).read_text(encoding="utf-8"))
    card["sha256"] = hashlib.sha256(b"not a model").hexdigest()
    (model_dir / CARD_FILE).write_text(json.dumps(card), encoding="utf-8")
    with pytest.raises(TaggerError, match="cannot be loaded") as refusal:
        EmbeddedTagger(model_dir=model_dir).tag(rings())
    assert refusal.value.permanent


def test_a_failure_while_looking_at_one_photo_may_be_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(embedded, "prepare", lambda image: [[0.0]])
    with pytest.raises(TaggerError, match="failed on this photo") as refusal:
        EmbeddedTagger().tag(rings())
    assert not refusal.value.permanent


def test_importing_the_tagger_loads_neither_the_runtime_nor_numpy() -> None:
    look = (
        "import sys, gallery.taggers.embedded as tagger; tagger.EmbeddedTagger();"
        "print(*sorted({'numpy', 'onnxruntime', 'PIL'} & sys.modules.keys()))"
    )
    root = Path(embedded.__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", look], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""
