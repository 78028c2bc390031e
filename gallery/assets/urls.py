"""The addresses under which files are delivered, escaped as client libraries escape them."""

from __future__ import annotations

import re
from urllib.parse import quote

from ..models import Asset

_LETTERS = re.compile(r"[^A-Za-z0-9_.\-/:]+")
_TEXT = re.compile(r"([lu]_text:)(.*)", re.DOTALL)
#: What would end a path, or be taken for more than one word, where a transformation has it bare.
_NOT_IN_PATHS = re.compile(r"[^!$%&'()*+,\-./0-9:;=@A-Z_a-z|~]+")


def url_path(asset: Asset, transformation: str = "", format: str | None = None) -> str:
    """Return where an asset, or what a transformation makes of it, is delivered.

    ``transformation`` is written as in an address. ``format`` is the extension; None for the
    stored format, "" for none. The version is always in it.
    """
    extension = asset.format if format is None else format
    name = f"{asset.public_id}.{extension}" if asset.is_image and extension else asset.public_id
    parts = (
        asset.cloud.name,
        asset.resource_type,
        asset.type,
        _NOT_IN_PATHS.sub(_quoted, transformation),
        f"v{asset.version}",
        escape_name(name),
    )
    return "/" + "/".join(filter(None, parts))


def escape_name(name: str) -> str:
    """Escape all but letters, digits and ``_ . - / :``."""
    return _LETTERS.sub(_quoted, name)


def escape_words(transformation: str) -> str:
    """Escape the words of text layers, all that a transformation in an address has escaped."""
    return "/".join(
        ",".join(_TEXT.sub(_with_words, item) for item in component.split(","))
        for component in transformation.split("/")
    )


def _with_words(found: re.Match[str]) -> str:
    return found[1] + escape_name(found[2])


def _quoted(found: re.Match[str]) -> str:
    return quote(found[0], safe="").replace("~", "%7E")
