"""Arithmetic on embeddings as they are stored: float16, little-endian."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

#: So many vectors are compared in one go: a megabyte, which need not leave the processor.
IN_CACHE = 200
#: float32 for each float16, in the order of their bits, and 0 for what is no number. NumPy's own
#: conversion takes eight times as long, and longest where every third number is a zero, as here.
_WIDENED = np.nan_to_num(
    np.arange(2**16, dtype="<u2").view("<f2").astype(np.float32), posinf=0, neginf=0
)


def stack(embeddings: Collection[bytes], dimensions: int) -> np.ndarray:
    """Return embeddings as float16 of shape (n, dimensions); zeros where one has other dimensions.

    Such a one, and zeros in general, are like nothing.
    """
    none = bytes(2 * dimensions)
    whole = (one if len(one) == len(none) else none for one in embeddings)
    return np.frombuffer(b"".join(whole), "<f2").reshape(-1, dimensions)


def unit(features: np.ndarray) -> np.ndarray:
    """Return float16 of shape (n, d) as float32 vectors of length 1, or 0 for those of length 0."""
    wide = _wide(features)
    return np.asarray(wide / _lengths(wide)[:, None])


def direction(embedding: bytes) -> np.ndarray:
    """Return an embedding as a float32 vector of length 1, shape (d,), or 0 if it has no length."""
    return np.asarray(unit(stack([embedding], len(embedding) // 2))[0])


def likeness(embeddings: Collection[bytes], towards: np.ndarray) -> np.ndarray:
    """Return the cosine of each embedding to a unit vector, shape (n,)."""
    features = stack(embeddings, len(towards))
    found = np.empty(len(features), np.float32)
    for at in range(0, len(features), IN_CACHE):
        wide = _wide(features[at : at + IN_CACHE])
        found[at : at + IN_CACHE] = np.einsum("ij,j->i", wide, towards) / _lengths(wide)
    return found


def _wide(features: np.ndarray) -> np.ndarray:
    return np.asarray(np.take(_WIDENED, features.view("<u2")))


def _lengths(wide: np.ndarray) -> np.ndarray:
    return np.asarray(np.maximum(np.sqrt(np.einsum("ij,ij->i", wide, wide)), 1e-9))
