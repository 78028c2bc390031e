"""Photos of people with a cloud are known to programs, whenever they came in."""

from __future__ import annotations

from typing import Any

import pytest

from gallery import ingest
from gallery.assets import adopting, storing
from gallery.models import Asset, Cloud
from gallery.tests.factories import make_asset, make_cloud, make_photo, make_user
from gallery.tests.pictures import uploaded

pytestmark = pytest.mark.django_db


@pytest.fixture
def cloud() -> Cloud:
    return make_cloud()


def test_photo_uploaded_on_a_page_is_an_asset(cloud: Cloud) -> None:
    photo = ingest.add_photo(owner=cloud.owner, file=uploaded("Bondi.jpg"))
    asset = Asset.objects.get()
    assert (asset.photo, asset.public_id) == (photo, photo.public_id)
    assert (asset.format, asset.original_filename) == ("jpg", "Bondi")
    assert asset.etag == ""
    assert storing.etag_of(asset) == "3dd11ed9b73282edb3b8e7bf1a1472f1"
    asset.refresh_from_db()
    assert asset.etag


def test_photos_of_people_without_a_cloud_are_no_assets(db: None) -> None:
    make_photo()
    assert not Asset.objects.exists()


def test_all_photos_are_adopted_once(db: None, monkeypatch: Any) -> None:
    owner = make_user()
    for _ in range(5):
        make_photo(owner)
    make_photo()
    cloud = make_cloud(owner)
    monkeypatch.setattr(adopting, "_BATCH", 2)
    assert adopting.adopt_all(cloud) == 5
    assert adopting.adopt_all(cloud) == 0
    assert Asset.objects.of(cloud).count() == 5


def test_etag_of_a_file_that_is_lost_is_unknown(cloud: Cloud) -> None:
    assert storing.etag_of(make_asset(cloud)) == ""
