"""Who may have the file of an asset: everyone, or those alone who come with a signed address."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from ..models import Asset
from ..models.assets import DeliveryType

#: What moderation has refused is delivered to nobody.
REJECTED = "rejected"


def is_deliverable(asset: Asset) -> bool:
    """False for what is deleted or was rejected, however it is asked for."""
    return asset.deleted_at is None and asset.moderation_status != REJECTED


def came_in_the_browser(asset: Asset) -> bool:
    """True for a photo that no program uploaded."""
    return asset.photo is not None and not asset.photo.may_repeat


def is_open(asset: Asset, *, is_original: bool, now: datetime | None = None) -> bool:
    """Say whether everyone may have it: its own bytes, or else pictures made of it.

    Of a private asset these pictures are open and its bytes are not. An uploaded photo that its
    owner hides is open to nobody, nor is what its access control keeps, while it does so. The
    bytes of a photo that came in the browser say where it was taken, which pages show to its owner
    alone.
    """
    if is_original and came_in_the_browser(asset):
        return False
    if not is_deliverable(asset) or asset.type == DeliveryType.AUTHENTICATED:
        return False
    if asset.type == DeliveryType.PRIVATE:
        if is_original:
            return False
    elif asset.photo is not None and not asset.photo.is_public and not is_kept(asset):
        return False
    return not asset.access_control or _is_open_at(asset.access_control, now or timezone.now())


def is_for_pages(asset: Asset, *, type: str) -> bool:
    """Whether pages may show its photo to everyone, were it of this type."""
    return type == DeliveryType.UPLOAD and is_deliverable(asset) and not is_kept(asset)


def is_kept(asset: Asset) -> bool:
    """True when its access control keeps it from everyone, be it only at times.

    Pages know no such rules: its photo is hidden there.
    """
    return bool(asset.access_control) and not any(map(_is_always_open, asset.access_control))


def _is_always_open(rule: Any) -> bool:
    told = rule if isinstance(rule, dict) else {}
    is_anonymous = told.get("access_type") == "anonymous"
    return is_anonymous and told.get("start") is None and told.get("end") is None


def _is_open_at(rules: Any, now: datetime) -> bool:
    """True when one of the rules lets everyone in now; what cannot be read lets nobody in."""
    if not isinstance(rules, list):
        return False
    return any(
        isinstance(rule, dict)
        and rule.get("access_type") == "anonymous"
        and _has_begun(rule.get("start"), now)
        and not _has_ended(rule.get("end"), now)
        for rule in rules
    )


def _has_begun(start: Any, now: datetime) -> bool:
    if start is None:
        return True
    at = _instant(start)
    return at is not None and at <= now


def _has_ended(end: Any, now: datetime) -> bool:
    if end is None:
        return False
    at = _instant(end)
    return at is None or at < now


def _instant(text: Any) -> datetime | None:
    """Read a date and time; one without a zone is in UTC."""
    try:
        at = parse_datetime(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return at.replace(tzinfo=UTC) if at is not None and at.tzinfo is None else at
