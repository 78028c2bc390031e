"""Finds faces with CenterFace on this machine's own processor; whose they are is not asked."""

from __future__ import annotations

import hashlib
import json
import threading
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from PIL import Image

if TYPE_CHECKING:
    import numpy as np
    from onnxruntime import InferenceSession

MODEL_DIR = Path(__file__).parent / "models"
MODEL_NAME = "centerface_int8"

#: At this score 7 in 8 of the faces found at 0.5 remain, and next to nothing that is no face.
MIN_SCORE = 0.6
MAX_FACES = 100
#: Of two boxes that share so much, of both or of the smaller one, the surer is the face.
MAX_SHARED, MAX_COVERED = 0.3, 0.7
#: The network halves its input five times.
STEP_PX = 32
#: How many pixels one place of the network's answer stands for.
STRIDE_PX = 4


class FacesError(Exception):
    """Faces cannot be looked for on this machine."""


class Box(NamedTuple):
    """A face in whole pixels of the image; x and y are of the corner top left."""

    x: int
    y: int
    w: int
    h: int


@dataclass(frozen=True, slots=True)
class Look:
    """One way to look at a photo: its long side in pixels, and the least width of a face then."""

    side_px: int
    min_width_px: int


#: Faces that fill a photo are only recognised from farther away.
LOOKS = (Look(side_px=640, min_width_px=0), Look(side_px=256, min_width_px=64))
_loading = threading.Lock()


def find_faces(image: Image.Image) -> list[Box]:
    """Return the faces in an upright RGB image, the largest first, none outside of it.

    Raises FacesError when the model is missing or damaged, or cannot run here.
    """
    import numpy as np  # start-up need not load it

    with _loading:
        session = _session()
    found = np.concatenate([_seen(session, image, look) for look in LOOKS])
    boxes = [_box(corners, image.size) for corners in _each_once(found)[:MAX_FACES]]
    return sorted((box for box in boxes if box.w and box.h), key=lambda box: -box.w * box.h)


def prepare(image: Image.Image, size: tuple[int, int]) -> np.ndarray:
    """Return an RGB image in ``size`` (width, height) as float32 of shape (1, 3, height, width)."""
    import numpy as np

    resized = image.resize(size, Image.Resampling.BILINEAR, reducing_gap=3.0)
    pixels = np.asarray(resized, dtype=np.float32)
    return np.ascontiguousarray(pixels.transpose(2, 0, 1)[np.newaxis])


def _seen(session: InferenceSession, image: Image.Image, look: Look) -> np.ndarray:
    """Return faces of shape (n, 5): left, top, right, bottom in the image's pixels, and score."""
    import numpy as np

    width, height = _size(image.size, look.side_px)
    try:
        answer = session.run(None, {"pixels": prepare(image, (width, height))})
    except _runtime_errors() as error:
        raise FacesError("The face detector failed on this photo.") from error
    found = _faces(*answer)
    scale_x, scale_y = image.width / width, image.height / height
    scales = np.array([scale_x, scale_y, scale_x, scale_y, 1], dtype=np.float32)
    seen: np.ndarray = found[found[:, 2] - found[:, 0] >= look.min_width_px] * scales
    return seen


def _size(size: tuple[int, int], side_px: int) -> tuple[int, int]:
    """Return the nearest size the network takes; a very narrow image gets wider."""
    scale = side_px / max(size)
    width, height = (max(STEP_PX, round(side * scale / STEP_PX) * STEP_PX) for side in size)
    return width, height


def _faces(heat: np.ndarray, sizes: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Read the network's answer: arXiv 1911.03599, section 3. Of each array: (1, n, h, w)."""
    import numpy as np

    rows, columns = np.where(heat[0, 0] >= MIN_SCORE)
    high, wide = np.exp(np.minimum(sizes[0, :, rows, columns].T, 8)) * STRIDE_PX
    down, right = offsets[0, :, rows, columns].T
    middle_x, middle_y = (columns + right + 0.5) * STRIDE_PX, (rows + down + 0.5) * STRIDE_PX
    corners = (middle_x - wide / 2, middle_y - high / 2, middle_x + wide / 2, middle_y + high / 2)
    return np.stack([*corners, heat[0, 0, rows, columns]], axis=1).astype(np.float32)


def _each_once(found: np.ndarray) -> list[np.ndarray]:
    """Keep the surest of what overlaps, surest first."""
    import numpy as np

    left = found[np.argsort(-found[:, 4], kind="stable")]
    kept: list[np.ndarray] = []
    while len(left):
        kept.append(left[0])
        left = left[1:][~_overlapping(left[0], left[1:])]
    return kept


def _overlapping(one: np.ndarray, others: np.ndarray) -> np.ndarray:
    import numpy as np

    sides = np.minimum(one[2:4], others[:, 2:4]) - np.maximum(one[:2], others[:, :2])
    shared = np.prod(np.maximum(sides, 0), axis=1)
    area, areas = np.prod(one[2:4] - one[:2]), np.prod(others[:, 2:4] - others[:, :2], axis=1)
    union, smaller = area + areas - shared, np.minimum(area, areas)
    is_same: np.ndarray = (shared > MAX_SHARED * union) | (shared > MAX_COVERED * smaller)
    return is_same


def _box(corners: np.ndarray, size: tuple[int, int]) -> Box:
    width, height = size
    left, right = (min(max(round(float(x)), 0), width) for x in corners[[0, 2]])
    top, bottom = (min(max(round(float(y)), 0), height) for y in corners[[1, 3]])
    return Box(left, top, right - left, bottom - top)


@cache
def _session() -> InferenceSession:
    import onnxruntime  # only a worker that really looks for faces should pay for this

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    try:
        return onnxruntime.InferenceSession(
            _model(MODEL_DIR), options, providers=["CPUExecutionProvider"]
        )
    except _runtime_errors() as error:
        raise FacesError("The face detector's model cannot be loaded on this machine.") from error


def _runtime_errors() -> tuple[type[Exception], ...]:
    """The errors onnxruntime raises; its own share no base class but Exception."""
    from onnxruntime.capi import onnxruntime_pybind11_state as runtime

    own = (kind for kind in vars(runtime).values() if isinstance(kind, type))
    return RuntimeError, MemoryError, *(kind for kind in own if issubclass(kind, Exception))


def _model(folder: Path) -> bytes:
    """Return the bytes of the model, whose checksum stands beside it."""
    try:
        told = json.loads((folder / f"{MODEL_NAME}.json").read_bytes())
        model = (folder / f"{MODEL_NAME}.onnx").read_bytes()
        is_whole = hashlib.sha256(model).hexdigest() == told["sha256"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FacesError("The face detector's model cannot be read.") from error
    if not is_whole:
        raise FacesError("The face detector's model is damaged: its checksum is wrong.")
    return model
