"""From what taggers said to the tags of a photo."""

from __future__ import annotations

import pytest

from gallery import tagging
from gallery.models import Photo, TaggingRun, TagState
from gallery.tests.factories import make_run
from gallery.tests.taggers.stubs import ToldTagger
from gallery.tests.tagging.doing import perform, states

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("confidence", "state"), [(0.4, "assigned"), (0.3999, "suggested")])
def test_threshold_itself_is_enough(
    confidence: float, state: str, photo: Photo, told: ToldTagger
) -> None:
    told.says = {"koala": confidence}
    perform(photo)
    assert states(photo) == {"koala": state}


def test_what_no_tagger_says_any_more_is_gone(photo: Photo, told: ToldTagger) -> None:
    perform(photo)
    told.says = {"sand": 0.8}
    perform(photo)
    assert states(photo) == {"sand": "assigned"}


def test_surest_of_several_taggers_counts(photo: Photo) -> None:
    TaggingRun.objects.all().delete()
    make_run(photo, tagger="a", suggestions={"koala": 0.5}, status="complete", threshold=0.6)
    make_run(photo, tagger="b", suggestions={"koala": 0.3}, status="complete", threshold=0.2)
    tagging.settle(photo)
    koala = photo.photo_tags.get()
    assert (koala.confidence, koala.state) == (0.5, TagState.ASSIGNED)


def test_label_that_is_an_alias_becomes_its_tag(photo: Photo, told: ToldTagger) -> None:
    perform(photo)
    koala = photo.photo_tags.get(tag__slug="koala").tag
    koala.aliases.create(slug="koala-bear", label="koala bear")
    told.says = {"Koala Bear": 0.8}
    perform(photo)
    assert states(photo) == {"koala": "assigned"}
