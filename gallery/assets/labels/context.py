"""Context: keys and values that callers give; the caption of a picture is its photo's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from ...models import Asset, AssetContext, Photo, PhotoWord
from ..errors import InvalidError
from .names import check_changes, checked_text

CAPTION, MAX_CAPTION_CHARS = "caption", 5000
MAX_KEYS, MAX_KEY_CHARS, MAX_CONTEXT_CHARS = 1000, 255, 100_000


def context_of(assets: Iterable[Asset]) -> dict[int, dict[str, str]]:
    """Return the context of each asset by its key, in two statements for all of them."""
    photo_of = {asset.pk: asset.photo_id for asset in assets}
    found: dict[int, dict[str, str]] = {pk: {} for pk in photo_of}
    rows = AssetContext.objects.filter(asset__in=photo_of).order_by("asset", "key")
    for pk, key, value in rows.values_list("asset_id", "key", "value"):
        found[pk][key] = value
    photos = Photo.objects.filter(pk__in=[photo for photo in photo_of.values() if photo])
    captions = dict(photos.exclude(caption="").values_list("pk", "caption"))
    for pk, photo in photo_of.items():
        if photo in captions:
            found[pk][CAPTION] = captions[photo]
    return found


def checked_context(mapping: Mapping[str, Any]) -> dict[str, str]:
    """Return a context that can be stored; an empty value stands for none. Raises InvalidError."""
    if len(mapping) > MAX_KEYS:
        raise InvalidError(f"Too many context keys. Got {len(mapping)}. Maximum is {MAX_KEYS}.")
    context = {_key(key): _value(key, value) for key, value in mapping.items()}
    if sum(map(len, context.values())) > MAX_CONTEXT_CHARS:
        raise InvalidError(f"Context is too long. Maximum is {MAX_CONTEXT_CHARS} characters.")
    return context


def _key(key: str) -> str:
    if not checked_text(key, "A context key").strip() or len(key) > MAX_KEY_CHARS:
        raise InvalidError(f"A context key has from 1 to {MAX_KEY_CHARS} characters")
    return key


def _value(key: str, value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value) if isinstance(value, int | float) else value
    return checked_text(text, f"The value of context key {key[:50]}")


def set_context(asset: Asset, mapping: Mapping[str, Any]) -> None:
    """Have exactly this context on an asset. Raises InvalidError."""
    _change([asset], checked_context(mapping), is_all=True)


def add_context(assets: Sequence[Asset], mapping: Mapping[str, Any]) -> None:
    """Add to the context of assets; a key given as empty is taken away. Raises InvalidError."""
    _change(assets, checked_context(mapping), is_all=False)


def remove_all_context(assets: Sequence[Asset]) -> None:
    _change(assets, {}, is_all=True)


@transaction.atomic
def _change(assets: Sequence[Asset], context: Mapping[str, str], *, is_all: bool) -> None:
    check_changes(len(assets), len(context))
    with_photo = [asset.photo_id for asset in assets if asset.photo_id]
    if with_photo and (is_all or CAPTION in context):
        _write_captions(with_photo, context.get(CAPTION, ""))
    rows = AssetContext.objects.filter(asset__in=[asset.pk for asset in assets])
    (rows if is_all else rows.filter(key__in=context)).delete()
    AssetContext.objects.bulk_create(
        [
            AssetContext(asset=asset, key=key, value=value)
            for asset in assets
            for key, value in context.items()
            if value and not (asset.photo_id and key == CAPTION)
        ],
        update_conflicts=True,
        unique_fields=["asset", "key"],
        update_fields=["value"],
    )
    _note_change(assets)


def _write_captions(photo_ids: Sequence[int], caption: str) -> None:
    """Give photos a caption, and have them found by it."""
    if len(caption) > MAX_CAPTION_CHARS:
        raise InvalidError(f"Caption is too long. Maximum is {MAX_CAPTION_CHARS} characters.")
    others = Photo.objects.filter(pk__in=photo_ids).exclude(caption=caption)
    photos = list(others.select_for_update(no_key=True).order_by("pk"))
    for photo in photos:
        photo.caption = caption
        photo.make_findable()
    Photo.objects.bulk_update(photos, ["caption", "text", "shuffle"], batch_size=250)
    PhotoWord.store(photos)


def _note_change(assets: Sequence[Asset]) -> None:
    now = timezone.now()
    keys = [asset.pk for asset in assets]
    Asset.objects.filter(pk__in=keys).update(context_updated_at=now, updated_at=now)
    for asset in assets:
        asset.context_updated_at = asset.updated_at = now
