"""The Admin API's folders."""

from __future__ import annotations

from typing import Any

from ..assets import folders, naming
from ..models import Folder
from . import cursors
from .doors import Answer, Call
from .errors import BadRequestError


def root(call: Call) -> Answer:
    return _listed(call, "")


def children(call: Call, path: str) -> Answer:
    """Answer the folders directly in one, by name."""
    folder = _path(path)
    folders.find(call.cloud, folder)
    return _listed(call, folder)


def create(call: Call, path: str) -> Answer:
    folder = folders.create(call.cloud, _path(path))
    return {"success": True, "path": folder.path, "name": folder.name}


def move(call: Call, path: str) -> Answer:
    """Give a folder another path; the assets in it get other names with it."""
    to_path, path = _path(call.params.required("to_folder")), _path(path)
    folders.move(call.cloud, path, to_path)
    return {"from": _named(path), "to": _named(to_path)}


def delete(call: Call, path: str) -> Answer:
    skip_backup = call.params.flag("skip_backup")
    return {"deleted": folders.delete(call.cloud, _path(path), skip_backup=skip_backup)}


def _path(text: str) -> str:
    """Return a folder's path. Raises BadRequestError for none."""
    path = naming.check_folder(text)
    if not path:
        raise BadRequestError("Missing required parameter - folder")
    return path


def _named(path: str) -> dict[str, str]:
    return {"name": path.rpartition("/")[2], "path": path}


def _listed(call: Call, path: str) -> Answer:
    rows = folders.children(call.cloud, path)
    after = cursors.read(call, ["folders", path])
    limit = cursors.page_size(call.params)
    following = rows.filter(path__gt=after[0]) if after else rows
    found = list(following[: limit + 1])
    has_more = len(found) > limit
    return {
        "folders": [_item(folder) for folder in found[:limit]],
        "next_cursor": cursors.written(call, ["folders", path], [found[limit - 1].path])
        if has_more
        else None,
        "total_count": rows.count(),
    }


def _item(folder: Folder) -> dict[str, Any]:
    return _named(folder.path) | {"external_id": folder.external_id}
