"""Taggers: `get_tagger` makes the one that an alias in the settings names."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from .base import AnyTagger, TaggerError

#: Parts of names of options whose values are nobody's business.
_SECRETS = ("key", "secret", "token", "password", "auth")


@dataclass(frozen=True, slots=True)
class Terms:
    """What the site allows a tagger, and how far it believes it.

    ``concurrency``: on how many photos it may be at work at once, over all workers; None: no
    limit. ``monthly_photos``: how many photos it may be asked about in a calendar month (UTC);
    None: no limit. ``trust``: what its confidences are multiplied by, 0..1.
    """

    concurrency: int | None = None
    monthly_photos: int | None = None
    trust: float = 1.0

    def __post_init__(self) -> None:
        for name in ("concurrency", "monthly_photos"):
            value = getattr(self, name)
            if value is not None and (not isinstance(value, int) or value < 1):
                raise ValueError(f"{name.upper()} is {value!r}; it must be a number from 1 on.")
        if not isinstance(self.trust, int | float) or not 0 <= self.trust <= 1:
            raise ValueError(f"TRUST is {self.trust!r}; it must be from 0 to 1.")


@cache
def get_tagger(alias: str) -> AnyTagger:
    """Return this process's tagger for an alias of ``settings.TAGGERS``. Raises TaggerError."""
    return make_tagger(_configured(alias))


def make_tagger(configured: dict[str, Any]) -> AnyTagger:
    """Make a tagger. Raises whatever a wrong configuration leads to."""
    tagger: AnyTagger = import_string(configured["BACKEND"])(**configured.get("OPTIONS", {}))
    return tagger


@cache
def terms_of(alias: str) -> Terms:
    """Return the terms of a tagger; the freest of a tagger that the site has no more."""
    try:
        return read_terms(_configured(alias), get_tagger(alias))
    except TaggerError:
        return Terms()


def gives_features(alias: str) -> bool:
    """Whether a tagger's opinions come with features; not those of one that the site lacks."""
    try:
        return get_tagger(alias).gives_features
    except TaggerError:
        return False


def read_terms(configured: dict[str, Any], tagger: AnyTagger) -> Terms:
    """Read the terms beside a tagger's options. Raises ValueError."""
    return Terms(
        concurrency=configured.get("CONCURRENCY", tagger.concurrency),
        monthly_photos=configured.get("MONTHLY_PHOTOS"),
        trust=configured.get("TRUST", 1.0),
    )


def hosts() -> dict[str, str]:
    """Return where taggers of the site send photos: alias to host, of those that do."""
    sent_to = {alias: get_tagger(alias).host for alias in settings.TAGGERS}
    return {alias: host for alias, host in sent_to.items() if host}


def shown_options(alias: str) -> dict[str, Any]:
    """Return a tagger's options as they may be kept and shown: without credentials."""
    options: dict[str, Any] = _configured(alias).get("OPTIONS", {})
    return {
        name: value
        for name, value in options.items()
        if not any(part in name.lower() for part in _SECRETS)
    }


def _configured(alias: str) -> dict[str, Any]:
    try:
        configured: dict[str, Any] = settings.TAGGERS[alias]
    except KeyError:
        raise TaggerError(
            f"This site has no tagger called “{alias}” any more.", permanent=True
        ) from None
    return configured


def _forget_taggers(*, setting: str, **kwargs: object) -> None:
    if setting == "TAGGERS":
        get_tagger.cache_clear()
        terms_of.cache_clear()


setting_changed.connect(_forget_taggers)
