"""The review queue: what is asked first, and what answers say about the taggers."""

from __future__ import annotations

from typing import Any

import pytest

from gallery import review
from gallery.models import Photo, PhotoTag, ReviewAnswer, TagState, User
from gallery.tests.factories import make_photo, make_run, make_tag, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def olga() -> User:
    return make_user("olga")


def tagged(owner: User, **confidences: float) -> Photo:
    """Return a photo with tags that a tagger said."""
    photo = make_photo(owner, tags=confidences)
    photo.photo_tags.update(run=make_run(photo, suggestions=confidences, status="complete"))
    return photo


def asked(owner: User, **how: Any) -> str | None:
    question = review.next_question(owner, **how)
    return question.tag.label if question else None


def test_most_doubtful_is_asked_first(olga: User) -> None:
    tagged(olga, koala=0.95, dog=0.55, beach=0.2)
    assert asked(olga) == "dog"


def test_tag_that_was_asked_about_often_gives_way(olga: User) -> None:
    for _ in range(6):
        tagged(olga, dog=0.5)
    tagged(olga, beach=0.65)
    for _ in range(5):
        question = review.next_question(olga, tag=make_tag("dog"))
        assert question is not None
        review.answer(question, is_right=True, by=olga)
    assert asked(olga) == "beach"


def test_only_ones_own_undecided_tags_of_taggers_are_asked(olga: User) -> None:
    tagged(make_user("sven"), koala=0.5)
    tagged(olga, dog=0.5).photo_tags.update(state=TagState.CONFIRMED)
    make_photo(olga, tags={"by hand": 1.0}, state=TagState.CONFIRMED)
    assert asked(olga) is None


def test_skipped_questions_are_left_out(olga: User) -> None:
    row = tagged(olga, koala=0.5).photo_tags.get()
    assert asked(olga, skipped=[row.pk]) is None


def test_one_tag_can_be_reviewed_alone(olga: User) -> None:
    tagged(olga, koala=0.9, dog=0.5)
    assert asked(olga, tag=make_tag("koala")) == "koala"


@pytest.mark.parametrize(("is_right", "state"), [(True, "confirmed"), (False, "rejected")])
def test_answer_decides_and_counts_and_can_be_taken_back(
    is_right: bool, state: str, olga: User
) -> None:
    row = tagged(olga, koala=0.5).photo_tags.get()
    said = review.answer(row, is_right=is_right, by=olga)
    assert (said.confidence, said.tagger, said.is_right) == (0.5, "bundled", is_right)
    assert PhotoTag.objects.get().state == state
    review.take_back(said)
    assert PhotoTag.objects.get().state == "assigned"
    assert not ReviewAnswer.objects.exists()


def answers(owner: User, label: str, *, said: float, right: int, wrong: int) -> None:
    tag = make_tag(label)
    for number in range(right + wrong):
        ReviewAnswer.objects.create(
            photo=make_photo(owner), tag=tag, person=owner, tagger="bundled",
            confidence=said, is_right=number < right,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("said", "right", "wrong", "verdict"),
    [
        (0.9, 10, 10, "over"),
        (0.3, 18, 2, "under"),
        (0.5, 9, 11, "fair"),
        (0.9, 1, 4, "few"),
    ],
)
def test_verdict_says_whether_a_tag_errs_by_more_than_chance(
    said: float, right: int, wrong: int, verdict: str, olga: User
) -> None:
    answers(olga, "koala", said=said, right=right, wrong=wrong)
    [found] = review.calibration_of_tags()
    assert (found.name, found.answers, found.right) == ("koala", right + wrong, right)
    assert found.said == pytest.approx(said)
    assert found.verdict == verdict
    assert [one.name for one in review.calibration_of_taggers()] == ["bundled"]


@pytest.mark.parametrize(
    ("right", "of", "low", "high"), [(0, 10, 0.0, 0.278), (5, 10, 0.237, 0.763), (10, 10, 0.722, 1)]
)
def test_interval_is_wilsons(right: int, of: int, low: float, high: float) -> None:
    assert review.wilson(right, of) == pytest.approx((low, high), abs=1e-3)


def test_tag_that_was_merged_away_is_left_out(olga: User) -> None:
    from gallery import acts

    answers(olga, "hound", said=0.5, right=1, wrong=0)
    act = acts.merge_tags([make_tag("hound")], into=make_tag("dog"), by=olga)
    assert review.calibration_of_tags() == []
    acts.undo(act)
    assert [one.name for one in review.calibration_of_tags()] == ["hound"]
