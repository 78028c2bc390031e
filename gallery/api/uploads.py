"""The Upload API: upload, explicit, rename, destroy."""

from __future__ import annotations

from typing import Any

from .doors import Answer, Call
from .errors import NotFoundError


def delete_by_token(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError


def destroy(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError


def explicit(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError


def rename(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError


def upload(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError
