"""How many altered copies of photos are taken for the same photo, and how many other photos are.

    python bench/near_duplicates.py FOLDER [--copies 300]

FOLDER holds photos, in folders or not, that are not copies of one another. Of some, chosen by
chance, copies are made in each of a dozen ways; the rule of `gallery.similar.twins` judges each
copy beside its original, and every pair of the originals. Needs no database.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance

ROOT = Path(__file__).resolve().parent.parent
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}


@dataclass(frozen=True, slots=True)
class Look:
    """What is compared of a picture: its hash, and the unit vector of what the model saw."""

    bits: int
    features: np.ndarray


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--copies", type=int, default=300)
    asked = parser.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "photolib.settings"
    sys.path.insert(0, str(ROOT))
    import django

    django.setup()
    from gallery.imaging.decode import decode
    from gallery.taggers.embedded import EmbeddedTagger

    tagger = EmbeddedTagger()
    paths = sorted(path for path in asked.folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    chosen = set(np.random.default_rng(1).permutation(len(paths))[: asked.copies].tolist())
    looks, found = [], {name: list[tuple[int, float]]() for name in WAYS}
    for place, path in enumerate(paths):
        with path.open("rb") as file:
            image = decode(file).image
        looks.append(_look(tagger, image))
        if place in chosen:
            for name, change in WAYS.items():
                found[name].append(_compared(looks[-1], _look(tagger, change(image))))
    _tell_copies(found)
    _tell_others(looks)


def _look(tagger: object, image: Image.Image) -> Look:
    from gallery.imaging.fingerprint import perceptual_hash
    from gallery.taggers.embedded import EmbeddedTagger

    assert isinstance(tagger, EmbeddedTagger)
    features = tagger.look(image)[1]
    return Look(int(perceptual_hash(image), 16), features / np.linalg.norm(features))


def _compared(one: Look, other: Look) -> tuple[int, float]:
    return (one.bits ^ other.bits).bit_count(), float(one.features @ other.features)


# --- Copies -----------------------------------------------------------------------------------


def _stored(image: Image.Image, format: str = "JPEG", quality: int = 85) -> Image.Image:
    from gallery.imaging.decode import decode

    content = BytesIO()
    image.save(content, format, quality=quality)
    return decode(content).image


def _scaled(image: Image.Image, scale: float) -> Image.Image:
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    return _stored(image.resize(size, Image.Resampling.LANCZOS))


def _cropped(image: Image.Image, share: float) -> Image.Image:
    """Cut off a share of width and of height, half of it on each side."""
    x, y = round(image.width * share / 2), round(image.height * share / 2)
    return _stored(image.crop((x, y, image.width - x, image.height - y)))


def _cut_left(image: Image.Image, share: float) -> Image.Image:
    return _stored(image.crop((round(image.width * share), 0, *image.size)))


def _enhanced(image: Image.Image, kind: Callable[..., object], factor: float) -> Image.Image:
    changed = kind(image).enhance(factor)  # type: ignore[attr-defined]
    assert isinstance(changed, Image.Image)
    return _stored(changed)


WAYS: Mapping[str, Callable[[Image.Image], Image.Image]] = {
    "JPEG of quality 80": partial(_stored, quality=80),
    "JPEG of quality 30": partial(_stored, quality=30),
    "WebP of quality 60": partial(_stored, format="WEBP", quality=60),
    "half the size": partial(_scaled, scale=0.5),
    "brighter by 15 %": partial(_enhanced, kind=ImageEnhance.Brightness, factor=1.15),
    "more contrast, 25 %": partial(_enhanced, kind=ImageEnhance.Contrast, factor=1.25),
    "black and white": partial(_enhanced, kind=ImageEnhance.Color, factor=0),
    "cropped by 3 %": partial(_cropped, share=0.03),
    "cropped by 5 %": partial(_cropped, share=0.05),
    "cropped by 10 %": partial(_cropped, share=0.1),
    "5 % cut off on the left": partial(_cut_left, share=0.05),
}


# --- Telling ----------------------------------------------------------------------------------


def _is_twin(bits: int, likeness: float) -> bool:
    from gallery.similar.hashes import MOST_BITS, SURE_BITS
    from gallery.similar.twins import MIN_LIKENESS

    return bits <= SURE_BITS or (bits <= MOST_BITS and likeness >= MIN_LIKENESS)


def _tell_copies(found: Mapping[str, list[tuple[int, float]]]) -> None:
    print(f"{'copies':<26}{'found':>8}{'bits <= 4':>11}{'<= 8':>8}{'<= 10':>8}{'<= 12':>8}")
    for name, compared in found.items():
        twins = np.mean([_is_twin(*one) for one in compared])
        bits = np.array([one for one, _ in compared])
        shares = "".join(
            f"{100 * np.mean(bits <= most):>{width}.1f}"
            for most, width in ((4, 11), (8, 8), (10, 8), (12, 8))
        )
        print(f"{name:<26}{100 * twins:>8.1f}{shares}")


def _tell_others(looks: list[Look]) -> None:
    from gallery.similar.twins import MIN_LIKENESS

    pairs = [
        _compared(one, other) for place, one in enumerate(looks) for other in looks[place + 1 :]
    ]
    print(f"pairs of other photos: {len(pairs):,}, of which taken for the same:", end=" ")
    print(sum(_is_twin(*pair) for pair in pairs))
    for most in range(0, 17, 2):
        near = [likeness for bits, likeness in pairs if bits <= most]
        alike = sum(likeness >= MIN_LIKENESS for likeness in near)
        print(f"  {most:>2} bits or fewer: {len(near)}, of them alike to the model: {alike}")


if __name__ == "__main__":
    main()
