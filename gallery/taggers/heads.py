"""Heads: what the network's features say that its classes do not, and what its classes are worth.

A head is one logistic regression for one tag, over the features and over what the classes say of
the tag. `docs/tagger-card.md` tells how they were trained and how good they are.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from gallery.vocabulary import Vocabulary

#: Log-odds are cut off here: a class that is never said weighs no more than this against a tag.
MAX_LOG_ODDS = 7.0
_PER_HEAD = ("weights", "class_weights", "biases", "thresholds", "precision", "recall", "auc")
_SINGLE = ("temperature", "class_slope", "class_offset")
_OTHER = ("model", "labels", "shifted", "shifts")


class HeadsError(Exception):
    """The file of heads cannot be used; says which head is wrong and how."""


@dataclass(frozen=True)
class Heads:
    """Heads and calibration for one model.

    Of n heads over f features: ``weights`` is float32 of shape (n, f), for features of length 1;
    ``class_weights`` (n,) weighs the log-odds the classes give; ``biases`` (n,). ``thresholds``,
    ``precision``, ``recall`` and ``auc`` (n,) were measured by cross-validation. Class scores are
    divided by ``temperature`` before they become probabilities, and the log-odds x of a tag that
    has no head become ``class_slope`` · x + ``class_offset``, and for the m tags ``shifted`` that
    were found to be right more or less often than that, ``shifts`` (m,) more.
    """

    model: str
    labels: tuple[str, ...]
    weights: np.ndarray
    class_weights: np.ndarray
    biases: np.ndarray
    thresholds: np.ndarray
    precision: np.ndarray
    recall: np.ndarray
    auc: np.ndarray
    temperature: float
    class_slope: float
    class_offset: float
    shifted: tuple[str, ...]
    shifts: np.ndarray

    @cached_property
    def rows(self) -> dict[str, int]:
        return {label: row for row, label in enumerate(self.labels)}

    def confidences(self, features: np.ndarray, log_odds: np.ndarray) -> np.ndarray:
        """Return each head's confidence, shape (n,), from features (f,) and log-odds (n,)."""
        seen = self.weights @ unit(features)
        return logistic(seen + self.class_weights * log_odds + self.biases)


def unit(features: np.ndarray) -> np.ndarray:
    """Return feature vectors, shape (…, f), scaled to length 1; zeros stay zeros."""
    import numpy as np

    features = np.asarray(features, dtype=np.float32)
    lengths = np.linalg.norm(features, axis=-1, keepdims=True)
    scaled: np.ndarray = features / np.maximum(lengths, np.finfo(np.float32).tiny)
    return scaled


def logistic(x: np.ndarray) -> np.ndarray:
    """Turn log-odds into probabilities."""
    import numpy as np

    likely: np.ndarray = 1 / (1 + np.exp(-np.clip(x, -30, 30)))
    return likely


def log_odds(probabilities: np.ndarray) -> np.ndarray:
    """Turn probabilities, 0..1, into log-odds within ±MAX_LOG_ODDS."""
    import numpy as np

    with np.errstate(divide="ignore"):
        odds = np.log(probabilities) - np.log1p(-np.minimum(probabilities, 1))
    cut: np.ndarray = np.clip(odds, -MAX_LOG_ODDS, MAX_LOG_ODDS)
    return cut


def write(heads: Heads, path: Path) -> None:
    import numpy as np

    arrays: dict[str, Any] = {
        "model": np.array(heads.model),
        "labels": np.array(heads.labels),
        "shifted": np.array(heads.shifted, dtype=str),
        "shifts": heads.shifts.astype(np.float16),
        **{name: getattr(heads, name).astype(np.float16) for name in _PER_HEAD},
        **{name: np.float32(getattr(heads, name)) for name in _SINGLE},
    }
    np.savez_compressed(path, **arrays)


def read(path: Path, words: Vocabulary, *, model: str, features: int) -> Heads:
    """Read the heads of a model with so many features. Raises HeadsError."""
    arrays = _arrays(path)
    values: dict[str, Any] = {name: arrays[name].astype("float32") for name in _PER_HEAD}
    values |= {name: float(arrays[name]) for name in _SINGLE}
    values |= {name: tuple(map(str, arrays[name])) for name in ("labels", "shifted")}
    shifts = arrays["shifts"].astype("float32")
    heads = Heads(model=str(arrays["model"]), shifts=shifts, **values)
    if heads.model != model:
        raise HeadsError(f"{path.name} is for the model “{heads.model}”, not for “{model}”.")
    _refuse_wrong_shapes(heads, path.name, features)
    _refuse_wrong_heads(heads, path.name, words)
    return heads


def _arrays(path: Path) -> dict[str, np.ndarray]:
    import numpy as np

    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            return {name: file[name] for name in (*_OTHER, *_PER_HEAD, *_SINGLE)}
    except KeyError as error:
        raise HeadsError(f"{path.name} lacks an array: {error.args[0]}.") from error
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise HeadsError(f"{path.name} is missing or damaged ({error}).") from error


def _refuse_wrong_shapes(heads: Heads, file: str, features: int) -> None:
    count = len(heads.labels)
    for name in _PER_HEAD:
        wanted = (count, features) if name == "weights" else (count,)
        if (shape := getattr(heads, name).shape) != wanted:
            raise HeadsError(f"{file}: {name} has the shape {shape}, not {wanted}.")
    if heads.shifts.shape != (len(heads.shifted),):
        raise HeadsError(f"{file}: there are not as many shifts as shifted tags.")
    if not heads.temperature > 0:
        raise HeadsError(f"{file}: the temperature is {heads.temperature:g}, not above 0.")


def _refuse_wrong_heads(heads: Heads, file: str, words: Vocabulary) -> None:
    import numpy as np

    seen: set[str] = set()
    for row, label in enumerate(heads.labels):
        where = f"{file}, head {row + 1}, “{label}”"
        if label not in words.assignable:
            raise HeadsError(f"{where}: the vocabulary has no such tag, or mutes it.")
        if label in seen:
            raise HeadsError(f"{where}: there is such a head already.")
        if not all(np.isfinite(getattr(heads, name)[row]).all() for name in _PER_HEAD):
            raise HeadsError(f"{where}: has values that are no numbers.")
        seen.add(label)
    for row, label in enumerate(heads.shifted):
        where = f"{file}, shift {row + 1}, “{label}”"
        if label not in words.assignable:
            raise HeadsError(f"{where}: the vocabulary has no such tag, or mutes it.")
        if not np.isfinite(heads.shifts[row]):
            raise HeadsError(f"{where}: is no number.")
