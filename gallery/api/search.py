"""The Search API: expressions in, pages of assets, counts and groups out."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from ..assets.searching.finding import GROUPS, PARTS, Key, Range, Search, parted
from ..assets.searching.language import MistakeError
from . import cursors
from .doors import Answer, Call, open_door
from .errors import ApiError, BadRequestError, NotFoundError, UnauthorizedError
from .params import Params
from .search_items import WITH, items

PAGE, MOST = 50, 500
MAX_AGGREGATES, MAX_RANGES, MAX_CHARS = 10, 50, 20_000
#: The longest time that a search may be kept by whoever asked for its address, in seconds.
MAX_TTL_S = 30 * 24 * 3600
_CURSOR = "next_cursor"


def search(call: Call, **kwargs: Any) -> Answer:
    return found(call)


def visual(call: Call, **kwargs: Any) -> Answer:
    raise ApiError("Visual search is not offered", status=400)


def found(call: Call) -> dict[str, Any]:
    """Answer a search. Raises ApiError for what cannot be meant."""
    started = time.perf_counter()
    params = call.params
    expression, keys = params.text("expression"), sort_keys(params)
    query = ["search", expression, [[key.name, key.is_falling] for key in keys]]
    position = cursors.read(call, query)
    now = timezone.now() if position is None else datetime.fromisoformat(position[0])
    with_field, fields = _names(params, "with_field"), _names(params, "fields")
    if unknown := [name for name in with_field if name not in WITH]:
        raise BadRequestError(f"Invalid value {unknown[0][:100]} for parameter with_field")
    asked = _searched(call, expression, now=now, keys=keys)
    total = asked.count() if position is None else int(position[1])
    limit = cursors.page_size(params, default=PAGE, most=MOST)
    assets, place = asked.page(limit=limit, total=total, after=position[2:] if position else None)
    answer: dict[str, Any] = {
        "total_count": total,
        "time": round((time.perf_counter() - started) * 1000),
        "resources": items(call, assets, with_field=with_field, fields=fields),
    }
    if place is not None:
        answer[_CURSOR] = cursors.written(call, query, [now.isoformat(), total, *place])
    if aggregate := _aggregates(params):
        answer["aggregations"] = _aggregations(asked, aggregate)
    return answer


def _searched(call: Call, expression: str, *, now: datetime, keys: Sequence[Key]) -> Search:
    try:
        return Search(call.cloud, expression, now=now, order=keys)
    except MistakeError as error:
        raise BadRequestError(str(error)) from error


# --- Parameters -------------------------------------------------------------------------------


def sort_keys(params: Params) -> list[Key]:
    """Read ``[{"public_id": "asc"}, …]``, of which each may have several fields."""
    asked = params.json("sort_by")
    found = asked if isinstance(asked, list) else [asked] if asked else []
    keys: list[Key] = []
    for one in found:
        if not isinstance(one, Mapping):
            raise BadRequestError("Invalid value for parameter sort_by")
        keys += [Key(str(name), _is_falling(direction)) for name, direction in one.items()]
    return keys


def _is_falling(direction: Any) -> bool:
    if direction not in ("asc", "desc"):
        raise BadRequestError("Invalid value for parameter sort_by - the order is asc or desc")
    return bool(direction == "desc")


def _names(params: Params, name: str) -> list[str]:
    value = params.get(name)
    if isinstance(value, str) and value.lstrip().startswith("["):
        params = Params(values={name: params.json(name)})
    return params.words(name)


def _aggregates(params: Params) -> dict[str, list[Range] | None]:
    """Read ``["format", {"type": "bytes", "ranges": [{"key": "tiny", "to": 500}, …]}]``.

    The ranges are None for what is counted value by value.
    """
    asked = params.get("aggregate")
    if isinstance(asked, str) and asked.lstrip()[:1] in ("[", "{"):
        asked = params.json("aggregate")
    found = asked if isinstance(asked, list) else [asked] if asked else []
    if len(found) > MAX_AGGREGATES:
        raise BadRequestError(f"Up to {MAX_AGGREGATES} fields may be aggregated")
    return dict(_aggregate(one) for one in found)


def _aggregate(one: Any) -> tuple[str, list[Range] | None]:
    name, ranges = (one.get("type"), one.get("ranges")) if isinstance(one, Mapping) else (one, None)
    if not isinstance(name, str) or name not in GROUPS | PARTS.keys():
        raise BadRequestError(f"Invalid value {str(name)[:100]} for parameter aggregate")
    if ranges is None:
        return name, None if name in GROUPS else parted(name)
    if name in GROUPS or not isinstance(ranges, list) or not 0 < len(ranges) <= MAX_RANGES:
        raise BadRequestError(f"Invalid ranges of {name} for parameter aggregate")
    return name, [_range(name, told) for told in ranges]


def _range(name: str, told: Any) -> Range:
    if isinstance(told, Mapping) and isinstance(told.get("key"), str):
        bounds = Params(values={end: told.get(end) for end in ("from", "to")})
        return Range(told["key"][:255], bounds.number("from"), bounds.number("to"))
    raise BadRequestError(f"Invalid ranges of {name} for parameter aggregate")


def _aggregations(asked: Search, aggregates: Mapping[str, list[Range] | None]) -> dict[str, Any]:
    return {
        name: asked.groups(name) if ranges is None else asked.ranges(name, ranges)
        for name, ranges in aggregates.items()
    }


# --- By an address ----------------------------------------------------------------------------

_ADDRESS = re.compile(r"([0-9a-fA-F]{64})/(\d{1,10})/([A-Za-z0-9_=-]+)(?:/([^/]+))?", re.ASCII)


def _by_address(call: Call, rest: str) -> Answer:
    """Answer ``signature/ttl/query[/cursor]``; the query is JSON in base64 for URLs.

    The signature is the SHA-256 of ttl, query and an active key's secret, in hexadecimal. For as
    long as the ttl says, in seconds, anyone may keep the answer. Source: the vendor's client
    libraries.
    """
    if call.request.method not in ("GET", "HEAD"):
        raise ApiError(f"Method {call.request.method} is not allowed here", status=405)
    address = _ADDRESS.fullmatch(rest)
    if address is None:
        raise NotFoundError("There is no such search")
    signature, ttl, query, cursor = address.groups()
    _check(call, signature, ttl + query)
    call.params = Params(values=_query(query) | ({_CURSOR: cursor} if cursor else {}))
    body = json.dumps(found(call), ensure_ascii=False, separators=(",", ":"))
    answer = HttpResponse(body, content_type="application/json; charset=utf-8")
    answer["Cache-Control"] = f"public, max-age={min(int(ttl), MAX_TTL_S)}"
    return answer


by_address = open_door(_by_address)


def _check(call: Call, signature: str, signed: str) -> None:
    secrets = [key.secret for key in call.cloud.keys.active()]
    for secret in filter(None, secrets):
        digest = hashlib.sha256((signed + secret).encode()).hexdigest()
        if constant_time_compare(digest, signature.lower()):
            return
    raise UnauthorizedError("Invalid signature of a search")


def _query(text: str) -> dict[str, Any]:
    try:
        bare = text.rstrip("=")
        query = json.loads(base64.urlsafe_b64decode(bare + "=" * (-len(bare) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        raise BadRequestError("The query of the search cannot be read") from None
    if not isinstance(query, dict):
        raise BadRequestError("The query of the search is no JSON object")
    return query
