"""Assets that belong together are related on both sides, up to so many."""

from __future__ import annotations

import pytest

from gallery.assets import relating
from gallery.assets.errors import InvalidError
from gallery.models import AssetRelation
from gallery.tests.factories import make_asset, make_cloud

pytestmark = pytest.mark.django_db


def test_relating_twice_is_relating_once() -> None:
    cloud = make_cloud()
    one, other = make_asset(cloud), make_asset(cloud)
    relating.relate(one, [other, one])
    relating.relate(other, [one])
    assert AssetRelation.objects.count() == 2
    assert relating.related_to(one) == [other]


def test_an_asset_is_not_related_to_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relating, "MOST_RELATED", 2)
    cloud = make_cloud()
    one, *others = [make_asset(cloud) for _ in range(4)]
    relating.relate(one, others[:2])
    with pytest.raises(InvalidError):
        relating.relate(one, others[2:])
    relating.relate(one, others[:2])
    assert relating.related_to(one) == others[:2]


def test_only_those_that_were_related_are_told_of() -> None:
    cloud = make_cloud()
    one, other, stranger = (make_asset(cloud) for _ in range(3))
    relating.relate(one, [other])
    assert relating.unrelate(one, [other, stranger]) == [other]
    assert relating.related_to(other) == []
