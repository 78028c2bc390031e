"""Context of assets, and the caption that it shares with the photo."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from gallery.assets import labels
from gallery.assets.errors import InvalidError
from gallery.models import Asset, AssetContext, Photo
from gallery.tests.factories import make_asset, make_cloud

pytestmark = pytest.mark.django_db


def context(asset: Asset) -> dict[str, str]:
    return labels.context_of([asset])[asset.pk]


def test_context_comes_back_as_it_was_given() -> None:
    asset, given = make_asset(), {"alt": "a|b=c\\", "note": " ☂ ", "n": "7", "x" * 255: "y"}
    labels.set_context(asset, given)
    assert context(asset) == given


def test_caption_of_a_picture_is_its_photos() -> None:
    asset = make_asset()
    labels.set_context(asset, {"caption": "Waves at Bondi", "alt": "waves"})
    photo = Photo.objects.get(asset=asset)
    assert photo.caption == "Waves at Bondi"
    assert " bondi " in (photo.text or "")
    assert photo.words.filter(word="bondi").exists()
    assert AssetContext.objects.get().key == "alt"
    Photo.objects.filter(pk=photo.pk).update(caption="Written on the page")
    assert context(asset) == {"alt": "waves", "caption": "Written on the page"}


def test_set_replaces_all_and_add_does_not() -> None:
    asset = make_asset()
    labels.set_context(asset, {"caption": "Sea", "alt": "a", "old": "1"})
    labels.add_context([asset], {"alt": "b", "new": 2, "flag": True})
    assert context(asset) == {"caption": "Sea", "alt": "b", "old": "1", "new": "2", "flag": "true"}
    labels.set_context(asset, {"only": "this"})
    assert context(asset) == {"only": "this"}


def test_empty_value_takes_a_key_away() -> None:
    asset = make_asset()
    labels.set_context(asset, {"caption": "Sea", "alt": "a", "kept": "k"})
    labels.add_context([asset], {"alt": "", "caption": ""})
    assert context(asset) == {"kept": "k"}


def test_remove_all_takes_the_caption_too() -> None:
    asset, raw = make_asset(), make_asset(resource_type="raw")
    for one in (asset, raw):
        labels.set_context(one, {"caption": "Sea", "alt": "a"})
    assert context(raw)["caption"] == "Sea"
    labels.remove_all_context([asset, raw])
    assert context(asset) == context(raw) == {}
    assert not Photo.objects.get(asset=asset).words.exists()


@pytest.mark.parametrize(
    "bad",
    [
        {"": "x"},
        {"k" * 256: "x"},
        {"k": ["list"]},
        {"k": None},
        {"k": "nul\0"},
        {"\ud800": "x"},
        {"caption": "x" * 5001},
        {"k": "x" * 100_001},
        {str(number): "x" for number in range(1001)},
    ],
)
def test_bad_context_is_refused_and_nothing_changes(bad: dict[str, Any]) -> None:
    asset = make_asset()
    labels.set_context(asset, {"alt": "kept", "caption": "kept"})
    with pytest.raises(InvalidError):
        labels.set_context(asset, {"fine": "1", **bad})
    assert context(asset) == {"alt": "kept", "caption": "kept"}


def test_page_of_assets_costs_two_statements(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    cloud = make_cloud()
    assets = [make_asset(cloud) for _ in range(12)]
    labels.add_context(assets, {"alt": "x", "caption": "y"})
    with django_assert_num_queries(2):
        found = labels.context_of(assets)
    assert all(one == {"alt": "x", "caption": "y"} for one in found.values())
    with django_assert_num_queries(1):
        labels.metadata_of(assets)
