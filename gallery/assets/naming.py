"""How assets are named: what a public id may be, those made up, and the folders in them."""

from __future__ import annotations

import re
import secrets
import string
from collections.abc import Iterator

from ..models import Cloud, Folder
from ..models.assets import MAX_NAME_CHARS
from .errors import InvalidError

RANDOM_CHARS, SUFFIX_CHARS = 20, 6
_ALPHABET = string.ascii_lowercase + string.digits
_REFUSED = re.compile(r"[?&#\\%<>+\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_NOT_IN_NAMES = re.compile(r"[^\w./ -]")


def check_public_id(text: str) -> str:
    """Return a name that an asset may have. Raises InvalidError for any other."""
    parts = text.split("/")
    is_good = (
        0 < len(text) <= MAX_NAME_CHARS
        and not _REFUSED.search(text)
        and text == text.strip()
        and "" not in parts
        and not {".", ".."} & set(parts)
    )
    if not is_good:
        raise InvalidError(f"public_id ({text[: MAX_NAME_CHARS + 1]}) is invalid")
    return text


def check_folder(text: str) -> str:
    """Return a folder without slashes at its ends; "" is the top. Raises InvalidError."""
    folder = text.strip("/")
    if not folder:
        return ""
    try:
        return check_public_id(folder)
    except InvalidError:
        raise InvalidError(f"folder ({text[: MAX_NAME_CHARS + 1]}) is invalid") from None


def random_id(chars: int = RANDOM_CHARS) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(chars))


def from_filename(stem: str, *, is_unique: bool) -> str:
    """Return a name made of a file's, without its extension.

    What no name may have becomes ``_``; ``is_unique`` adds six random characters. A file without
    a usable name gets a random one.
    """
    usable = re.sub(r"_{2,}", "_", _NOT_IN_NAMES.sub("_", stem.replace("/", "_"))).strip("_ .")
    most = MAX_NAME_CHARS - SUFFIX_CHARS - 1
    if not usable:
        return random_id()
    return f"{usable[:most]}_{random_id(SUFFIX_CHARS)}" if is_unique else usable[:MAX_NAME_CHARS]


def folder_of(public_id: str) -> str:
    """Return the part before the last slash; "" at the top."""
    return public_id.rpartition("/")[0]


def prefixes(folder: str) -> Iterator[str]:
    """Yield a folder and all above it, the topmost first."""
    parts = folder.split("/") if folder else []
    for depth in range(1, len(parts) + 1):
        yield "/".join(parts[:depth])


def note_folders(cloud: Cloud, folder: str) -> None:
    """See to it that there is a row for a folder and for all above it."""
    paths = list(prefixes(folder))
    if not paths or Folder.objects.filter(cloud=cloud, path=folder).exists():
        return
    rows = [Folder(cloud=cloud, path=path) for path in paths]
    Folder.objects.bulk_create(rows, ignore_conflicts=True)
