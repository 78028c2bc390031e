"""Archives: which assets are packed, as what, and under which names."""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from io import BytesIO
from operator import or_
from typing import IO

from django.conf import settings
from django.core.files import File
from django.db.models import Q, QuerySet

from ..imaging.errors import ImageError
from ..models import ApiKey, Asset, Cloud, DeliveryType, ResourceType
from ..transformations import TransformationError
from . import access, deriving, labels, naming, parts, storing
from .errors import AssetError, InvalidError, MissingError
from .packing import Entry, Names, packed
from .searching.matching import begins
from .storing import Draft, Stored

#: Pictures together with all that is made of them.
MAX_FILES = 1000
MAX_BYTES = 4 * 1024**3
MAX_SELECTORS = 1000
FORMATS = ("zip", "tgz")
#: In place of a kind: whatever there is.
ANY_KIND = ("all", "auto")
_ANY_TYPE = "all"
_NOT_IN_NAMES = re.compile(r"[^\w.,-]+")
MAX_TEXT_CHARS = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which assets: all that one of the lists names; ``qualified`` as ``image/upload/a/b``."""

    resource_type: str = ResourceType.IMAGE
    type: str = "upload"
    public_ids: Sequence[str] = ()
    tags: Sequence[str] = ()
    prefixes: Sequence[str] = ()
    qualified: Sequence[str] = ()
    allows_missing: bool = False

    @property
    def is_empty(self) -> bool:
        return not (self.public_ids or self.tags or self.prefixes or self.qualified)


@dataclass(frozen=True, slots=True, kw_only=True)
class Packing:
    """How assets are packed. ``transformations`` are as `deriving.split_eager` returns them."""

    format: str = "zip"
    transformations: Sequence[tuple[str, str, str | None]] = ()
    is_flat: bool = False
    uses_original_names: bool = False
    hides_transformations: bool = False
    keeps_derived: bool = False
    skips_missing: bool = False


# --- Which ------------------------------------------------------------------------------------


def selected(cloud: Cloud, selection: Selection) -> list[Asset]:
    """Return the assets, by name. Raises InvalidError for too many, MissingError for none."""
    if selection.is_empty:
        raise InvalidError("Missing required parameter - public_ids, tags or prefixes")
    lists = (selection.public_ids, selection.tags, selection.prefixes, selection.qualified)
    if sum(map(len, lists)) > MAX_SELECTORS:
        raise InvalidError(f"An archive is selected by up to {MAX_SELECTORS} names, tags, prefixes")
    found: dict[int, Asset] = {}
    for part in _parts(cloud, selection):
        rows = part.select_related("photo").order_by("public_id", "pk")[: MAX_FILES + 1]
        found |= {asset.pk: asset for asset in rows if access.is_deliverable(asset)}
        if len(found) > MAX_FILES:
            raise InvalidError(f"An archive has up to {MAX_FILES:,} files")
    for asset in found.values():
        asset.cloud = cloud
    _check_missing(selection, found.values())
    return sorted(found.values(), key=lambda asset: (asset.public_id, asset.pk))


def _parts(cloud: Cloud, selection: Selection) -> Iterator[QuerySet[Asset]]:
    every = Asset.objects.of(cloud)
    if selection.qualified:
        yield every.filter(reduce(or_, map(_qualified, selection.qualified)))
    if selection.resource_type not in ANY_KIND:
        every = every.filter(resource_type=selection.resource_type)
    if selection.type != _ANY_TYPE:
        every = every.filter(type=selection.type)
    if selection.public_ids:
        yield every.filter(public_id__in=selection.public_ids)
    for tag in selection.tags:
        yield labels.tagged(every, tag)
    for prefix in selection.prefixes:
        yield every.filter(begins("public_id", prefix))


def _qualified(name: str) -> Q:
    kind, _, rest = name.partition("/")
    type, _, public_id = rest.partition("/")
    if not public_id:
        raise InvalidError(f"Invalid fully qualified public id {name[:300]}")
    return Q(resource_type=kind, type=type, public_id=public_id)


def _check_missing(selection: Selection, found: Iterable[Asset]) -> None:
    if not selection.allows_missing:
        there = {asset.public_id for asset in found}
        full = {f"{asset.resource_type}/{asset.type}/{asset.public_id}" for asset in found}
        missing = [name for name in selection.public_ids if name not in there]
        missing += [name for name in selection.qualified if name not in full]
        if missing:
            raise MissingError.asset(missing[0])
    if not any(True for _ in found):
        raise MissingError("No resources were found for the archive")


# --- As what ----------------------------------------------------------------------------------


def files_of(assets: Sequence[Asset], packing: Packing) -> list[tuple[Asset, str, str | None]]:
    """Return what is packed: an asset, a transformation of it, "" for none, and a format.

    Raises InvalidError for too many files, or too large ones.
    """
    asked = [(text, format) for _, text, format in packing.transformations]
    files = [
        (asset, text, format)
        for asset in assets
        for text, format in (asked if asked and asset.is_image else [("", None)])
    ]
    if len(files) > MAX_FILES:
        raise InvalidError(f"An archive has up to {MAX_FILES:,} files, not {len(files):,}")
    if (
        sum(asset.size_bytes for asset, text, format in files if not text and not format)
        > MAX_BYTES
    ):
        raise InvalidError(f"The files of an archive have up to {MAX_BYTES:,} bytes together")
    return files


def entries(assets: Sequence[Asset], packing: Packing) -> Iterator[Entry]:
    """Yield the files of an archive, no two of one name. Raises AssetError, TransformationError.

    What is missing or cannot be made is left out where ``skips_missing``.
    """
    names = Names()
    for asset, text, format in files_of(assets, packing):
        try:
            file, size_bytes, extension = _opened(asset, text, format, packing)
        except (AssetError, ImageError, TransformationError):
            if packing.skips_missing:
                continue
            raise
        name = names.free(_name(asset, text, extension, packing))
        yield Entry(name, file, size_bytes)


def _opened(
    asset: Asset, text: str, format: str | None, packing: Packing
) -> tuple[IO[bytes], int, str]:
    """Return a file, how many bytes it has, and the extension for its name."""
    if not text and not format:
        stored = asset.stored
        try:
            file = stored.storage.open(stored.name or "", "rb")
        except (OSError, ValueError) as error:
            raise MissingError.asset(asset.public_id) from error
        return file, file.size, asset.format if asset.is_image else ""
    if packing.keeps_derived:
        deriving.find_or_render(asset, text, format=format, is_signed=True)
    made = parts.rendered(asset, text, format=format)
    return BytesIO(made.content), len(made.content), made.format


def _name(asset: Asset, text: str, extension: str, packing: Packing) -> str:
    folder, _, name = asset.public_id.rpartition("/")
    if packing.uses_original_names and asset.original_filename:
        name = asset.original_filename.replace("/", "_")
        if not asset.is_image and asset.original_extension:
            name += f".{asset.original_extension}"
    if text and not packing.hides_transformations:
        name += f"-{_shown(text)}"
    name += f".{extension}" if extension else ""
    return name if packing.is_flat or not folder else f"{folder}/{name}"


def _shown(text: str) -> str:
    """Return a transformation as part of a file's name."""
    plain = _NOT_IN_NAMES.sub("_", text)
    if len(plain) <= MAX_TEXT_CHARS:
        return plain
    return plain[:MAX_TEXT_CHARS] + hashlib.sha256(text.encode()).hexdigest()[:8]


