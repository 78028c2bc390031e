"""Files from elsewhere: what callers name by an address, this site's own addresses among them."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Collection
from urllib.parse import SplitResult, unquote, urlsplit

from django.conf import settings

from .. import outbound
from ..models import Asset, Cloud, ResourceType
from ..outbound import Fetched, OutboundError, Rules
from . import access

#: A file may take so many times as long as one wait for the other side.
PATIENCE = 3
MAX_ADDRESS_CHARS = 2000
_DEFAULT_PORTS = {"http": 80, "https": 443}
_OWN_PATH = re.compile(
    r"/(?P<cloud>[^/]+)/(?P<resource_type>image|raw)/(?P<type>upload|private|authenticated)"
    r"/(?P<name>.+)"
)
_VERSION = re.compile(r"v[0-9]{1,20}/")
_SPELLINGS = {"jpeg": "jpg", "tiff": "tif"}


def rules(*, max_bytes: int | None = None) -> Rules:
    """Return what may be reached on behalf of callers; ``max_bytes`` None: an upload's limit."""
    return Rules(
        max_bytes=settings.MAX_UPLOAD_BYTES if max_bytes is None else max_bytes,
        timeout_s=settings.OUTBOUND_TIMEOUT_S,
        total_s=settings.OUTBOUND_TIMEOUT_S * PATIENCE,
        allowed=tuple(settings.OUTBOUND_ALLOWED),
    )


def fetch(
    cloud: Cloud,
    url: str,
    *,
    hosts: Collection[str] = (),
    is_signed: bool = False,
    max_bytes: int | None = None,
) -> Fetched:
    """Fetch what an address names for a cloud. Raises OutboundError; then nothing is kept.

    ``hosts``, and that of ``settings.SITE_URL``, are this site's own, as ``photos.lan:8000``: what
    an asset is delivered under there is read where it is stored, if everyone may have it, or the
    cloud is its own and the call ``is_signed``. Anything else is asked for as any stranger would.
    """
    bounds = rules(max_bytes=max_bytes)
    asset = _own_asset(url, hosts)
    if asset is not None and _may_have(cloud, asset, is_signed=is_signed):
        return _stored(asset, url, bounds)
    return outbound.fetch(url, rules=bounds)


def _own_asset(url: str, hosts: Collection[str]) -> Asset | None:
    """Return the asset whose very bytes an address of this site delivers; None for all others."""
    parts = _split(url)
    if parts is None or not any(_is_on(parts, host) for host in (*hosts, settings.SITE_URL)):
        return None
    prefix = urlsplit(settings.SITE_URL).path.rstrip("/")
    found = _OWN_PATH.fullmatch(unquote(parts.path.removeprefix(prefix)))
    if found is None or "\0" in found["name"]:
        return None
    rows = Asset.objects.filter(
        cloud__name=found["cloud"],
        cloud__owner__is_active=True,
        resource_type=found["resource_type"],
        type=found["type"],
        deleted_at=None,
    )
    names = _names(found["name"], is_image=found["resource_type"] == ResourceType.IMAGE)
    for asset in rows.filter(public_id__in=list(names)).select_related("photo"):
        if names[asset.public_id] in ("", asset.format):
            return asset
    return None


def _split(url: str) -> SplitResult | None:
    if not isinstance(url, str) or len(url) > MAX_ADDRESS_CHARS:
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts if parts.scheme in _DEFAULT_PORTS and "@" not in parts.netloc else None


def _is_on(parts: SplitResult, host: str) -> bool:
    """Whether an address is on a host, which is written with or without a scheme."""
    if not host:
        return False
    known = urlsplit(host if "//" in host else f"{parts.scheme}://{host}")
    return (parts.hostname, _port(parts)) == (known.hostname, _port(known))


def _port(parts: SplitResult) -> int | None:
    return parts.port or _DEFAULT_PORTS.get(parts.scheme)


def _names(name: str, *, is_image: bool) -> dict[str, str]:
    """Return the public ids that the end of an address may mean, each with its extension."""
    names: dict[str, str] = {}
    for one in (name, _VERSION.sub("", name, count=1) if _VERSION.match(name) else name):
        names.setdefault(one, "")
        stem, dot, extension = one.rpartition(".")
        if is_image and dot and stem:
            names.setdefault(stem, _SPELLINGS.get(extension.lower(), extension.lower()))
    return names


def _may_have(cloud: Cloud, asset: Asset, *, is_signed: bool) -> bool:
    if is_signed and asset.cloud_id == cloud.pk:
        return access.is_deliverable(asset)
    return access.is_open(asset, is_original=True)


def _stored(asset: Asset, url: str, bounds: Rules) -> Fetched:
    stored = asset.stored
    try:
        size_bytes = stored.size
        file = stored.storage.open(stored.name or "", "rb")
    except (OSError, ValueError) as error:
        raise OutboundError("404 Not Found") from error
    if size_bytes > bounds.max_bytes:
        file.close()
        raise OutboundError(f"it is larger than {bounds.max_bytes:,} bytes")
    name = unquote(urlsplit(url).path).rpartition("/")[2]
    content_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Fetched(file, size_bytes, name, content_type, url)
