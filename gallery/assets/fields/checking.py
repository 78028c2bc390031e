"""What a value of a field may be: its type, and the rules that its field has. No database."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from ...models.fields import FieldType
from ..errors import InvalidError
from ..labels.names import checked_text

MAX_VALUE_CHARS, MAX_SET, MAX_RULES, MAX_DEPTH = 100_000, 1000, 20, 3
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

Value = str | int | list[str]


def read_value(label: str, kind: str, value: Any) -> Value | None:
    """Return a value as it is stored; None when it says that there is to be none.

    Of entries the ids are returned, known or not. Raises InvalidError.
    """
    if value is None or value == "" or value == []:
        return None
    match kind:
        case FieldType.INTEGER:
            return _integer(label, value)
        case FieldType.DATE:
            return _date(label, value)
        case FieldType.SET:
            return _members(label, value)
    text = _text(label, value)
    if len(text) > MAX_VALUE_CHARS:
        raise InvalidError(f"{text[:50]}… is too long for field {label}")
    return text


def _text(label: str, value: Any) -> str:
    if isinstance(value, list) and len(value) == 1:
        [value] = value
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    return checked_text(value, f"The value of field {label}")


def _integer(label: str, value: Any) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, bool) and _INTEGER.fullmatch(str(value).strip()):
        return int(value)
    raise InvalidError(f"{str(value)[:100]} is not a valid integer for field {label}")


def _date(label: str, value: Any) -> str:
    text = str(value).strip()
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text).isoformat()
    except ValueError:
        pass
    raise InvalidError(f"{text[:100]} is not a valid date for field {label}; write YYYY-MM-DD")


def _members(label: str, value: Any) -> list[str] | None:
    members = _listed(label, value)
    if not members:
        return None
    if len(members) > MAX_SET:
        raise InvalidError(f"Too many values for field {label}. Maximum is {MAX_SET}.")
    if any(isinstance(member, list) for member in members):
        raise InvalidError(f"A list within a list is not a valid value for field {label}")
    return [*dict.fromkeys(_text(label, member) for member in members)]


def _listed(label: str, value: Any) -> list[Any]:
    """Return a list that may come as JSON text; one value stands for a list of one."""
    if isinstance(value, list):
        return value
    if not isinstance(value, str) or not value.lstrip().startswith("["):
        return [value]
    try:
        told = json.loads(value)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, list):
        raise InvalidError(f"{value[:100]} is not a valid list for field {label}")
    return told


# --- Rules ------------------------------------------------------------------------------------


def checked_rules(kind: str, validation: Any, depth: int = 0) -> dict[str, Any] | None:
    """Return the validation of a field in the form it is stored. Raises InvalidError."""
    if validation is None or validation == {}:
        return None
    name = validation.get("type") if isinstance(validation, dict) else None
    if name == "and" and depth < MAX_DEPTH:
        return _checked_and(kind, validation.get("rules"), depth)
    if name == "strlen" and kind == FieldType.STRING:
        return _checked_strlen(validation)
    if name in ("greater_than", "less_than") and kind in (FieldType.INTEGER, FieldType.DATE):
        return _checked_comparison(kind, validation)
    raise InvalidError(f"Validation {str(name)[:50]} is not supported for a field of type {kind}")


def _checked_and(kind: str, rules: Any, depth: int) -> dict[str, Any]:
    if not isinstance(rules, list) or not 0 < len(rules) <= MAX_RULES:
        raise InvalidError(f"Validation and needs from 1 to {MAX_RULES} rules")
    checked = [checked_rules(kind, rule, depth + 1) for rule in rules]
    if None in checked:
        raise InvalidError("A rule of validation and is empty")
    return {"type": "and", "rules": checked}


def _checked_strlen(validation: Mapping[str, Any]) -> dict[str, Any]:
    bounds = {name: validation[name] for name in ("min", "max") if validation.get(name) is not None}
    is_good = bounds and all(
        isinstance(bound, int) and not isinstance(bound, bool) and 0 <= bound <= MAX_VALUE_CHARS
        for bound in bounds.values()
    )
    if not is_good or bounds.get("min", 0) > bounds.get("max", MAX_VALUE_CHARS):
        raise InvalidError("Validation strlen needs whole numbers min and max, min not above max")
    return {"type": "strlen", **bounds}


def _checked_comparison(kind: str, validation: Mapping[str, Any]) -> dict[str, Any]:
    value = read_value("validation", kind, validation.get("value"))
    if value is None:
        raise InvalidError(f"Validation {validation['type']} needs a value")
    equals = validation.get("equals", False)
    if not isinstance(equals, bool):
        raise InvalidError(f"Validation {validation['type']} takes true or false for equals")
    return {"type": validation["type"], "value": value, "equals": equals}


def check_rules(label: str, value: Value, validation: Mapping[str, Any] | None) -> None:
    """Raise InvalidError for a value that the field's validation does not let pass."""
    if validation and not _passes(value, validation):
        raise InvalidError(f"Value {str(value)[:100]} is invalid for field {label}")


def _passes(value: Any, rule: Mapping[str, Any]) -> bool:
    match rule["type"]:
        case "and":
            return all(_passes(value, one) for one in rule["rules"])
        case "strlen":
            return bool(rule.get("min", 0) <= len(value) <= rule.get("max", MAX_VALUE_CHARS))
        case "greater_than":
            return bool(value > rule["value"] or (rule["equals"] and value == rule["value"]))
    return bool(value < rule["value"] or (rule["equals"] and value == rule["value"]))


def check_members(label: str, value: Value, known: Collection[str]) -> None:
    """Raise InvalidError for an entry that is not in a field's list."""
    for member in value if isinstance(value, list) else [str(value)]:
        if member not in known:
            raise InvalidError(f"{member[:100]} is not in the list of field {label}")
