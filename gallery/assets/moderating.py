"""Decides on assets that wait for a person's word: approved, rejected, or pending again."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from ..models import Asset, Photo, Visibility
from .access import REJECTED, is_kept
from .errors import InvalidError

PENDING, APPROVED = "pending", "approved"
STATUSES = (PENDING, APPROVED, REJECTED)
BY_HAND = "manual"


def decide(asset: Asset, status: str) -> None:
    """Note a decision. What is rejected is delivered to nobody and its photo is hidden.

    When it is no longer rejected, a photo that was hidden so is seen again; one that its owner
    hid stays hidden. Raises InvalidError for an unknown status.
    """
    if status not in STATUSES:
        raise InvalidError(f"Illegal value {status[:100]} for moderation_status")
    with transaction.atomic():
        row = Asset.objects.select_for_update().get(pk=asset.pk)
        entries = row.moderation or [{"kind": BY_HAND}]
        last = entries[-1] | {
            "status": status,
            "updated_at": f"{timezone.now():%Y-%m-%dT%H:%M:%SZ}",
        }
        _show_or_hide(row, last)
        row.moderation = asset.moderation = [*entries[:-1], last]
        row.moderation_kind = asset.moderation_kind = last["kind"]
        row.moderation_status = asset.moderation_status = status
        row.save(update_fields=["moderation", "moderation_kind", "moderation_status"])


def _show_or_hide(asset: Asset, entry: dict[str, Any]) -> None:
    """Hide the photo of what is rejected, noting whether it was seen, or show it again."""
    photos = Photo.objects.filter(asset=asset)
    if entry["status"] == REJECTED:
        if photos.public().exists():
            entry["was_public"] = True
            photos.set_visibility(Visibility.PRIVATE)
    elif entry.pop("was_public", False) and not is_kept(asset):
        photos.set_visibility(Visibility.PUBLIC)
