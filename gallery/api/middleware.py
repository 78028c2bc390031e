"""Lets pictures by their addresses past all that pages need: sessions, forms, people."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.urls import Resolver404, resolve

from . import delivery

_LIKELY = re.compile(r"/[^/]+/(?:image|raw|video|iu|images|files)/.")


class DeliveryMiddleware:
    """Answers requests for delivered files itself; it comes before what only pages need."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not _LIKELY.match(request.path_info):
            return self.get_response(request)
        try:
            match = resolve(request.path_info)
        except Resolver404:
            return self.get_response(request)
        if match.func is not delivery.deliver:
            return self.get_response(request)
        return delivery.deliver(request, **match.kwargs)
