"""Refuses bad configuration at start-up, with ids and hints."""

from __future__ import annotations

from collections.abc import Collection
from importlib.util import find_spec
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connection
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
def add_ons_have_taggers(**kwargs: Any) -> list[CheckMessage]:
    if not isinstance(settings.ADD_ONS, dict):
        return [_no_add_ons("is no mapping of add-ons to taggers")]
    return [
        _no_add_ons(f"gives “{add_on}” to “{tagger}”, which PHOTOLIB_TAGGERS does not have")
        for add_on, tagger in settings.ADD_ONS.items()
        if not isinstance(tagger, str) or tagger not in settings.TAGGERS
    ]


def _no_add_ons(why: str) -> CheckMessage:
    there = ", ".join(settings.TAGGERS)
    hint = f'It is JSON: {{"imagga_tagging": "alias of a tagger"}}. There are: {there}'
    return Error(f"PHOTOLIB_ADD_ONS {why}.", hint=hint, id="gallery.E006")


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


@register()
def vectors_can_be_kept(**kwargs: Any) -> list[CheckMessage]:
    if settings.VECTORS != "pgvector":
        return []
    if connection.vendor != "postgresql":
        return [_no_pgvector("DATABASE_URL names no PostgreSQL")]
    if find_spec("pgvector") is None:
        return [_no_pgvector("what requirements-pgvector.txt names is not installed")]
    return []


@register(Tags.database)
def database_has_pgvector(databases: Collection[str] | None, **kwargs: Any) -> list[CheckMessage]:
    """Django asks this where a database is named, as `prepare` does."""
    if settings.VECTORS != "pgvector" or connection.vendor != "postgresql" or not databases:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_HAS_PGVECTOR)
        is_there, may_be_made = cursor.fetchone()
    if is_there is None:
        return [_no_pgvector("the server has no such extension installed")]
    if not (is_there or may_be_made):
        return [_no_pgvector("an administrator has yet to say CREATE EXTENSION vector there")]
    return []


_HAS_PGVECTOR = """
    SELECT bool_or(installed),
           bool_or(trusted OR NOT superuser OR current_setting('is_superuser')::boolean)
    FROM pg_available_extension_versions WHERE name = 'vector'
"""


def _no_pgvector(why: str) -> CheckMessage:
    return Error(f"PHOTOLIB_VECTORS is pgvector, but {why}.", id="gallery.E005")
