"""Faces are found where they are, and nowhere else; the model is loaded late and checked."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from gallery.imaging import faces
from gallery.imaging.faces import Box, FacesError, find_faces

from .makers import scene


@pytest.fixture(scope="module")
def astronaut() -> Image.Image:
    """A portrait of 512 × 512 pixels with one face, whose nose is near (222, 115)."""
    data = pytest.importorskip("skimage.data")
    return Image.fromarray(data.astronaut())


@pytest.fixture
def model_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    copy = tmp_path / "models"
    shutil.copytree(faces.MODEL_DIR, copy)
    monkeypatch.setattr(faces, "MODEL_DIR", copy)
    faces._session.cache_clear()
    yield copy
    faces._session.cache_clear()


def holds(box: Box, x: float, y: float) -> bool:
    return box.x < x < box.x + box.w and box.y < y < box.y + box.h


def test_face_is_found_where_it_is(astronaut: Image.Image) -> None:
    [box] = find_faces(astronaut)
    assert holds(box, 222, 115)
    assert 60 < box.w < 140
    assert 70 < box.h < 180


@pytest.mark.parametrize("width", [256, 1024, 3000])
def test_box_is_in_pixels_of_the_given_image(width: int, astronaut: Image.Image) -> None:
    scale = width / 512
    [box] = find_faces(astronaut.resize((width, width)))
    assert holds(box, 222 * scale, 115 * scale)
    assert all(type(side) is int for side in box)


def test_face_that_fills_the_photo_is_found_and_stays_within(astronaut: Image.Image) -> None:
    close = astronaut.crop((175, 60, 275, 175)).resize((2000, 2300))
    box = find_faces(close)[0]
    assert holds(box, 1000, 1150)
    assert 0 <= box.x < box.x + box.w <= 2000
    assert 0 <= box.y < box.y + box.h <= 2300


def test_largest_face_comes_first(astronaut: Image.Image) -> None:
    both = Image.new("RGB", (1024, 512), "gray")
    both.paste(astronaut.resize((256, 256)), (0, 0))
    both.paste(astronaut, (512, 0))
    large, small = find_faces(both)
    assert holds(large, 512 + 222, 115)
    assert holds(small, 111, 58)


@pytest.mark.parametrize("size", [(1, 1), (1, 4000), (4000, 1), (31, 33), (640, 480)])
def test_there_are_no_faces_where_there_are_none(size: tuple[int, int]) -> None:
    assert find_faces(scene(*size)) == []


def test_noise_is_no_face() -> None:
    assert find_faces(Image.effect_noise((800, 600), 90).convert("RGB")) == []


def test_damaged_model_is_refused(model_dir: Path) -> None:
    path = model_dir / f"{faces.MODEL_NAME}.onnx"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(FacesError, match="is damaged: its checksum is wrong"):
        find_faces(scene())


def test_model_that_cannot_be_loaded_is_refused(model_dir: Path) -> None:
    (model_dir / f"{faces.MODEL_NAME}.onnx").write_bytes(b"no model")
    card = {"sha256": hashlib.sha256(b"no model").hexdigest()}
    (model_dir / f"{faces.MODEL_NAME}.json").write_text(json.dumps(card))
    with pytest.raises(FacesError, match="cannot be loaded on this machine"):
        find_faces(scene())


@pytest.mark.parametrize("described", ["", "[]", "{}", "null"])
def test_description_that_says_nothing_is_refused(described: str, model_dir: Path) -> None:
    (model_dir / f"{faces.MODEL_NAME}.json").write_text(described)
    with pytest.raises(FacesError, match="cannot be read"):
        find_faces(scene())


def test_missing_model_is_refused(model_dir: Path) -> None:
    (model_dir / f"{faces.MODEL_NAME}.onnx").unlink()
    with pytest.raises(FacesError, match="cannot be read"):
        find_faces(scene())


def test_model_says_where_it_is_from() -> None:
    card = json.loads((faces.MODEL_DIR / f"{faces.MODEL_NAME}.json").read_text())
    assert card["provenance"]["licence"] == "MIT"
    assert card["size_bytes"] == (faces.MODEL_DIR / f"{faces.MODEL_NAME}.onnx").stat().st_size


def test_start_up_loads_neither_model_nor_numpy() -> None:
    told = (
        "import sys, gallery.imaging.faces, gallery.imaging.palette, gallery.imaging.quality;"
        "print({'onnxruntime', 'numpy', 'scipy'} & set(sys.modules))"
    )
    started = subprocess.run([sys.executable, "-c", told], capture_output=True, check=True)
    assert started.stdout.strip() == b"set()"
