"""The doors of the API: who may come in, how often, and how an answer or a refusal is worded."""

from __future__ import annotations

import functools
import json
import logging
import re
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from .. import throttle
from ..assets.errors import AssetError, MissingError, TakenError
from ..assets.usage import note_request
from ..imaging.errors import ImageError
from ..models import ApiKey, Cloud, UploadPreset
from ..transformations import TransformationError
from . import auth
from .errors import (
    AlreadyExistsError,
    ApiError,
    BadRequestError,
    NotFoundError,
    RateLimitedError,
    UnauthorizedError,
)
from .files import header_safe
from .params import Params, read, read_to_end

logger = logging.getLogger(__name__)

Answer = Mapping[str, Any] | HttpResponseBase
_UPLOAD_STATUSES = {403: 400, 409: 400}


@dataclass(slots=True)
class Call:
    """One request of a program that was let in.

    ``key`` is None for an unsigned upload, whose ``preset`` is given then; `params` has what the
    preset brings. ``base_url`` and ``secure_base_url`` are where the site delivers, no slash at
    the end; ``site`` has the latter for work that is done when the request is long over, and
    ``batch_id`` what whoever asked knows that work by.
    """

    request: HttpRequest
    cloud: Cloud
    params: Params
    key: ApiKey | None = None
    preset: UploadPreset | None = None
    site: str = ""
    batch_id: str = ""
    request_id: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def is_signed(self) -> bool:
        return self.key is not None

    @property
    def by(self) -> str:
        """Who asks, as text that no other caller of the cloud has."""
        if self.key is not None:
            return f"key {self.key.pk}"
        assert self.preset is not None  # nobody else is let in
        return f"preset {self.preset.pk}"

    @property
    def base_url(self) -> str:
        return re.sub(r"^https:", "http:", self.secure_base_url)

    @property
    def secure_base_url(self) -> str:
        if settings.SITE_URL:
            return str(settings.SITE_URL).rstrip("/")
        if self.site:
            return self.site
        return f"{self.request.scheme}://{self.request.get_host()}"

    @property
    def hosts(self) -> tuple[str, ...]:
        """The site's own names in addresses, each with its port if it has one."""
        return (urlsplit(self.secure_base_url).netloc,)


Handler = Callable[..., Answer]

#: What handlers raise to refuse what is asked.
REFUSALS = (ApiError, AssetError, ImageError, TransformationError)


def as_api_error(error: Exception) -> ApiError:
    """Say with the API's own errors what a verb or a tool refuses."""
    if isinstance(error, ApiError):
        return error
    if isinstance(error, MissingError):
        return NotFoundError(str(error))
    if isinstance(error, TakenError):
        return AlreadyExistsError(str(error))
    return BadRequestError(str(error))


def upload_door(handler: Handler) -> Callable[..., HttpResponseBase]:
    """Let in signed requests, HTTP Basic, and uploads with an unsigned preset."""

    @csrf_exempt
    @functools.wraps(handler)
    def door(request: HttpRequest, cloud_name: str, **kwargs: Any) -> HttpResponseBase:
        if request.method == "OPTIONS":
            return _with_headers(HttpResponse(), uuid.uuid4().hex)
        return _answered(
            request, cloud_name, handler, kwargs, enter=_enter_upload, deed="api-upload"
        )

    return door


def admin_door(handler: Handler) -> Callable[..., HttpResponseBase]:
    """Let in HTTP Basic alone."""

    @csrf_exempt
    @functools.wraps(handler)
    def door(request: HttpRequest, cloud_name: str, **kwargs: Any) -> HttpResponseBase:
        return _answered(request, cloud_name, handler, kwargs, enter=_enter_admin, deed="api-admin")

    return door


def open_door(handler: Handler) -> Callable[..., HttpResponseBase]:
    """Let in anybody: what is asked shows that it may be, as a delete token does."""

    @csrf_exempt
    @functools.wraps(handler)
    def door(request: HttpRequest, cloud_name: str, **kwargs: Any) -> HttpResponseBase:
        if request.method == "OPTIONS":
            return _with_headers(HttpResponse(), uuid.uuid4().hex)
        return _answered(request, cloud_name, handler, kwargs, enter=_enter_open, deed="api-open")

    return door


def by_method(**handlers: Handler) -> Handler:
    """Choose a handler by the method of a request: ``by_method(GET=read, POST=change)``."""

    def chosen(call: Call, **kwargs: Any) -> Answer:
        handler = handlers.get(str(call.request.method))
        if handler is None:
            raise ApiError(f"Method {call.request.method} is not allowed here", status=405)
        return handler(call, **kwargs)

    return chosen


