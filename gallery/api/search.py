"""The Search API."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponseBase

from .doors import Answer, Call
from .errors import NotFoundError


def by_address(request: HttpRequest, cloud_name: str, **kwargs: Any) -> HttpResponseBase:
    raise NotFoundError


def search(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError


def visual(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError
