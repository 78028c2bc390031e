"""A person with a few tagged photos."""

from __future__ import annotations

import pytest

from gallery.models import User
from gallery.tests.factories import make_user


@pytest.fixture
def olga() -> User:
    return make_user("olga")
