"""Structured metadata: the fields of a cloud, and the values that assets have in them."""

from .definitions import (
    change_field,
    create_field,
    delete_field,
    field_of,
    fields_of,
    order_fields,
)
from .entries import change_entries, deactivate_entries, order_entries, restore_entries
from .values import (
    apply_defaults,
    set_metadata,
    set_metadata_of_all,
    set_metadata_of_new,
    validated,
)

__all__ = [
    "apply_defaults",
    "change_entries",
    "change_field",
    "create_field",
    "deactivate_entries",
    "delete_field",
    "field_of",
    "fields_of",
    "order_entries",
    "order_fields",
    "restore_entries",
    "set_metadata",
    "set_metadata_of_all",
    "set_metadata_of_new",
    "validated",
]
