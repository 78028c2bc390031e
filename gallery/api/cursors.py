"""Where a list goes on: opaque text, good for the very query it was given for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from django.core import signing

from .doors import Call
from .errors import BadRequestError
from .params import Params

MAX_RESULTS, MOST_RESULTS = 10, 500


def page_size(params: Params, *, default: int = MAX_RESULTS, most: int = MOST_RESULTS) -> int:
    """Return how many results a page has. Raises BadRequestError."""
    return params.integer("max_results", default, low=1, high=most)


def written(call: Call, query: Sequence[Any], position: Sequence[Any]) -> str:
    """Return a cursor for what comes after ``position`` in the list that ``query`` makes."""
    return signing.dumps(list(position), salt=_salt(call, query))


def read(call: Call, query: Sequence[Any], *, name: str = "next_cursor") -> list[Any] | None:
    """Return the position of a cursor; None where there is none, or an empty one.

    Raises BadRequestError for a cursor of another list, or another cloud's.
    """
    text = call.params.text(name)
    if not text:
        return None
    try:
        return list(signing.loads(text, salt=_salt(call, query)))
    except signing.BadSignature:
        raise BadRequestError(f"Invalid value for parameter {name}") from None


def _salt(call: Call, query: Sequence[Any]) -> str:
    told = json.dumps([call.cloud.pk, *query], default=str)
    return f"gallery.api.cursors {hashlib.sha256(told.encode()).hexdigest()}"
