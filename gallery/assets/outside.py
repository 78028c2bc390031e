"""Files from elsewhere: what callers name by an address, this site's own addresses among them."""

from __future__ import annotations

from django.conf import settings

from ..models import Cloud
from ..outbound import Fetched, Rules


def rules(*, max_bytes: int | None = None) -> Rules:
    """Return what may be reached on behalf of callers; ``max_bytes`` None: an upload's limit."""
    raise NotImplementedError


def fetch(cloud: Cloud, url: str, *, hosts: tuple[str, ...] = (), max_bytes: int | None = None) -> Fetched:
    """Fetch what an address names for a cloud. Raises OutboundError; then nothing is kept."""
    raise NotImplementedError
