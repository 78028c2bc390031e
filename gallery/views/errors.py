"""Pages for what went wrong."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "gallery/not_found.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer without the database or the session: one of them may be what broke."""
    return HttpResponse(_SERVER_ERROR, status=500)


_SERVER_ERROR = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Something broke · photolib</title>
<h1>Something broke here.</h1>
<p>It is not your doing, and the site's log says what it was. Nothing you had stored is lost.</p>
<p><a href="/">Back to the photos</a></p>
</html>
"""
