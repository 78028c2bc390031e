"""ONNX files of the operator's: which can be used, and how they fail."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto
from onnx.helper import make_node, make_tensor_value_info

from gallery.taggers.base import TaggerError
from gallery.taggers.network import Network, open_network
from gallery.tests.taggers.networks import NCHW, reading, save, seeing

PIXELS = np.ones((1, 3, 4, 4), np.float32)


def opened(path: str) -> Network:
    return open_network(Path(path), name=Path(path).name, threads=1)


def echo(path: Path, *, taken: dict[str, tuple[int, int]]) -> Network:
    """A network that gives back what it takes: names with their types and numbers of sides."""
    ports = [
        make_tensor_value_info(name, kind, [f"{name}{side}" for side in range(sides)])
        for name, (kind, sides) in taken.items()
    ]
    nodes = [make_node("Identity", [name], [f"{name}_again"]) for name in taken]
    given = [
        make_tensor_value_info(f"{name}_again", kind, [f"{name}{side}" for side in range(sides)])
        for name, (kind, sides) in taken.items()
    ]
    return opened(save(path / "echo.onnx", nodes, ports, given))


@pytest.mark.parametrize("dtype", [TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.DOUBLE])
def test_numbers_are_given_as_finely_as_a_network_takes_them(dtype: int, tmp_path: Path) -> None:
    network = opened(seeing(tmp_path / "eyes.onnx", dtype=dtype))
    scores = network.run("scores", {"pixels": PIXELS})
    assert scores.dtype == np.float64
    assert scores.tolist() == [[1, 1, 1]]


@pytest.mark.parametrize(
    "taken",
    [
        {"pixels": (TensorProto.FLOAT, 3)},
        {"pixels": (TensorProto.UINT8, 4)},
        {"pixels": (TensorProto.FLOAT, 4), "mask": (TensorProto.FLOAT, 2)},
    ],
)
def test_network_that_takes_no_photo_alone_is_refused(
    taken: dict[str, tuple[int, int]], tmp_path: Path
) -> None:
    with pytest.raises(TaggerError, match=r"echo\.onnx does not take a photo") as refusal:
        echo(tmp_path, taken=taken).image_input()
    assert refusal.value.permanent


@pytest.mark.parametrize(
    "taken",
    [
        {"tokens": (TensorProto.INT64, 2)},
        {"input_ids": (TensorProto.FLOAT, 2)},
        {"input_ids": (TensorProto.INT64, 2), "attention_mask": (TensorProto.FLOAT, 2)},
        {"input_ids": (TensorProto.INT64, 2), "pixels": (TensorProto.FLOAT, 4)},
    ],
)
def test_network_that_takes_no_text_alone_is_refused(
    taken: dict[str, tuple[int, int]], tmp_path: Path
) -> None:
    with pytest.raises(TaggerError, match=r"echo\.onnx does not take input_ids") as refusal:
        echo(tmp_path, taken=taken).text_inputs()
    assert refusal.value.permanent


def test_text_may_come_with_a_mask_or_without(tmp_path: Path) -> None:
    assert echo(tmp_path, taken={"input_ids": (TensorProto.INT32, 2)}).text_inputs() == {
        "input_ids"
    }
    assert opened(reading(tmp_path / "ears.onnx")).text_inputs() == {
        "input_ids",
        "attention_mask",
    }


FLAT, DEEP = (TensorProto.FLOAT, 2), (TensorProto.FLOAT, 3)


@pytest.mark.parametrize(
    ("taken", "preferred", "output"),
    [
        ({"a": FLAT, "b": FLAT}, (), "a_again"),
        ({"a": DEEP, "b": FLAT}, (), "b_again"),
        ({"a": (TensorProto.INT64, 2), "b": FLAT}, (), "b_again"),
        ({"a": FLAT, "b": FLAT}, ("b_again", "a_again"), "b_again"),
        ({"a": FLAT, "b": DEEP}, ("c_again", "b_again"), "a_again"),
    ],
)
def test_output_is_found_by_name_or_by_shape(
    taken: dict[str, tuple[int, int]], preferred: tuple[str, ...], output: str, tmp_path: Path
) -> None:
    assert echo(tmp_path, taken=taken).output(*preferred) == output


def test_network_without_rows_of_numbers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TaggerError, match="gives no row of numbers") as refusal:
        echo(tmp_path, taken={"a": DEEP}).output()
    assert refusal.value.permanent


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((1, 3, 8, 8), "pixels of 1 × 3 × 8 × 8 and not of 1 × 3 × 4 × 4"),
        (("n", "height", "width", 3), "pixels of any × any × any × 3 and not of 1 × 3 × 4 × 4"),
    ],
)
def test_photo_of_another_shape_is_refused_for_good(
    shape: tuple[int | str, ...], words: str, tmp_path: Path
) -> None:
    network = opened(seeing(tmp_path / "eyes.onnx", shape=shape))
    with pytest.raises(TaggerError) as refusal:
        network.run("scores", {"pixels": PIXELS})
    assert str(refusal.value) == f"eyes.onnx takes {words}."
    assert refusal.value.permanent


def test_text_of_another_shape_is_refused_for_good(tmp_path: Path) -> None:
    network = echo(tmp_path, taken={"input_ids": (TensorProto.INT64, 1)})
    with pytest.raises(TaggerError, match="takes input_ids of any and not of 1 × 7") as refusal:
        network.run("input_ids_again", {"input_ids": np.ones((1, 7), np.int64)})
    assert refusal.value.permanent


def test_text_is_given_to_a_network_that_asks_for_no_shape(tmp_path: Path) -> None:
    nodes = [make_node("Identity", ["input_ids"], ["text_embeds"])]
    taken = make_tensor_value_info("input_ids", TensorProto.INT64, None)
    given = make_tensor_value_info("text_embeds", TensorProto.INT64, None)
    network = opened(save(tmp_path / "ears.onnx", nodes, [taken], [given]))
    assert network.run("text_embeds", {"input_ids": np.array([[1, 2]])}).tolist() == [[1, 2]]


@pytest.mark.parametrize("times", [float("nan"), float("inf")])
def test_what_is_no_number_is_refused_for_good(times: float, tmp_path: Path) -> None:
    network = opened(seeing(tmp_path / "eyes.onnx", times=times))
    with pytest.raises(TaggerError, match=r"eyes\.onnx gave something that is no number") as no:
        network.run("scores", {"pixels": PIXELS})
    assert no.value.permanent


def test_network_that_breaks_off_may_be_tried_again(tmp_path: Path) -> None:
    nodes = [make_node("Reshape", ["pixels", "sides"], ["scores"])]
    taken = make_tensor_value_info("pixels", TensorProto.FLOAT, NCHW)
    given = make_tensor_value_info("scores", TensorProto.FLOAT, (7, "rest"))
    path = save(tmp_path / "eyes.onnx", nodes, [taken], [given], sides=np.array([7, -1]))
    with pytest.raises(TaggerError, match=r"eyes\.onnx broke off") as failure:
        opened(path).run("scores", {"pixels": PIXELS})
    assert not failure.value.permanent


@pytest.mark.parametrize("content", [b"", b"not a model", None])
def test_file_that_is_no_network_is_refused_for_good(content: bytes | None, tmp_path: Path) -> None:
    path = Path(seeing(tmp_path / "eyes.onnx"))
    path.write_bytes(path.read_bytes()[:-40] if content is None else content)
    with pytest.raises(TaggerError, match=r"eyes\.onnx cannot be loaded") as refusal:
        opened(str(path))
    assert refusal.value.permanent


def test_missing_runtime_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(TaggerError, match=r"eyes\.onnx needs onnxruntime") as refusal:
        opened(seeing(tmp_path / "eyes.onnx"))
    assert refusal.value.permanent
