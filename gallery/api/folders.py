"""The Admin API's folders."""

from __future__ import annotations

from typing import Any

from .doors import Answer, Call
from .errors import NotFoundError


def children(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError


def create(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError


def delete(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError


def move(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError


def root(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError


def search(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError
