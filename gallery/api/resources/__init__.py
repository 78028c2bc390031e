"""The Admin API's assets: listed, told in detail, changed, deleted, restored."""

from .changing import publish, relate, unrelate, update
from .deleting import delete, delete_by_asset_ids, delete_by_tag, delete_derived
from .listing import (
    by_asset_ids,
    by_context,
    by_folder,
    by_moderation,
    by_tag,
    detail,
    kinds,
    listing,
)
from .restoring import delete_backups, restore, restore_by_asset_ids

__all__ = [
    "by_asset_ids",
    "by_context",
    "by_folder",
    "by_moderation",
    "by_tag",
    "delete",
    "delete_backups",
    "delete_by_asset_ids",
    "delete_by_tag",
    "delete_derived",
    "detail",
    "kinds",
    "listing",
    "publish",
    "relate",
    "restore",
    "restore_by_asset_ids",
    "unrelate",
    "update",
]
