"""The Admin API's transformations: what a cloud knows, by a name or as it is written."""

from __future__ import annotations

from typing import Any

from ..assets import defining, deriving
from ..models import Derived, NamedTransformation
from . import cursors
from .doors import Answer, Call, Handler
from .errors import BadRequestError


def listing(call: Call) -> Answer:
    """Answer the transformations of a cloud, the last first; ``named``: those with a name alone."""
    rows = NamedTransformation.objects.filter(cloud=call.cloud).order_by("-pk")
    query: list[Any] = ["transformations"]
    if "named" in call.params:
        is_named = call.params.flag("named")
        rows, query = rows.filter(is_named=is_named), [*query, is_named]
    after, limit = cursors.read(call, query), cursors.page_size(call.params)
    found = list((rows.filter(pk__lt=after[0]) if after else rows)[: limit + 1])
    answer: dict[str, Any] = {"transformations": [_item(row) for row in found[:limit]]}
    if len(found) > limit:
        answer["next_cursor"] = cursors.written(call, query, [found[limit - 1].pk])
    return answer


def detail(call: Call, text: str) -> Answer:
    """Answer what a transformation says, and pictures made by it."""
    row = defining.find(call.cloud, text)
    query = ["transformation", row.pk]
    after, limit = cursors.read(call, query), cursors.page_size(call.params)
    rows = defining.derived_by(row)
    found = list((rows.filter(pk__lt=after[0]) if after else rows)[: limit + 1])
    answer = _item(row) | {"info": _info(row.definition)}
    answer["derived"] = [_derived(call, one) for one in found[:limit]]
    if len(found) > limit:
        answer["next_cursor"] = cursors.written(call, query, [found[limit - 1].pk])
    return answer


def create(call: Call, text: str) -> Answer:
    """Note a transformation; ``text`` is its name, or else its own text."""
    definition = call.params.text("transformation") or text
    is_allowed = call.params.flag("allowed_for_strict")
    defining.create(call.cloud, text, definition, allowed_for_strict=is_allowed)
    return {"message": "created"}


def update(call: Call, text: str) -> Answer:
    row, params = defining.find(call.cloud, text), call.params
    if not params.has("unsafe_update") and not params.has("allowed_for_strict"):
        raise BadRequestError("Missing required parameter - allowed_for_strict or unsafe_update")
    is_allowed = params.flag("allowed_for_strict", default=row.allowed_for_strict)
    if params.has("unsafe_update"):
        defining.redefine(row, params.text("unsafe_update"))
    defining.allow(row, is_allowed=is_allowed)
    return {"message": "updated"}


def delete(call: Call, text: str) -> Answer:
    defining.delete(defining.find(call.cloud, text))
    return {"message": "deleted"}


# --- Two ways to name one ---------------------------------------------------------------------


def _listing_or_detail(call: Call) -> Answer:
    text = _named(call)
    return detail(call, text) if text else listing(call)


def _by_parameter(handler: Handler) -> Handler:
    def handle(call: Call) -> Answer:
        text = _named(call)
        if not text:
            raise BadRequestError("Missing required parameter - transformation")
        return handler(call, text=text)

    return handle


def _named(call: Call) -> str:
    """Return what a request names: ``name`` before ``transformation``, which may define it."""
    return call.params.text("name") or call.params.text("transformation")


BY_PARAMETER: dict[str, Handler] = {
    "GET": _listing_or_detail,
    "POST": _by_parameter(create),
    "PUT": _by_parameter(update),
    "DELETE": _by_parameter(delete),
}
BY_PATH: dict[str, Handler] = {"GET": detail, "POST": create, "PUT": update, "DELETE": delete}


# --- Answers ----------------------------------------------------------------------------------


def _item(row: NamedTransformation) -> dict[str, Any]:
    return {
        "name": str(row),
        "allowed_for_strict": row.allowed_for_strict,
        "used": row.is_used,
        "named": row.is_named,
    }


def _info(definition: str) -> list[dict[str, Any]]:
    """Return a mapping of long names per component, and the format it may end in."""
    transformation, format = defining.read(definition)
    if format is not None:
        return [*transformation.info, {"extension": format}]
    ends_bare = definition.endswith("/")
    return [*transformation.info, {"extension": "none"}] if ends_bare else transformation.info


def _derived(call: Call, row: Derived) -> dict[str, Any]:
    asset = row.asset
    path = deriving.url_path(asset, row.transformation, row.format)
    return {
        "public_id": asset.public_id,
        "resource_type": asset.resource_type,
        "type": asset.type,
        "format": row.format,
        "bytes": row.size_bytes,
        "id": row.derived_id,
        "url": call.base_url + path,
        "secure_url": call.secure_base_url + path,
    }
