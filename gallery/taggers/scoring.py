"""From what the network gives to suggestions, each with a confidence that means what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import heads as heads_
from .base import SUGGESTION_FLOOR, Suggestion

if TYPE_CHECKING:
    import numpy as np

    from gallery.vocabulary import Vocabulary

    from .heads import Heads

CONFIDENCE_DECIMALS = 4
#: So sure of what must not be confused with another thing, that thing is not said.
WITHHOLDING_CONFIDENCE = 0.2


class Scorer:
    """Says how likely each tag is, from 1000 class scores and 1280 features.

    A tag's classes are added up, for a photo may be any of them. A head, where the tag has one,
    weighs that sum together with the features; elsewhere the sum is calibrated. A tag is never
    less likely than one that is a kind of it.
    """

    def __init__(self, words: Vocabulary, heads: Heads) -> None:
        import numpy as np  # start-up of a web worker should not pay for this

        self._heads = heads
        self._labels = tuple(words.tags)
        row_of = {label: row for row, label in enumerate(self._labels)}
        fed = [
            (row_of[label], index)
            for index, output in enumerate(words.outputs)
            for label in words.implied[words.tag_of_output[output]]
        ]
        self._fed_rows, self._feeding = np.array(fed, dtype=np.intp).T
        kinds = [
            (row_of[label], row_of[above])
            for label in words.tags
            for above in words.ancestors(label)
        ]
        self._kind_rows, self._above_rows = np.array(kinds, dtype=np.intp).T
        self._head_rows = np.array([row_of[label] for label in heads.labels], dtype=np.intp)
        self._offsets = np.full(len(self._labels), heads.class_offset)
        self._offsets[[row_of[label] for label in heads.shifted]] += heads.shifts
        self._muted = np.array([bool(words.tags[label].muted) for label in self._labels])
        self._unfed = np.ones(len(self._labels), dtype=bool)
        self._unfed[self._fed_rows] = False
        self._withheld = [(row_of[rule.tag], row_of[rule.when]) for rule in words.withheld]
        self._opposites = [(row_of[one], row_of[other]) for one, other in words.opposites]

    def suggestions(self, scores: np.ndarray, features: np.ndarray) -> tuple[Suggestion, ...]:
        """Return what is likely enough to be kept, most confident first.

        ``scores`` are logits of shape (1000,), ``features`` pooled values of shape (1280,).
        """
        import numpy as np

        sure = self.confidences(scores, features)
        likely = [
            Suggestion(self._labels[row], round(float(sure[row]), CONFIDENCE_DECIMALS))
            for row in np.flatnonzero(sure >= SUGGESTION_FLOOR)
        ]
        return tuple(sorted(likely, key=lambda said: (-said.confidence, said.label)))

    def confidences(self, scores: np.ndarray, features: np.ndarray) -> np.ndarray:
        """Return the confidence of every tag of the vocabulary, in its order; muted ones 0."""
        import numpy as np

        odds = heads_.log_odds(self.class_sums(scores))
        heads = self._heads
        sure = heads_.logistic(heads.class_slope * odds + self._offsets)
        sure[self._unfed] = 0
        sure[self._head_rows] = heads.confidences(features, odds[self._head_rows])
        np.maximum.at(sure, self._above_rows, sure[self._kind_rows])
        for row, when in self._withheld:
            if sure[when] >= WITHHOLDING_CONFIDENCE:
                sure[self._below(row)] = 0
        for pair in self._opposites:
            lesser, greater = sorted(pair, key=lambda row: sure[row])
            sure[lesser] = min(sure[lesser], 1 - sure[greater])
        sure[self._muted] = 0
        return sure

    def class_sums(self, scores: np.ndarray) -> np.ndarray:
        """Return, for every tag, the probabilities of all the classes it is true of, added up."""
        import numpy as np

        likelihoods = np.exp((scores - scores.max()) / self._heads.temperature)
        probabilities = likelihoods / likelihoods.sum()
        # A class less likely than by pure chance says nothing, but 398 of them would say “animal”.
        heard = np.where(probabilities >= 1 / probabilities.size, probabilities, 0)
        sums = np.bincount(self._fed_rows, heard[self._feeding], len(self._labels))
        whole: np.ndarray = np.minimum(sums, 1)
        return whole

    def _below(self, row: int) -> np.ndarray:
        import numpy as np

        return np.append(self._kind_rows[self._above_rows == row], row)
