"""Pictures made of texts and of many pictures: text, sprite, multi, explode."""

from __future__ import annotations

from typing import Any

from .doors import Answer, Call
from .errors import NotFoundError


def explode(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError


def multi(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError


def sprite(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError


def text(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError
