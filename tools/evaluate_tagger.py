"""Measures the bundled tagger on labelled photos: coverage, precision, recall and calibration.

    python tools/evaluate_tagger.py DIR… [--cross-validate | --unseen-kinds]
                                    [--card FILE] [--picture FILE]

`tools/labelled.py` says what the folders may hold. With --cross-validate the heads and the
calibration are fitted anew for each fifth of the photos on the other four; with --unseen-kinds for
each kind of scene, and each data set, on all others: how it does in places it knows nothing like.
Without either the shipped ones are used, which is honest only for photos that they were not trained
on. Tags about which a
photo's labels say nothing are not judged.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.model_selection import KFold, LeaveOneGroupOut

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from gallery import vocabulary
from gallery.taggers import embedded, heads
from gallery.taggers.heads import Heads
from gallery.taggers.scoring import SUGGESTION_FLOOR, Scorer
from tools import labelled
from tools.train_heads import FOLDS, OUTPUT, SEED, Looked, fit, look

THRESHOLD = 0.4
BINS = 10
#: True of nearly every photo, so coverage is also told without them.
NEARLY_ALWAYS = ("indoors", "outdoors")
WORST = 12
MIN_JUDGED = 5
MARKS = ("<!-- measured: begin -->", "<!-- measured: end -->")


@dataclass(frozen=True)
class Measured:
    """Confidences and truth (1, 0 or nan) of n photos and all tags, each of shape (n, tags)."""

    sources: tuple[str, ...]
    confidence: np.ndarray
    truth: np.ndarray

    @property
    def shown(self) -> np.ndarray:
        return self.confidence >= THRESHOLD

    def of(self, source: str) -> Measured:
        rows = np.array([one == source for one in self.sources])
        picked = tuple(one for one in self.sources if one == source)
        return Measured(picked, self.confidence[rows], self.truth[rows])

    def columns(self, columns: Sequence[int]) -> Measured:
        return Measured(self.sources, self.confidence[:, columns], self.truth[:, columns])

    def coverage(self) -> float:
        return float(self.shown.any(axis=1).mean())

    def counts(self) -> tuple[int, int, int]:
        """Return how many shown tags are right and wrong, and how many true ones there are."""
        right = int((self.shown & (self.truth == 1)).sum())
        wrong = int((self.shown & (self.truth == 0)).sum())
        return right, wrong, int((self.truth == 1).sum())

    def reliability(self) -> Iterator[tuple[float, float, int]]:
        """Yield, per tenth of confidence, mean confidence, share that is right, and how many."""
        judged = ~np.isnan(self.truth) & (self.confidence >= SUGGESTION_FLOOR)
        confidence, truth = self.confidence[judged], self.truth[judged]
        tenth = np.minimum((confidence * BINS).astype(int), BINS - 1)
        for number in range(BINS):
            if (rows := tenth == number).any():
                yield float(confidence[rows].mean()), float(truth[rows].mean()), int(rows.sum())

    def calibration_error(self) -> float:
        """Return the expected calibration error (Naeini et al. 2015) over ten equal bins."""
        bins = list(self.reliability())
        total = sum(count for _, _, count in bins)
        return sum(count * abs(said - right) for said, right, count in bins) / max(total, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="+")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--cross-validate", action="store_true")
    how.add_argument("--unseen-kinds", action="store_true")
    parser.add_argument("--card", type=Path, help="write the tables into this file, between marks")
    parser.add_argument("--picture", type=Path, help="draw the reliability curve (.svg, .png)")
    args = parser.parse_args()
    photos = labelled.read(args.folders)
    looked = look(photos)
    if args.cross_validate or args.unseen_kinds:
        kinds = [photo.kind for photo in photos] if args.unseen_kinds else None
        confidence = _cross_validated(looked, kinds)
    else:
        confidence = _shipped(looked)
    measured = Measured(tuple(photo.source for photo in photos), confidence, looked.truth)
    report = "\n".join(_report(measured))
    print(report)
    if args.card:
        _write_card(args.card, report)
    if args.picture:
        _draw(measured, args.picture)


def _shipped(looked: Looked) -> np.ndarray:
    words, card = vocabulary.load(), embedded.EmbeddedTagger().model_name
    return _confidences(looked, heads.read(OUTPUT, words, model=card, features=embedded.FEATURES))


def _cross_validated(looked: Looked, kinds: Sequence[str] | None) -> np.ndarray:
    folds = KFold(FOLDS, shuffle=True, random_state=SEED) if kinds is None else LeaveOneGroupOut()
    found = np.zeros_like(looked.truth)
    for train, test in folds.split(looked.truth, groups=kinds):
        found[test] = _confidences(looked[test], fit(looked[train]))
    return found


def _confidences(looked: Looked, trained: Heads) -> np.ndarray:
    scorer = Scorer(vocabulary.load(), trained)
    pairs = zip(looked.scores, looked.features, strict=True)
    return np.stack([scorer.confidences(scores, features) for scores, features in pairs])


# --- Telling ----------------------------------------------------------------------------------


def _report(measured: Measured) -> Iterator[str]:
    words = vocabulary.load()
    labels = list(words.tags)
    telling = [row for row, label in enumerate(labels) if label not in NEARLY_ALWAYS]
    columns = (
        "photos", "", "coverage", "without indoors, outdoors", "tags a photo", "precision",
        "recall", "calibration error",
    )  # fmt: skip
    yield f"| {' | '.join(columns)} |"
    yield "|---|---|---|---|---|---|---|---|"
    for source in (*sorted(set(measured.sources)), "all"):
        part = measured if source == "all" else measured.of(source)
        right, wrong, true = part.counts()
        yield (
            f"| {source} | {len(part.sources)} | {part.coverage():.1%} "
            f"| {part.columns(telling).coverage():.1%} | {part.shown.sum(axis=1).mean():.1f} "
            f"| {_share(right, right + wrong)} | {_share(right, true)} "
            f"| {part.calibration_error():.3f} |"
        )
    yield ""
    yield "| said with | of which are right | judged |"
    yield "|---|---|---|"
    for said, right_share, count in measured.reliability():
        yield f"| {said:.0%} | {right_share:.0%} | {count:,} |"
    yield ""
    yield "| category | shown | judged | precision | recall |"
    yield "|---|---|---|---|---|"
    for slug, name in words.categories.items():
        part = measured.columns([
            row for row, label in enumerate(labels) if words.tags[label].category == slug
        ])  # fmt: skip
        right, wrong, true = part.counts()
        yield (
            f"| {name} | {int(part.shown.sum()):,} | {right + wrong:,} "
            f"| {_share(right, right + wrong)} | {_share(right, true)} |"
        )
    yield ""
    yield f"Worst tags, of those shown and judged at least {MIN_JUDGED} times:"
    yield ""
    yield "| tag | right | wrong |"
    yield "|---|---|---|"
    for label, right, wrong in _worst(measured, labels):
        yield f"| {label} | {right} | {wrong} |"


def _worst(measured: Measured, labels: Sequence[str]) -> list[tuple[str, int, int]]:
    right = (measured.shown & (measured.truth == 1)).sum(axis=0)
    wrong = (measured.shown & (measured.truth == 0)).sum(axis=0)
    judged = [row for row in range(len(labels)) if right[row] + wrong[row] >= MIN_JUDGED]
    judged.sort(key=lambda row: right[row] / (right[row] + wrong[row]))
    return [(labels[row], int(right[row]), int(wrong[row])) for row in judged[:WORST]]


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.2f}" if whole else "-"


def _write_card(card: Path, report: str) -> None:
    begin, end = MARKS
    text = card.read_text(encoding="utf-8")
    block = f"{begin}\n\n{report}\n\n{end}"
    pattern = re.escape(begin) + ".*?" + re.escape(end)
    card.write_text(re.sub(pattern, lambda _: block, text, flags=re.DOTALL), encoding="utf-8")


def _draw(measured: Measured, picture: Path) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    mpl.rcParams["svg.hashsalt"] = "photolib"
    from matplotlib import pyplot

    said, right, counts = zip(*measured.reliability(), strict=True)
    figure, axes = pyplot.subplots(figsize=(5, 5))
    axes.plot([0, 1], [0, 1], color="#84847d", linewidth=1, linestyle="--", label="as it should be")
    axes.plot(said, right, color="#0f766e", linewidth=2, marker="o", label="measured")
    for x, y, count in zip(said, right, counts, strict=True):
        axes.annotate(f"{count:,}", (x, y), textcoords="offset points", xytext=(6, -12), fontsize=8)
    axes.set(xlabel="confidence", ylabel="share that is right", xlim=(0, 1), ylim=(0, 1))
    axes.legend(frameon=False)
    figure.tight_layout()
    figure.savefig(picture, metadata={"Date": None} if picture.suffix == ".svg" else None)


if __name__ == "__main__":
    main()
