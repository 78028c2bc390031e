"""Trains the bundled tagger's heads and calibration from labelled photos.

    python tools/train_heads.py DIR… [--output FILE]

`tools/labelled.py` says what the folders may hold. Prints every head's measured quality; those
that are not good enough are left out. Everything it reports is measured on photos that the very
numbers were not fitted on.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from gallery import vocabulary
from gallery.imaging.decode import decode
from gallery.imaging.render import render_for_taggers
from gallery.taggers import embedded, heads
from gallery.taggers.heads import Heads
from gallery.taggers.scoring import Scorer
from tools import labelled
from tools.labelled import LabelledPhoto

OUTPUT = embedded.MODEL_DIR / embedded.HEADS_FILE
FOLDS = 5
SEED = 11
#: A head needs this many photos that show its tag, and as many that do not.
MIN_EXAMPLES = 12
WANTED_PRECISION = 0.85
MIN_RECALL = 0.2
MIN_AUC = 0.8
#: A head may rank a trifle worse than the classes alone: it is calibrated for its own tag.
AUC_SLACK = 0.01
#: Weakness of the pull towards small weights; features have length 1.
STRENGTH = 10.0
TEMPERATURES = (0.7, 0.85, 1.0, 1.2, 1.5)
#: Below this sum of class probabilities nothing is said, so nothing is to be calibrated.
HEARD_SUM = 0.01
#: A tag that is right more or less often than others at the same odds gets a shift of its own.
SHIFT_VARIANCE = 1.0
MIN_SHIFT = 0.05
MIN_JUDGED = 3
NEWTON_STEPS = 30


@dataclass(frozen=True)
class Looked:
    """What the network gives for n photos, with the truth about each tag: 1, 0 or nan (n, tags)."""

    scores: np.ndarray
    features: np.ndarray
    truth: np.ndarray

    def __getitem__(self, rows: np.ndarray) -> Looked:
        return Looked(self.scores[rows], self.features[rows], self.truth[rows])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    args = parser.parse_args()
    photos = labelled.read(args.folders)
    trained = fit(look(photos), say=print)
    heads.write(trained, args.output)
    print(
        f"{len(photos)} photos, {len(trained.labels)} heads, temperature {trained.temperature:g}, "
        f"class slope {trained.class_slope:.2f}, offset {trained.class_offset:.2f}: {args.output}"
    )


def look(photos: Sequence[LabelledPhoto]) -> Looked:
    """Show every photo to the network just as a worker does."""
    tagger = embedded.EmbeddedTagger(threads=2)
    given = [tagger.look(_as_stored(photo.path)) for photo in photos]
    return Looked(
        scores=np.stack([scores for scores, _ in given]),
        features=np.stack([features for _, features in given]),
        truth=truth_of(photos),
    )


def _as_stored(path: Path) -> Image.Image:
    with path.open("rb") as file:
        stored = render_for_taggers(decode(file).image).content
    return decode(io.BytesIO(stored)).image


def truth_of(photos: Sequence[LabelledPhoto]) -> np.ndarray:
    row_of = {label: row for row, label in enumerate(vocabulary.load().tags)}
    truth = np.full((len(photos), len(row_of)), np.nan, dtype=np.float32)
    for photo, known in zip(photos, truth, strict=True):
        known[[row_of[label] for label in photo.absent]] = 0
        known[[row_of[label] for label in photo.present]] = 1
    return truth


# --- Fitting ----------------------------------------------------------------------------------


def fit(looked: Looked, *, say: Any = None) -> Heads:
    """Fit everything; what a head is worth is measured by cross-validation within these photos."""
    with threadpool_limits(1):  # for problems this small, threads take longer to meet than to work
        return _fit_all(looked, say)


def _fit_all(looked: Looked, say: Any) -> Heads:
    words = vocabulary.load()
    labels = list(words.tags)
    blank = _blank()
    odds = _class_odds(looked, blank)
    unit = heads.unit(looked.features)
    shipped: list[_Head] = []
    for column, label in enumerate(labels):
        if words.tags[label].muted or not _is_worth_trying(looked.truth[:, column]):
            continue
        head = _fit_head(label, unit, odds[:, column], looked.truth[:, column])
        if say:
            say(head.line())
        if head.is_good:
            shipped.append(head)
    trained = replace(
        blank,
        labels=tuple(head.label for head in shipped),
        weights=np.array([head.weights for head in shipped], dtype=np.float32),
        **{
            name: np.array([getattr(head, name) for head in shipped], dtype=np.float32)
            for name in (
                "class_weights", "biases", "thresholds", "precision", "recall", "auc",
            )
        },
    )  # fmt: skip
    return _calibrated(looked, trained)


def _blank() -> Heads:
    none = np.zeros(0, dtype=np.float32)
    card = embedded.EmbeddedTagger().model_name
    return Heads(
        model=card, labels=(), weights=np.zeros((0, 1280), dtype=np.float32),
        class_weights=none, biases=none, thresholds=none, precision=none, recall=none, auc=none,
        temperature=1.0, class_slope=1.0, class_offset=0.0, shifted=(), shifts=none,
    )  # fmt: skip


def _class_odds(looked: Looked, heads_: Heads) -> np.ndarray:
    scorer = Scorer(vocabulary.load(), heads_)
    return heads.log_odds(np.stack([scorer.class_sums(scores) for scores in looked.scores]))


def _is_worth_trying(truth: np.ndarray) -> bool:
    return min(np.sum(truth == 1), np.sum(truth == 0)) >= MIN_EXAMPLES


@dataclass(frozen=True)
class _Head:
    label: str
    weights: np.ndarray
    class_weights: float
    biases: float
    thresholds: float
    precision: float
    recall: float
    auc: float
    class_auc: float
    positives: int

    @property
    def is_good(self) -> bool:
        return (
            self.precision >= WANTED_PRECISION
            and self.recall >= MIN_RECALL
            and (self.auc >= max(MIN_AUC, self.class_auc - AUC_SLACK))
        )

    def line(self) -> str:
        return (
            f"{self.label:<20} {self.positives:4d} photos  AUC {self.auc:.3f} (classes "
            f"{self.class_auc:.3f})  precision {self.precision:.2f} recall {self.recall:.2f} "
            f"at {self.thresholds:.2f}  {'shipped' if self.is_good else 'left out'}"
        )


def _fit_head(label: str, unit: np.ndarray, odds: np.ndarray, truth: np.ndarray) -> _Head:
    known = ~np.isnan(truth)
    inputs = np.column_stack([unit[known], odds[known] / heads.MAX_LOG_ODDS])
    shown = truth[known].astype(int)
    held_out = _held_out(inputs, shown)
    slope, offset = _platt(held_out, shown)
    confidence = heads.logistic(slope * held_out + offset)
    threshold, precision, recall = _operating_point(confidence, shown)
    model = _regression().fit(inputs, shown)
    found = model.coef_[0] * slope
    return _Head(
        label=label,
        weights=found[:-1],
        class_weights=found[-1] / heads.MAX_LOG_ODDS,
        biases=model.intercept_[0] * slope + offset,
        thresholds=threshold, precision=precision, recall=recall,
        auc=float(roc_auc_score(shown, held_out)),
        class_auc=float(roc_auc_score(shown, odds[known])),
        positives=int(shown.sum()),
    )  # fmt: skip


def _regression() -> LogisticRegression:
    return LogisticRegression(C=STRENGTH, max_iter=400)


def _held_out(inputs: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """Return each photo's log-odds by a model that was fitted without it."""
    found = np.zeros(len(shown))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED)
    for train, test in folds.split(inputs, shown):
        model = _regression().fit(inputs[train], shown[train])
        found[test] = model.decision_function(inputs[test])
    return found


