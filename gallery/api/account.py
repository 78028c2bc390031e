"""How a cloud stands: ping, usage, configuration."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any

from django.conf import settings
from django.db.models import Count, QuerySet, Sum

from ..assets import add_ons
from ..assets.usage import flush
from ..models import Asset, AssetVersion, CloudUsage, Derived
from .doors import Answer, Call
from .errors import BadRequestError
from .payloads import stamp

PLAN = "photolib"
FOLDER_MODE = "fixed"
_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})|(\d{1,2})-(\d{1,2})-(\d{4})", re.ASCII)
_COUNTED = ("requests", "transformations", "bandwidth_bytes")


def ping(call: Call) -> Answer:
    return {"status": "ok"}


def config(call: Call) -> Answer:
    answer: dict[str, Any] = {
        "cloud_name": call.cloud.name,
        "created_at": stamp(call.cloud.created_at),
    }
    if call.params.flag("settings"):
        answer["settings"] = {"folder_mode": FOLDER_MODE}
    return answer


def usage(call: Call, date: str | None = None) -> Answer:
    """Answer what was used in this month (UTC) until now, or on one day.

    What is stored is told as it is now in both cases; nothing here has a limit but the taggers.
    """
    flush()
    today = datetime.now(UTC).date()
    day = _day(date) if date else None
    rows = CloudUsage.objects.filter(cloud=call.cloud)
    rows = rows.filter(day=day) if day else rows.filter(day__gte=today.replace(day=1))
    answer: dict[str, Any] = {"plan": PLAN, "last_updated": today.isoformat()}
    if day is not None:
        answer["date_requested"] = f"{day.isoformat()}T00:00:00Z"
    return answer | _used(rows, is_day=day is not None) | _stored(call) | _limits(call)


def _day(text: str) -> date:
    """Read ``2026-08-19`` or ``19-08-2026``. Raises BadRequestError."""
    found = _DAY.fullmatch(text)
    if found:
        year, month, day, *turned = found.groups()
        parts = (year, month, day) if year else tuple(reversed(turned))
        try:
            return date(*(int(part) for part in parts))
        except ValueError:
            pass
    raise BadRequestError(f"Invalid value {text[:100]} for parameter date")


def _used(rows: QuerySet[CloudUsage], *, is_day: bool) -> dict[str, Any]:
    sums = rows.aggregate(**{name: Sum(name, default=0) for name in _COUNTED})
    bandwidth: dict[str, Any] = {"usage": sums["bandwidth_bytes"]}
    if not is_day:
        bandwidth |= {"limit": 0, "used_percent": 0.0}
    return {
        "requests": sums["requests"],
        "transformations": {"usage": sums["transformations"]},
        "bandwidth": bandwidth,
    }


def _stored(call: Call) -> dict[str, Any]:
    """Count what a cloud holds: its files, the pictures made of them, and backups."""
    assets = Asset.objects.of(call.cloud)
    derived = Derived.objects.filter(asset__cloud=call.cloud)
    backups = AssetVersion.objects.filter(asset__cloud=call.cloud)
    counts, sizes = zip(*(_sums(rows) for rows in (assets, derived, backups)), strict=True)
    return {
        "resources": counts[0],
        "derived_resources": counts[1],
        "objects": {"usage": counts[0] + counts[1]},
        "storage": {"usage": sum(sizes)},
    }


def _sums(rows: QuerySet[Any]) -> tuple[int, int]:
    """Return how many there are, and how many bytes they have."""
    sums = rows.order_by().aggregate(count=Count("pk"), size_bytes=Sum("size_bytes", default=0))
    return sums["count"], sums["size_bytes"]


def _limits(call: Call) -> dict[str, Any]:
    limits = {
        "image_max_size_bytes": settings.MAX_UPLOAD_BYTES,
        "video_max_size_bytes": 0,
        "raw_max_size_bytes": settings.MAX_UPLOAD_BYTES,
        "image_max_px": settings.MAX_PIXELS,
        "asset_max_total_px": settings.MAX_PIXELS,
    }
    return {"media_limits": limits, **add_ons.usage_of(call.cloud)}
