"""What the tests of an operator's own model share: tiny networks that see nothing but colours."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, ValueInfoProto
from onnx.helper import make_graph, make_model, make_node, make_opsetid, make_tensor_value_info
from onnx.numpy_helper import from_array
from PIL import Image
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

NCHW = ("n", 3, "height", "width")
NHWC = ("n", "height", "width", 3)
#: Options with which a network is given colours from 0 to 1 as they are.
PLAIN: dict[str, Any] = {"side_px": 4, "mean": (0, 0, 0), "std": (1, 1, 1)}
#: What each token means, as red, green and blue. Padding would drown all that is said.
MEANINGS = {
    "[PAD]": (9, 9, 9),
    "a": (0, 0, 0),
    "photo": (0, 0, 0),
    "rose": (2, 0, 0),
    "red": (1, 0, 0),
    "green": (0, 1, 0),
    "blue": (0, 0, 1),
    "[UNK]": (0, 0, 0),
}


def picture(colour: str = "red", width: int = 30, height: int = 20) -> Image.Image:
    return Image.new("RGB", (width, height), colour)


def seeing(
    path: Path,
    *,
    shape: Sequence[int | str] = NCHW,
    output: str = "scores",
    dtype: int = TensorProto.FLOAT,
    times: float = 1.0,
) -> str:
    """Save a network that gives the mean of each channel of a photo, times a number."""
    axes = [1, 2] if shape[-1] == 3 else [2, 3]
    nodes = [
        make_node("Cast", ["pixels"], ["plain"], to=TensorProto.FLOAT),
        make_node("ReduceMean", ["plain"], ["means"], axes=axes, keepdims=0),
        make_node("Mul", ["means", "times"], [output]),
    ]
    pixels = make_tensor_value_info("pixels", dtype, shape)
    given = make_tensor_value_info(output, TensorProto.FLOAT, ("n", 3))
    return save(path, nodes, [pixels], [given], times=np.array([times], np.float32))


def reading(path: Path, *, output: str = "text_embeds", width: int = 3) -> str:
    """Save a network that gives the sum of what tokens mean; ``width`` numbers of it."""
    nodes = [
        make_node("Gather", ["meanings", "input_ids"], ["meant"]),
        make_node("Cast", ["attention_mask"], ["counted"], to=TensorProto.FLOAT),
        make_node("Unsqueeze", ["counted", "last"], ["each"]),
        make_node("Mul", ["meant", "each"], ["said"]),
        make_node("ReduceSum", ["said", "tokens"], [output], keepdims=0),
    ]
    taken = [
        make_tensor_value_info(name, TensorProto.INT64, ("n", "length"))
        for name in ("input_ids", "attention_mask")
    ]
    given = make_tensor_value_info(output, TensorProto.FLOAT, ("n", width))
    return save(
        path,
        nodes,
        taken,
        [given],
        meanings=np.array(list(MEANINGS.values()), np.float32)[:, :width],
        last=np.array([-1]),
        tokens=np.array([1]),
    )


def save(
    path: Path,
    nodes: Sequence[NodeProto],
    taken: Sequence[ValueInfoProto],
    given: Sequence[ValueInfoProto],
    **constants: np.ndarray,
) -> str:
    """Save a network and return its path."""
    kept = [from_array(values, name) for name, values in constants.items()]
    graph = make_graph(nodes, "tiny", taken, given, kept)
    onnx.save(make_model(graph, opset_imports=[make_opsetid("", 17)], ir_version=8), path)
    return str(path)


def tokenizer(path: Path, *, unknown: str | None = "[UNK]") -> str:
    """Save a tokenizer of the words of MEANINGS."""
    words = {token: number for number, token in enumerate(MEANINGS)}
    made = Tokenizer(WordLevel(words, **({"unk_token": unknown} if unknown else {})))
    made.pre_tokenizer = Whitespace()
    made.save(str(path))
    return str(path)
