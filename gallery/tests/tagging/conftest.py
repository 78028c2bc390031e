"""A photo that waits for the tagger `told`."""

from __future__ import annotations

import pytest

from gallery import ingest
from gallery.models import Photo
from gallery.tests.factories import make_user
from gallery.tests.pictures import uploaded
from gallery.tests.taggers.stubs import ToldTagger


@pytest.fixture
def photo(told: ToldTagger) -> Photo:
    return ingest.add_photo(owner=make_user("olga"), file=uploaded())
