"""Pages of assets go on where the last one ended, and read no more than they show."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import Q
from django.utils import timezone

from gallery.assets.listing import Order, beginning_with, page, page_of_all_types
from gallery.models import Asset, Cloud
from gallery.models.assets import AssetQuerySet
from gallery.tests.factories import make_asset, make_cloud

pytestmark = pytest.mark.django_db


@pytest.fixture
def cloud() -> Cloud:
    return make_cloud()


def test_assets_of_one_instant_are_neither_left_out_nor_shown_twice(cloud: Cloud) -> None:
    made = timezone.now()
    for number in range(7):
        kind = ("upload", "private")[number % 2]
        make_asset(cloud, str(number), type=kind, created_at=made - timedelta(hours=number // 5))
    for is_descending in (True, False):
        order, after = Order(is_descending=is_descending), None
        found: list[str] = []
        while True:
            turned = page_of_all_types(Asset.objects.of(cloud), order, after=after, limit=2)
            found += [asset.public_id for asset in turned.assets]
            after = turned.position
            if after is None:
                break
        assert found == list("4321065" if is_descending else "5601234")


@pytest.mark.parametrize("prefix", ["a/", "a%", "a_", "ä", "\U0010ffff", "A"])
def test_a_beginning_is_taken_to_the_letter(cloud: Cloud, prefix: str) -> None:
    for begin in ("a/", "a%", "a_", "ä", "\U0010ffff", "A", "ab"):
        make_asset(cloud, f"{begin}x")
    found = Asset.objects.of(cloud).filter(beginning_with("public_id", prefix))
    assert [asset.public_id for asset in found] == [f"{prefix}x"]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="reads SQLite's plans")
@pytest.mark.parametrize(
    ("narrowed", "order", "index"),
    [
        (Q(type="upload"), Order(), "asset_newest"),
        (Q(type="upload"), Order("public_id", is_descending=False), "autoindex"),
        (Q(folder="a"), Order("pk"), "asset_by_folder"),
        (
            Q(moderation_kind="manual", moderation_status="pending") & ~Q(moderation_kind=""),
            Order("pk"),
            "asset_moderated",
        ),
    ],
)
def test_a_page_is_read_off_an_index_in_its_order(
    cloud: Cloud, narrowed: Q, order: Order, index: str
) -> None:
    assets: AssetQuerySet = Asset.objects.of(cloud).filter(narrowed, resource_type="image")
    after = order.position(make_asset(cloud))
    for rows in (assets, assets.filter(order.beyond(after))):
        plan = rows.order_by(*order.columns)[:11].explain()
        assert index in plan
        assert "TEMP B-TREE" not in plan


def test_after_the_last_page_there_is_none(cloud: Cloud) -> None:
    make_asset(cloud, "a")
    assert page(Asset.objects.of(cloud), Order(), after=None, limit=1).position is None
    assert page(Asset.objects.of(make_cloud()), Order(), after=None, limit=1).assets == []
