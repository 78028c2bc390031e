"""The values that assets have in the fields of their cloud."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from ...models import Asset, Cloud, MetadataField, MetadataValue
from ...models.fields import FieldType
from ..errors import InvalidError
from ..labels.names import check_changes
from .checking import Value, check_members, check_rules, read_value
from .entries import add_missing

Values = dict[MetadataField, Value | None]
LISTS = (FieldType.ENUM, FieldType.SET)


def validated(cloud: Cloud, mapping: Mapping[str, Any]) -> Values:
    """Return values by field, in the form they are stored; None where there is to be none.

    Raises InvalidError for a field there is not, a value it does not take, and for none where one
    has to be. Nothing is stored, also of entries that a list may take up as they come.
    """
    if not mapping:
        return {}
    known = _known(cloud)
    for external_id in mapping:
        if external_id not in known:
            raise InvalidError(f"External ID {external_id[:255]} doesn't exist")
    values = {known[key]: _checked(known[key], value) for key, value in mapping.items()}
    for field, value in values.items():
        if value is None and field.mandatory:
            raise InvalidError(f"Field {field.external_id} is mandatory")
    return values


@transaction.atomic
def set_metadata_of_new(asset: Asset, mapping: Mapping[str, Any]) -> None:
    """Give a new asset its values, and what fields have by default where none is given.

    Raises InvalidError, also for a field that has to have a value and gets none.
    """
    apply_defaults(asset)
    if mapping:
        set_metadata(asset, mapping)
    lacking = MetadataField.objects.filter(cloud=asset.cloud_id, mandatory=True).exclude(
        pk__in=MetadataValue.objects.filter(asset=asset).values("field")
    )
    if field := lacking.first():
        raise InvalidError(f"Field {field.external_id} is mandatory")


def set_metadata(asset: Asset, mapping: Mapping[str, Any], clear_invalid: bool = False) -> None:
    """Change what stands in the fields that are named; see `set_metadata_of_all`."""
    set_metadata_of_all([asset], mapping, clear_invalid=clear_invalid)


@transaction.atomic
def set_metadata_of_all(
    assets: Sequence[Asset], mapping: Mapping[str, Any], *, clear_invalid: bool = False
) -> None:
    """Change what stands in the fields that are named, of assets of one cloud.

    ``clear_invalid`` takes away what stood in other fields and is no longer valid there. Raises
    InvalidError; nothing has changed then.
    """
    if not assets:
        return
    check_changes(len(assets), len(mapping))
    values = validated(assets[0].cloud, mapping)
    for field, value in values.items():
        if field.allow_dynamic_list_values and value is not None:
            add_missing(field, value)
    _store(assets, values)
    if clear_invalid:
        _clear_invalid(assets, kept=list(values))
    now = timezone.now()
    keys = [asset.pk for asset in assets]
    Asset.objects.filter(pk__in=keys).update(metadata_updated_at=now, updated_at=now)
    for asset in assets:
        asset.metadata_updated_at = asset.updated_at = now


def apply_defaults(asset: Asset) -> None:
    """Give a new asset what its cloud's fields have by default, where nothing stands yet."""
    fields = MetadataField.objects.filter(cloud=asset.cloud_id, default_value__isnull=False)
    rows = [
        MetadataValue(asset=asset, field=field, value=field.default_value)
        for field in fields
        if _has_default(field)
    ]
    MetadataValue.objects.bulk_create(rows, ignore_conflicts=True)


def _has_default(field: MetadataField) -> bool:
    return field.default_value is not None and not field.default_disabled


def _known(cloud: Cloud) -> dict[str, MetadataField]:
    fields = MetadataField.objects.filter(cloud=cloud).prefetch_related("entries")
    return {field.external_id: field for field in fields}


def _checked(field: MetadataField, raw: Any) -> Value | None:
    """Raises InvalidError."""
    value = read_value(field.external_id, field.type, raw)
    if value is None:
        return None
    if field.type not in LISTS:
        check_rules(field.external_id, value, field.validation)
    elif not field.allow_dynamic_list_values:
        active = {entry.external_id for entry in field.entries.all() if entry.is_active}
        check_members(field.external_id, value, active)
    return value


def _store(assets: Sequence[Asset], values: Values) -> None:
    emptied = [field for field, value in values.items() if value is None]
    MetadataValue.objects.filter(asset__in=assets, field__in=emptied).delete()
    MetadataValue.objects.bulk_create(
        [
            MetadataValue(asset=asset, field=field, value=value)
            for asset in assets
            for field, value in values.items()
            if value is not None
        ],
        update_conflicts=True,
        unique_fields=["asset", "field"],
        update_fields=["value"],
    )


def _clear_invalid(assets: Sequence[Asset], *, kept: Sequence[MetadataField]) -> None:
    known = {field.pk: field for field in _known(assets[0].cloud).values()}
    rows = MetadataValue.objects.filter(asset__in=assets).exclude(field__in=kept)
    gone = [row.pk for row in rows if not _is_valid(known[row.field_id], row.value)]
    MetadataValue.objects.filter(pk__in=gone).delete()


def _is_valid(field: MetadataField, value: Any) -> bool:
    try:
        _checked(field, value)
    except InvalidError:
        return False
    return True
