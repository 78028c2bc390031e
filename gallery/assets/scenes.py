"""What rendering is told of an asset: its layers' files, faces, areas, words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import IO, Any

from ..models import Asset, Cloud
from ..models.assets import DeliveryType, ResourceType
from ..outbound import OutboundError
from ..transformations import Box, Scene, Transformation, TransformationError
from . import access, analysing, labels, outside

_WORDS = re.compile(r"tags|ctx:|md:")


@dataclass(frozen=True)
class Surroundings:
    """What a transformation of one asset may look at, for callers with or without a signature.

    ``layers`` holds what its public ids name, so far as it may be shown to this caller.
    """

    asset: Asset
    parsed: Transformation
    is_signed: bool
    layers: dict[str, Asset]
    tags: tuple[str, ...] = ()
    context: tuple[tuple[str, str], ...] = ()
    metadata: tuple[tuple[str, str], ...] = ()

    def decisive(self) -> list[Any]:
        """Return what decides, beside the asset's own bytes, what a transformation makes of it."""
        needs = self.parsed.needs & {"faces", "custom"}
        versions = sorted((name, layer.version_id) for name, layer in self.layers.items())
        return [
            versions,
            self.asset.coordinates if needs else None,
            [self.tags, self.context, self.metadata],
            self.is_signed if has_variable_layers(self.parsed) else None,
        ]

    def scene(self) -> Scene:
        return Scene(
            open_layer=self._open,
            open_fetched=self._open_fetched,
            faces=lambda: _boxes(analysing.faces_of(self.asset)),
            custom=lambda: _boxes(analysing.custom_of(self.asset)),
            tags=self.tags,
            context=dict(self.context),
            metadata=dict(self.metadata),
            page_count=self.asset.pages,
        )

    def _open(self, public_id: str) -> IO[bytes]:
        found = self.layers.get(public_id)
        if found is None:  # the name is made of variables
            found = layers_of(self.asset.cloud, [public_id], self.is_signed)[public_id]
        return open_stored(found)

    def _open_fetched(self, url: str) -> IO[bytes]:
        if not self.is_signed:
            raise TransformationError("A layer from elsewhere needs a signed address.")
        try:
            return outside.fetch(self.asset.cloud, url, is_signed=True).file
        except OutboundError as error:
            raise TransformationError(f"Error in loading {url} - {error}") from error


def surroundings(asset: Asset, parsed: Transformation, *, is_signed: bool) -> Surroundings:
    """Look up what a transformation mentions; no statement where it mentions nothing.

    Raises TransformationError for a layer that is fetched, where the address is not signed.
    """
    if parsed.fetched_layers and not is_signed:
        raise TransformationError("A layer from elsewhere needs a signed address.")
    layers = layers_of(asset.cloud, parsed.layers, is_signed)
    words = _words_of(asset, parsed.canonical)
    return Surroundings(asset, parsed, is_signed, layers, *words)


def has_variable_layers(parsed: Transformation) -> bool:
    return any("$" in component.layer for component in parsed.components)


def layers_of(cloud: Cloud, public_ids: Sequence[str], is_signed: bool) -> dict[str, Asset]:
    """Return the pictures of a cloud that these ids name, an extension left out or not.

    Only those that everyone may see, unless the address is signed.
    """
    if not public_ids:
        return {}
    wanted = {name for one in public_ids for name in _spellings(one)}
    rows = Asset.objects.of(cloud).filter(
        resource_type=ResourceType.IMAGE, type=DeliveryType.UPLOAD, public_id__in=wanted
    )
    known = {
        one.public_id: one
        for one in rows.select_related("photo", "cloud")
        if _may_be_shown(one, is_signed)
    }
    found: dict[str, Asset] = {}
    for public_id in public_ids:
        for name in _spellings(public_id):
            if name in known:
                found.setdefault(public_id, known[name])
    return found


def _spellings(public_id: str) -> tuple[str, ...]:
    stem, dot, extension = public_id.rpartition(".")
    return (public_id, stem) if dot and stem and "/" not in extension else (public_id,)


def _may_be_shown(asset: Asset, is_signed: bool) -> bool:
    if is_signed:
        return access.is_deliverable(asset)
    return access.is_open(asset, is_original=False)


def open_stored(asset: Asset) -> IO[bytes]:
    """Open an asset's file. Raises KeyError when it is gone from the storage."""
    try:
        return asset.stored.storage.open(asset.stored.name or "", "rb")
    except (FileNotFoundError, IsADirectoryError) as error:
        raise KeyError(asset.public_id) from error


def _words_of(asset: Asset, text: str) -> tuple[Any, ...]:
    """Return tags, context and metadata, each only where the text may ask for it."""
    asked = set(_WORDS.findall(text))
    tags: tuple[str, ...] = ()
    context: tuple[tuple[str, str], ...] = ()
    metadata: tuple[tuple[str, str], ...] = ()
    if "tags" in asked:
        tags = tuple(labels.tags_of([asset]).get(asset.pk, ()))
    if "ctx:" in asked:
        context = tuple(sorted(labels.context_of([asset]).get(asset.pk, {}).items()))
    if "md:" in asked:
        told = labels.metadata_of([asset]).get(asset.pk, {})
        metadata = tuple(sorted((name, _as_text(value)) for name, value in told.items()))
    return tags, context, metadata


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _boxes(found: Iterable[Sequence[float]]) -> list[Box]:
    return [Box(*box[:4]) for box in found]
