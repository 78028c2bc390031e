"""The fields of a cloud: made, changed, ordered and deleted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from ...models import Cloud, MetadataField
from ...models.assets import new_id
from ...models.fields import FieldType
from ..errors import InvalidError, MissingError
from ..labels.names import checked_text
from .checking import Value, check_members, check_rules, checked_rules, read_value
from .entries import MAX_ID_CHARS, add_entries, change_entries, checked_entries

MAX_FIELDS, MAX_LABEL_CHARS, MAX_RESTRICTIONS_CHARS = 500, 255, 10_000
_LISTS = (FieldType.ENUM, FieldType.SET)
_FLAGS = ("mandatory", "default_disabled", "allow_dynamic_list_values")
_CHANGED = ("label", "default_value", "validation", "restrictions", *_FLAGS)


def fields_of(cloud: Cloud) -> list[MetadataField]:
    """Return a cloud's fields in their order, with their entries, in two statements."""
    return list(MetadataField.objects.filter(cloud=cloud).prefetch_related("entries"))


def field_of(cloud: Cloud, external_id: str) -> MetadataField:
    """Raises MissingError."""
    fields = MetadataField.objects.filter(cloud=cloud).prefetch_related("entries")
    found = fields.filter(external_id=external_id).first()
    if found is None:
        raise MissingError(f"External ID {external_id[:MAX_ID_CHARS]} doesn't exist")
    return found


@transaction.atomic
def create_field(cloud: Cloud, told: Mapping[str, Any]) -> MetadataField:
    """Make a field of what a caller tells of it. Raises InvalidError."""
    _hold(cloud)
    if not told.get("label"):
        raise InvalidError("Missing required parameter - label")
    field = MetadataField(cloud=cloud, type=_type(told), position=_next_position(cloud))
    field.external_id = _external_id(cloud, told)
    entries = checked_entries(_datasource(told)) if field.type in _LISTS else []
    _tell(field, told, known={key for key, _ in entries if key})
    field.save()
    add_entries(field, entries)
    return field_of(cloud, field.external_id)


@transaction.atomic
def change_field(cloud: Cloud, external_id: str, told: Mapping[str, Any]) -> MetadataField:
    """Change what is told of a field; its id and its type stay. Raises AssetError."""
    _hold(cloud)
    field = field_of(cloud, external_id)
    if field.type in _LISTS and told.get("datasource") is not None:
        change_entries(field, _datasource(told))
        field = field_of(cloud, external_id)
    _tell(field, told, known={entry.external_id for entry in field.entries.all()})
    field.save(update_fields=_CHANGED)
    return field_of(cloud, external_id)


def delete_field(cloud: Cloud, external_id: str) -> None:
    """Delete a field and what stands in it. Raises MissingError."""
    field_of(cloud, external_id).delete()


@transaction.atomic
def order_fields(cloud: Cloud, *, by: str, descending: bool = False) -> list[MetadataField]:
    """Order fields by label, external_id or created_at; return them. Raises InvalidError."""
    keys = {
        "label": lambda field: (field.label.casefold(), field.pk),
        "external_id": lambda field: field.external_id,
        "created_at": lambda field: field.pk,
    }
    if by not in keys:
        raise InvalidError(f"Invalid value {by[:50]} for parameter order_by")
    fields = sorted(fields_of(cloud), key=keys[by], reverse=descending)
    for place, field in enumerate(fields):
        field.position = place
    MetadataField.objects.bulk_update(fields, ["position"])
    return fields


# --- Reading what is told ---------------------------------------------------------------------


def _type(told: Mapping[str, Any]) -> str:
    kind = told.get("type")
    if kind not in FieldType.values:
        raise InvalidError(f"Type {str(kind)[:50]} is invalid; it is one of {_types()}")
    return str(kind)


def _hold(cloud: Cloud) -> None:
    """Keep others from changing which fields a cloud has until this transaction ends."""
    list(Cloud.objects.select_for_update(no_key=True).filter(pk=cloud.pk).values_list("pk"))


def _next_position(cloud: Cloud) -> int:
    """Raises InvalidError when a cloud has as many fields as it may."""
    position = MetadataField.objects.filter(cloud=cloud).count()
    if position >= MAX_FIELDS:
        raise InvalidError(f"A cloud has at most {MAX_FIELDS} fields")
    return position


def _types() -> str:
    return ", ".join(FieldType.values)


def _external_id(cloud: Cloud, told: Mapping[str, Any]) -> str:
    given = told.get("external_id")
    if given is None or given == "":
        return new_id()
    text = checked_text(given, "An external_id")
    if len(text) > MAX_ID_CHARS or not text.isprintable() or text != text.strip() or "/" in text:
        raise InvalidError(f"external id {text[:MAX_ID_CHARS]} is invalid")
    if MetadataField.objects.filter(cloud=cloud, external_id=text).exists():
        raise InvalidError(f"external id {text} already exists")
    return text


def _datasource(told: Mapping[str, Any]) -> Any:
    source = told.get("datasource")
    if source is None and told.get("allow_dynamic_list_values"):
        return []
    if not isinstance(source, Mapping):
        raise InvalidError("A field of type enum or set needs a datasource with values")
    return source.get("values")


def _tell(field: MetadataField, told: Mapping[str, Any], *, known: set[str]) -> None:
    """Set what is told, and nothing else. Raises InvalidError."""
    if told.get("label") is not None:
        field.label = _label(field, told["label"])
    for name in _FLAGS:
        if told.get(name) is not None:
            setattr(field, name, _flag(name, told[name]))
    if "validation" in told:
        field.validation = checked_rules(field.type, told["validation"])
    if "restrictions" in told:
        field.restrictions = _restrictions(told["restrictions"])
    if "default_value" in told:
        field.default_value = read_value(field.external_id, field.type, told["default_value"])
    if field.default_value is not None:
        _check_default(field, field.default_value, known)


def _label(field: MetadataField, label: Any) -> str:
    text = checked_text(label, "A label").strip()
    if not 0 < len(text) <= MAX_LABEL_CHARS:
        raise InvalidError(f"A label has from 1 to {MAX_LABEL_CHARS} characters")
    same = MetadataField.objects.filter(cloud=field.cloud_id, label=text).exclude(pk=field.pk)
    if same.exists():
        raise InvalidError(f"label {text} already exists")
    return text


def _flag(name: str, value: Any) -> bool:
    texts = {"true": True, "1": True, "false": False, "0": False}
    known = texts.get(str(value).lower())
    if known is None:
        raise InvalidError(f"Invalid value {str(value)[:50]} for parameter {name}")
    return known


def _restrictions(value: Any) -> Any:
    if value is not None and not isinstance(value, Mapping):
        raise InvalidError("Invalid value for parameter restrictions")
    if len(json.dumps(value)) > MAX_RESTRICTIONS_CHARS:
        raise InvalidError(f"restrictions has at most {MAX_RESTRICTIONS_CHARS} characters")
    return value


def _check_default(field: MetadataField, value: Value, known: set[str]) -> None:
    if field.type not in _LISTS:
        check_rules(field.external_id, value, field.validation)
    elif not field.allow_dynamic_list_values:
        check_members(field.external_id, value, known)
