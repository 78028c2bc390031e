"""Analyses of pictures on request: faces, colours, quality, what their files tell."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import IO, Any

from django.conf import settings
from django.db import transaction

from .. import renditions
from ..imaging.decode import Decoded
from ..imaging.errors import ImageError
from ..imaging.faces import FacesError, find_faces
from ..imaging.fingerprint import perceptual_hash
from ..imaging.metadata import exif_of, metadata_of
from ..imaging.palette import is_semi_transparent, palette
from ..imaging.quality import jpeg_facts, quality_analysis, quality_score
from ..models import Asset

logger = logging.getLogger(__name__)

#: One box: x, y, width, height, pixels of the upright original.
Box = list[int]
Findings = dict[str, Any]
MAX_BOXES = 1000


@dataclass
class _Look:
    """One look at the bytes of a picture, which are decoded once, if at all."""

    asset: Asset
    file: IO[bytes]

    @cached_property
    def decoded(self) -> Decoded:
        return renditions.decode_original(self.file)

    def faces(self) -> Findings:
        """Find faces, in pixels of the original; none where they cannot be looked for."""
        try:
            found = find_faces(self.decoded.image)
        except FacesError:
            logger.exception("Faces cannot be looked for.")
            return {}
        image, facts = self.decoded.image, self.decoded.facts
        scales = facts.width_px / image.width, facts.height_px / image.height
        boxes = [[round(side * scales[at % 2]) for at, side in enumerate(box)] for box in found]
        return {"faces": [_within(box, facts.width_px, facts.height_px) for box in boxes]}

    def colors(self) -> Findings:
        seen = palette(self.decoded.image)
        return {
            "colors": [list(one) for one in seen.colors],
            "predominant": {
                "google": [list(one) for one in seen.google],
                "cloudinary": [list(one) for one in seen.cloudinary],
            },
            "grayscale": seen.is_grayscale,
            "illustration_score": float(seen.illustration_score),
            "semi_transparent": is_semi_transparent(self.file, max_pixels=settings.MAX_PIXELS),
        }

    def phash(self) -> Findings:
        return {"phash": perceptual_hash(self.decoded.image)}

    def quality_analysis(self) -> Findings:
        facts = self.decoded.facts
        measures = quality_analysis(
            self.decoded.image,
            jpeg=jpeg_facts(self.file),
            size=(facts.width_px, facts.height_px),
        )
        return {
            "quality_analysis": {name: float(value) for name, value in measures.items()},
            "quality_score": float(quality_score(measures)),
        }

    def image_metadata(self) -> Findings:
        return {"image_metadata": metadata_of(self.file)}

    def exif(self) -> Findings:
        return {"exif": exif_of(self.file)}


_ANALYSES: Mapping[str, Callable[[_Look], Findings]] = {
    "faces": _Look.faces,
    "colors": _Look.colors,
    "phash": _Look.phash,
    "quality_analysis": _Look.quality_analysis,
    "image_metadata": _Look.image_metadata,
    "exif": _Look.exif,
}
_ALIASES = {"media_metadata": "image_metadata", "quality_score": "quality_analysis"}
_ALIASES |= dict.fromkeys(
    ("predominant", "grayscale", "illustration_score", "semi_transparent"), "colors"
)


def analyse(asset: Asset, wanted: Collection[str]) -> None:
    """Work out what of ``wanted`` is not known yet, and keep it in ``asset.analysis``.

    ``wanted``: faces, colors (brings predominant, grayscale, illustration_score and
    semi_transparent), phash, quality_analysis (brings quality_score), image_metadata, exif.
    Other names are left out, and so is what a file does not let be known.
    """
    names = {_ALIASES.get(name, name) for name in wanted}
    missing = [name for name in _ANALYSES if name in names and name not in asset.analysis]
    if missing and asset.is_image and asset.stored:
        _keep(asset, _look(asset, missing))


def _look(asset: Asset, names: Collection[str]) -> Findings:
    found: Findings = {}
    try:
        with asset.stored.storage.open(asset.stored.name or "", "rb") as file:
            look = _Look(asset, file)
            for name in names:
                found |= _ANALYSES[name](look)
    except (ImageError, FileNotFoundError) as error:
        logger.warning("Asset %s cannot be analysed: %s", asset.pk, error)
    return found


@transaction.atomic
def _keep(asset: Asset, found: Findings) -> None:
    """Keep findings beside what others found meanwhile, unless the bytes were replaced since."""
    rows = Asset.objects.select_for_update(of=("self",)).filter(pk=asset.pk)
    if found and (stored := rows.filter(version_id=asset.version_id).first()):
        asset.analysis = stored.analysis | found
        Asset.objects.filter(pk=asset.pk).update(analysis=asset.analysis)


def faces_of(asset: Asset) -> list[Box]:
    """Return the faces: those that callers gave, else those that are found."""
    given = _boxes(asset.coordinates.get("faces"))
    if given:
        return given
    analyse(asset, {"faces"})
    return _boxes(asset.analysis.get("faces"))


def custom_of(asset: Asset) -> list[Box]:
    """Return the boxes that callers gave beside faces."""
    return _boxes(asset.coordinates.get("custom"))


def _boxes(stored: Any) -> list[Box]:
    return [[int(side) for side in box] for box in list(stored or ())[:MAX_BOXES]]


def _within(box: Box, width_px: int, height_px: int) -> Box:
    """Return a box of which nothing is outside of the picture."""
    x, y, w, h = box
    x, y = min(max(x, 0), width_px - 1), min(max(y, 0), height_px - 1)
    return [x, y, max(1, min(w, width_px - x)), max(1, min(h, height_px - y))]
