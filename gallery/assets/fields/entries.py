"""The lists that the values of a field are of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction

from ...models import MetadataEntry, MetadataField
from ...models.assets import new_id
from ...models.fields import FieldType
from ..errors import InvalidError, MissingError
from ..labels.names import checked_text
from .checking import Value

MAX_ENTRIES, MAX_ENTRY_CHARS, MAX_ID_CHARS = 3000, 500, 255


def checked_entries(values: Any) -> list[tuple[str, str]]:
    """Return (id, value) of the entries that are given; an id is "" where there is none.

    Raises InvalidError.
    """
    if not isinstance(values, list) or not all(isinstance(one, Mapping) for one in values):
        raise InvalidError("Datasource values have to be a list of {external_id, value}")
    entries = [(_id(one.get("external_id")), _entry_text(one.get("value"))) for one in values]
    given = [external_id for external_id, _ in entries if external_id]
    if len(set(given)) < len(given):
        raise InvalidError("Two datasource values have the same external_id")
    return entries


def _id(external_id: Any) -> str:
    text = checked_text("" if external_id is None else external_id, "An external_id").strip()
    if len(text) > MAX_ID_CHARS:
        raise InvalidError(f"An external_id has at most {MAX_ID_CHARS} characters")
    return text


def _entry_text(value: Any) -> str:
    text = checked_text(value, "A datasource value").strip()
    if not 0 < len(text) <= MAX_ENTRY_CHARS:
        raise InvalidError(f"A datasource value has from 1 to {MAX_ENTRY_CHARS} characters")
    return text


def add_entries(field: MetadataField, entries: Sequence[tuple[str, str]]) -> None:
    """Add entries behind those there are. Raises InvalidError when there are too many."""
    known = field.entries.count()
    if known + len(entries) > MAX_ENTRIES:
        raise InvalidError(f"A datasource has at most {MAX_ENTRIES} values")
    MetadataEntry.objects.bulk_create(
        MetadataEntry(field=field, external_id=key or new_id(), value=text, position=place)
        for place, (key, text) in enumerate(entries, start=known)
    )


@transaction.atomic
def change_entries(field: MetadataField, values: Any) -> list[MetadataEntry]:
    """Change entries with known ids and add the others; return the whole list.

    Those that are not named stay. Raises InvalidError.
    """
    entries = checked_entries(values)
    held = _held(field)
    known = {entry.external_id: entry for entry in held.entries.all()}
    changed = []
    for key, text in entries:
        if key in known:
            known[key].value, known[key].is_active = text, True
            changed.append(known[key])
    MetadataEntry.objects.bulk_update(changed, ["value", "is_active"])
    add_entries(held, [entry for entry in entries if entry[0] not in known])
    return entries_of(held)


def deactivate_entries(field: MetadataField, external_ids: Iterable[str]) -> list[MetadataEntry]:
    """Have entries no longer be chosen; assets keep them. Return the list. Raises MissingError."""
    return _set_active(field, external_ids, is_active=False)


def restore_entries(field: MetadataField, external_ids: Iterable[str]) -> list[MetadataEntry]:
    """Have entries be chosen again; return the list. Raises MissingError."""
    return _set_active(field, external_ids, is_active=True)


@transaction.atomic
def _set_active(
    field: MetadataField, external_ids: Iterable[str], *, is_active: bool
) -> list[MetadataEntry]:
    wanted = set(external_ids)
    held = _held(field)
    rows = held.entries.filter(external_id__in=wanted)
    if missing := wanted - set(rows.values_list("external_id", flat=True)):
        raise MissingError(f"External ID {min(missing)[:255]} doesn't exist")
    if not is_active and not wanted.isdisjoint(_default_ids(held)):
        raise InvalidError(f"An entry is the default value of field {held.external_id}")
    rows.update(is_active=is_active)
    return entries_of(held)


def _default_ids(field: MetadataField) -> list[str]:
    default = field.default_value
    return default if isinstance(default, list) else [str(default)]


@transaction.atomic
def order_entries(field: MetadataField, *, descending: bool = False) -> list[MetadataEntry]:
    """Order entries by their value; return the list."""
    held = _held(field)
    ordered = sorted(
        held.entries.all(), key=lambda entry: entry.value.casefold(), reverse=descending
    )
    for place, entry in enumerate(ordered):
        entry.position = place
    MetadataEntry.objects.bulk_update(ordered, ["position"])
    return ordered


def entries_of(field: MetadataField) -> list[MetadataEntry]:
    return list(MetadataEntry.objects.filter(field=field).order_by("position", "pk"))


def add_missing(field: MetadataField, value: Value) -> None:
    """Take up what a list that grows has not got, with the text as its id; bring back the rest.

    Raises InvalidError for a text that is none of an entry.
    """
    members = value if isinstance(value, list) else [str(value)]
    held = _held(field)
    known = set(held.entries.values_list("external_id", flat=True))
    held.entries.filter(external_id__in=members, is_active=False).update(is_active=True)
    fresh = [member for member in members if member not in known]
    add_entries(held, [(_id(member), _entry_text(member)) for member in fresh])


def _held(field: MetadataField) -> MetadataField:
    """Keep others from changing a field's list until this transaction ends."""
    held = MetadataField.objects.select_for_update().get(pk=field.pk)
    if held.type not in (FieldType.ENUM, FieldType.SET):
        raise InvalidError(f"Field {held.external_id} has no datasource")
    return held
