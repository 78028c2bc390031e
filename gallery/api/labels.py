"""Tags, context and metadata of many assets at once, and all tags of a cloud."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..assets import fields, labels, notifying
from ..models import Asset
from . import cursors
from .doors import Answer, Call
from .errors import BadRequestError, UnauthorizedError

MAX_IDS = 1000
Read = Callable[[Sequence[Asset]], Mapping[int, Any]]


def change_tags(call: Call, resource_type: str) -> Answer:
    """Add, remove, replace, clear or move tags; answer with the names of those found."""
    deeds: dict[str, Callable[[Sequence[Asset], list[str]], None]] = {
        "add": labels.add_tags,
        "remove": labels.remove_tags,
        "replace": labels.replace_tags,
        "set_exclusive": labels.set_exclusive_tags,
        "remove_all": lambda assets, names: labels.remove_all_tags(assets),
    }
    command = _command(call, deeds)
    names = [] if command == "remove_all" else _tags(call)
    return _change(
        call,
        resource_type,
        lambda assets: deeds[command](assets, names),
        event="resource_tags_changed",
        read=labels.tags_of,
    )


def change_context(call: Call, resource_type: str) -> Answer:
    """Add to context or clear it; answer with the names of those found."""
    context = call.params.pairs("context")

    def add(assets: Sequence[Asset]) -> None:
        if not context:
            raise BadRequestError("Missing required parameter - context")
        labels.add_context(assets, context)

    deeds: dict[str, Callable[[Sequence[Asset]], None]] = {
        "add": add,
        "remove_all": labels.remove_all_context,
    }
    return _change(
        call,
        resource_type,
        deeds[_command(call, deeds)],
        event="resource_context_changed",
        read=labels.context_of,
    )


def change_metadata(call: Call, resource_type: str) -> Answer:
    """Change the values of fields; answer with the names of those found."""
    values, clears = call.params.pairs("metadata"), call.params.flag("clear_invalid")
    if not values and not clears:
        raise BadRequestError("Missing required parameter - metadata")
    fields.validated(call.cloud, values)  # refused also where no asset is found
    return _change(
        call,
        resource_type,
        lambda assets: fields.set_metadata_of_all(assets, values, clear_invalid=clears),
        event="resource_metadata_changed",
        read=labels.metadata_of,
    )


def tags(call: Call, resource_type: str) -> Answer:
    """List the tags of a cloud's assets of one kind, sorted."""
    prefix, limit = call.params.text("prefix"), cursors.page_size(call.params)
    query = ["tags", resource_type, prefix]
    [after] = cursors.read(call, query) or [""]
    names = labels.tag_names(call.cloud, resource_type, prefix=prefix, after=after, limit=limit + 1)
    if len(names) <= limit:
        return {"tags": names}
    page = names[:limit]
    return {"tags": page, "next_cursor": cursors.written(call, query, [page[-1]])}


# --- One change of many assets ----------------------------------------------------------------


def _change(
    call: Call,
    resource_type: str,
    deed: Callable[[Sequence[Asset]], None],
    *,
    event: str,
    read: Read,
) -> Answer:
    if not call.is_signed:
        raise UnauthorizedError("Upload preset cannot be used for this action")
    urls = notifying.checked_urls(call.params.text("notification_url"))
    assets = _named(call, resource_type)
    is_told = notifying.is_wanted(call.cloud, event, urls)
    before = read(assets) if is_told else {}
    deed(assets)
    if is_told:
        _tell(call, event, urls, before, read(assets), assets)
    return {"public_ids": [asset.public_id for asset in assets]}


def _command(call: Call, known: Mapping[str, Any]) -> str:
    command = call.params.required("command")
    if command not in known:
        raise BadRequestError(f"Invalid command {command[:50]}; use one of {', '.join(known)}")
    return command


def _tags(call: Call) -> list[str]:
    names = call.params.words("tag") or call.params.words("tags")
    if not names and call.params.text("command") != "replace":
        raise BadRequestError("Missing required parameter - tag")
    return names


def _named(call: Call, resource_type: str) -> list[Asset]:
    """Return the assets that are named, in the order they are; those there are not are left out."""
    names = [*dict.fromkeys(call.params.array("public_ids"))]
    if not names:
        raise BadRequestError("Missing required parameter - public_ids")
    if len(names) > MAX_IDS:
        raise BadRequestError(f"Too many public_ids. Got {len(names)}. Maximum is {MAX_IDS}.")
    rows = Asset.objects.of(call.cloud).filter(
        resource_type=resource_type,
        type=call.params.text("type", "upload"),
        public_id__in=names,
    )
    found = {asset.public_id: asset for asset in rows}
    for asset in found.values():
        asset.cloud = call.cloud
    return [found[name] for name in names if name in found]


def _tell(
    call: Call,
    event: str,
    urls: list[str],
    before: Mapping[int, Any],
    after: Mapping[int, Any],
    assets: Sequence[Asset],
) -> None:
    changed = [asset for asset in assets if before[asset.pk] != after[asset.pk]]
    if not changed:
        return
    resources = [
        {
            "asset_id": asset.asset_id,
            "public_id": asset.public_id,
            "resource_type": asset.resource_type,
            "type": asset.type,
            **_difference(before[asset.pk], after[asset.pk]),
        }
        for asset in changed
    ]
    body = {"resources": resources}
    notifying.notify(call.cloud, event, body, urls=urls, key=call.key, request_id=call.request_id)


def _difference(before: Any, after: Any) -> dict[str, Any]:
    if isinstance(before, list):
        return {
            "added": [name for name in after if name not in before],
            "removed": [name for name in before if name not in after],
        }
    return {
        "added": {key: value for key, value in after.items() if key not in before},
        "removed": {key: value for key, value in before.items() if key not in after},
        "updated": {key: value for key, value in after.items() if before.get(key, value) != value},
    }
