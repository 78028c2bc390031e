"""Upload presets and mappings: what a cloud has agreed with its programs for uploads."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from .. import outbound
from ..models import Cloud, UploadMapping, UploadPreset
from ..outbound.urls import read_url
from ..transformations import TransformationError, parse
from . import naming, outside
from .errors import InvalidError, MissingError, TakenError
from .labels.names import checked_text
from .spelling import text_of

MAX_NAME_CHARS, MAX_PRESETS, MAX_MAPPINGS, MAX_TEMPLATE_CHARS = 255, 1000, 1000, 2000
MAX_SETTINGS_CHARS, GENERATED_CHARS = 100_000, 8
_PARAMETER = re.compile(r"[a-z][a-z_]{0,49}", re.ASCII)
#: What a request says of itself, and no preset can say for it.
_NOT_KEPT = frozenset([
    "api_key", "cloud_name", "file", "name", "new_name", "public_ids", "resource_type",
    "signature", "timestamp", "token", "unsigned", "upload_preset",
])  # fmt: skip


def preset_of(cloud: Cloud, name: str) -> UploadPreset:
    """Raises MissingError."""
    preset = UploadPreset.objects.filter(cloud=cloud, name=name).first()
    if preset is None:
        raise MissingError(f"Can't find upload preset with name {name[:MAX_NAME_CHARS]}")
    return preset


@transaction.atomic
def create_preset(
    cloud: Cloud, name: str, *, unsigned: bool, told: Mapping[str, Any]
) -> UploadPreset:
    """Make a preset; without a name it gets one. Raises AssetError."""
    name = _checked_name(name) if name else naming.random_id(GENERATED_CHARS)
    settings = checked_settings(told)
    _hold(cloud)
    presets = UploadPreset.objects.filter(cloud=cloud)
    if presets.filter(name=name).exists():
        raise TakenError(f"Upload preset {name} already exists")
    if presets.count() >= MAX_PRESETS:
        raise InvalidError(f"A cloud has at most {MAX_PRESETS} upload presets")
    return presets.create(cloud=cloud, name=name, unsigned=unsigned, settings=settings)


@transaction.atomic
def change_preset(
    cloud: Cloud, name: str, *, unsigned: bool | None, told: Mapping[str, Any]
) -> UploadPreset:
    """Change what is told of a preset; an empty text takes a parameter away. Raises AssetError."""
    _hold(cloud)
    preset = preset_of(cloud, name)
    kept = preset.settings | checked_settings(told)
    emptied = {key for key, value in told.items() if value in ("", [])}
    preset.settings = {key: value for key, value in kept.items() if key not in emptied}
    _check_size(preset.settings)
    preset.unsigned = preset.unsigned if unsigned is None else unsigned
    preset.save(update_fields=["settings", "unsigned"])
    return preset


def delete_preset(cloud: Cloud, name: str) -> None:
    """Raises MissingError."""
    preset_of(cloud, name).delete()


def checked_settings(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return upload parameters in the form uploads take them. Raises InvalidError.

    A transformation is a text then, whichever form it came in.
    """
    settings: dict[str, Any] = {}
    for name, value in told.items():
        if name in _NOT_KEPT or value in ("", []):
            continue
        if not _PARAMETER.fullmatch(name):
            raise InvalidError(f"Invalid parameter {name[:50]}")
        settings[name] = _transformation(value) if name == "transformation" else value
    _check_size(settings)
    return settings


def _check_size(settings: Mapping[str, Any]) -> None:
    text = checked_text(json.dumps(settings, ensure_ascii=False), "A setting")
    if len(text) > MAX_SETTINGS_CHARS:
        raise InvalidError(f"The settings of a preset have at most {MAX_SETTINGS_CHARS} characters")


def _transformation(value: Any) -> str:
    text = value if isinstance(value, str) else text_of(value)
    try:
        return parse(text).text
    except TransformationError as error:
        raise InvalidError(f"Invalid transformation - {error}") from error


def _checked_name(name: str) -> str:
    text = checked_text(name, "The name of a preset")
    if len(text) > MAX_NAME_CHARS or not text.isprintable() or text != text.strip():
        raise InvalidError(f"Invalid upload preset name {text[:MAX_NAME_CHARS]}")
    return text


def _hold(cloud: Cloud) -> None:
    """Keep others from changing what is agreed with a cloud until this transaction ends."""
    list(Cloud.objects.select_for_update(no_key=True).filter(pk=cloud.pk).values_list("pk"))


# --- Mappings ---------------------------------------------------------------------------------


def mapping_of(cloud: Cloud, folder: str) -> UploadMapping:
    """Raises MissingError."""
    mapping = UploadMapping.objects.filter(cloud=cloud, folder=folder.strip("/")).first()
    if mapping is None:
        raise MissingError(f"Can't find upload mapping of folder {folder[:MAX_NAME_CHARS]}")
    return mapping


@transaction.atomic
def create_mapping(cloud: Cloud, folder: str, template: str) -> UploadMapping:
    """Have files of a folder fetched from elsewhere when they are asked for. Raises AssetError."""
    path, url = naming.check_folder(folder), _checked_template(template)
    if not path:
        raise InvalidError("Missing required parameter - folder")
    _hold(cloud)
    mappings = UploadMapping.objects.filter(cloud=cloud)
    if mappings.filter(folder=path).exists():
        raise TakenError(f"There is an upload mapping of folder {path} already")
    if mappings.count() >= MAX_MAPPINGS:
        raise InvalidError(f"A cloud has at most {MAX_MAPPINGS} upload mappings")
    return mappings.create(cloud=cloud, folder=path, template=url)


def change_mapping(cloud: Cloud, folder: str, template: str) -> UploadMapping:
    """Have the files of a folder fetched from somewhere else. Raises AssetError."""
    url, mapping = _checked_template(template), mapping_of(cloud, folder)
    mapping.template = url
    mapping.save(update_fields=["template"])
    return mapping


def delete_mapping(cloud: Cloud, folder: str) -> None:
    """Raises MissingError."""
    mapping_of(cloud, folder).delete()


def _checked_template(template: str) -> str:
    """Return an address; where it leads is looked at when a file is fetched."""
    text = checked_text(template, "A template").strip()
    if len(text) > MAX_TEMPLATE_CHARS:
        raise InvalidError(f"A template has at most {MAX_TEMPLATE_CHARS} characters")
    try:
        read_url(text, outside.rules())
    except outbound.OutboundError as error:
        raise InvalidError(f"Invalid template {text[:100]} - {error}") from error
    return text
