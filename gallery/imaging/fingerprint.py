"""Describes what an image looks like, so that near-duplicates can be found."""

from __future__ import annotations

from PIL import Image


def perceptual_hash(image: Image.Image) -> str:
    """Return ImageHash's 64-bit DCT hash as 16 hexadecimal digits.

    Few differing bits mean much the same picture. Source: the package's ``phash``.
    """
    import imagehash  # brings SciPy: only those who take in photos pay for it

    return str(imagehash.phash(image))
