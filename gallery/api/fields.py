"""The Admin API's structured metadata fields."""

from __future__ import annotations

from typing import Any

from ..assets import fields
from ..models import MetadataEntry, MetadataField
from ..models.fields import FieldType
from .doors import Answer, Call
from .errors import BadRequestError, NotFoundError

_STRUCTURES = ("datasource", "validation", "restrictions")


def listing(call: Call) -> Answer:
    return {"metadata_fields": [_told(field) for field in fields.fields_of(call.cloud)]}


def create(call: Call) -> Answer:
    return _told(fields.create_field(call.cloud, _asked(call)))


def detail(call: Call, external_id: str) -> Answer:
    return _told(fields.field_of(call.cloud, external_id))


def update(call: Call, external_id: str) -> Answer:
    return _told(fields.change_field(call.cloud, external_id, _asked(call)))


def delete(call: Call, external_id: str) -> Answer:
    fields.delete_field(call.cloud, external_id)
    return {"message": "ok"}


def order(call: Call) -> Answer:
    ordered = fields.order_fields(
        call.cloud, by=call.params.required("order_by"), descending=_is_descending(call)
    )
    return {"metadata_fields": [_told(field) for field in ordered]}


# --- Lists ------------------------------------------------------------------------------------


def update_datasource(call: Call, external_id: str) -> Answer:
    field = fields.field_of(call.cloud, external_id)
    values = call.params.json("values")
    return _values(fields.change_entries(field, values), with_state=False)


def delete_entries(call: Call, external_id: str) -> Answer:
    field = fields.field_of(call.cloud, external_id)
    entries = fields.deactivate_entries(field, _ids(call))
    return _values([entry for entry in entries if entry.is_active])


def restore_entries(call: Call, external_id: str) -> Answer:
    field = fields.field_of(call.cloud, external_id)
    return _values(fields.restore_entries(field, _ids(call)))


def order_entries(call: Call, external_id: str) -> Answer:
    field = fields.field_of(call.cloud, external_id)
    by = call.params.text("order_by", "value")
    if by != "value":
        raise BadRequestError(f"Invalid value {by[:50]} for parameter order_by")
    return _values(fields.order_entries(field, descending=_is_descending(call)))


# --- Rules, which there are none of -----------------------------------------------------------


def rules(call: Call) -> Answer:
    return {"metadata_rules": []}


def create_rule(call: Call) -> Answer:
    raise BadRequestError("Conditional metadata rules are not supported")


def no_rule(call: Call, external_id: str) -> Answer:
    raise NotFoundError(f"External ID {external_id[:255]} doesn't exist")


# --- Reading and wording ----------------------------------------------------------------------


def _asked(call: Call) -> dict[str, Any]:
    structures = {
        name: call.params.json(name) for name in _STRUCTURES if name in call.params.values
    }
    return {**call.params.values, **structures}


def _ids(call: Call) -> list[str]:
    ids = call.params.array("external_ids")
    if not ids:
        raise BadRequestError("Missing required parameter - external_ids")
    return ids


def _is_descending(call: Call) -> bool:
    direction = call.params.text("direction", "asc")
    if direction not in ("asc", "desc"):
        raise BadRequestError(f"Invalid value {direction[:50]} for parameter direction")
    return direction == "desc"


def _told(field: MetadataField) -> dict[str, Any]:
    told = {
        "type": field.type,
        "external_id": field.external_id,
        "label": field.label,
        "mandatory": field.mandatory,
        "default_value": field.default_value,
        "validation": field.validation,
        "restrictions": field.restrictions,
        "default_disabled": field.default_disabled,
        "allow_dynamic_list_values": field.allow_dynamic_list_values,
    }
    if field.type in (FieldType.ENUM, FieldType.SET):
        told["datasource"] = _values(list(field.entries.all()))
    return told


def _values(entries: list[MetadataEntry], *, with_state: bool = True) -> dict[str, Any]:
    return {"values": [_entry(entry, with_state=with_state) for entry in entries]}


def _entry(entry: MetadataEntry, *, with_state: bool) -> dict[str, str]:
    told = {"external_id": entry.external_id, "value": entry.value}
    if with_state:
        told["state"] = "active" if entry.is_active else "inactive"
    return told
