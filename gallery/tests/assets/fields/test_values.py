"""Values in structured fields: what each type takes, and what stands on assets."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from gallery.assets import fields, labels
from gallery.assets.errors import InvalidError
from gallery.models import Asset, Cloud, MetadataEntry, MetadataField
from gallery.tests.factories import make_asset, make_cloud

pytestmark = pytest.mark.django_db

COLORS = [{"external_id": "r", "value": "Red"}, {"external_id": "g", "value": "Green"}]


@pytest.fixture
def cloud() -> Cloud:
    return make_cloud()


def field(cloud: Cloud, kind: str, name: str = "f", **told: Any) -> MetadataField:
    if kind in ("enum", "set"):
        told.setdefault("datasource", {"values": COLORS})
    said = {"type": kind, "external_id": name, "label": name, **told}
    return fields.create_field(cloud, said)


def metadata(asset: Asset) -> dict[str, Any]:
    return labels.metadata_of([asset])[asset.pk]


@pytest.mark.parametrize(
    ("kind", "given", "stored"),
    [
        ("string", "a=b|c ☂", "a=b|c ☂"),
        ("string", 7, "7"),
        ("integer", "12", 12),
        ("integer", -3, -3),
        ("integer", 4.0, 4),
        ("date", "2024-02-29", "2024-02-29"),
        ("enum", "r", "r"),
        ("enum", ["g"], "g"),
        ("set", ["r", "g", "r"], ["r", "g"]),
        ("set", '["g", "r"]', ["g", "r"]),
        ("set", "r", ["r"]),
    ],
)
def test_values_are_stored_in_the_form_of_their_type(
    cloud: Cloud, kind: str, given: Any, stored: Any
) -> None:
    field(cloud, kind)
    asset = make_asset(cloud)
    fields.set_metadata(asset, {"f": given})
    assert metadata(asset) == {"f": stored}
    asset.refresh_from_db()
    assert asset.metadata_updated_at is not None


@pytest.mark.parametrize(
    ("kind", "bad"),
    [
        ("string", ["a", "b"]),
        ("string", {"a": "b"}),
        ("string", True),
        ("string", "nul\0"),
        ("string", "x" * 100_001),
        ("integer", "1.5"),
        ("integer", "9" * 30),
        ("integer", True),
        ("integer", "NaN"),
        ("integer", [1]),
        ("date", "2024-02-30"),
        ("date", "29.02.2024"),
        ("date", "20240229"),
        ("date", 20240229),
        ("enum", "R"),
        ("enum", ["r", "g"]),
        ("enum", "Red"),
        ("set", ["r", "blue"]),
        ("set", '["r"'),
        ("set", [["r"]]),
        ("set", [None]),
        ("set", ["r"] * 1001),
    ],
)
def test_other_values_are_refused_and_nothing_changes(cloud: Cloud, kind: str, bad: Any) -> None:
    field(cloud, "string", "other")
    field(cloud, kind)
    asset = make_asset(cloud)
    with pytest.raises(InvalidError):
        fields.set_metadata(asset, {"other": "new", "f": bad})
    assert metadata(asset) == {}


@pytest.mark.parametrize(
    ("kind", "validation", "good", "bad"),
    [
        ("string", {"type": "strlen", "min": 2, "max": 3}, ["ab", "abc"], ["a", "abcd"]),
        ("string", {"type": "strlen", "min": 2}, ["ab"], ["a"]),
        ("integer", {"type": "greater_than", "value": 5}, [6], [5, 4]),
        ("integer", {"type": "greater_than", "value": 5, "equals": True}, [5], [4]),
        ("integer", {"type": "less_than", "value": 5, "equals": False}, [4], [5]),
        ("date", {"type": "less_than", "value": "2024-01-01"}, ["2023-12-31"], ["2024-01-01"]),
        (
            "integer",
            {
                "type": "and",
                "rules": [
                    {"type": "greater_than", "value": 1},
                    {"type": "less_than", "value": 4},
                ],
            },
            [2, "3"],
            [1, 4],
        ),
    ],
)
def test_values_have_to_pass_the_validation(
    cloud: Cloud, kind: str, validation: dict[str, Any], good: list[Any], bad: list[Any]
) -> None:
    field(cloud, kind, validation=validation)
    for value in good:
        fields.validated(cloud, {"f": value})
    for value in bad:
        with pytest.raises(InvalidError, match="invalid for field f"):
            fields.validated(cloud, {"f": value})


def test_field_there_is_not_is_refused(cloud: Cloud) -> None:
    field(make_cloud(), "string", "theirs")
    with pytest.raises(InvalidError, match="External ID theirs doesn't exist"):
        fields.validated(cloud, {"theirs": "x"})


@pytest.mark.parametrize("empty", ["", None, []])
def test_empty_value_takes_a_value_away(cloud: Cloud, empty: Any) -> None:
    field(cloud, "set")
    asset = make_asset(cloud)
    fields.set_metadata(asset, {"f": ["r"]})
    fields.set_metadata(asset, {"f": empty})
    assert metadata(asset) == {}


def test_metadata_is_merged(cloud: Cloud) -> None:
    field(cloud, "string", "a")
    field(cloud, "string", "b")
    asset = make_asset(cloud)
    fields.set_metadata(asset, {"a": "1", "b": "1"})
    fields.set_metadata(asset, {"b": "2"})
    assert metadata(asset) == {"a": "1", "b": "2"}


def test_new_asset_gets_defaults_where_it_is_given_nothing(cloud: Cloud) -> None:
    field(cloud, "string", "a", default_value="x")
    field(cloud, "set", "b", default_value=["r"])
    field(cloud, "string", "off", default_value="x", default_disabled=True)
    asset = make_asset(cloud)
    fields.set_metadata_of_new(asset, {"a": "mine"})
    assert metadata(asset) == {"a": "mine", "b": ["r"]}


def test_new_asset_has_to_have_what_is_mandatory(cloud: Cloud) -> None:
    field(cloud, "string", "must", mandatory=True)
    asset = make_asset(cloud)
    with pytest.raises(InvalidError, match="must is mandatory"):
        fields.set_metadata_of_new(asset, {})
    fields.set_metadata_of_new(asset, {"must": "x"})
    with pytest.raises(InvalidError, match="must is mandatory"):
        fields.set_metadata(asset, {"must": ""})
    assert metadata(asset) == {"must": "x"}


def test_inactive_entry_is_no_longer_chosen_and_stays_where_it_stands(cloud: Cloud) -> None:
    kept = field(cloud, "enum")
    asset = make_asset(cloud)
    fields.set_metadata(asset, {"f": "r"})
    fields.deactivate_entries(kept, ["r"])
    assert metadata(asset) == {"f": "r"}
    with pytest.raises(InvalidError):
        fields.set_metadata(asset, {"f": "r"})
    fields.restore_entries(kept, ["r"])
    fields.set_metadata(asset, {"f": "r"})


def test_what_is_no_longer_valid_is_cleared_when_asked(cloud: Cloud) -> None:
    old = field(cloud, "set", "old")
    field(cloud, "string", "fine")
    asset = make_asset(cloud)
    fields.set_metadata(asset, {"old": ["r", "g"], "fine": "x"})
    fields.deactivate_entries(old, ["r"])
    fields.set_metadata(asset, {"fine": "y"})
    assert "old" in metadata(asset)
    fields.set_metadata(asset, {}, clear_invalid=True)
    assert metadata(asset) == {"fine": "y"}


def test_list_that_grows_takes_up_what_comes(cloud: Cloud) -> None:
    grows = field(cloud, "set", allow_dynamic_list_values=True)
    asset = make_asset(cloud)
    fields.set_metadata(asset, {"f": ["r", "Blue"]})
    assert metadata(asset) == {"f": ["r", "Blue"]}
    entries = MetadataEntry.objects.filter(field=grows)
    assert [entry.value for entry in entries] == ["Red", "Green", "Blue"]
    with pytest.raises(InvalidError):
        fields.set_metadata(asset, {"f": ["x" * 501]})
    assert entries.count() == 3


def test_deleted_field_takes_its_values_with_it(cloud: Cloud) -> None:
    field(cloud, "string")
    asset = make_asset(cloud)
    fields.set_metadata(asset, {"f": "x"})
    fields.delete_field(cloud, "f")
    assert metadata(asset) == {}


def test_many_assets_take_as_many_statements_as_one(
    cloud: Cloud, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    field(cloud, "set")
    field(cloud, "string", "s")
    for count in (1, 15):
        assets = [make_asset(cloud) for _ in range(count)]
        with django_assert_num_queries(6):
            fields.set_metadata_of_all(assets, {"f": ["r"], "s": "x"})
