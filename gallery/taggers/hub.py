"""The files of an operator's own model: on this machine, or on a hub and fetched once."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import urlsplit

from .base import TaggerError
from .rest import PASSING_STATUSES, retry_after_s

if TYPE_CHECKING:
    import httpx

HUB_URL = "https://huggingface.co"
#: ONNX files end at 2 GB; what is twice that is no file of a model.
MAX_BYTES = 4_000_000_000
TIMEOUT_S = 30.0
#: What has not come within an hour never will.
WHOLE_FETCH_S = 3600.0
MAX_REDIRECTS = 5

_PART = r"(?!\.{1,2}(?:/|$))[\w.-]+"
_HUB_NAME = re.compile(
    rf"hub:(?P<repository>{_PART}/{_PART})(?:@(?P<revision>{_PART}))?/(?P<path>{_PART}(?:/{_PART})*)",
    re.ASCII,
)
_SHA256 = re.compile(r"[0-9a-f]{64}")
_REFUSALS = {
    401: "wants a token before it gives out",
    403: "does not give out",
    404: "does not have",
}


@dataclass(frozen=True, slots=True)
class Hub:
    """A hub of models, and the folder where its files are kept.

    Files have the addresses of huggingface.co: ``{url}/{owner}/{name}/resolve/{revision}/{path}``.
    ``token`` lets photolib fetch private ones. An empty ``cache_dir`` is ~/.cache/photolib/models.
    """

    url: str = HUB_URL
    cache_dir: str = ""
    token: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if urlsplit(self.url).scheme not in ("http", "https"):
            raise ValueError(f"“{self.url}” is no http or https address.")

    @property
    def host(self) -> str:
        """How the hub is called in sentences for people."""
        return urlsplit(self.url).hostname or ""

    @property
    def folder(self) -> Path:
        if self.cache_dir:
            return Path(self.cache_dir)
        return Path.home() / ".cache" / "photolib" / "models"


class ModelFile(ABC):
    """A file that a model needs. ``name`` is the file's own, for sentences for people."""

    def __init__(self, name: str) -> None:
        self.name = name

    @property
    def stem(self) -> str:
        return self.name.rpartition(".")[0] or self.name

    @property
    @abstractmethod
    def sha256(self) -> str:
        """The checksum in hexadecimal. Raises TaggerError when it cannot be told."""

    @property
    @abstractmethod
    def is_here(self) -> bool:
        """Whether it needs no network."""

    @abstractmethod
    def path(self) -> Path:
        """Return where it lies on this machine, its checksum verified. Raises TaggerError."""

    @abstractmethod
    def check(self) -> None:
        """Raise TaggerError when it is missing, as far as this machine can tell."""


def model_file(named: str, *, sha256: str, hub: Hub) -> ModelFile:
    """Return the file that a path or “hub:owner/name@revision/path/to/file” names.

    The revision may be left out, for “main”. ``sha256`` may be empty for a path. Raises ValueError.
    """
    sha256 = sha256.lower()
    if sha256 and not _SHA256.fullmatch(sha256):
        raise ValueError(f"“{sha256}” is no SHA-256: 64 hexadecimal digits.")
    if not named.startswith("hub:"):
        return LocalFile(named, sha256=sha256)
    if not sha256:
        raise ValueError(f"“{named}” comes from a hub and needs its SHA-256 beside it.")
    return HubFile(named, sha256=sha256, hub=hub)


class LocalFile(ModelFile):
    """A file on this machine. ``sha256`` is the checksum it must have; empty: any."""

    def __init__(self, path: str, *, sha256: str = "") -> None:
        if not path:
            raise ValueError("A model needs the names of its files; one is empty.")
        self._path = Path(path)
        self._expected = sha256
        super().__init__(self._path.name)

    @cached_property
    def sha256(self) -> str:
        try:
            return _sha256_of(self._path)
        except OSError as error:
            raise self._unreadable() from error

    @property
    def is_here(self) -> bool:
        return True

    def path(self) -> Path:
        if self._expected and self.sha256 != self._expected:
            raise TaggerError(
                f"{self.name} has another checksum than the one configured.", permanent=True
            )
        self.check()
        return self._path

    def check(self) -> None:
        try:
            self._path.open("rb").close()
        except OSError as error:
            raise self._unreadable() from error

    def _unreadable(self) -> TaggerError:
        return TaggerError(f"{self.name} is missing or cannot be read.", permanent=True)


