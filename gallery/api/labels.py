"""Tags, context and metadata of many assets at once, and all tags of a cloud."""

from __future__ import annotations

from typing import Any

from .doors import Answer, Call
from .errors import NotFoundError


def change_context(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError


def change_metadata(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError


def change_tags(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError


def tags(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError
