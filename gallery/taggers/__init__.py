"""Taggers: `get_tagger` makes the one that an alias in the settings names."""

from __future__ import annotations

from functools import cache

from django.conf import settings
from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from .base import Tagger, TaggerError


@cache
def get_tagger(alias: str) -> Tagger:
    """Return this process's tagger for an alias of ``settings.TAGGERS``. Raises TaggerError."""
    try:
        configured = settings.TAGGERS[alias]
    except KeyError:
        raise TaggerError(
            f"This site has no tagger called “{alias}” any more.", permanent=True
        ) from None
    tagger: Tagger = import_string(configured["BACKEND"])(**configured.get("OPTIONS", {}))
    return tagger


def _forget_taggers(*, setting: str, **kwargs: object) -> None:
    if setting == "TAGGERS":
        get_tagger.cache_clear()


setting_changed.connect(_forget_taggers)
