"""The tagger `file`."""

from __future__ import annotations

from io import BytesIO

import pytest
from django.core.files.base import ContentFile

from gallery import ingest, tagging
from gallery.models.photos import TaggingChoice
from gallery.taggers.base import TaggerError
from gallery.taggers.keywords import KeywordTagger
from gallery.tests.factories import make_user
from gallery.tests.imaging.makers import encoded, scene
from gallery.tests.imaging.test_keywords import array, packet, with_xmp


def test_keywords_are_said_with_certainty() -> None:
    content = with_xmp(packet(array("dc:subject", "koala", "Rex")))
    opinion = KeywordTagger().tag_file(BytesIO(content))
    assert [(one.label, one.confidence) for one in opinion.suggestions] == [
        ("koala", 1.0),
        ("Rex", 1.0),
    ]


def test_file_without_keywords_says_nothing() -> None:
    assert KeywordTagger().tag_file(BytesIO(encoded(scene()))).suggestions == ()


def test_what_is_no_image_fails_for_good() -> None:
    with pytest.raises(TaggerError, match="not an image") as caught:
        KeywordTagger().tag_file(BytesIO(b"text"))
    assert caught.value.permanent


@pytest.mark.django_db
def test_keywords_become_tags_and_no_word_of_a_person_is_left_out() -> None:
    content = with_xmp(packet(array("dc:subject", "koala", "Christian")))
    photo = ingest.add_photo(
        owner=make_user(),
        file=ContentFile(content, "x.jpg"),
        tagging=TaggingChoice(taggers=("file",)),
    )
    tagging.perform(photo.tagging_runs.get())
    shown = set(photo.photo_tags.shown().values_list("tag__label", flat=True))
    assert shown == {"koala", "Christian"}