@csrf_exempt
def no_such_route(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
    read_to_end(request)
    return _refusal(NotFoundError(f"There is no {request.path}"), uuid.uuid4().hex)


# --- Coming in --------------------------------------------------------------------------------


def _enter_upload(request: HttpRequest, cloud: Cloud) -> Call:
    params = read(request)
    if "signature" in params:
        return _with_preset(
            Call(request, cloud, params, key=_signed_or_basic(request, cloud, params))
        )
    is_upload = request.path.endswith("/upload")
    if is_upload and "upload_preset" in params and (preset := _open_preset(cloud, params)):
        auth.merged(preset.settings, params, is_unsigned=True)
        params.values["overwrite"] = "false"
        return Call(request, cloud, params, preset=preset)
    found = auth.basic_key(request, cloud)
    if found is not None:
        return _with_preset(Call(request, cloud, params, key=found))
    if "api_key" in params:
        raise BadRequestError("Missing required parameter - signature")
    if not is_upload:
        raise UnauthorizedError("Missing required parameter - signature")
    auth.unsigned_preset(cloud, params)  # says what is missing
    raise UnauthorizedError("Missing required parameter - api_key")


def _signed_or_basic(request: HttpRequest, cloud: Cloud, params: Params) -> ApiKey:
    """Return the key of a signature; where that is no good, of HTTP Basic that is."""
    is_label = request.path.endswith(("/tags", "/context", "/metadata"))
    try:
        return auth.signed_key(cloud, params, is_label=is_label)
    except ApiError as refusal:
        with suppress(UnauthorizedError):
            if key := auth.basic_key(request, cloud):
                return key
        raise refusal


def _open_preset(cloud: Cloud, params: Params) -> UploadPreset | None:
    """Return the unsigned preset that is named; None for one that needs a signature."""
    preset = UploadPreset.objects.filter(cloud=cloud, name=params.text("upload_preset")).first()
    if preset is None or not preset.unsigned:
        return None
    return auth.unsigned_preset(cloud, params)


def _with_preset(call: Call) -> Call:
    if name := call.params.text("upload_preset"):
        preset = UploadPreset.objects.filter(cloud=call.cloud, name=name).first()
        if preset is None:
            raise BadRequestError("Upload preset not found")
        auth.merged(preset.settings, call.params, is_unsigned=False)
    return call


def _enter_admin(request: HttpRequest, cloud: Cloud) -> Call:
    key = auth.basic_key(request, cloud)
    if key is None:
        raise UnauthorizedError("Missing credentials - use HTTP Basic with api_key and api_secret")
    return Call(request, cloud, read(request), key=key)


def _enter_open(request: HttpRequest, cloud: Cloud) -> Call:
    return Call(request, cloud, read(request))


# --- Answering --------------------------------------------------------------------------------


def _answered(
    request: HttpRequest,
    cloud_name: str,
    handler: Handler,
    kwargs: dict[str, Any],
    *,
    enter: Callable[[HttpRequest, Cloud], Call],
    deed: str,
) -> HttpResponseBase:
    request_id, who, call = uuid.uuid4().hex, "", None
    try:
        if "\0" in request.path:
            raise BadRequestError("An address has a character in it that no text has")
        cloud = auth.cloud_named(cloud_name)
        call = enter(request, cloud)
        call.request_id = request_id
        who = _counted_as(call)
        _count(call, deed, who)
        answer = _json(handler(call, **kwargs))
    except REFUSALS as error:
        read_to_end(request)
        answer = _refusal(as_api_error(error), request_id, is_upload=deed != "api-admin")
    except Exception:
        logger.exception("A request of the API broke off: %s %s", request.method, request.path)
        answer = _refusal(ApiError("General Error", status=500), request_id)
    finally:
        if call is not None:
            call.params.close()
    if deed == "api-admin":
        _tell_limits(answer, deed, who)
    return _with_headers(answer, request_id)


def _counted_as(call: Call) -> str:
    return f"key {call.key.pk}" if call.key else throttle.client_address(call.request)


def _count(call: Call, deed: str, who: str) -> None:
    if not throttle.allows_hourly(deed, who):
        window = throttle.window(deed, who)
        until = datetime.fromtimestamp(window.reset_at, UTC)
        raise RateLimitedError(
            f"Rate Limit Exceeded. Limit of {window.limit} api operations reached. "
            f"Try again on {until:%Y-%m-%d %H:%M:%S} UTC"
        )
    if call.key is not None:
        auth.note_use(call.key)
    note_request(call.cloud)


def _json(answer: Answer) -> HttpResponseBase:
    if isinstance(answer, HttpResponseBase):
        return answer
    body = json.dumps(answer, ensure_ascii=False, separators=(",", ":"), default=str)
    return HttpResponse(body, content_type="application/json; charset=utf-8")


def _refusal(error: ApiError, request_id: str, *, is_upload: bool = False) -> HttpResponseBase:
    message, status = str(error), error.status
    if is_upload:
        status = _UPLOAD_STATUSES.get(status, status)
    answer = _json({"error": {"message": message}})
    answer.status_code = status
    answer["X-Cld-Error"] = header_safe(message)
    if status == 401:
        answer["WWW-Authenticate"] = 'Basic realm="photolib"'
    return _with_headers(answer, request_id)


def _tell_limits(answer: HttpResponseBase, deed: str, who: str) -> None:
    window = throttle.window(deed, who)
    answer["X-FeatureRateLimit-Limit"] = str(window.limit)
    answer["X-FeatureRateLimit-Remaining"] = str(max(window.remaining, 0))
    reset_at = datetime.fromtimestamp(window.reset_at, UTC)
    answer["X-FeatureRateLimit-Reset"] = format_datetime(reset_at, usegmt=True)


def _with_headers(answer: HttpResponseBase, request_id: str) -> HttpResponseBase:
    answer["X-Request-Id"] = request_id
    answer["Cache-Control"] = answer.get("Cache-Control", "no-store")
    answer["Access-Control-Allow-Origin"] = "*"
    answer["Access-Control-Allow-Methods"] = "GET, POST, PUT, DELETE, OPTIONS"
    answer["Access-Control-Allow-Headers"] = (
        "X-Unique-Upload-Id, Content-Range, X-Requested-With, Cache-Control, Content-Type, "
        "Authorization"
    )
    answer["Access-Control-Expose-Headers"] = "X-Cld-Error, X-Request-Id"
    answer["Access-Control-Max-Age"] = str(int(timedelta(days=1).total_seconds()))
    return answer
