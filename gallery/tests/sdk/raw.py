"""Requests as the vendor's other client libraries write them."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

#: Never signed. Source: the vendor's documentation of authentication signatures.
_NOT_SIGNED = {"file", "cloud_name", "resource_type", "api_key", "signature"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}

Fields = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True)
class Program:
    """A client of one cloud that has its key and no library."""

    client: httpx.Client
    cloud: str
    key: str
    secret: str

    def ask(self, method: str, path: str, *, status: int = 200, **request: Any) -> dict[str, Any]:
        """Ask, and return the JSON object of the answer, which must be of this status."""
        answer = self.client.request(method, f"/v1_1/{self.cloud}{path}", **request)
        assert answer.status_code == status, answer.text
        assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
        told = answer.json()
        assert isinstance(told, dict)
        assert ("error" in told) == (status != 200)
        return told

    def signed(
        self, fields: Fields, *, version: int = 2, algorithm: str = "sha1"
    ) -> dict[str, str | Sequence[str]]:
        """Return fields with the time, the key and the signature of them all."""
        stamped = {"timestamp": str(int(time.time())), **fields}
        pairs = []
        for name, value in stamped.items():
            text = value if isinstance(value, str) else ",".join(value)
            if text and name not in _NOT_SIGNED:
                pair = f"{name}={text}"
                pairs.append(pair.replace("&", "%26") if version == 2 else pair)
        to_sign = "&".join(sorted(pairs)) + self.secret
        signature = hashlib.new(algorithm, to_sign.encode()).hexdigest()
        return {**stamped, "api_key": self.key, "signature": signature}

    def basic(self, *, for_urls: bool = False, secret: str = "") -> dict[str, str]:
        """Return the header of HTTP Basic; ``for_urls``: in the alphabet that Ruby writes."""
        pair = f"{self.key}:{secret or self.secret}".encode()
        encode = base64.urlsafe_b64encode if for_urls else base64.b64encode
        return {"Authorization": f"Basic {encode(pair).decode()}"}


def bracketed(fields: Fields) -> dict[str, str | Sequence[str]]:
    """Write arrays as ``name[]``, as Ruby and Java do."""
    return {
        name if isinstance(value, str) else f"{name}[]": value for name, value in fields.items()
    }


def numbered(fields: Fields) -> dict[str, str]:
    """Write arrays as ``name[0]``, ``name[1]``, as PHP and Go do."""
    flat = {}
    for name, value in fields.items():
        if isinstance(value, str):
            flat[name] = value
        else:
            flat |= {f"{name}[{at}]": one for at, one in enumerate(value)}
    return flat


def multipart(
    fields: Fields, *, file: bytes | None = None, filename: bytes = b"koala.jpg"
) -> tuple[bytes, dict[str, str]]:
    """Return a body written by hand, whose file name may be any bytes, and its header."""
    parts = [
        f'Content-Disposition: form-data; name="{name}"\r\n\r\n{one}\r\n'.encode()
        for name, value in fields.items()
        for one in ([value] if isinstance(value, str) else value)
    ]
    if file is not None:
        head = b'Content-Disposition: form-data; name="file"; filename="' + filename + b'"'
        parts.append(head + b"\r\nContent-Type: application/octet-stream\r\n\r\n" + file + b"\r\n")
    body = b"".join(b"--edge\r\n" + part for part in parts) + b"--edge--\r\n"
    return body, {"Content-Type": "multipart/form-data; boundary=edge"}
