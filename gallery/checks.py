"""Refuses bad configuration at start-up, with ids and hints."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from limits import parse

from .taggers import get_tagger, make_tagger, read_terms
from .taggers.base import TaggerError


@register()
def taggers_can_be_made(**kwargs: Any) -> list[CheckMessage]:
    return [
        Error(
            f"The tagger “{alias}” cannot be made: {error}",
            hint='PHOTOLIB_TAGGERS is JSON: {"alias": {"BACKEND": "module.Class", "OPTIONS": {}}}',
            id="gallery.E001",
        )
        for alias, configured in settings.TAGGERS.items()
        if (error := _cannot_be_made(configured))
    ]


def _cannot_be_made(configured: Any) -> str:
    try:
        read_terms(configured, make_tagger(configured))
    except (ImportError, KeyError, TypeError, ValueError, AttributeError) as error:
        return repr(error)
    return ""


@register()
def taggers_have_what_they_need(**kwargs: Any) -> list[CheckMessage]:
    """A broken vocabulary or heads file is found here and not by the first photo."""
    return [
        Error(f"The tagger “{alias}”: {error}", id="gallery.E004")
        for alias, configured in settings.TAGGERS.items()
        if not _cannot_be_made(configured) and (error := _lacks(alias))
    ]


def _lacks(alias: str) -> str:
    try:
        get_tagger(alias).check()
    except TaggerError as error:
        return str(error)
    return ""


@register()
def default_taggers_exist(**kwargs: Any) -> list[CheckMessage]:
    return [
        Error(
            f"PHOTOLIB_DEFAULT_TAGGERS names “{alias}”, which PHOTOLIB_TAGGERS does not have.",
            hint=f"There are: {', '.join(settings.TAGGERS)}",
            id="gallery.E002",
        )
        for alias in settings.DEFAULT_TAGGERS
        if alias not in settings.TAGGERS
    ]


@register()
def rates_can_be_read(**kwargs: Any) -> list[CheckMessage]:
    return [
        Error(
            f"The rate limit for “{deed}” is “{rate}”, which is no rate.",
            hint="Write it as in “10 per 5 minutes”; empty means no limit.",
            id="gallery.E003",
        )
        for deed, rate in settings.RATE_LIMITS.items()
        if rate and not _is_rate(rate)
    ]


def _is_rate(text: str) -> bool:
    try:
        parse(text)
    except ValueError:
        return False
    return True
