"""Many files as one: ZIP and gzipped tar, written as they are read."""

from __future__ import annotations

import tarfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO

from zipstream import ZipStream

BLOCK_BYTES = 256 * 1024
_GZIP = 31  # zlib's window and a gzip header
CONTENT_TYPES = {"zip": "application/zip", "tgz": "application/gzip"}


@dataclass(frozen=True, slots=True)
class Entry:
    """A file to be packed; it is closed when it has been."""

    name: str
    file: IO[bytes]
    size_bytes: int

    def blocks(self) -> Iterator[bytes]:
        """Yield exactly ``size_bytes``. Raises EOFError when the file has fewer."""
        left = self.size_bytes
        with self.file:
            while left > 0:
                block = self.file.read(min(BLOCK_BYTES, left))
                if not block:
                    raise EOFError(f"{self.name} is shorter than it was")
                left -= len(block)
                yield block


def packed(entries: Iterable[Entry], format: str) -> Iterator[bytes]:
    """Yield an archive, ``zip`` or ``tgz``; at no time is more than a block in memory."""
    return _tgz(entries) if format == "tgz" else _zip(entries)


def _zip(entries: Iterable[Entry]) -> Iterator[bytes]:
    stream = ZipStream()
    for entry in entries:
        stream.add(entry.blocks(), entry.name, size=entry.size_bytes)
        yield from stream.file()
    yield from stream.finalize()


def _tgz(entries: Iterable[Entry]) -> Iterator[bytes]:
    packer = zlib.compressobj(wbits=_GZIP)
    for entry in entries:
        info = tarfile.TarInfo(entry.name)
        info.size = entry.size_bytes
        yield packer.compress(info.tobuf(tarfile.PAX_FORMAT))
        for block in entry.blocks():
            yield packer.compress(block)
        yield packer.compress(bytes(-entry.size_bytes % tarfile.BLOCKSIZE))
    yield packer.compress(bytes(2 * tarfile.BLOCKSIZE)) + packer.flush()


class Names:
    """Gives every file of an archive a name of its own, whatever the system it is unpacked on."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def free(self, name: str) -> str:
        """Return the name, with a number before its extension where it is taken."""
        path, number = PurePosixPath(_safe(name)), 1
        found = str(path)
        while found.casefold() in self._taken:
            number += 1
            found = str(path.with_name(f"{path.stem} ({number}){path.suffix}"))
        self._taken.add(found.casefold())
        return found


def _safe(name: str) -> str:
    """Return a path that leads nowhere but down, of characters that any system can have."""
    parts = [_safe_part(part) for part in name.split("/")]
    return "/".join(part for part in parts if part) or "file"


def _safe_part(part: str) -> str:
    plain = "".join(
        char if char.isprintable() and char not in '\\:*?"<>|' else "_" for char in part
    )
    return plain.strip(" .")
