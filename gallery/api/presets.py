"""The Admin API's upload presets and mappings."""

from __future__ import annotations

from typing import Any

from .doors import Answer, Call
from .errors import NotFoundError

MAPPINGS: dict[str, Any] = {}


def create(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError


def delete(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError


def detail(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError


def listing(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError


def update(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError
