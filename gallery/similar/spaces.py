"""What each model saw in photos, as spaces of vectors."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import ClassVar

from django.db.models import QuerySet

from ..models import Fingerprint
from ..models.fingerprints import FingerprintQuerySet
from ..vectors import Space


@dataclass(frozen=True)
class Seen(Space):
    """Photos as the model ``name`` saw them; keys are those of the photos."""

    name: str
    changed: ClassVar[str] = "embedded_at"

    def rows(self) -> FingerprintQuerySet:
        return Fingerprint.objects.seen_by(self.name)

    def read(self, rows: QuerySet[Fingerprint]) -> dict[int, bytes]:
        return {key: bytes(one or b"") for key, one in rows.values_list("pk", "embedding")}

    def embeddings_of(self, keys: Collection[int]) -> dict[int, bytes]:
        return Fingerprint.objects.embeddings_of(keys, self.name)


def spaces() -> list[Space]:
    """Return a space for each model that has seen a photo."""
    return [Seen(model) for model in Fingerprint.objects.known_models()]
