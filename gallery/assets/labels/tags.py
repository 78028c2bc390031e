"""The tags of assets, text by text as callers wrote them.

What can be a tag of a photo is one, so that it is found, counted and shown with all others. The
rest stands beside it on the asset: of files that are no photos, names without letters and digits,
and second spellings of what the photo has.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from django.db import transaction
from django.utils import timezone

from ...models import Asset, AssetTag, PhotoTag
from ...tagging.settling import hold_tags
from .finding import tagged
from .names import check_changes, check_count, checked_names
from .writing import Board, write_names

#: Assets that lose an exclusive tag, at a time.
_BATCH = 1000


def tags_of(assets: Iterable[Asset]) -> dict[int, list[str]]:
    """Return the tags of each asset by its key, sorted, in two statements for all of them."""
    photo_of = {asset.pk: asset.photo_id for asset in assets}
    texts: dict[int, set[str]] = {photo: set() for photo in photo_of.values() if photo}
    rows = PhotoTag.objects.shown().filter(photo__in=texts)
    for photo, spelling, label in rows.values_list("photo_id", "spelling", "tag__label"):
        texts[photo].add(spelling or label)
    names: dict[int, set[str]] = {
        pk: set(texts[photo]) if photo else set() for pk, photo in photo_of.items()
    }
    own = AssetTag.objects.filter(asset__in=photo_of)
    for pk, name in own.values_list("asset_id", "name"):
        names[pk].add(name)
    return {pk: sorted(ones) for pk, ones in names.items()}


def set_tags(asset: Asset, names: Iterable[str]) -> None:
    """Have exactly these tags on an asset. Raises InvalidError."""
    replace_tags([asset], names)


@transaction.atomic
def replace_tags(assets: Sequence[Asset], names: Iterable[str]) -> None:
    """Have exactly these tags on each of some assets. Raises InvalidError."""
    wanted = checked_names(names)
    check_changes(len(assets), len(wanted))
    _write(_held(assets), dict.fromkeys((asset.pk for asset in assets), wanted), named=wanted)


@transaction.atomic
def add_tags(assets: Sequence[Asset], names: Iterable[str]) -> None:
    """Add tags to those that assets have. Raises InvalidError."""
    added = checked_names(names)
    check_changes(len(assets), len(added))
    board = _held(assets)
    wanted = {pk: [*dict.fromkeys([*board.names_of(pk), *added])] for pk in board.keys}
    for ones in wanted.values():
        check_count(len(ones))
    _write(board, wanted, named=added)


@transaction.atomic
def remove_tags(assets: Sequence[Asset], names: Iterable[str]) -> None:
    """Take tags off assets; those an asset has not got do not matter. Raises InvalidError."""
    gone = set(checked_names(names))
    board = _held(assets)
    wanted = {pk: [name for name in board.names_of(pk) if name not in gone] for pk in board.keys}
    _write(board, wanted, named=())


@transaction.atomic
def remove_all_tags(assets: Sequence[Asset]) -> None:
    _write(_held(assets), {asset.pk: [] for asset in assets}, named=())


def set_exclusive_tags(assets: Sequence[Asset], names: Iterable[str]) -> None:
    """Add tags to assets, and take them off all others of the same cloud, kind and type."""
    if not assets:
        return
    wanted = checked_names(names)
    add_tags(assets, wanted)
    keys = {asset.pk for asset in assets}
    for name in wanted:
        _take_off_others(assets[0], name, keys)


def _take_off_others(like: Asset, name: str, keys: Collection[int]) -> None:
    same = Asset.objects.of(like.cloud).filter(resource_type=like.resource_type, type=like.type)
    others = tagged(same, name).exclude(pk__in=keys).order_by("pk")
    last = 0
    while batch := list(others.filter(pk__gt=last)[:_BATCH]):
        remove_tags(batch, [name])
        last = batch[-1].pk


def _held(assets: Sequence[Asset]) -> Board:
    """Keep all others from changing the tags of these, and return what stands there."""
    photos = [asset.photo_id for asset in assets if asset.photo_id]
    if photos:
        hold_tags(photos)
    bare = [asset.pk for asset in assets if not asset.photo_id]
    if bare:
        locked = Asset.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=bare)
        list(locked.order_by("pk").values_list("pk"))
    return Board.read(assets)


def _write(board: Board, wanted: Mapping[int, Sequence[str]], *, named: Collection[str]) -> None:
    changed = write_names(board, wanted, named=named)
    now = timezone.now()
    Asset.objects.filter(pk__in=changed).update(tags_updated_at=now, updated_at=now)
    for asset in board.assets:
        if asset.pk in changed:
            asset.tags_updated_at = asset.updated_at = now