def _platt(found: np.ndarray, shown: np.ndarray) -> tuple[float, float]:
    """Fit Platt's scaling (Platt 1999): log-odds that mean what they say."""
    model = LogisticRegression(C=1e3).fit(found[:, np.newaxis], shown)
    return float(model.coef_[0, 0]), float(model.intercept_[0])


def _operating_point(confidence: np.ndarray, shown: np.ndarray) -> tuple[float, float, float]:
    """Return the lowest threshold of wanted precision, and precision and recall there."""
    order = np.argsort(-confidence)
    right = np.cumsum(shown[order])
    precision = right / np.arange(1, len(shown) + 1)
    enough = np.flatnonzero(precision >= WANTED_PRECISION)
    at = int(enough[-1]) if len(enough) else 0
    return float(confidence[order][at]), float(precision[at]), float(right[at] / shown.sum())


def _calibrated(looked: Looked, trained: Heads) -> Heads:
    """Fit temperature, slope and offset for the tags that only classes speak for."""
    words = vocabulary.load()
    headed = set(trained.labels)
    columns = [
        column for column, (label, tag) in enumerate(words.tags.items())
        if label not in headed and not tag.muted
    ]  # fmt: skip
    truth = looked.truth[:, columns]
    tries = []
    for temperature in TEMPERATURES:
        odds = _class_odds(looked, replace(trained, temperature=temperature))[:, columns]
        judged = ~np.isnan(truth) & (odds >= _heard())
        x, y = odds[judged], truth[judged].astype(int)
        slope, offset = _platt(x, y)
        likely = np.clip(heads.logistic(slope * x + offset), 1e-6, 1 - 1e-6)
        loss = -np.mean(y * np.log(likely) + (1 - y) * np.log(1 - likely))
        tries.append((loss, temperature, slope, offset))
    _, temperature, slope, offset = min(tries)
    general = replace(trained, temperature=temperature, class_slope=slope, class_offset=offset)
    odds = slope * _class_odds(looked, general)[:, columns] + offset
    shifts = [
        _shift(odds[judged, column], truth[judged, column])
        for column, judged in enumerate((~np.isnan(truth) & (odds >= _heard(slope, offset))).T)
    ]
    kept = [column for column, shift in enumerate(shifts) if abs(shift) >= MIN_SHIFT]
    labels = list(words.tags)
    return replace(
        general,
        shifted=tuple(labels[columns[column]] for column in kept),
        shifts=np.array([shifts[column] for column in kept], dtype=np.float32),
    )


def _heard(slope: float = 1.0, offset: float = 0.0) -> float:
    """Return the calibrated log-odds below which nothing is said."""
    return float(slope * np.log(HEARD_SUM / (1 - HEARD_SUM)) + offset)


def _shift(odds: np.ndarray, truth: np.ndarray) -> float:
    """Return what to add to a tag's log-odds; near 0 with few photos to go by.

    The most likely value under a normal prior of variance SHIFT_VARIANCE, by Newton's method.
    """
    if len(odds) < MIN_JUDGED:
        return 0.0
    shift = 0.0
    for _ in range(NEWTON_STEPS):
        likely = heads.logistic(odds + shift)
        slope = (truth - likely).sum() - shift / SHIFT_VARIANCE
        bend = (likely * (1 - likely)).sum() + 1 / SHIFT_VARIANCE
        shift += float(slope / bend)
    return shift


if __name__ == "__main__":
    main()
