"""Pictures by their addresses, made on the way where need be."""

from __future__ import annotations

import json
from datetime import UTC
from functools import partial
from typing import IO, Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import Resolver404, resolve
from django.views.decorators.csrf import csrf_exempt

from ..assets import access, addresses, rendering, usage
from ..assets.addresses import Address, AddressError
from ..assets.errors import AssetError, MissingError
from ..assets.turns import BusyError
from ..imaging.errors import ImageError
from ..models import Asset, Derived
from ..transformations import Transformation, TransformationError
from ..transformations.parameters import FORMAT_ALIASES
from . import addressed, tag_lists
from .addressed import Found
from .errors import ApiError, BadRequestError, NotFoundError
from .files import PICTURES, Sent, answer, header_safe, kind_of_file, with_safety

MONTH_S, HOUR_S, MINUTE_S = 30 * 86400, 3600, 60
#: They say how a file is sent and change nothing in it.
_SENDING = ("attachment", "immutable_cache")


@csrf_exempt
def deliver(request: HttpRequest, cloud_name: str, kind: str, rest: str) -> HttpResponseBase:
    return _delivered(request, cloud_name, f"{kind}/{rest}")


@csrf_exempt
def deliver_from_root(request: HttpRequest, cloud_name: str, rest: str) -> HttpResponseBase:
    """Deliver an uploaded picture by the shortest address; anything else is the site's own 404."""
    if not addressed.clouds().filter(name=cloud_name).exists():
        return _elsewhere(request)
    return _delivered(request, cloud_name, rest)


def _elsewhere(request: HttpRequest) -> HttpResponseBase:
    """Do as if there were no such address: add a slash where a page has one, else answer 404."""
    if settings.APPEND_SLASH and not request.path_info.endswith("/"):
        try:
            match = resolve(f"{request.path_info}/")
        except Resolver404:
            raise Http404 from None
        if match.func is not deliver_from_root and request.method in ("GET", "HEAD"):
            return redirect(request.get_full_path(force_append_slash=True), permanent=True)
    raise Http404


def _delivered(request: HttpRequest, cloud_name: str, path: str) -> HttpResponseBase:
    try:
        if request.method not in ("GET", "HEAD"):
            raise ApiError(f"Method {request.method} is not allowed here", status=405)
        return _answer(request, cloud_name, addresses.read(path))
    except (ApiError, AddressError, AssetError, ImageError, TransformationError) as error:
        return _refusal(error)


def _answer(request: HttpRequest, cloud_name: str, address: Address) -> HttpResponseBase:
    if address.type == "list":
        return _json(tag_lists.listed(cloud_name, address), f"public, max-age={MINUTE_S}")
    if address.type == "fetch":
        raise BadRequestError("Pictures of other sites are not delivered; upload them by address")
    found = addressed.find(request, cloud_name, address)
    if not access.is_deliverable(found.asset):
        raise NotFoundError.asset(found.asset.public_id)
    parsed = rendering.parsed_from(found.reading.transformation)
    if _is_original(found, parsed) and not _is_stripped(found):
        return _original(request, found, parsed)
    return _derived(request, found, parsed)


def _refusal(error: Exception) -> HttpResponseBase:
    """Return an answer with the reason in a header, where client libraries look for it."""
    response = HttpResponse(f"{error}\n", content_type="text/plain; charset=utf-8")
    response.status_code = _status(error)
    response["X-Cld-Error"] = header_safe(str(error))
    response["Cache-Control"] = "no-store"
    if response.status_code == 405:
        response["Allow"] = "GET, HEAD"
    if isinstance(error, BusyError):
        response["Retry-After"] = "5"
    return with_safety(response)


def _status(error: Exception) -> int:
    if isinstance(error, ApiError):
        return error.status
    statuses: dict[type[Exception], int] = {
        AddressError: 404,
        MissingError: 404,
        rendering.StrictError: 401,
        rendering.TooManyError: 420,
        BusyError: 503,
    }
    return statuses.get(type(error), 400)


def _json(body: Any, cache_control: str) -> HttpResponseBase:
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    response = HttpResponse(text, content_type="application/json; charset=utf-8")
    response["Cache-Control"] = cache_control
    return with_safety(response)


# --- The file itself --------------------------------------------------------------------------


def _is_original(found: Found, parsed: Transformation) -> bool:
    """True where nothing is changed: neither by a transformation nor by another format."""
    for component in parsed.components:
        keys = {key for key, _ in component.parameters} - {"fl", "d"}
        flags = {flag.partition(":")[0] for flag in component.flags} - set(_SENDING)
        if keys or flags or component.assignments or component.condition:
            return False
    format = (found.format or "").lower()
    return FORMAT_ALIASES.get(format, format) in ("", found.asset.format)


def _is_stripped(found: Found) -> bool:
    """True where a copy without metadata is sent in place of the file."""
    return access.came_in_the_browser(found.asset) and not found.is_signed


