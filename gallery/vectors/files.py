"""Where indexes lie and what each says of itself; one file for each space.

Behind what the index library wrote, a file ends with a card in JSON and a footer. Whatever has no
footer is not whole. A file is only ever replaced, so those who have the old one mapped keep it.
"""

from __future__ import annotations

import json
import os
import struct
import time
import zlib
from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime
from hashlib import blake2b
from pathlib import Path

from django.conf import settings

from .cards import BrokenIndexError, Card

#: The checksum of all before the footer, the length of the card, a mark.
FOOTER = struct.Struct("<IQ8s")
MARK = b"photoix1"
SUFFIX, DRAFT = ".index", ".draft"
ABANDONED_AFTER_S = 3600
_CHUNK = 1 << 20


def path_of(space: str) -> Path:
    name = blake2b(space.encode(), digest_size=8).hexdigest()
    return Path(settings.SIMILAR_ROOT) / (name + SUFFIX)


def read_card(path: Path) -> Card:
    """Raises FileNotFoundError, and BrokenIndexError when the file does not end as it should."""
    try:
        with path.open("rb") as file:
            file.seek(-FOOTER.size, os.SEEK_END)
            _, length, mark = FOOTER.unpack(file.read())
            if mark != MARK:
                raise BrokenIndexError(f"{path} is no whole index")
            file.seek(-FOOTER.size - length, os.SEEK_END)
            told = json.loads(file.read(length))
            told["space"] = told.pop("model", None) or told["space"]  # as files said once
            told["made_at"] = datetime.fromisoformat(told["made_at"])
            return Card(**told | {"recent": frozenset(told["recent"])})
    except FileNotFoundError:
        raise
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BrokenIndexError(f"{path} is no whole index: {error}") from error


def check(path: Path) -> None:
    """Read the whole file; raise BrokenIndexError when it is not what was written."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size - FOOTER.size
        file.seek(size)
        expected = FOOTER.unpack(file.read())[0]
        file.seek(0)
        if _checksum(file.fileno(), size) != expected:
            raise BrokenIndexError(f"{path} is damaged")


def draft_of(path: Path) -> Path:
    """Return where to write what shall stand at ``path``."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path.with_name(f"{path.name}.{os.getpid()}{DRAFT}")


def publish(draft: Path, path: Path, card: Card) -> None:
    """Put a draft in its place with its card, whole or not at all."""
    written = {"made_at": card.made_at.isoformat(), "recent": sorted(card.recent)}
    told = json.dumps(asdict(card) | written).encode()
    with draft.open("r+b") as file:
        file.seek(0, os.SEEK_END)
        file.write(told)
        file.flush()
        checksum = _checksum(file.fileno(), file.tell())
        file.seek(0, os.SEEK_END)
        file.write(FOOTER.pack(checksum, len(told), MARK))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def discard_all_but(spaces: Collection[str]) -> None:
    """Delete indexes of spaces that are no more, and drafts that broke off."""
    kept = {path_of(space).name for space in spaces}
    for path in Path(settings.SIMILAR_ROOT).glob("*"):
        is_old = path.suffix == DRAFT and time.time() - path.stat().st_mtime > ABANDONED_AFTER_S
        if is_old or (path.suffix == SUFFIX and path.name not in kept):
            path.unlink(missing_ok=True)


def _checksum(descriptor: int, size: int) -> int:
    checksum = 0
    os.lseek(descriptor, 0, os.SEEK_SET)
    for start in range(0, size, _CHUNK):
        checksum = zlib.crc32(os.read(descriptor, min(_CHUNK, size - start)), checksum)
    return checksum
