"""The Admin API's structured metadata fields."""

from __future__ import annotations

from typing import Any

from .doors import Answer, Call
from .errors import NotFoundError


def create(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError


def delete(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError


def delete_entries(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError


def detail(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError


def listing(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError


def order(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError


def order_entries(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError


def restore_entries(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError


def update(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError


def update_datasource(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError
