"""How a cloud stands: ping, usage, configuration."""

from __future__ import annotations

from typing import Any

from .doors import Answer, Call
from .errors import NotFoundError


def config(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError


def ping(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError


def usage(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError
