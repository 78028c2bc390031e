"""Analyses of pictures on request: faces, colours, quality, what their files tell."""

from __future__ import annotations

from collections.abc import Collection

from ..models import Asset

#: One box: x, y, width, height, pixels of the upright original.
Box = list[int]


def analyse(asset: Asset, wanted: Collection[str]) -> None:
    """Work out what of ``wanted`` is not known yet, and keep it in ``asset.analysis``.

    ``wanted``: faces, colors (brings predominant, grayscale, semi_transparent), phash,
    quality_analysis, image_metadata, exif. Unknown names are left out, as are files that are no picture.
    """
    raise NotImplementedError


def faces_of(asset: Asset) -> list[Box]:
    """Return the faces: those that callers gave, else those that are found."""
    raise NotImplementedError


def custom_of(asset: Asset) -> list[Box]:
    """Return the boxes that callers gave beside faces."""
    raise NotImplementedError
