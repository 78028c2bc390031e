"""Pictures by their addresses, made on the way where need be."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponseBase

from .errors import NotFoundError


def deliver(request: HttpRequest, cloud_name: str, **kwargs: Any) -> HttpResponseBase:
    raise NotFoundError


def deliver_from_root(request: HttpRequest, cloud_name: str, **kwargs: Any) -> HttpResponseBase:
    raise NotFoundError
