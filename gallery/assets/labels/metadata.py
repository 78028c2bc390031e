"""What stands in the structured fields of assets; `fields` says what may."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ...models import Asset, MetadataValue


def metadata_of(assets: Iterable[Asset]) -> dict[int, dict[str, Any]]:
    """Return what stands in the fields of each asset, by its key, in one statement.

    Of a list's entries it is their ids: one text, or a list of them.
    """
    found: dict[int, dict[str, Any]] = {asset.pk: {} for asset in assets}
    rows = MetadataValue.objects.filter(asset__in=found).order_by("field__position", "field")
    for pk, field, value in rows.values_list("asset_id", "field__external_id", "value"):
        found[pk][field] = value
    return found
