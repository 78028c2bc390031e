"""A model of the operator's own, run with onnxruntime on this machine's own processor."""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from .base import SUGGESTION_FLOOR, Opinion, Suggestion, Tagger, TaggerError
from .heads import logistic
from .hub import HUB_URL, Hub, ModelFile, model_file
from .labels import Label, read_labels
from .network import Network, open_network
from .rest import CONFIDENCE_DECIMALS
from .zero_shot import Likenesses, Texts

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

MULTI_LABEL, ZERO_SHOT = "multi_label", "zero_shot"
#: The activations that each kind of model may have; the first is what it has when nothing is said.
ACTIVATIONS = {
    MULTI_LABEL: ("sigmoid", "softmax", "none"),
    ZERO_SHOT: ("softmax", "sigmoid"),
}
LAYOUTS = ("nchw", "nhwc")
#: How far above 1 or below 0 rounding may take a probability.
ROUNDING = 1e-3


class OnnxTagger(Tagger):
    """Says what an operator's own ONNX model sees, in the operator's own labels.

    ``model``, ``labels`` and the other files are paths, or are fetched at the first photo when
    named “hub:owner/name@revision/path/to/file”; those need their SHA-256. A model is one file:
    weights kept beside it are found only on this machine.

    ``kind`` “multi_label”: the model gives one score per label, which ``activation`` (“sigmoid”,
    “softmax”, or “none” for scores that are 0..1 already) turns into a confidence. A blank line
    in ``labels`` leaves an output unsaid.

    ``kind`` “zero_shot”: ``model`` and ``text_model`` give embeddings of photos and texts, as
    CLIP's and SigLIP's do. A line of ``labels`` is a label, put into ``prompt``, or a label, a tab
    and its own prompt. Confidence is the ``activation`` (“softmax” over all labels, or “sigmoid”
    of each) of cosine similarity times ``logit_scale`` plus ``logit_bias``. ``text_length`` is
    how many tokens the text model takes.

    Photos are given with ``side_px`` pixels a side, the middle square if ``crop`` or else
    squashed, as (value 0..1 - ``mean``) / ``std`` for red, green and blue, in the ``layout``
    “nchw” or “nhwc”. ``threads`` is how many processor cores one photo may use.
    """

    def __init__(
        self,
        *,
        model: str,
        labels: str,
        kind: str = MULTI_LABEL,
        activation: str = "",
        sha256: str = "",
        labels_sha256: str = "",
        side_px: int = 224,
        mean: Sequence[float] = (0.485, 0.456, 0.406),
        std: Sequence[float] = (0.229, 0.224, 0.225),
        layout: str = "nchw",
        crop: bool = True,
        text_model: str = "",
        text_model_sha256: str = "",
        tokenizer: str = "",
        tokenizer_sha256: str = "",
        prompt: str = "a photo of {}",
        text_length: int = 77,
        logit_scale: float = 100.0,
        logit_bias: float = 0.0,
        hub_url: str = HUB_URL,
        cache_dir: str = "",
        token: str = "",
        threads: int = 1,
    ) -> None:
        _require("kind", kind, ACTIVATIONS)
        self._activation = activation or ACTIVATIONS[kind][0]
        _require("activation", self._activation, ACTIVATIONS[kind])
        hub = Hub(url=hub_url, cache_dir=cache_dir, token=token)
        self._model = model_file(model, sha256=sha256, hub=hub)
        self._label_file = model_file(labels, sha256=labels_sha256, hub=hub)
        self._preparation = Preparation(side_px, tuple(mean), tuple(std), layout, crop)
        self._threads = threads
        self._loading = threading.Lock()
        self._texts: Texts | None = None
        if kind == ZERO_SHOT:
            self._texts = Texts(
                model_file(text_model, sha256=text_model_sha256, hub=hub),
                model_file(tokenizer, sha256=tokenizer_sha256, hub=hub),
                prompt,
                text_length,
                threads,
            )
        self._logit_scale, self._logit_bias = logit_scale, logit_bias

    @property
    def model(self) -> str:
        """The names of the model and the labels, each with the start of its checksum."""
        try:
            labels = self._label_file.sha256[:8]
            return f"{self._model.stem[:60]}/{self._model.sha256[:8]}+labels-{labels}"
        except TaggerError:
            return ""

    def check(self) -> None:
        """Raise TaggerError when a file is missing, or labels on this machine cannot be used."""
        for file in self._files():
            file.check()
        if self._label_file.is_here:
            read_labels(self._label_file)

    def prepare(self) -> None:
        for file in self._files():
            file.path()

    def tag(self, image: Image.Image) -> Opinion:
        """Say what is in an upright RGB image of any size. Raises TaggerError.

        The first photo also loads the model, and fetches it where `prepare` has not.
        """
        with self._loading:
            labels, scorer = self._labels, self._scorer
        logits = scorer.logits(self._preparation.pixels(image))
        if len(logits) != len(labels):
            raise TaggerError(
                f"{self._label_file.name} has {len(labels):,} lines, but {self._model.name} has "
                f"{len(logits):,} outputs.",
                permanent=True,
            )
        return Opinion(model=self.model, suggestions=_suggestions(labels, self._sure(logits)))

    def _files(self) -> list[ModelFile]:
        files = [self._model, self._label_file]
        return files + ([self._texts.model, self._texts.tokenizer] if self._texts else [])

    @cached_property
    def _labels(self) -> tuple[Label, ...]:
        labels = read_labels(self._label_file)
        # Nobody is to look for what has no name; outputs are counted, with a name or without.
        return tuple(label for label in labels if label.text) if self._texts else labels

    @cached_property
    def _scorer(self) -> Scorer:
        network = open_network(self._model.path(), name=self._model.name, threads=self._threads)
        if self._texts is None:
            return Outputs(network)
        texts = self._texts.embeddings(self._labels)
        return Likenesses(network, texts, scale=self._logit_scale, bias=self._logit_bias)

    def _sure(self, logits: np.ndarray) -> np.ndarray:
        """Return confidences, 0..1, of the same shape. Raises TaggerError."""
        if self._activation == "sigmoid":
            return logistic(logits)
        if self._activation == "softmax":
            return _softmax(logits)
        if logits.min() < -ROUNDING or logits.max() > 1 + ROUNDING:
            raise TaggerError(
                f"{self._model.name} gives scores that are not from 0 to 1; "
                "its activation is another than “none”.",
                permanent=True,
            )
        return logits.clip(0, 1)


