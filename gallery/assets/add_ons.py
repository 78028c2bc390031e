"""Add-ons: tagging that a program asks for by the name of a service, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..models import Asset, Cloud, TaggingRun
from ..models.photos import TaggingChoice


class UnknownAddOnError(Exception):
    """No tagger of this site answers to an add-on of this name, as ``add_on``."""

    def __init__(self, add_on: str) -> None:
        super().__init__(f"Categorization {add_on} is not valid")
        self.add_on = add_on


def known(add_ons: str | Sequence[str]) -> tuple[str, ...]:
    """Return the names of a comma list or an array, each once. Raises UnknownAddOnError."""
    raise NotImplementedError


def threshold_of(value: object) -> float | None:
    """Read ``auto_tagging``, text or number, 0..1; None and "" are None. Raises InvalidError."""
    raise NotImplementedError


def choice_for(cloud: Cloud, add_ons: Sequence[str] = ()) -> TaggingChoice:
    """Return what a new upload of a cloud wants of tagging beside these add-ons.

    Give it to the Photo as ``tagging_choice`` before its first save.
    """
    raise NotImplementedError


def request(
    asset: Asset,
    add_ons: Sequence[str],
    threshold: float | None,
    *,
    notification_url: str | None = None,
    wait: bool = True,
) -> None:
    """Ask add-ons (as `known` returns them) about a picture; not within a transaction."""
    raise NotImplementedError


def forget(asset: Asset) -> None:
    """Drop the runs and page tags of a picture whose bytes were replaced."""
    raise NotImplementedError


def info_of(assets: Sequence[Asset]) -> dict[int, dict[str, Any]]:
    """Return ``info`` by the assets' keys, of those that an add-on was asked about."""
    raise NotImplementedError


def usage_of(cloud: Cloud) -> dict[str, dict[str, int]]:
    """Return how often each add-on was asked in this month (UTC), and how often it may be."""
    raise NotImplementedError


def announce(run: TaggingRun) -> None:
    """Tell those who wait for a run that it is done, or has failed for good."""
    raise NotImplementedError
