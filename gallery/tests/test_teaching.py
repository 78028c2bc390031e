"""Teaching a tag: from marks to matches, applied and undone."""

from __future__ import annotations

from importlib import import_module

import numpy as np
import pytest
from django.apps import apps

from gallery import renditions, tagging, tags, teaching
from gallery.models import Fingerprint, Photo, PhotoTag, Tag, TaggingRun, TaughtTag, User
from gallery.taggers.base import Opinion
from gallery.tests.factories import make_photo, make_run, make_tag, make_user
from gallery.tests.taggers.stubs import ToldTagger

pytestmark = pytest.mark.django_db

MODEL = "eyes/1"
REX, CAT, SEA = 0, 1, 2


def features(like: int, seed: int) -> np.ndarray:
    noise = np.abs(np.random.default_rng(seed).normal(0, 0.5, 40)).astype(np.float32)
    noise[like] += 4
    return noise


def photo_of(owner: User, like: int, seed: int, *, model: str = MODEL) -> Photo:
    photo = make_photo(owner)
    embedding = features(like, seed).astype("<f2").tobytes()
    Fingerprint.objects.create(photo=photo, embedding=embedding, model=model)
    return photo


@pytest.fixture
def owner() -> User:
    return make_user("olga")


@pytest.fixture
def rex() -> Tag:
    return make_tag("Rex")


@pytest.fixture
def library(owner: User, rex: Tag) -> dict[str, list[Photo]]:
    """Ten photos of Rex and ten of a cat, some marked, and forty of the sea."""
    photos = {
        "rex": [photo_of(owner, REX, seed) for seed in range(10)],
        "cat": [photo_of(owner, CAT, seed) for seed in range(20, 30)],
        "sea": [photo_of(owner, SEA, seed) for seed in range(40, 80)],
    }
    for photo in photos["rex"][:5]:
        tagging.mark(photo, rex, shows=True)
    for photo in photos["cat"][:2]:
        tagging.mark(photo, rex, shows=False)
    return photos


def carrying(tag: Tag) -> set[Photo]:
    return set(Photo.objects.tagged(Tag.objects.filter(pk=tag.pk)))


@pytest.mark.usefixtures("library")
def test_lesson_tells_how_it_did_on_marked_photos(owner: User, rex: Tag) -> None:
    learnt = teaching.learn_tag(owner, rex)
    assert (learnt.yes_count, learnt.no_count) == (5, 2)
    assert (learnt.recognised, learnt.mistaken) == (5, 0)


def test_preview_shows_the_best_matches_and_changes_nothing(
    owner: User, rex: Tag, library: dict[str, list[Photo]]
) -> None:
    seen = teaching.preview(owner, rex, teaching.learn_tag(owner, rex))
    assert {match.photo for match in seen.best[:5]} == set(library["rex"][5:])
    confidences = [match.confidence for match in seen.best]
    assert confidences == sorted(confidences, reverse=True)
    assert seen.appear_count == 5
    assert carrying(rex) == set(library["rex"][:5])
    assert not TaggingRun.objects.exists()


def test_applying_tags_the_matches_and_says_who_did(
    owner: User, rex: Tag, library: dict[str, list[Photo]]
) -> None:
    taught = teaching.apply(owner, rex)
    assert carrying(rex) == set(library["rex"])
    row = library["rex"][9].photo_tags.get(tag=rex)
    assert row.run is not None
    assert (row.run.taught, row.run.who, row.state) == (taught, "as taught", "assigned")


def test_undo_takes_away_what_was_applied_and_leaves_marks(
    owner: User, rex: Tag, library: dict[str, list[Photo]]
) -> None:
    make_run(library["rex"][9], suggestions={"dog": 0.9}, status="complete")
    teaching.undo(teaching.apply(owner, rex))
    assert carrying(rex) == set(library["rex"][:5])
    assert teaching.marks(owner, rex) == teaching.Marks(yes=5, no=2)
    assert TaggingRun.objects.count() == 1
    assert library["rex"][9].photo_tags.get().tag.label == "dog"


def test_what_a_person_said_is_not_overruled(
    owner: User, rex: Tag, library: dict[str, list[Photo]]
) -> None:
    teaching.apply(owner, rex)
    tagging.mark(library["rex"][9], rex, shows=False)
    teaching.apply(owner, rex)
    assert library["rex"][9] not in carrying(rex)


