"""The parameters of an update: checked, each in the form it is stored, and what they change."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django.utils.dateparse import parse_datetime

from ...assets import labels, naming, storing
from ...models import Asset
from ..errors import BadRequestError
from ..params import Params

MAX_BOXES, MAX_REGIONS, MAX_RULES = 1000, 100, 20
MAX_COORDINATE_PX = 1_000_000
_QUALITY = re.compile(
    r"(?:100|[1-9]?\d)(?::(?:420|444))?|auto(?::(?:best|good|eco|low|advanced))?|none", re.ASCII
)
_REGION_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}", re.ASCII)


def columns(asset: Asset, params: Params) -> dict[str, Any]:
    """Return the columns of an asset that an update sets. Raises BadRequestError."""
    found: dict[str, Any] = {}
    boxes = {
        kind: boxes_of(params, f"{name}_coordinates")
        for kind, name in (("faces", "face"), ("custom", "custom"))
        if params.has(f"{name}_coordinates")
    }
    if boxes:
        found["coordinates"] = asset.coordinates | boxes
    if params.has("regions"):
        found["regions"] = regions_of(params)
    if params.has("quality_override"):
        found["quality_override"] = quality(params.text("quality_override"))
    if params.has("display_name"):
        found["display_name"] = display_name(params)
    if params.has("asset_folder"):
        found["folder"] = naming.check_folder(params.text("asset_folder"))
    return found


def boxes_of(params: Params, name: str) -> list[list[int]]:
    """Read rectangles ``x,y,w,h`` with ``|`` between, or an array of arrays; pixels."""
    value = params.get(name)
    rows = value.split("|") if isinstance(value, str) else value
    if not isinstance(rows, list) or len(rows) > MAX_BOXES:
        raise _invalid(name)
    rows = [row.split(",") if isinstance(row, str) else row for row in rows if row != ""]
    return [_box(row, name) for row in rows]


def _box(row: Any, name: str) -> list[int]:
    if not isinstance(row, list) or len(row) != 4:
        raise _invalid(name)
    return [_pixels(part, name) for part in row]


def _pixels(value: Any, name: str) -> int:
    try:
        if isinstance(value, bool):
            raise _invalid(name)
        pixels = int(str(value).strip()[:20])
    except ValueError:
        raise _invalid(name) from None
    if not 0 <= pixels <= MAX_COORDINATE_PX:
        raise _invalid(name)
    return pixels


def regions_of(params: Params) -> dict[str, list[list[int]]]:
    """Read named areas: ``{"name": [[x, y], [x, y], …]}``, as JSON or a mapping; pixels."""
    regions = params.json("regions") or {}
    if not isinstance(regions, dict) or len(regions) > MAX_REGIONS:
        raise _invalid("regions")
    return {_region_name(name): _points(points) for name, points in regions.items()}


def _region_name(name: Any) -> str:
    if not isinstance(name, str) or not _REGION_NAME.fullmatch(name):
        raise _invalid("regions")
    return name


def _points(points: Any) -> list[list[int]]:
    if not isinstance(points, list) or not 2 <= len(points) <= MAX_BOXES:
        raise _invalid("regions")
    if not all(isinstance(point, list) and len(point) == 2 for point in points):
        raise _invalid("regions")
    return [[_pixels(part, "regions") for part in point] for point in points]


def rules_of(params: Params) -> list[dict[str, str]]:
    """Read who may have an asset when: ``[{"access_type", "start"?, "end"?}]``, or one of them."""
    rules = params.json("access_control") or []
    rules = [rules] if isinstance(rules, dict) else rules
    if not isinstance(rules, list) or len(rules) > MAX_RULES:
        raise _invalid("access_control")
    return [_rule(rule) for rule in rules]


def _rule(rule: Any) -> dict[str, str]:
    is_rule = isinstance(rule, dict) and rule.get("access_type") in ("token", "anonymous")
    if not is_rule or set(rule) - {"access_type", "start", "end"}:
        raise _invalid("access_control")
    if not all(_is_instant(rule[name]) for name in ("start", "end") if rule.get(name) is not None):
        raise _invalid("access_control")
    return {name: value for name, value in rule.items() if value is not None}


def _is_instant(value: Any) -> bool:
    try:
        return isinstance(value, str) and parse_datetime(value) is not None
    except ValueError:
        return False


def quality(text: str) -> str:
    if text and not _QUALITY.fullmatch(text):
        raise BadRequestError(f"Illegal value {text[:100]} for quality_override")
    return "" if text == "none" else text


def display_name(params: Params) -> str:
    name = params.text("display_name").strip()
    if len(name) > 255 or "/" in name or not name.isprintable():
        raise _invalid("display_name")
    return name


def _invalid(name: str) -> BadRequestError:
    return BadRequestError(f"Invalid value for parameter {name}")


def labelling(asset: Asset, params: Params) -> list[Callable[[], object]]:
    """Return what is to be done for the labels of an asset; what is wrong is said before."""
    steps: list[Callable[[], object]] = []
    if params.has("tags"):
        tags = labels.checked_names(params.words("tags"))
        steps.append(lambda: labels.set_tags(asset, tags))
    if params.has("context"):
        context = labels.checked_context(params.pairs("context"))
        steps.append(lambda: labels.set_context(asset, context))
    if params.has("access_control"):
        rules = rules_of(params)
        steps.append(lambda: storing.set_access_control(asset, rules))
    return steps
