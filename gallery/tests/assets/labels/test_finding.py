"""Assets found by what callers wrote on them, and all tags of a cloud."""

from __future__ import annotations

import pytest

from gallery.assets import labels
from gallery.assets.labels import finding
from gallery.models import Asset, Cloud, PhotoTag
from gallery.tests.factories import make_asset, make_cloud, make_tag

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["few", "many"])
def amount(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways of looking give the same."""
    if request.param == "many":
        monkeypatch.setattr(finding, "FEW", 0)
        monkeypatch.setattr(finding, "SMALL_CLOUD", 0)
        monkeypatch.setattr(finding, "_CHUNK", 2)


def tagged(name: str) -> list[str]:
    return sorted(labels.tagged(Asset.objects.all(), name).values_list("public_id", flat=True))


@pytest.mark.usefixtures("amount")
def test_assets_are_found_by_the_exact_text_of_a_tag() -> None:
    cloud = make_cloud()
    for public_id, names in {"a": ["sky"], "b": ["Sky", "★"], "c": ["sky", "Sky"]}.items():
        labels.set_tags(make_asset(cloud, public_id), names)
    labels.set_tags(make_asset(cloud, "d", resource_type="raw"), ["sky"])
    make_asset(cloud, "e")
    assert tagged("sky") == ["a", "c", "d"]
    assert tagged("Sky") == ["b", "c"]
    assert tagged("★") == ["b"]
    assert tagged("SKY") == tagged("") == tagged("x" * 5000) == []


@pytest.mark.usefixtures("amount")
def test_suggestions_and_refusals_are_no_tags() -> None:
    asset = make_asset()
    assert asset.photo
    for label, state in [("fog", "suggested"), ("sea", "rejected"), ("sun", "assigned")]:
        PhotoTag.objects.create(photo=asset.photo, tag=make_tag(label), confidence=0.5, state=state)
    assert [len(tagged(name)) for name in ("fog", "sea", "sun")] == [0, 0, 1]
    assert labels.tag_names(asset.cloud, "image") == ["sun"]


@pytest.mark.usefixtures("amount")
def test_assets_are_found_by_their_context() -> None:
    cloud = make_cloud()
    labels.set_context(make_asset(cloud, "a"), {"alt": "x", "caption": "Sea"})
    labels.set_context(make_asset(cloud, "b"), {"alt": "y"})
    labels.set_context(make_asset(cloud, "c", resource_type="raw"), {"caption": "Sea"})
    assets = Asset.objects.all()
    for key, value, expected in [
        ("alt", None, ["a", "b"]),
        ("alt", "y", ["b"]),
        ("caption", None, ["a", "c"]),
        ("caption", "Sea", ["a", "c"]),
        ("caption", "sea", []),
        ("none", None, []),
    ]:
        found = labels.with_context(assets, key, value)
        assert sorted(asset.public_id for asset in found) == expected


def made(cloud: Cloud) -> None:
    labels.set_tags(make_asset(cloud), ["Sky", "sky", "★", "beta", "Beta"])
    labels.set_tags(make_asset(cloud), ["beta", "alpha", "x" * 120])
    labels.set_tags(make_asset(cloud, resource_type="raw"), ["raw one", "beta"])
    labels.set_tags(make_asset(), ["stranger", "Alpha", "☆"])
    gone = make_asset(cloud)
    labels.set_tags(gone, ["gone"])
    labels.remove_all_tags([gone])


@pytest.mark.usefixtures("amount")
def test_tags_of_a_cloud_are_its_own_sorted_and_of_one_kind() -> None:
    cloud = make_cloud()
    made(cloud)
    expected = ["Beta", "Sky", "alpha", "beta", "sky", "x" * 120, "★"]
    assert labels.tag_names(cloud, "image") == expected
    assert labels.tag_names(cloud, "raw") == ["beta", "raw one"]
    assert labels.tag_names(cloud, "video") == []


@pytest.mark.usefixtures("amount")
def test_tags_are_listed_page_by_page() -> None:
    cloud = make_cloud()
    made(cloud)
    every = labels.tag_names(cloud, "image", limit=50)
    paged, after = [], ""
    while page := labels.tag_names(cloud, "image", after=after, limit=2):
        paged += page
        after = page[-1]
    assert paged == every


@pytest.mark.usefixtures("amount")
@pytest.mark.parametrize(
    ("prefix", "expected"),
    [("b", ["beta"]), ("B", ["Beta"]), ("%", []), ("_", []), ("★", ["★"]), ("\\", [])],
)
def test_prefix_is_taken_literally(prefix: str, expected: list[str]) -> None:
    cloud = make_cloud()
    made(cloud)
    assert labels.tag_names(cloud, "image", prefix=prefix) == expected