def test_applying_again_replaces_what_was_learnt_before(
    owner: User, rex: Tag, library: dict[str, list[Photo]]
) -> None:
    teaching.apply(owner, rex)
    for photo in library["rex"][5:]:
        tagging.mark(photo, rex, shows=False)
    for photo in library["cat"][2:]:
        tagging.mark(photo, rex, shows=True)
    taught = teaching.apply(owner, rex)
    assert TaughtTag.objects.get() == taught
    assert taught.yes_count == 13
    assert taught.runs.values("photo").distinct().count() == taught.runs.count()


def test_tag_reaches_no_other_persons_photos(owner: User, rex: Tag, library: object) -> None:
    stranger = photo_of(make_user("sven"), REX, 99)
    teaching.apply(owner, rex)
    assert stranger not in carrying(rex)


def test_photo_keeps_the_threshold_it_has(
    owner: User, rex: Tag, library: dict[str, list[Photo]]
) -> None:
    strict = library["rex"][9]
    make_run(strict, suggestions={"dog": 0.999}, status="complete", threshold=0.99)
    teaching.apply(owner, rex)
    assert strict.photo_tags.get(tag=rex).state == "suggested"


def test_four_photos_are_too_few(owner: User, rex: Tag, library: dict[str, list[Photo]]) -> None:
    tagging.mark(library["rex"][0], rex, shows=None)
    with pytest.raises(teaching.TooFewError, match="Mark 1 more photo that shows it"):
        teaching.apply(owner, rex)
    assert not TaughtTag.objects.exists()


def test_photos_no_tagger_has_seen_teach_nothing(owner: User, rex: Tag) -> None:
    for _ in range(5):
        tagging.mark(make_photo(owner), rex, shows=True)
    with pytest.raises(teaching.TooFewError, match="Only 0 of the 5"):
        teaching.learn_tag(owner, rex)


def test_yes_alone_in_an_empty_library_is_not_enough(owner: User, rex: Tag) -> None:
    for seed in range(5):
        tagging.mark(photo_of(owner, REX, seed), rex, shows=True)
    with pytest.raises(teaching.TooFewError, match="does not show it"):
        teaching.learn_tag(owner, rex)


def test_features_of_another_model_are_left_alone(
    owner: User, rex: Tag, library: dict[str, list[Photo]]
) -> None:
    other = photo_of(owner, REX, 98, model="eyes/2")
    teaching.apply(owner, rex)
    assert other not in carrying(rex)


class SeeingTagger(ToldTagger):
    """Gives features besides words."""

    like = REX

    def tag(self, image: object) -> Opinion:
        return Opinion(
            model="eyes/1+words-2",
            suggestions=(),
            features=features(self.like, 97),
            feature_model=MODEL,
        )


@pytest.mark.parametrize(("like", "tagged"), [(REX, True), (CAT, False)])
def test_new_upload_is_checked_for_what_was_taught(
    like: int,
    tagged: bool,
    owner: User,
    rex: Tag,
    library: object,
    told: ToldTagger,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    teaching.apply(owner, rex)
    seeing = SeeingTagger()
    seeing.like = like
    monkeypatch.setattr(tagging.runs, "get_tagger", lambda alias: seeing)
    monkeypatch.setattr(renditions, "tagger_input", lambda photo: None)
    photo = make_photo(owner)
    for _ in range(2):  # asked twice, answered once
        tagging.perform(tagging.request_run(photo, tagger="told"))
    assert (photo in carrying(rex)) == tagged
    assert photo.tagging_runs.exclude(taught=None).count() == tagged
    assert Fingerprint.objects.get(photo=photo).model == MODEL


def test_merging_hands_over_what_was_taught(
    owner: User, rex: Tag, library: dict[str, list[Photo]]
) -> None:
    teaching.apply(owner, rex)
    dog = make_tag("our dog")
    tags.merge_tags([rex], into=dog)
    assert TaughtTag.objects.get().tag == dog
    tagging.settle(library["rex"][9])
    assert library["rex"][9] in carrying(dog)


def test_who_taught_both_of_two_merged_tags_keeps_the_one_that_stays(
    owner: User, rex: Tag, library: dict[str, list[Photo]]
) -> None:
    dog = make_tag("our dog")
    for photo in library["rex"][:5]:
        tagging.mark(photo, dog, shows=True)
    kept = teaching.apply(owner, dog)
    teaching.apply(owner, rex)
    tags.merge_tags([rex], into=dog)
    assert TaughtTag.objects.get() == kept
    assert not PhotoTag.objects.filter(run=None, state="assigned").exists()


def test_names_of_feature_models_lose_their_vocabulary(owner: User) -> None:
    photo_of(owner, REX, 1, model="eyes/1+vocabulary-1")
    migration = import_module("gallery.migrations.0004_fingerprint_model")
    migration.drop_vocabulary(apps, None)
    assert Fingerprint.objects.get().model == MODEL
