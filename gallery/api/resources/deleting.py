"""Assets and pictures made of them are deleted: by name, beginning, tag or id, or all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet

from ...assets import labels, notifying, removing
from ...assets import listing as pages
from ...assets.listing import Order
from ...models import Asset
from .. import cursors
from ..doors import Answer, Call
from ..errors import BadRequestError
from . import finding

#: So many are deleted in one request; a cursor goes on from there.
AT_ONCE = 1000


def delete(call: Call, resource_type: str, type: str) -> Answer:
    """Delete the assets named, those whose names begin so, or all of a type."""
    assets = Asset.objects.of(call.cloud).filter(resource_type=resource_type, type=type)
    if "public_ids" in call.params:
        names = finding.names(call, "public_ids")
        found = {one.public_id: one for one in assets.filter(public_id__in=names)}
        return _named(call, names, found)
    if prefix := call.params.text("prefix"):
        assets = assets.filter(pages.beginning_with("public_id", prefix))
        return _many(call, assets, Order("public_id", is_descending=False), [type, prefix])
    if call.params.flag("all"):
        return _many(call, assets, Order("created_at"), [resource_type, type])
    raise BadRequestError("Missing required parameter - public_ids, prefix or all")


def delete_by_tag(call: Call, resource_type: str, tag: str) -> Answer:
    assets = Asset.objects.of(call.cloud).filter(resource_type=resource_type)
    return _many(call, labels.tagged(assets, tag), Order("created_at"), [resource_type, tag])


def delete_by_asset_ids(call: Call) -> Answer:
    names = finding.names(call, "asset_ids")
    if not names:
        raise BadRequestError("Missing required parameter - asset_ids")
    return _named(call, names, finding.by_ids(call, names))


def delete_derived(call: Call) -> Answer:
    """Delete pictures made of assets, by the ids that an asset's detail tells."""
    names = finding.names(call, "derived_resource_ids")
    if not names:
        raise BadRequestError("Missing required parameter - derived_resource_ids")
    of = removing.delete_derived(call.cloud, names)
    deleted = {name: "deleted" if name in of else "not_found" for name in names}
    counts = {name: {"original": 0, "derived": 1} for name in of}
    return {"deleted": deleted, "deleted_counts": counts, "partial": False}


def _named(call: Call, names: Sequence[str], found: dict[str, Asset]) -> Answer:
    gone = _gone(call, list(found.values()))
    by_name = {name: gone[one.pk] for name, one in found.items() if one.pk in gone}
    deleted = {name: "deleted" if name in by_name else "not_found" for name in names}
    return {"deleted": deleted, "deleted_counts": by_name, "partial": False}


def _many(call: Call, assets: QuerySet[Asset], order: Order, query: Sequence[Any]) -> Answer:
    """Delete as many as one request may."""
    query = ["delete", *query]
    after = cursors.read(call, query)
    page = pages.page(assets, order, after=after, limit=AT_ONCE)
    gone = _gone(call, page.assets)
    by_name: dict[str, dict[str, int]] = {}
    for asset in page.assets:
        if counts := gone.get(asset.pk):
            sums = by_name.setdefault(asset.public_id, {"original": 0, "derived": 0})
            by_name[asset.public_id] = {name: sums[name] + counts[name] for name in sums}
    answer: dict[str, Any] = {
        "deleted": dict.fromkeys(by_name, "deleted"),
        "deleted_counts": by_name,
        "partial": page.position is not None,
    }
    if page.position is not None:
        answer["next_cursor"] = cursors.written(call, query, page.position)
    return answer


def _gone(call: Call, assets: Sequence[Asset]) -> dict[int, dict[str, int]]:
    """Delete what the request says of these; return how much, by primary key."""
    urls = notifying.checked_urls(call.params.text("notification_url"))
    counts = removing.delete_all(
        assets,
        keep_original=call.params.flag("keep_original"),
        transformations=_transformations(call),
    )
    gone = [one for one in assets if one.pk in counts and counts[one.pk].original]
    if gone:
        body = {"resources": [_named_in_full(asset) for asset in gone]}
        notifying.notify(
            call.cloud, "delete", body, urls=urls, key=call.key, request_id=call.request_id
        )
    return {key: {"original": one.original, "derived": one.derived} for key, one in counts.items()}


def _named_in_full(asset: Asset) -> dict[str, Any]:
    names = ("asset_id", "public_id", "resource_type", "type", "version")
    return {name: getattr(asset, name) for name in names}


def _transformations(call: Call) -> list[str]:
    """Return the texts of which alone pictures are deleted; a pipe list, or an array."""
    texts = [text for one in call.params.array("transformations") for text in one.split("|")]
    return [text for text in texts if text]
