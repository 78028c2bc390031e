"""The bundled tagger: EfficientNet-Lite2 on this machine's own processor, no network."""

from __future__ import annotations

import hashlib
import json
import threading
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from gallery import vocabulary
from gallery.vocabulary import VocabularyError

from . import heads
from .base import Opinion, Tagger, TaggerError
from .heads import HeadsError
from .scoring import Scorer

if TYPE_CHECKING:
    import numpy as np
    from onnxruntime import InferenceSession, SessionOptions
    from PIL import Image

MODEL_DIR = Path(__file__).parent / "models"
MODEL_NAME = "efficientnet_lite2_int8"

# What the network was trained to look at: the middle of the photo, as a square of one size.
SIDE_PX = 260
CROP_FRACTION = 260 / 292
PIXEL_MEAN = 127.0
PIXEL_SCALE = 128.0

HEADS_FILE = "heads.npz"
FEATURES = 1280


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What the JSON file beside a model says about it."""

    name: str
    version: int
    sha256: str


class EmbeddedTagger(Tagger):
    """Says what EfficientNet-Lite2 (ImageNet-1k) sees, in the words of the vocabulary.

    ``threads`` is how many processor cores one photo may use. The model is loaded at the first
    photo; one tagger may be asked from several threads at once.
    """

    gives_features = True

    def __init__(self, *, threads: int = 1, model_dir: Path = MODEL_DIR) -> None:
        self._threads = threads
        self._model_dir = model_dir
        self._loading = threading.Lock()

    def tag(self, image: Image.Image) -> Opinion:
        """Say what is in an upright RGB image of any size. Raises TaggerError.

        The features are float32 of shape (1280,): the network's last layer before its classes.
        """
        with self._loading:
            scorer = self._scorer
        scores, features = self.look(image)
        return Opinion(
            model=self.model,
            suggestions=scorer.suggestions(scores, features),
            features=features,
            feature_model=self.model_name,
        )

    def look(self, image: Image.Image) -> tuple[np.ndarray, np.ndarray]:
        """Return the network's class scores (1000,) and features (1280,). Raises TaggerError."""
        with self._loading:
            session = self._session
        return _run(session, prepare(image))

    def check(self) -> None:
        """Raise TaggerError when the vocabulary or the heads cannot be used."""
        with self._loading:
            _ = self._scorer

    @cached_property
    def _card(self) -> ModelCard:
        return _read_card(self._model_dir / f"{MODEL_NAME}.json")

    @cached_property
    def _session(self) -> InferenceSession:
        model = _read_model(self._model_dir / f"{MODEL_NAME}.onnx", sha256=self._card.sha256)
        return _open_session(model, threads=self._threads)

    @cached_property
    def _scorer(self) -> Scorer:
        try:
            words = vocabulary.load()
            path = self._model_dir / HEADS_FILE
            return Scorer(words, heads.read(path, words, model=self.model_name, features=FEATURES))
        except (VocabularyError, HeadsError) as error:
            raise TaggerError(
                f"The bundled tagger cannot be used: {error}", permanent=True
            ) from error

    @property
    def model_name(self) -> str:
        """The network's name and version, as heads are trained for it."""
        return f"{self._card.name}/{self._card.version}"

    @property
    def model(self) -> str:
        return f"{self.model_name}+vocabulary-{vocabulary.load().version}"


def prepare(image: Image.Image) -> np.ndarray:
    """Return an RGB image as the network wants it: float32 of shape (1, 3, 260, 260)."""
    import numpy as np
    from PIL.Image import Resampling

    square = image.resize(
        (SIDE_PX, SIDE_PX), Resampling.BICUBIC, box=_middle(image.size), reducing_gap=3.0
    )
    pixels = (np.asarray(square, dtype=np.float32) - PIXEL_MEAN) / PIXEL_SCALE
    return np.ascontiguousarray(pixels.transpose(2, 0, 1)[np.newaxis])


def _middle(size: tuple[int, int]) -> tuple[float, float, float, float]:
    width, height = size
    side = min(size) * CROP_FRACTION
    left, top = (width - side) / 2, (height - side) / 2
    return left, top, left + side, top + side


def _read_card(path: Path) -> ModelCard:
    try:
        told = json.loads(path.read_bytes())
        return ModelCard(name=told["name"], version=told["version"], sha256=told["sha256"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TaggerError(
            f"The description of the bundled tagger's model, {path.name}, is missing or damaged.",
            permanent=True,
        ) from error


def _read_model(path: Path, *, sha256: str) -> bytes:
    try:
        model = path.read_bytes()
    except OSError as error:
        raise TaggerError(
            f"The bundled tagger's model, {path.name}, cannot be read.", permanent=True
        ) from error
    if hashlib.sha256(model).hexdigest() != sha256:
        raise TaggerError(
            f"The bundled tagger's model, {path.name}, is damaged: its checksum is wrong.",
            permanent=True,
        )
    return model


def _open_session(model: bytes, *, threads: int) -> InferenceSession:
    try:
        import onnxruntime  # only a worker that really tags should pay for this
    except ImportError as error:
        raise TaggerError(
            "The bundled tagger needs onnxruntime, which is not installed.", permanent=True
        ) from error
    try:
        return onnxruntime.InferenceSession(
            model, session_options(threads), providers=["CPUExecutionProvider"]
        )
    except runtime_errors() as error:
        raise TaggerError(
            "The bundled tagger's model cannot be loaded on this machine.", permanent=True
        ) from error


def session_options(threads: int) -> SessionOptions:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Asking for memory photo by photo is as fast here, and a worker keeps less of it.
    options.enable_cpu_mem_arena = False
    # Two threads that wait for one another by spinning answer a fifth sooner; one never waits.
    spinning = "1" if threads > 1 else "0"
    options.add_session_config_entry("session.intra_op.allow_spinning", spinning)
    # Exact sums take more than twice the time, so only where the fast ones would be wrong.
    options.add_session_config_entry("session.x64quantprecision", "0" if _has_vnni() else "1")
    return options


def _has_vnni() -> bool:
    """Whether this processor sums 8-bit products without overflow; False when unknown.

    x86 without VNNI saturates, see “Quantize ONNX models” in onnxruntime's documentation.
    Other processors do not, and ignore the option this decides.
    """
    try:
        return "vnni" in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False


def _run(session: InferenceSession, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    try:
        scores, features = session.run(["scores", "features"], {"pixels": pixels})
    except runtime_errors() as error:
        raise TaggerError("The bundled tagger failed on this photo.", permanent=False) from error
    return scores[0], features[0]


def runtime_errors() -> tuple[type[Exception], ...]:
    """The errors onnxruntime raises; its own share no base class but Exception."""
    from onnxruntime.capi import onnxruntime_pybind11_state as runtime

    own = (kind for kind in vars(runtime).values() if isinstance(kind, type))
    return RuntimeError, MemoryError, *(kind for kind in own if issubclass(kind, Exception))
