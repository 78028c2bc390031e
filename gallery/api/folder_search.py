"""Search among folders."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

from django.utils import timezone

from ..assets.searching.folders import FolderSearch
from ..assets.searching.language import MistakeError
from ..models import Folder
from . import cursors
from .doors import Answer, Call
from .errors import BadRequestError
from .search import MOST, PAGE, sort_keys
from .search_items import stamp


def search(call: Call, **kwargs: Any) -> Answer:
    started = time.perf_counter()
    expression, keys = call.params.text("expression"), sort_keys(call.params)
    query = ["folders", expression, [[key.name, key.is_falling] for key in keys]]
    position = cursors.read(call, query)
    now = timezone.now() if position is None else datetime.fromisoformat(position[0])
    try:
        asked = FolderSearch.of(call.cloud, expression, now=now, order=keys)
    except MistakeError as error:
        raise BadRequestError(str(error)) from error
    limit = cursors.page_size(call.params, default=PAGE, most=MOST)
    folders, place = asked.page(limit=limit, after=position[1:] if position else None)
    answer: dict[str, Any] = {
        "total_count": asked.folders().count(),
        "time": round((time.perf_counter() - started) * 1000),
        "folders": [_item(folder) for folder in folders],
    }
    if place is not None:
        answer["next_cursor"] = cursors.written(call, query, [now.isoformat(), *place])
    return answer


def _item(folder: Folder) -> dict[str, Any]:
    return {
        "name": folder.name,
        "path": folder.path,
        "created_at": stamp(folder.created_at),
        "external_id": folder.external_id,
    }