def _original(request: HttpRequest, found: Found, parsed: Transformation) -> HttpResponseBase:
    asset = found.asset
    is_open = _refuse_hidden(found, is_original=True)
    if asset.is_image and asset.format in PICTURES:
        kind, is_download = PICTURES[asset.format], False
    else:
        kind, is_download = _kind(asset)
    sent = Sent(
        open=partial(_opened, asset),
        size_bytes=asset.size_bytes,
        content_type=kind,
        etag=asset.etag or asset.version_id,
        modified_at=asset.uploaded_at.astimezone(UTC),
        cache_control=_caching(found, is_open),
        download_name=_download_name(found, parsed, asset.format, is_forced=is_download),
        own_headers=asset.headers,
    )
    try:
        return _counted(request, asset, sent)
    except FileNotFoundError as error:
        raise NotFoundError.asset(asset.public_id) from error


def _kind(asset: Asset) -> tuple[str, bool]:
    if asset.type == "sprite" and asset.public_id.endswith(".css"):
        return "text/css; charset=utf-8", False  # written by this site
    if asset.type == "sprite" and asset.public_id.endswith(".json"):
        return "application/json", False
    return kind_of_file(f"of.{asset.format}" if asset.is_image else asset.public_id)


def _opened(asset: Asset) -> IO[bytes]:
    if not asset.stored:
        raise FileNotFoundError(asset.public_id)
    return asset.stored.storage.open(asset.stored.name or "", "rb")


def _refuse_hidden(found: Found, *, is_original: bool) -> bool:
    """Return whether everyone may have it. Raises NotFoundError for what has to be signed."""
    is_open = access.is_open(found.asset, is_original=is_original)
    if not is_open and not found.is_signed:
        raise NotFoundError.asset(found.asset.public_id)
    return is_open


def _caching(found: Found, is_open: bool) -> str:
    """Tell how long it may be kept: for ever where the address has the very version."""
    if not is_open:
        return f"private, max-age={HOUR_S}"
    if found.is_stand_in:
        return f"public, max-age={MINUTE_S}"
    is_version = found.reading.version == found.asset.version
    if is_version:  # shared caches ask again, because a photo may be hidden
        return f"public, max-age={MONTH_S}, s-maxage={HOUR_S}, immutable"
    return f"public, max-age={HOUR_S}"


def _download_name(found: Found, parsed: Transformation, format: str, *, is_forced: bool) -> str:
    """Return the name to be saved under; "" for what may be shown."""
    flags = [flag for flag in parsed.flags if flag.partition(":")[0] == "attachment"]
    if not flags and not is_forced:
        return ""
    asked = max(flag.partition(":")[2] for flag in flags) if flags else ""
    name = asked or found.asset.filename
    extension = format if found.asset.is_image else ""
    if not found.asset.is_image and asked:
        extension = found.asset.filename.rpartition(".")[2] if "." in found.asset.filename else ""
    has_it = not extension or name.lower().endswith(f".{extension.lower()}")
    return name if has_it else f"{name}.{extension}"


def _counted(request: HttpRequest, asset: Asset, sent: Sent) -> HttpResponseBase:
    response = answer(request, sent)
    if response.status_code in (200, 206) and request.method == "GET":
        usage.count(asset.cloud_id, bandwidth_bytes=int(response["Content-Length"]))
    return response


# --- What is made of it -----------------------------------------------------------------------


def _derived(request: HttpRequest, found: Found, parsed: Transformation) -> HttpResponseBase:
    if not found.asset.is_image:
        raise BadRequestError("Files that are no pictures are delivered as they are")
    is_open = _refuse_hidden(found, is_original=False)
    wanted = rendering.wish(
        found.asset, found.reading.transformation, parsed=parsed, format=found.format,
        accept=request.META.get("HTTP_ACCEPT", ""), is_signed=found.is_signed,
    )  # fmt: skip
    count = partial(addressed.count, request, is_signed=found.is_signed)
    caching = _caching(found, is_open)
    if (told := rendering.told(wanted, before=count)) is not None:
        return _json(told, caching)
    derived = rendering.find(wanted)
    if derived is None:
        count()
        derived = rendering.make(wanted)
    try:
        return _sent(request, found, wanted, derived, caching)
    except FileNotFoundError:
        return _sent(request, found, wanted, rendering.made_anew(wanted, derived), caching)


def _sent(
    request: HttpRequest, found: Found, wanted: rendering.Wish, derived: Derived, caching: str
) -> HttpResponseBase:
    is_forced = derived.content_type not in PICTURES.values()
    name = _download_name(found, wanted.whole, derived.format, is_forced=is_forced)
    sent = Sent(
        open=partial(derived.file.storage.open, derived.file.name or "", "rb"),
        size_bytes=derived.size_bytes,
        content_type=derived.content_type,
        etag=derived.etag,
        modified_at=derived.created_at.astimezone(UTC),
        cache_control=caching,
        download_name=name,
        own_headers=found.asset.headers,
        vary="Accept" if wanted.depends_on_accept else "",
    )
    return _counted(request, found.asset, sent)
