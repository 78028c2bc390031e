"""What every test starts with: nothing remembered, and a tagger that says what it is told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from gallery import throttle
from gallery.interests import hierarchy
from gallery.search import suggesting, tagtree
from gallery.taggers import get_tagger
from gallery.tests.taggers.stubs import ToldTagger


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    throttle.forget()
    suggesting.forget_names()
    tagtree.forget()
    hierarchy.forget()


@pytest.fixture
def told(settings: Settings) -> Iterator[ToldTagger]:
    """The tagger `told`, the site's only one, to be given words."""
    settings.TAGGERS = {"told": {"BACKEND": "gallery.tests.taggers.stubs.ToldTagger"}}
    settings.DEFAULT_TAGGERS = ["told"]
    tagger = get_tagger("told")
    assert isinstance(tagger, ToldTagger)
    yield tagger
    get_tagger.cache_clear()
