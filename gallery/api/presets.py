"""The Admin API's upload presets and mappings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from ..assets import presets
from ..assets.spelling import list_of
from ..models import UploadMapping, UploadPreset
from . import cursors
from .doors import Answer, Call
from .params import Params

Row = TypeVar("Row", bound=Model)

#: Parameters of uploads that are true or false, however a caller writes that.
FLAGS = frozenset([
    "accessibility_analysis", "async", "backup", "cinemagraph_analysis", "colors",
    "disallow_public_id", "discard_original_filename", "exif", "faces", "image_metadata",
    "invalidate", "live", "media_metadata", "overwrite", "phash", "quality_analysis",
    "return_delete_token", "unique_display_name", "unique_filename",
    "use_asset_folder_as_public_id_prefix", "use_filename", "use_filename_as_display_name",
    "visual_search",
])  # fmt: skip
_MAPPINGS = ("context", "metadata")


def listing(call: Call) -> Answer:
    rows = UploadPreset.objects.filter(cloud=call.cloud)
    return _page(call, rows, "name", "presets", _told)


def create(call: Call) -> Answer:
    preset = presets.create_preset(
        call.cloud,
        call.params.text("name"),
        unsigned=call.params.flag("unsigned"),
        told=_settings(call.params),
    )
    return {"message": "created", "name": preset.name, "external_id": preset.external_id}


def detail(call: Call, name: str) -> Answer:
    return _told(presets.preset_of(call.cloud, name))


def update(call: Call, name: str) -> Answer:
    params = call.params
    unsigned = params.flag("unsigned") if "unsigned" in params else None
    presets.change_preset(call.cloud, name, unsigned=unsigned, told=_settings(params))
    return {"message": "updated"}


def delete(call: Call, name: str) -> Answer:
    presets.delete_preset(call.cloud, name)
    return {"message": "deleted"}


def _settings(params: Params) -> dict[str, Any]:
    """Return what is asked of a preset, each parameter in one form."""
    return {name: _setting(params, name) for name in params.values if params.has(name)}


def _setting(params: Params, name: str) -> Any:
    if name in FLAGS:
        return params.flag(name)
    if name == "tags":
        return params.words(name)
    if name in _MAPPINGS:
        return params.pairs(name) or ""
    value = params.get(name)
    if name == "transformation" and isinstance(value, str) and value.lstrip().startswith("["):
        return params.json(name)
    return value


def _told(preset: UploadPreset) -> dict[str, Any]:
    settings = dict(preset.settings)
    if transformation := settings.get("transformation"):
        settings["transformation"] = list_of(transformation)
    return {
        "name": preset.name,
        "unsigned": preset.unsigned,
        "settings": settings,
        "external_id": preset.external_id,
    }


# --- Mappings ---------------------------------------------------------------------------------


def mappings(call: Call, folder: str = "") -> Answer:
    """Answer with the mapping of a folder, or with all of them."""
    folder = folder or call.params.text("folder")
    if folder:
        return _mapping(presets.mapping_of(call.cloud, folder))
    rows = UploadMapping.objects.filter(cloud=call.cloud)
    return _page(call, rows, "folder", "mappings", _mapping)


def create_mapping(call: Call, folder: str = "") -> Answer:
    made = presets.create_mapping(call.cloud, _folder(call, folder), _template(call))
    return {"message": "created", "folder": made.folder, "external_id": made.external_id}


def update_mapping(call: Call, folder: str = "") -> Answer:
    presets.change_mapping(call.cloud, _folder(call, folder), _template(call))
    return {"message": "updated"}


def delete_mapping(call: Call, folder: str = "") -> Answer:
    presets.delete_mapping(call.cloud, _folder(call, folder))
    return {"message": "deleted"}


MAPPINGS: dict[str, Callable[..., Answer]] = {
    "GET": mappings,
    "POST": create_mapping,
    "PUT": update_mapping,
    "DELETE": delete_mapping,
}


def _folder(call: Call, folder: str) -> str:
    return folder or call.params.required("folder")


def _template(call: Call) -> str:
    return call.params.required("template")


def _mapping(mapping: UploadMapping) -> dict[str, Any]:
    return {
        "folder": mapping.folder,
        "template": mapping.template,
        "external_id": mapping.external_id,
    }


def _page(
    call: Call,
    rows: QuerySet[Row],
    column: str,
    name: str,
    told: Callable[[Row], Mapping[str, Any]],
) -> Answer:
    """Answer with a page of rows in the order of a column that no two of them share."""
    limit = cursors.page_size(call.params)
    after = cursors.read(call, [name])
    if after is not None:
        rows = rows.filter(**{f"{column}__gt": after[0]})
    found = list(rows.order_by(column)[: limit + 1])
    answer: dict[str, Any] = {name: [told(row) for row in found[:limit]]}
    if len(found) > limit:
        last = getattr(found[limit - 1], column)
        answer["next_cursor"] = cursors.written(call, [name], [last])
    return answer
