"""Says of two assets that they belong together, or no longer do."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from ..models import Asset, AssetRelation
from .errors import InvalidError

#: With so many others an asset can be related.
MOST_RELATED = 1000


def relate(asset: Asset, others: Sequence[Asset]) -> None:
    """Relate an asset to others, seen from both sides. Raises InvalidError."""
    others = [one for one in others if one.pk != asset.pk]
    with transaction.atomic():
        known = AssetRelation.objects.filter(asset=asset)
        kept = known.exclude(related__in=others).count()
        if kept + len(others) > MOST_RELATED:
            raise InvalidError(f"An asset may be related to {MOST_RELATED} others.")
        rows = [AssetRelation(asset=asset, related=one) for one in others]
        rows += [AssetRelation(asset=one, related=asset) for one in others]
        AssetRelation.objects.bulk_create(rows, ignore_conflicts=True)


def unrelate(asset: Asset, others: Sequence[Asset]) -> list[Asset]:
    """Take the relation to others back on both sides; return those that were related."""
    with transaction.atomic():
        rows = AssetRelation.objects.filter(asset=asset, related__in=others)
        were = set(rows.values_list("related_id", flat=True))
        rows.delete()
        AssetRelation.objects.filter(asset__in=others, related=asset).delete()
    return [one for one in others if one.pk in were]


def related_to(asset: Asset, *, most: int | None = None) -> list[Asset]:
    """Return the assets related to one, in the order in which they were, the first ``most``."""
    rows = AssetRelation.objects.filter(asset=asset, related__deleted_at=None)
    return [row.related for row in rows.select_related("related").order_by("pk")[:most]]
