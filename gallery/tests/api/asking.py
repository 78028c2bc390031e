"""Asks the API as client libraries do."""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from gallery.api.auth import signature_of, string_to_sign
from gallery.models import ApiKey, Cloud


def key_of(cloud: Cloud) -> ApiKey:
    """Return the cloud's key; `make_cloud` gives it one."""
    return cloud.keys.order_by("pk")[0]


def basic(key: str, secret: str, *, alphabet: str = "plain") -> str:
    """Return an Authorization header's value; ``alphabet`` may be ``url``."""
    encode = base64.urlsafe_b64encode if alphabet == "url" else base64.b64encode
    return "Basic " + encode(f"{key}:{secret}".encode()).decode()


def auth_of(cloud: Cloud) -> str:
    key = key_of(cloud)
    return basic(key.key, key.secret)


def sign(
    params: Mapping[str, Any], secret: str, *, version: int = 2, algorithm: str = "sha1"
) -> str:
    """Return the signature of parameters; lists are sent as arrays."""
    sent = [
        (name.split("[")[0], str(one))
        for name, value in params.items()
        for one in (value if isinstance(value, list) else [value])
    ]
    return signature_of(string_to_sign(sent, version=version), secret, algorithm=algorithm)


def signed(cloud: Cloud, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters with what makes them a signed request; lists become ``name[]``."""
    key = key_of(cloud)
    arrays = {f"{name}[]" if isinstance(v, list) else name: v for name, v in params.items()}
    stamped = {"timestamp": str(int(time.time()))} | arrays
    return stamped | {"signature": sign(stamped, key.secret), "api_key": key.key}


def post(
    client: Client,
    cloud: Cloud,
    path: str,
    *,
    content: Any = None,
    name: Any = "photo.jpg",
    http_headers: Any = None,
    **params: Any,
) -> Any:
    """Post a signed form to ``/v1_1/CLOUD/path``, with a file when there is ``content``."""
    fields = signed(cloud, params)
    if content is not None:
        fields["file"] = SimpleUploadedFile(name, content)
    return client.post(f"/v1_1/{cloud.name}/{path}", fields, headers=dict(http_headers or {}))


def ask(client: Client, cloud: Cloud, method: str, path: str, **params: Any) -> Any:
    """Ask the Admin API: the query for GET, a JSON body for all else."""
    send = getattr(client, method.lower())
    headers = {"Authorization": auth_of(cloud)}
    url = f"/v1_1/{cloud.name}/{path}"
    if method.upper() == "GET":
        arrays = {f"{name}[]" if isinstance(v, list) else name: v for name, v in params.items()}
        return send(url, arrays, headers=headers)
    return send(url, params, content_type="application/json", headers=headers)
