"""Assets are changed: what is said of them, who may have them, what they belong with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from ...assets import (
    add_ons,
    analysing,
    fields,
    labels,
    moderating,
    naming,
    notifying,
    publishing,
    relating,
)
from ...assets import (
    listing as pages,
)
from ...assets.listing import Order
from ...models import Asset, DeliveryType
from .. import cursors, payloads
from ..doors import Answer, Call
from ..errors import BadRequestError
from ..params import Params
from . import finding, values

PUBLISHED_AT_ONCE = 1000
#: Services that this site does not have: no value of theirs is taken.
_NOT_OFFERED = ("raw_convert", "ocr", "detection", "similarity_search", "background_removal")


def update(call: Call, **named: str) -> Answer:
    """Change what the request names of an asset, and nothing else; all of it or nothing."""
    asset, params = finding.one(call, named), call.params
    asked, threshold = _add_ons(params)
    if asked and asset.photo is None:
        raise BadRequestError(f"Illegal value {asked[0]} for categorization: it is no picture")
    for name in _NOT_OFFERED:
        if text := params.text(name):
            raise BadRequestError(f"Illegal value {text[:100]} for {name}")
    urls = notifying.checked_urls(params.text("notification_url"))
    changes, steps = values.columns(asset, params), _steps(asset, params)
    with transaction.atomic():
        for step in steps:
            step()
        naming.note_folders(call.cloud, changes.get("folder", ""))
        Asset.objects.filter(pk=asset.pk).update(**changes, updated_at=timezone.now())
    asset = finding.one(call, {"asset_id": asset.asset_id})
    if params.text("moderation_status"):
        _tell_decision(call, asset, urls)
    if asked:
        told = " ".join(urls) or None
        add_ons.request(asset, asked, threshold, notification_url=told, wait=True)
        asset = finding.one(call, {"asset_id": asset.asset_id})
    analysing.analyse(asset, payloads.wanted_analyses(params))
    return payloads.detail(call, asset, params)


def _tell_decision(call: Call, asset: Asset, urls: Sequence[str]) -> None:
    names = ("asset_id", "public_id", "resource_type", "type", "version")
    body = {name: getattr(asset, name) for name in names} | {
        "moderation_kind": asset.moderation_kind,
        "moderation_status": asset.moderation_status,
    }
    notifying.notify(
        call.cloud, "moderation", body, urls=urls, key=call.key, request_id=call.request_id
    )


def _add_ons(params: Params) -> tuple[tuple[str, ...], float | None]:
    """Return the add-ons asked for and their threshold. Raises BadRequestError."""
    given = params.text("categorization")
    try:
        asked = add_ons.known(given) if given else ()
    except add_ons.UnknownAddOnError as error:
        raise BadRequestError(f"Illegal value {error.add_on[:100]} for categorization") from error
    return asked, add_ons.threshold_of(params.get("auto_tagging"))


def _steps(asset: Asset, params: Params) -> list[Callable[[], object]]:
    """Return what is to be done for the labels and the moderation of an asset."""
    steps = values.labelling(asset, params)
    clears = params.flag("clear_invalid")
    if params.has("metadata") or clears:
        metadata = params.pairs("metadata")
        steps.append(lambda: fields.set_metadata(asset, metadata, clear_invalid=clears))
    if status := params.text("moderation_status"):
        steps.append(lambda: moderating.decide(asset, status))
    return steps


# --- Publishing -------------------------------------------------------------------------------


def publish(call: Call, resource_type: str) -> Answer:
    """Publish private assets: those named, or those whose names begin so, or of a tag."""
    params = call.params
    assets: QuerySet[Asset] = Asset.objects.of(call.cloud).filter(
        resource_type=resource_type, type__in=_closed_types(params)
    )
    query: list[Any] = ["publish", resource_type]
    if "public_ids" in params:
        assets = assets.filter(public_id__in=finding.names(call, "public_ids"))
    elif prefix := params.text("prefix"):
        assets, query = assets.filter(pages.beginning_with("public_id", prefix)), [*query, prefix]
    elif tag := params.text("tag"):
        assets, query = labels.tagged(assets, tag), [*query, "tag", tag]
    else:
        raise BadRequestError("Missing required parameter - public_ids, prefix or tag")
    order, after = Order("pk", is_descending=False), cursors.read(call, query)
    page = pages.page(assets, order, after=after, limit=PUBLISHED_AT_ONCE)
    answer = _published(call, page.assets)
    if page.position is not None:
        answer["next_cursor"] = cursors.written(call, query, page.position)
    return answer


def _closed_types(params: Params) -> Sequence[str]:
    given = params.text("type")
    if given and given not in publishing.FROM_TYPES:
        raise BadRequestError(f"Invalid value {given[:100]} for parameter type")
    return [DeliveryType(given)] if given else publishing.FROM_TYPES


def _published(call: Call, assets: Sequence[Asset]) -> dict[str, Any]:
    done = publishing.publish(assets, overwrite=call.params.flag("overwrite"))
    keys = {one.pk for one in done}
    names = [one.public_id for one in assets if one.pk not in keys]
    return {"published": payloads.brief(call, pages.with_photos(done)), "failed": names}


# --- Relations --------------------------------------------------------------------------------


def relate(call: Call, **named: str) -> Answer:
    asset = finding.one(call, named)
    names, others = _others(call, named, "assets_to_relate")
    relating.relate(asset, list(others.values()))
    done = [name for name in names if name in others and others[name].pk != asset.pk]
    return _related(names, done, refused="Resource not found")


def unrelate(call: Call, **named: str) -> Answer:
    asset = finding.one(call, named)
    names, others = _others(call, named, "assets_to_unrelate")
    were = relating.unrelate(asset, list(others.values()))
    done = [name for name in names if name in others and others[name] in were]
    return _related(names, done, refused="Resources are not related")


def _others(
    call: Call, named: dict[str, str], parameter: str
) -> tuple[list[str], dict[str, Asset]]:
    names = finding.names(call, parameter)
    if not names:
        raise BadRequestError(f"Missing required parameter - {parameter}")
    by_id = "asset_id" in named
    return names, finding.by_ids(call, names) if by_id else finding.fully_named(call, names)


def _related(names: Sequence[str], done: Sequence[str], *, refused: str) -> Answer:
    success = [_about(name, "success", "success_ids", 200) for name in done]
    others = [name for name in names if name not in done]
    failed = [_about(name, refused, "not_found_ids", 404) for name in others]
    return {"success": success, "failed": failed}


def _about(name: str, message: str, code: str, status: int) -> dict[str, Any]:
    return {"message": message, "code": code, "asset": name, "status": status}
