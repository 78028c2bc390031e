"""What rendering may ask of those who know the picture: layers, faces, areas, words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO

from .errors import TransformationError
from .geometry import Box
from .layer_names import FetchedLayer, StoredLayer


def _no_file(name: str) -> IO[bytes]:
    raise KeyError(name)


def _no_boxes() -> Sequence[Box]:
    return ()


@dataclass
class Scene:
    """Facts and files, each asked for only when a transformation needs it.

    ``open_layer`` opens a stored picture by its public id, ``open_fetched`` one by its address;
    both raise KeyError. ``faces`` and ``custom`` return boxes in pixels of the upright original.
    """

    open_layer: Callable[[str], IO[bytes]] = _no_file
    faces: Callable[[], Sequence[Box]] = _no_boxes
    custom: Callable[[], Sequence[Box]] = _no_boxes
    open_fetched: Callable[[str], IO[bytes]] = _no_file
    tags: Sequence[str] = ()
    context: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    page_count: int = 1

    def open(self, layer: StoredLayer | FetchedLayer) -> IO[bytes]:
        """Open a layer's file. Raises TransformationError when there is none."""
        try:
            if isinstance(layer, FetchedLayer):
                return self.open_fetched(layer.url)
            return self.open_layer(layer.public_id)
        except KeyError as error:
            name = layer.url if isinstance(layer, FetchedLayer) else layer.public_id
            raise TransformationError(f"Resource not found - {name}") from error

    def only_facts(self) -> Scene:
        """Return the same without areas, for a layer, which has none that are known."""
        return Scene(self.open_layer, _no_boxes, _no_boxes, self.open_fetched, self.tags,
                     self.context, self.metadata, self.page_count)  # fmt: skip