# --- Photos ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Preparation:
    """How a network wants its photos; see `OnnxTagger`."""

    side_px: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    layout: str
    crop: bool

    def __post_init__(self) -> None:
        _require("layout", self.layout, LAYOUTS)
        if self.side_px < 1:
            raise ValueError(f"side_px is {self.side_px}; it must be 1 or more.")
        if len(self.mean) != 3 or len(self.std) != 3 or not all(self.std):
            raise ValueError("mean and std are three numbers each, and none of std is 0.")

    def pixels(self, image: Image.Image) -> np.ndarray:
        """Return an RGB image as float32 of shape (1, 3, side, side), or (1, side, side, 3)."""
        import numpy as np
        from PIL.Image import Resampling

        box = _middle(image.size) if self.crop else None
        side = (self.side_px, self.side_px)
        square = image.resize(side, Resampling.BICUBIC, box=box, reducing_gap=3.0)
        values = np.asarray(square, dtype=np.float32) / 255
        values = (values - np.array(self.mean, np.float32)) / np.array(self.std, np.float32)
        if self.layout == "nchw":
            values = values.transpose(2, 0, 1)
        return np.ascontiguousarray(values[np.newaxis])


def _middle(size: tuple[int, int]) -> tuple[float, float, float, float]:
    width, height = size
    side = min(size)
    left, top = (width - side) / 2, (height - side) / 2
    return left, top, left + side, top + side


# --- Scores ---------------------------------------------------------------------------------------


class Scorer(Protocol):
    """Gives a photo one score per label: `Outputs` or `Likenesses`."""

    def logits(self, pixels: np.ndarray) -> np.ndarray:
        """Return one number per label, as float64 of shape (n,). Raises TaggerError."""


class Outputs:
    """The scores that a network gives itself."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._input, self._output = network.image_input(), network.output()

    def logits(self, pixels: np.ndarray) -> np.ndarray:
        scores: np.ndarray = self._network.run(self._output, {self._input: pixels})[0]
        return scores


def _softmax(logits: np.ndarray) -> np.ndarray:
    import numpy as np

    likelihoods = np.exp(logits - logits.max())
    shares: np.ndarray = likelihoods / likelihoods.sum()
    return shares


def _suggestions(labels: Sequence[Label], sure: np.ndarray) -> tuple[Suggestion, ...]:
    likely = [
        Suggestion(label.text, round(float(confidence), CONFIDENCE_DECIMALS))
        for label, confidence in zip(labels, sure, strict=True)
        if label.text and confidence >= SUGGESTION_FLOOR
    ]
    return tuple(sorted(likely, key=lambda said: (-said.confidence, said.label)))


def _require(option: str, value: str, choices: Collection[str]) -> None:
    if value not in choices:
        raise ValueError(f"{option} is one of {', '.join(choices)}, not “{value}”.")