class HubFile(ModelFile):
    """A file on a hub, fetched when it is first needed and kept under the name of its checksum.

    Processes that want it at the same time each fetch it; what they leave is the same.
    """

    def __init__(self, named: str, *, sha256: str, hub: Hub) -> None:
        parts = _HUB_NAME.fullmatch(named)
        if not parts:
            raise ValueError(f"“{named}” is not of the form hub:owner/name@revision/path/to/file.")
        super().__init__(parts["path"].rpartition("/")[2])
        self._hub = hub
        self._sha256 = sha256
        revision = parts["revision"] or "main"
        self._address = (
            f"{hub.url.rstrip('/')}/{parts['repository']}/resolve/{revision}/{parts['path']}"
        )

    @property
    def sha256(self) -> str:
        return self._sha256

    @property
    def is_here(self) -> bool:
        return False

    def check(self) -> None:
        return

    def path(self) -> Path:
        kept = self._hub.folder / self._sha256
        try:
            # A disk forgets, too: what is kept is not trusted unread.
            if not kept.is_file() or _sha256_of(kept) != self._sha256:
                self._fetch(kept)
        except OSError as error:
            raise TaggerError(
                f"{self.name} cannot be kept in {kept.parent}: {error.strerror}.", permanent=False
            ) from error
        return kept

    def _fetch(self, kept: Path) -> None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        _remove_what_the_dead_left(kept)
        with _put_in_place(kept) as file:
            if self._download(file) != self._sha256:
                raise TaggerError(
                    f"{self.name} from {self._hub.host} has another checksum than the one "
                    "configured.",
                    permanent=True,
                )

    def _download(self, file: IO[bytes]) -> str:
        """Write what the hub sends into a file and return its SHA-256. Raises TaggerError."""
        import httpx  # only who really fetches should pay for this

        # httpx takes the token off when it is sent on to another host.
        headers = {"Authorization": f"Bearer {self._hub.token}"} if self._hub.token else {}
        client = httpx.Client(
            timeout=TIMEOUT_S, headers=headers, follow_redirects=True, max_redirects=MAX_REDIRECTS
        )
        try:
            with client, client.stream("GET", self._address) as answer:
                if not answer.is_success:
                    raise self._refusal(answer)
                return self._write(answer, file)
        except httpx.RequestError as error:
            raise self._failure("could not be fetched from", permanent=False) from error
        except httpx.InvalidURL as error:
            raise self._failure("has no address on", permanent=True) from error

    def _write(self, answer: httpx.Response, file: IO[bytes]) -> str:
        digest, size_bytes = hashlib.sha256(), 0
        deadline = time.monotonic() + WHOLE_FETCH_S
        for chunk in answer.iter_bytes():
            size_bytes += len(chunk)
            if size_bytes > MAX_BYTES:
                raise self._failure("is too large to be taken from", permanent=True)
            if time.monotonic() > deadline:
                raise self._failure("comes too slowly from", permanent=False)
            digest.update(chunk)
            file.write(chunk)
        return digest.hexdigest()

    def _refusal(self, answer: httpx.Response) -> TaggerError:
        status = answer.status_code
        does = _REFUSALS.get(status, "refused to give out")
        return TaggerError(
            f"{self._hub.host} {does} {self.name} (HTTP {status}).",
            permanent=status not in PASSING_STATUSES and status < 500,
            retry_in_s=retry_after_s(answer),
        )

    def _failure(self, what: str, *, permanent: bool) -> TaggerError:
        return TaggerError(f"{self.name} {what} {self._hub.host}.", permanent=permanent)


@contextmanager
def _put_in_place(path: Path) -> Iterator[IO[bytes]]:
    """Give a file that becomes ``path`` as a whole, or is gone if anything goes wrong."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.", suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)


def _remove_what_the_dead_left(path: Path) -> None:
    """Remove what workers that were killed while they fetched ``path`` left behind."""
    for part in path.parent.glob(f"{path.name}.*.part"):
        if time.time() - part.stat().st_mtime > WHOLE_FETCH_S:
            part.unlink(missing_ok=True)


def _sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
