"""What access control keeps from everyone is not on the pages either."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.base import ContentFile

from gallery.assets import access, moderating, publishing, renaming, storing
from gallery.assets.storing import Draft
from gallery.models import Asset, Cloud, Photo, Visibility
from gallery.tests.factories import make_cloud
from gallery.tests.pictures import picture

TOKEN = {"access_type": "token"}
ANONYMOUS = {"access_type": "anonymous"}
LATER = {"access_type": "anonymous", "start": "2999-01-01T00:00:00Z"}
NOW = {"access_type": "anonymous", "start": "2001-01-01T00:00:00Z"}

pytestmark = pytest.mark.django_db


@pytest.fixture
def cloud() -> Cloud:
    return make_cloud()


def stored(cloud: Cloud, *rules: dict[str, str], type: str = "upload") -> Asset:
    file: Any = ContentFile(picture(format="PNG"), "a.png")
    draft = Draft(public_id="a", type=type, access_control=rules)
    return storing.store(cloud, file=file, draft=draft).asset


def is_on_pages(asset: Asset) -> bool:
    return Photo.objects.public().filter(asset=asset).exists()


def is_delivered(asset: Asset) -> bool:
    return access.is_open(Asset.objects.get(pk=asset.pk), is_original=True)


@pytest.mark.parametrize("rules", [(TOKEN,), (LATER,), (TOKEN, LATER)])
def test_what_is_kept_is_nowhere(cloud: Cloud, rules: tuple[dict[str, str], ...]) -> None:
    asset = stored(cloud, *rules)
    assert not is_on_pages(asset)
    assert not is_delivered(asset)


def test_what_is_open_for_a_time_is_delivered_then(cloud: Cloud) -> None:
    asset = stored(cloud, TOKEN, NOW)
    assert not is_on_pages(asset)
    assert is_delivered(asset)


def test_rule_for_everyone_keeps_nothing(cloud: Cloud) -> None:
    asset = stored(cloud, TOKEN, ANONYMOUS)
    assert is_on_pages(asset)
    assert is_delivered(asset)


def test_rules_that_come_and_go(cloud: Cloud) -> None:
    asset = stored(cloud)
    storing.set_access_control(asset, [TOKEN])
    assert not is_on_pages(asset)
    storing.set_access_control(asset, [])
    assert is_on_pages(asset)
    assert is_delivered(asset)


def test_rules_show_no_photo_that_its_owner_hid(cloud: Cloud) -> None:
    asset = stored(cloud)
    Photo.objects.filter(asset=asset).set_visibility(Visibility.PRIVATE)
    asset = Asset.objects.select_related("photo").get(pk=asset.pk)
    storing.set_access_control(asset, [ANONYMOUS])
    assert not is_on_pages(asset)
    assert not is_delivered(asset)


def test_overwriting_follows_the_new_rules(cloud: Cloud) -> None:
    stored(cloud)
    assert not is_on_pages(stored(cloud, TOKEN))
    assert is_on_pages(stored(cloud))


def test_other_ways_to_the_pages_are_shut(cloud: Cloud) -> None:
    asset = stored(cloud, TOKEN, type="private")
    assert publishing.publish([asset]) == [asset]
    assert not is_on_pages(asset)
    asset = renaming.rename(asset, public_id="b", type="private")
    assert not is_on_pages(renaming.rename(asset, public_id="c", type="upload"))


def test_approval_does_not_show_what_is_kept(cloud: Cloud) -> None:
    asset = stored(cloud)
    moderating.decide(asset, "rejected")
    storing.set_access_control(Asset.objects.get(pk=asset.pk), [TOKEN])
    moderating.decide(asset, "approved")
    assert not is_on_pages(asset)
