"""Assets are renamed, and nobody else's name is taken."""

from __future__ import annotations

from typing import Any

import pytest

from gallery.assets import moderating, renaming
from gallery.assets.errors import TakenError
from gallery.models import Cloud, Folder, Photo
from gallery.tests.factories import make_asset, make_cloud

pytestmark = pytest.mark.django_db


@pytest.fixture
def cloud() -> Cloud:
    return make_cloud()


def test_rename_leaves_the_folder_that_an_asset_was_placed_in(cloud: Cloud) -> None:
    placed = make_asset(cloud, "a/b", folder="shown")
    assert renaming.rename(placed, public_id="c/d").folder == "shown"
    plain = make_asset(cloud, "e/f")
    assert renaming.rename(plain, public_id="g/h").folder == "g"
    assert Folder.objects.filter(path="g").exists()


def test_rename_to_its_own_name_changes_nothing(cloud: Cloud) -> None:
    asset = make_asset(cloud, "a")
    assert renaming.rename(asset, public_id="a").pk == asset.pk


def test_rename_onto_what_came_at_the_same_moment(cloud: Cloud, monkeypatch: Any) -> None:
    asset = make_asset(cloud, "a")
    make_asset(cloud, "b")
    monkeypatch.setattr(renaming, "_make_room", lambda *args, **kwargs: None)
    with pytest.raises(TakenError):
        renaming.rename(asset, public_id="b")
    asset.refresh_from_db()
    assert asset.public_id == "a"


def test_what_was_rejected_is_not_shown_by_a_new_type(cloud: Cloud) -> None:
    asset = make_asset(cloud, "a", type="private")
    moderating.decide(asset, "rejected")
    renaming.rename(asset, public_id="a", type="upload")
    assert not Photo.objects.get().is_public
