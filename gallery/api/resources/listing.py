"""Lists of assets, page by page, and all that is known of one."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.dateparse import parse_date, parse_datetime

from ...assets import analysing, labels
from ...assets import listing as pages
from ...assets.listing import Order, Page
from ...models import Asset, ResourceType
from .. import cursors, payloads
from ..doors import Answer, Call
from ..errors import BadRequestError
from ..params import Params
from . import finding

FOLDER_PAGE = 50
_DIRECTIONS = {"": True, "desc": True, "-1": True, "asc": False, "1": False}
#: As browsers write an instant: Thu Nov 26 2026 10:00:00 GMT+0100 (…).
_AS_BROWSERS = re.compile(r"[A-Z][a-z]{2} ([A-Z][a-z]{2} \d\d \d{4} \d\d:\d\d:\d\d) GMT([+-]\d{4})")


def kinds(call: Call) -> Answer:
    present = [kind for kind in ResourceType.values if _has(call, kind)]
    return {"resource_types": present or [ResourceType.IMAGE.value]}


def _has(call: Call, kind: str) -> bool:
    return Asset.objects.of(call.cloud).filter(resource_type=kind).exists()


def listing(call: Call, resource_type: str, type: str | None = None) -> Answer:
    """Answer the assets of a kind, the newest first; by name where a prefix is given."""
    assets = Asset.objects.of(call.cloud).filter(resource_type=resource_type)
    if type is not None:
        assets = assets.filter(type=type)
    if "public_ids" in call.params:
        named = assets.filter(public_id__in=finding.names(call, "public_ids"))
        return _answer(call, Page(list(payloads.for_answers(named).order_by("-pk")), None), [])
    narrowed: list[Any] = [resource_type, type]
    if prefix := call.params.text("prefix"):
        assets = assets.filter(pages.beginning_with("public_id", prefix))
        order = Order("public_id", is_descending=_is_descending(call.params, default=False))
    else:
        order = Order("created_at", is_descending=_is_descending(call.params))
        if start_at := call.params.text("start_at"):
            assets = assets.filter(created_at__gte=_instant(start_at))
            narrowed.append(start_at)
    turn = pages.page if type is not None else pages.page_of_all_types
    return _paged(call, assets, order, [*narrowed, prefix], turn=turn)


def by_tag(call: Call, resource_type: str, tag: str) -> Answer:
    assets = Asset.objects.of(call.cloud).filter(resource_type=resource_type)
    return _newest(call, labels.tagged(assets, tag), ["tag", resource_type, tag])


def by_context(call: Call, resource_type: str) -> Answer:
    key, value = call.params.required("key"), call.params.text("value")
    assets = Asset.objects.of(call.cloud).filter(resource_type=resource_type)
    found = labels.with_context(assets, key, value or None)
    return _newest(call, found, ["context", resource_type, key, value])


def by_moderation(call: Call, resource_type: str, kind: str, status: str) -> Answer:
    assets = (
        Asset.objects.of(call.cloud)
        .filter(resource_type=resource_type, moderation_kind=kind, moderation_status=status)
        .exclude(moderation_kind="")
    )  # without which SQLite would not read its index
    order = Order("pk", is_descending=_is_descending(call.params))  # as its index has it
    return _paged(call, assets, order, ["moderation", resource_type, kind, status])


def by_folder(call: Call) -> Answer:
    """Answer what is directly in a folder, the last to come first."""
    folder = call.params.text("asset_folder").strip("/")
    assets = Asset.objects.of(call.cloud).filter(folder=folder)
    order = Order("pk", is_descending=_is_descending(call.params))
    return _paged(call, assets, order, ["folder", folder], size=FOLDER_PAGE)


def by_asset_ids(call: Call) -> Answer:
    found = finding.by_ids(call, finding.names(call, "asset_ids"))
    newest = sorted(found.values(), key=lambda asset: -asset.pk)
    return _answer(call, Page(newest, None), [])


def detail(call: Call, **named: str) -> Answer:
    """Answer all that is known of an asset; of a deleted one, that it can be restored."""
    asset = finding.one(call, named, even_deleted=True)
    if asset.deleted_at is None:
        analysing.analyse(asset, payloads.wanted_analyses(call.params))
    return payloads.detail(call, asset, call.params)


# --- Pages ------------------------------------------------------------------------------------


def _newest(call: Call, assets: QuerySet[Asset], query: Sequence[Any]) -> Answer:
    return _paged(call, assets, Order(is_descending=_is_descending(call.params)), query)


def _paged(
    call: Call,
    assets: QuerySet[Asset],
    order: Order,
    query: Sequence[Any],
    *,
    turn: Any = pages.page,
    size: int = cursors.MAX_RESULTS,
) -> Answer:
    query = [*query, order.column, order.is_descending]
    after = cursors.read(call, query)
    limit = cursors.page_size(call.params, default=size)
    return _answer(call, turn(assets, order, after=after, limit=limit), query)


def _answer(call: Call, page: Page, query: Sequence[Any]) -> Answer:
    fields = call.params.words("fields")
    flags = payloads.flags_of(call.params) | _flags_for(fields)
    items = payloads.brief(call, page.assets, flags)
    answer: dict[str, Any] = {"resources": payloads.only(items, fields)}
    if page.position is not None:
        answer["next_cursor"] = cursors.written(call, query, page.position)
    return answer


def _flags_for(fields: Collection[str]) -> set[str]:
    """Return the flags without which a field that is asked for would not be there."""
    flags = set(payloads.FLAGS) & set(fields)
    if {"moderation_kind", "moderation_status"} & set(fields):
        flags.add("moderations")
    return flags


def _is_descending(params: Params, *, default: bool = True) -> bool:
    text = params.text("direction").strip().lower()
    if text not in _DIRECTIONS:
        raise BadRequestError(f"Invalid value {text[:100]} for parameter direction")
    return _DIRECTIONS[text] if text else default


def _instant(text: str) -> datetime:
    """Read an instant as one of the client libraries' languages writes it."""
    try:
        found = _read_instant(text.strip())
    except (ValueError, OverflowError, OSError):
        found = None
    if found is None:
        raise BadRequestError(f"Invalid value {text[:100]} for parameter start_at")
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _read_instant(text: str) -> datetime | None:
    if text.isascii() and text.isdigit():
        return datetime.fromtimestamp(int(text), UTC)
    if browsers := _AS_BROWSERS.match(text):
        return datetime.strptime(" ".join(browsers.groups()), "%b %d %Y %H:%M:%S %z")
    if text[:1].isalpha():
        return parsedate_to_datetime(text)
    tidy = re.sub(r" (?:UTC|([+-]\d{2}):?(\d{2}))$", lambda zone: "".join(zone.groups("")), text)
    if found := parse_datetime(tidy):
        return found
    day = parse_date(text)
    return datetime(day.year, day.month, day.day, tzinfo=UTC) if day else None