# --- Kept as an asset -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive that is stored, how many assets are in it, and as how many files."""

    stored: Stored
    resources: int
    files: int


def create(
    cloud: Cloud,
    assets: Sequence[Asset],
    packing: Packing,
    *,
    public_id: str = "",
    tags: Sequence[str] = (),
    key: ApiKey | None = None,
) -> Archive:
    """Pack assets and store the archive as a raw asset. Raises AssetError, TransformationError.

    Everyone may have it only if everyone may have all that is in it.
    """
    name = public_id or naming.random_id()
    name = name if name.lower().endswith(f".{packing.format}") else f"{name}.{packing.format}"
    is_open = all(access.is_open(asset, is_original=True) for asset in assets)
    draft = Draft(
        resource_type=ResourceType.RAW,
        type=DeliveryType.UPLOAD if is_open else DeliveryType.AUTHENTICATED,
        public_id=naming.check_public_id(name),
        filename=name.rpartition("/")[2],
        tags=tuple(labels.checked_names(tags)),
        api_key=key,
    )
    with tempfile.TemporaryFile() as file:
        count = _Count()
        for block in packed(count.counted(entries(assets, packing)), packing.format):
            file.write(block)
            if file.tell() > settings.MAX_UPLOAD_BYTES:
                most = settings.MAX_UPLOAD_BYTES
                raise InvalidError(f"An archive that is kept has up to {most:,} bytes")
        if not count.files:
            raise MissingError("No resources were found for the archive")
        size_bytes = file.tell()
        file.seek(0)
        wrapped = File(file, name=draft.filename)
        wrapped.size = size_bytes
        stored = storing.store(cloud, file=wrapped, draft=draft)
    return Archive(stored, len(assets), count.files)


class _Count:
    def __init__(self) -> None:
        self.files = 0

    def counted(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        for entry in entries:
            self.files += 1
            yield entry
