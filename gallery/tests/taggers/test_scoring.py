"""From scores and features to suggestions: who is added to whom, and what is never said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gallery import vocabulary
from gallery.taggers import embedded, heads
from gallery.taggers.heads import Heads
from gallery.taggers.scoring import Scorer

WORDS = vocabulary.load()
NO_FEATURES = np.zeros(embedded.FEATURES, dtype=np.float32)


@pytest.fixture(scope="module")
def shipped() -> Heads:
    path = embedded.MODEL_DIR / embedded.HEADS_FILE
    model = embedded.EmbeddedTagger().model_name
    return heads.read(path, WORDS, model=model, features=embedded.FEATURES)


@pytest.fixture(scope="module")
def headless(shipped: Heads) -> Heads:
    """No heads, and class sums as they are."""
    none = np.zeros(0, dtype=np.float32)
    return replace(
        shipped,
        labels=(),
        weights=np.zeros((0, embedded.FEATURES), dtype=np.float32),
        temperature=1.0,
        class_slope=1.0,
        class_offset=0.0,
        shifted=(),
        shifts=none,
        class_weights=none,
        biases=none,
        thresholds=none,
        precision=none,
        recall=none,
        auc=none,
    )


def scores(**likely: float) -> np.ndarray:
    """Return logits that give classes, by WordNet id, these shares, and others next to none."""
    shares = np.full(len(WORDS.outputs), 1e-9)
    for output, share in likely.items():
        shares[WORDS.outputs.index(output)] = share
    logits: np.ndarray = np.log(shares)
    return logits


def said(scorer: Scorer, given: np.ndarray) -> dict[str, float]:
    return {s.label: s.confidence for s in scorer.suggestions(given, NO_FEATURES)}


def test_a_class_below_two_parents_counts_once_for_their_common_ancestor(headless: Heads) -> None:
    sums = Scorer(WORDS, headless).class_sums(scores(n03041632=0.5, n02123045=0.5))  # cleaver, cat
    rows = dict(zip(WORDS.tags, sums, strict=True))
    assert rows["kitchenware"] == pytest.approx(0.5, abs=1e-3)
    assert rows["kitchen utensil"] == pytest.approx(0.5, abs=1e-3)


def test_all_classes_together_never_exceed_certainty(headless: Heads) -> None:
    even = np.zeros(len(WORDS.outputs), dtype=np.float32)
    assert Scorer(WORDS, headless).class_sums(even).max() <= 1


def test_tag_that_is_right_less_often_than_others_is_said_less_surely(headless: Heads) -> None:
    shifted = replace(headless, shifted=("skiing",), shifts=np.array([-1.0]))
    ski = scores(n04228054=0.5, n02123045=0.5)
    assert said(Scorer(WORDS, shifted), ski)["skiing"] == pytest.approx(0.269, abs=0.01)
    assert said(Scorer(WORDS, shifted), ski)["tabby cat"] == pytest.approx(0.5, abs=0.01)


def test_photo_is_not_likely_both_indoors_and_outdoors(headless: Heads) -> None:
    both = scores(n03179701=0.7, n09193705=0.7)  # desk, alp
    sure = dict(
        zip(WORDS.tags, Scorer(WORDS, headless).confidences(both, NO_FEATURES), strict=True)
    )
    assert sure["indoors"] > 0.4 or sure["outdoors"] > 0.4
    assert sure["indoors"] + sure["outdoors"] <= 1


def test_what_a_class_brings_is_as_likely_as_the_class(headless: Heads) -> None:
    found = said(Scorer(WORDS, headless), scores(n04228054=0.7, n02123045=0.3))  # ski, tabby
    assert found["skiing"] == found["snow"] == found["winter sport"] == pytest.approx(0.7, abs=0.01)


def test_a_muted_tag_is_not_said_but_what_it_is_a_kind_of_is(headless: Heads) -> None:
    found = said(Scorer(WORDS, headless), scores(n04136333=0.9, n02123045=0.1))  # sarong
    assert "sarong" not in found
    assert found["clothing"] == pytest.approx(0.9, abs=0.01)


def test_nobody_is_called_an_ape(headless: Heads) -> None:
    alone = said(Scorer(WORDS, headless), scores(n02480855=0.6))  # gorilla
    assert alone["gorilla"] > 0.4
    with_someone = scores(n02480855=0.6, n10148035=0.3)  # and a bridegroom
    found = said(Scorer(WORDS, headless), with_someone)
    assert not {"gorilla", "ape", "primate"} & found.keys()
    assert found["mammal"] > 0.4


def test_a_kind_is_never_less_likely_than_its_kinds(shipped: Heads) -> None:
    scorer = Scorer(WORDS, shipped)
    rng = np.random.default_rng(3)
    for _ in range(20):
        features = rng.gamma(0.4, size=embedded.FEATURES).astype(np.float32)
        sure = dict(
            zip(WORDS.tags, scorer.confidences(rng.normal(0, 3, 1000), features), strict=True)
        )
        for label in WORDS.assignable:
            for above in WORDS.ancestors(label) & WORDS.assignable.keys():
                assert sure[above] >= sure[label] or sure[above] == 0  # 0: withheld


def test_shipped_heads_have_the_precision_that_is_asked_of_them(shipped: Heads) -> None:
    assert len(shipped.labels) >= 12
    assert shipped.precision.min() >= 0.849  # 0.85, as half-precision numbers hold it
    assert {"person", "sky", "sea", "mountain", "tree", "grass", "food", "indoors"} <= set(
        shipped.labels
    )
