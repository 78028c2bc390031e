"""The Admin API's notification triggers."""

from __future__ import annotations

from typing import Any

from .doors import Answer, Call
from .errors import NotFoundError


def create(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError


def delete(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError


def listing(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError


def update(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError
