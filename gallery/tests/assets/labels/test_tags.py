"""Tags of assets: exactly the text that was given, and tags of the photo wherever that can be."""

from __future__ import annotations

import pytest
from django.test.utils import CaptureQueriesContext

from gallery import tagging
from gallery.assets import labels
from gallery.assets.errors import InvalidError
from gallery.models import Asset, AssetTag, Cloud, PhotoTag, RunStatus, Tag, TagAlias, TagState
from gallery.models.tagging import tags_changed
from gallery.tests.factories import make_asset, make_cloud, make_run, make_tag

pytestmark = pytest.mark.django_db


def tags(asset: Asset) -> list[str]:
    return labels.tags_of([asset])[asset.pk]


def states(asset: Asset) -> dict[str, str]:
    assert asset.photo
    rows = asset.photo.photo_tags.select_related("tag")
    return {row.spelling or row.tag.label: row.state for row in rows}


@pytest.mark.parametrize(
    "names",
    [
        ["sky"],
        ["Sky", "sky", "SKY!"],
        ["★", "—", "sky"],
        ["Zoë", "zoë", "日本", "a b  c", "a_b", "a-b"],
        ["x" * 101, "x" * 100, "x" * 255],
        ["line\nbreak", "tab\tstop", "<b>&amp;</b>", "'; drop table"],
    ],
)
@pytest.mark.parametrize("resource_type", ["image", "raw"])
def test_tags_come_back_as_they_were_given(names: list[str], resource_type: str) -> None:
    asset = make_asset(resource_type=resource_type)
    labels.set_tags(asset, names)
    assert tags(asset) == sorted(names)


def test_tag_of_an_image_is_a_confirmed_tag_of_its_photo() -> None:
    asset = make_asset()
    labels.set_tags(asset, ["Sky"])
    row = PhotoTag.objects.get(photo=asset.photo)
    assert (row.state, row.confidence, row.run, row.tag.slug) == ("confirmed", 1.0, None, "sky")
    assert not AssetTag.objects.exists()


def test_name_that_is_an_alias_is_the_tag_and_keeps_its_spelling() -> None:
    cat, asset = make_tag("cat"), make_asset()
    TagAlias.objects.create(slug="kitty", label="kitty", tag=cat)
    labels.set_tags(asset, ["kitty"])
    assert tags(asset) == ["kitty"]
    assert PhotoTag.objects.get().tag == cat


def test_tags_are_trimmed_and_each_stands_once() -> None:
    asset = make_asset()
    labels.set_tags(asset, [" sky ", "sky", "", "  "])
    assert tags(asset) == ["sky"]


@pytest.mark.parametrize(
    "names", [["x" * 256], ["nul\0"], ["\ud800"], [str(number) for number in range(1001)], [7]]
)
def test_bad_tags_are_refused_and_nothing_is_stored(names: list[str]) -> None:
    asset = make_asset()
    labels.set_tags(asset, ["kept"])
    with pytest.raises(InvalidError):
        labels.set_tags(asset, ["new", *names])
    assert tags(asset) == ["kept"]


def test_added_tags_may_not_be_more_than_a_thousand() -> None:
    asset = make_asset(resource_type="raw")
    labels.set_tags(asset, [f"t{number}" for number in range(1000)])
    with pytest.raises(InvalidError, match="Maximum is 1000"):
        labels.add_tags([asset], ["one more"])
    labels.add_tags([asset], ["t5"])


def test_adding_confirms_what_is_named_and_leaves_the_rest_as_it_was() -> None:
    asset = make_asset()
    assert asset.photo
    for label, state in [("sky", "assigned"), ("sea", "assigned"), ("fog", "rejected")]:
        PhotoTag.objects.create(photo=asset.photo, tag=make_tag(label), confidence=0.5, state=state)
    labels.add_tags([asset], ["sky", "fog"])
    assert states(asset) == {"sky": "confirmed", "sea": "assigned", "fog": "confirmed"}


def test_second_spelling_takes_the_place_of_the_first_once_that_is_removed() -> None:
    asset = make_asset()
    labels.set_tags(asset, ["sky", "Sky"])
    labels.remove_tags([asset], ["sky"])
    assert tags(asset) == ["Sky"]
    assert (PhotoTag.objects.get().spelling, AssetTag.objects.count()) == ("Sky", 0)


def test_removing_needs_the_exact_text() -> None:
    asset = make_asset()
    labels.set_tags(asset, ["sky"])
    labels.remove_tags([asset], ["Sky", "unknown", "★"])
    assert tags(asset) == ["sky"]
    assert not Tag.objects.filter(slug="unknown").exists()


def test_removed_hand_made_tag_is_gone_and_a_taggers_is_rejected() -> None:
    asset = make_asset()
    assert asset.photo
    run = make_run(asset.photo, suggestions={"sea": 0.9}, status=RunStatus.COMPLETE)
    sea = make_tag("sea")
    PhotoTag.objects.create(
        photo=asset.photo, tag=sea, confidence=0.9, state=TagState.ASSIGNED, run=run
    )
    labels.add_tags([asset], ["sky"])
    labels.remove_all_tags([asset])
    assert states(asset) == {"sea": "rejected"}
    tagging.settle(asset.photo)
    assert tags(asset) == []


def test_removed_tag_that_a_program_had_asked_for_never_comes_back() -> None:
    asset = make_asset()
    assert asset.photo
    run = make_run(
        asset.photo,
        suggestions={"Sea": 0.9, "boat": 0.9},
        status=RunStatus.COMPLETE,
        add_on="google_tagging",
    )
    PhotoTag.objects.create(
        photo=asset.photo,
        tag=make_tag("sea"),
        confidence=0.9,
        state=TagState.ASSIGNED,
        run=run,
        is_kept=True,
    )
    labels.remove_tags([asset], ["sea"])
    run.refresh_from_db()
    assert (states(asset), run.counts) == ({}, False)
    tagging.settle(asset.photo)
    assert "sea" not in tags(asset)


def test_hand_made_tag_that_a_tagger_says_too_stays_away_once_removed() -> None:
    asset = make_asset()
    assert asset.photo
    labels.add_tags([asset], ["sky"])
    make_run(asset.photo, suggestions={"sky": 0.99}, status=RunStatus.COMPLETE)
    labels.remove_tags([asset], ["sky"])
    tagging.settle(asset.photo)
    assert tags(asset) == []


def test_tag_removed_on_the_pages_is_gone_with_all_its_spellings() -> None:
    asset = make_asset()
    assert asset.photo
    labels.set_tags(asset, ["sky", "Sky", "★"])
    tagging.reject(asset.photo.photo_tags.get())
    assert tags(asset) == ["★"]


def test_exclusive_tags_are_taken_off_all_others_of_the_same_cloud_and_kind() -> None:
    cloud, stranger = make_cloud(), make_asset()
    mine = [make_asset(cloud) for _ in range(3)]
    raw = make_asset(cloud, resource_type="raw")
    for asset in [*mine, raw, stranger]:
        labels.set_tags(asset, ["best", "★", "sky"])
    labels.set_exclusive_tags(mine[:1], ["best", "★"])
    assert [tags(asset) for asset in mine] == [["best", "sky", "★"], ["sky"], ["sky"]]
    assert tags(raw) == tags(stranger) == ["best", "sky", "★"]


def test_followers_of_tags_are_told() -> None:
    asset, heard = make_asset(), []

    def hear(photo_ids: list[int], **kwargs: object) -> None:
        heard.extend(photo_ids)

    tags_changed.connect(hear)
    try:
        labels.add_tags([asset], ["sky"])
    finally:
        tags_changed.disconnect(hear)
    assert heard == [asset.photo_id]


def test_change_of_tags_is_dated_and_no_change_is_not() -> None:
    asset = make_asset()
    labels.set_tags(asset, ["sky"])
    asset.refresh_from_db()
    first = asset.tags_updated_at
    labels.add_tags([asset], ["sky"])
    asset.refresh_from_db()
    assert first is not None
    assert asset.tags_updated_at == first


def _statements(cloud: Cloud, count: int) -> int:
    from django.db import connection

    assets = [make_asset(cloud) for _ in range(count)]
    labels.add_tags(assets, ["old", "★"])
    with CaptureQueriesContext(
        connection,
    ) as made:
        labels.replace_tags(assets, ["sky", "Sky", "—"])
        labels.remove_tags(assets, ["sky"])
        labels.tags_of(assets)
    return len(made)


def test_many_assets_take_as_many_statements_as_one() -> None:
    cloud = make_cloud()
    _statements(cloud, 1)
    assert _statements(cloud, 20) == _statements(cloud, 1)
