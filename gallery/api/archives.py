"""Downloads: originals, and many files in one."""

from __future__ import annotations

from typing import Any

from .doors import Answer, Call
from .errors import NotFoundError


def download(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError


def download_backup(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError


def download_tag(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError


def generate(call: Call, **kwargs: Any) -> Answer:
    raise NotFoundError
