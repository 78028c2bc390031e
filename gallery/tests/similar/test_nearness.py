"""Photos like one: itself first, and those that the same model saw."""

from __future__ import annotations

import pytest

from gallery.models import Fingerprint, Photo
from gallery.similar import Near, nearest, nearest_to
from gallery.tests.factories import make_photo
from gallery.tests.similar.looks import EYES, features, make_seen

pytestmark = pytest.mark.django_db


def keys(found: list[Near]) -> list[int]:
    return [near.photo for near in found]


def make_three() -> list[Photo]:
    """Return three photos, the second more like the first than the third is."""
    return [make_seen(apart=apart) for apart in (0.0, 0.1, 0.2)]


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_limit_counts_the_photo_itself(limit: int) -> None:
    photos = make_three()
    assert keys(nearest(photos[0], limit=limit)) == [photo.pk for photo in photos[:limit]]


@pytest.mark.parametrize("embedding", [None, b""])
def test_photo_that_no_model_has_seen_is_like_itself_alone(embedding: bytes | None) -> None:
    make_three()
    unseen = make_photo()
    Fingerprint.objects.create(photo=unseen, embedding=embedding)
    assert nearest(unseen) == [Near(unseen.pk, 1.0)]
    without = make_photo()
    assert nearest(without) == [Near(without.pk, 1.0)]


def test_photos_that_another_model_saw_cannot_be_compared() -> None:
    photo = make_seen()
    other = make_seen(model="other eyes")
    assert other.pk not in keys(nearest(photo))


def test_photos_with_little_in_common_are_left_out() -> None:
    photo = make_seen(kind=0)
    make_seen(kind=1)
    assert keys(nearest(photo)) == [photo.pk]


def test_picture_that_is_no_photo_can_be_asked_for() -> None:
    photos = make_three()
    found = nearest_to(EYES, features(0, apart=0.2).tobytes(), limit=2)
    assert keys(found) == [photos[2].pk, photos[1].pk]
    assert found[0].likeness == pytest.approx(1.0, abs=1e-3)
