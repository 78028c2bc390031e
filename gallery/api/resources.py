"""The Admin API's assets: listed, told in detail, changed, deleted, restored."""

from __future__ import annotations

from typing import Any

from .doors import Answer, Call
from .errors import NotFoundError


def by_asset_ids(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError


def by_context(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError


def by_folder(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError


def by_moderation(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError


def by_tag(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError


def delete(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError


def delete_backups(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError


def delete_by_asset_ids(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError


def delete_by_tag(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError


def delete_derived(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError


def detail(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError


def kinds(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError


def listing(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError


def publish(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError


def relate(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError


def restore(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError


def restore_by_asset_ids(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError


def unrelate(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError


def update(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError
