"""Who asks: signatures, HTTP Basic, and presets that need neither."""

from __future__ import annotations

import base64
import binascii
import hashlib
import itertools
import time
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from ..models import ApiKey, Cloud, UploadPreset
from .errors import BadRequestError, UnauthorizedError
from .params import Params

#: So old may a signed request be, and so far may the caller's clock be ahead, in seconds.
MAX_AGE_S, MAX_AHEAD_S = 3600, 3600
_UNSIGNED = {"file", "cloud_name", "resource_type", "api_key", "signature"}
_HASHES = {40: hashlib.sha1, 64: hashlib.sha256}
#: A key's last use is noted no more often than this.
_NOTE_USE = timedelta(minutes=10)


# --- Signatures -------------------------------------------------------------------------------


def string_to_sign(sent: list[tuple[str, str]], *, version: int) -> str:
    """Return what is signed of the parameters of a request, without the secret.

    Version 2 writes ``&`` within a value as ``%26``, so that no value passes for two parameters.
    Source: the vendor's documentation of authentication signatures.
    """
    joined: dict[str, list[str]] = {}
    for name, value in sent:
        if name not in _UNSIGNED:
            joined.setdefault(name, []).append(value)
    pairs = [f"{name}={','.join(values)}" for name, values in joined.items() if "".join(values)]
    if version > 1:
        pairs = [pair.replace("&", "%26") for pair in pairs]
    return "&".join(sorted(pairs))


def signature_of(to_sign: str, secret: str, *, algorithm: str = "sha1") -> str:
    return hashlib.new(algorithm, (to_sign + secret).encode()).hexdigest()


def answer_signature(public_id: str, version: int, secret: str) -> str:
    """Sign an answer, by which a caller's own browser can prove what it uploaded."""
    return signature_of(f"public_id={public_id}&version={version}", secret)


#: One client library does not sign these where it changes labels.
_MAYBE_UNSIGNED = ("notification_url", "batch_id")


def check_signature(
    sent: list[tuple[str, str]], signature: str, key: ApiKey, *, is_label: bool = False
) -> None:
    """Raise UnauthorizedError unless a request is signed with this key's secret.

    ``is_label``: it only changes tags, context or metadata.
    """
    versions = (2, 1) if key.cloud.takes_first_signatures else (2,)
    forms = [sent]
    if is_label:
        forms.append([one for one in sent if one[0] not in _MAYBE_UNSIGNED])
    secret, algorithm = key.secret, _HASHES.get(len(signature))
    if algorithm and secret:
        for version, form in itertools.product(versions, forms):
            signed = string_to_sign(form, version=version) + secret
            if constant_time_compare(algorithm(signed.encode()).hexdigest(), signature.lower()):
                return
    wanted = string_to_sign(sent, version=2)
    raise UnauthorizedError(f"Invalid Signature {signature[:200]}. String to sign - '{wanted}'.")


def check_timestamp(params: Params) -> None:
    """Raise BadRequestError for a request that is old, or from the future."""
    text = params.text("timestamp")
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise BadRequestError("Missing required parameter - timestamp")
    reported, now = int(text), int(time.time())
    if reported < now - MAX_AGE_S:
        said = _as_date(reported)
        raise BadRequestError(
            f"Stale request - reported time is {said} which is more than 1 hour ago"
        )
    if reported > now + MAX_AHEAD_S:
        raise BadRequestError(f"Invalid timestamp - {text} is in the future")


def _as_date(seconds: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds))


# --- Keys -------------------------------------------------------------------------------------


def cloud_named(name: str) -> Cloud:
    """Return a cloud by its name, in whatever case: some client libraries write it in lower."""
    clouds = Cloud.objects.select_related("owner").filter(owner__is_active=True)
    if len(name) > 100 or not name.isprintable():
        raise UnauthorizedError("Invalid cloud_name")
    cloud = clouds.filter(name__iexact=name).first()
    if cloud is None:
        raise UnauthorizedError(f"Invalid cloud_name {name}")
    return cloud


def signed_key(cloud: Cloud, params: Params, *, is_label: bool = False) -> ApiKey:
    """Return the key that a signed request comes with. Raises ApiError."""
    name = params.text("api_key")
    if not name:
        raise BadRequestError("Missing required parameter - api_key")
    key = _active(cloud, name)
    if key is None:
        raise UnauthorizedError(f"Invalid api_key {name[:100]}")
    check_signature(params.sent, params.text("signature"), key, is_label=is_label)
    check_timestamp(params)
    params.drop_unsigned()
    return key


def basic_key(request: HttpRequest, cloud: Cloud) -> ApiKey | None:
    """Return the key of HTTP Basic credentials; None when there are none.

    Both alphabets of base64 are read: one client library writes the one for URLs. Raises
    UnauthorizedError.
    """
    scheme, _, credentials = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if not scheme:
        return None
    if scheme.lower() != "basic":
        raise UnauthorizedError(f"Authorization by {scheme[:20]} is not supported; use Basic")
    name, _, secret = _decoded(credentials).partition(":")
    key = _active(cloud, name)
    if key is None:
        raise UnauthorizedError("unknown api_key")
    expected = key.secret
    if not expected or not constant_time_compare(expected, secret):
        raise UnauthorizedError("api_secret mismatch")
    return key


def _decoded(credentials: str) -> str:
    text = credentials.strip().translate(str.maketrans("-_", "+/"))
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True).decode()
    except (binascii.Error, ValueError):
        return ""


def _active(cloud: Cloud, name: str) -> ApiKey | None:
    if not name.isprintable():
        return None
    key = ApiKey.objects.active().filter(cloud=cloud, key=name[:100]).first()
    if key is not None:
        key.cloud = cloud
    return key


def note_use(key: ApiKey) -> None:
    now = timezone.now()
    if key.last_used_at is None or key.last_used_at < now - _NOTE_USE:
        unnoted = Q(last_used_at=None) | Q(last_used_at__lt=now - _NOTE_USE)
        ApiKey.objects.filter(unnoted, pk=key.pk).update(last_used_at=now)


# --- Without a signature ----------------------------------------------------------------------

#: All that may be asked without a signature.
ALLOWED_UNSIGNED = frozenset({
    "upload_preset", "public_id", "public_id_prefix", "folder", "asset_folder", "tags",
    "context", "metadata", "face_coordinates", "custom_coordinates", "regions", "source",
    "filename_override", "callback", "resource_type", "api_key", "timestamp", "file",
    "cloud_name",
})  # fmt: skip


def unsigned_preset(cloud: Cloud, params: Params) -> UploadPreset:
    """Return the preset that an unsigned upload names. Raises ApiError."""
    name = params.text("upload_preset")
    if not name:
        raise BadRequestError("Upload preset must be specified when using unsigned upload")
    preset = UploadPreset.objects.filter(cloud=cloud, name=name).first()
    if preset is None:
        raise BadRequestError("Upload preset not found")
    if not preset.unsigned:
        raise BadRequestError("Upload preset must be whitelisted for unsigned uploads")
    for parameter in params.values:
        if parameter not in ALLOWED_UNSIGNED:
            shown = parameter.replace("_", " ").capitalize()[:100]
            raise BadRequestError(
                f"{shown} parameter is not allowed when using unsigned upload. Only "
                f"{', '.join(sorted(ALLOWED_UNSIGNED))} are allowed."
            )
    return preset


#: What presets say of themselves.
_OF_PRESETS = frozenset(["disallow_public_id", "live"])


def merged(settings: dict[str, Any], params: Params, *, is_unsigned: bool) -> None:
    """Complete a request by what its preset says.

    What has one value is the preset's when unsigned, and the request's when signed; tags, context
    and metadata of both count. Raises BadRequestError for a name that the preset does not let
    callers give.
    """
    if settings.get("disallow_public_id") and "public_id" in params:
        raise BadRequestError("public_id is not allowed when using this upload preset")
    for name, value in settings.items():
        if name in _OF_PRESETS:
            continue
        if name in ("tags", "context", "metadata") and name in params:
            _join(name, value, params)
        elif is_unsigned or name not in params:
            params.values[name] = value


def _join(name: str, value: Any, params: Params) -> None:
    both = Params(values={name: value})
    if name == "tags":
        params.values[name] = [*both.words(name), *params.words(name)]
    else:
        params.values[name] = both.pairs(name) | params.pairs(name)
