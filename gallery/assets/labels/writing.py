"""Brings the tags of assets from what they are to what they are to be, in few statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from ...models import Asset, AssetTag, PhotoTag, RunStatus, Tag, TagAlias, TaggingRun, TagState
from ...models.tags import tag_slug
from ...tagging.spellings import is_for_pages


@dataclass(slots=True)
class Board:
    """What stands on some assets: rows of their photos by photo and tag, and their own names."""

    assets: Sequence[Asset]
    rows: dict[int, dict[int, PhotoTag]] = field(default_factory=dict)
    own: dict[int, dict[str, int]] = field(default_factory=dict)

    @classmethod
    def read(cls, assets: Sequence[Asset]) -> Board:
        board = cls(assets)
        board.rows = {asset.photo_id: {} for asset in assets if asset.photo_id}
        board.own = {asset.pk: {} for asset in assets}
        rows = PhotoTag.objects.filter(photo__in=board.rows).select_related("tag", "run")
        for row in rows.defer("run__suggestions", "run__options", "run__added", "run__removed"):
            board.rows[row.photo_id][row.tag_id] = row
        own = AssetTag.objects.filter(asset__in=board.own)
        for pk, asset, name in own.values_list("pk", "asset_id", "name"):
            board.own[asset][name] = pk
        return board

    @property
    def keys(self) -> list[int]:
        return [asset.pk for asset in self.assets]

    @property
    def photo_of(self) -> dict[int, int]:
        return {asset.pk: asset.photo_id for asset in self.assets if asset.photo_id}

    def shown(self, pk: int) -> list[PhotoTag]:
        rows = self.rows.get(self.photo_of.get(pk, 0), {})
        return [row for row in rows.values() if row.is_shown]

    def names_of(self, pk: int) -> list[str]:
        return [*map(text_of, self.shown(pk)), *self.own[pk]]


@dataclass(slots=True)
class _Changes:
    """What is to be done to the rows, for all assets together."""

    stored: list[PhotoTag] = field(default_factory=list)
    gone: list[PhotoTag] = field(default_factory=list)
    own_new: list[AssetTag] = field(default_factory=list)
    own_gone: list[int] = field(default_factory=list)
    changed: set[int] = field(default_factory=set)


def text_of(row: PhotoTag) -> str:
    """Return a photo's tag as callers know it."""
    return row.spelling or row.tag.label


def write_names(
    board: Board, wanted: Mapping[int, Sequence[str]], *, named: Collection[str]
) -> set[int]:
    """Have exactly the ``wanted`` names on each asset; return the keys of those that changed.

    A person says the ``named`` ones: their rows are confirmed. Other rows that stay are as they
    were.
    """
    fresh = {name for names in wanted.values() for name in names if is_for_pages(name)}
    tags = Tag.objects.by_label(sorted(fresh)) if board.rows else {}
    photo_of, changes, said = board.photo_of, _Changes(), set(named)
    for asset in board.assets:
        names, photo = wanted[asset.pk], photo_of.get(asset.pk)
        rest = list(names)
        if photo:
            rest = _plan_photo(board.rows[photo], photo, names, tags, said, asset.pk, changes)
        _plan_own(board.own[asset.pk], asset.pk, rest, changes)
    _carry_out(changes)
    return changes.changed


def _plan_photo(
    rows: Mapping[int, PhotoTag],
    photo: int,
    names: Sequence[str],
    tags: Mapping[str, Tag],
    said: AbstractSet[str],
    pk: int,
    changes: _Changes,
) -> list[str]:
    """Plan the rows of one photo; return the names that none of them can have."""
    spelled: dict[int, list[str]] = defaultdict(list)
    rest = []
    shown_as = {text_of(row): key for key, row in rows.items() if row.is_shown}
    for name in names:
        key = shown_as.get(name) or (tags[name].pk if name in tags else None)
        spelled[key].append(name) if key else rest.append(name)
    by_key = {tag.pk: tag for tag in tags.values()}
    for key, spellings in spelled.items():
        row = rows.get(key) or PhotoTag(photo_id=photo, tag=by_key[key], confidence=1.0, state="")
        rest += _plan_row(row, spellings, said, pk, changes)
    gone = [row for key, row in rows.items() if row.is_shown and key not in spelled]
    changes.gone += gone
    if gone:
        changes.changed.add(pk)
    return rest


def _plan_row(
    row: PhotoTag, spellings: Sequence[str], said: AbstractSet[str], pk: int, changes: _Changes
) -> list[str]:
    """Plan one row that is to have one of these spellings; return the others."""
    text = text_of(row) if row.is_shown else ""
    first = text if text in spellings else spellings[0]
    is_said = not row.is_shown or not said.isdisjoint(spellings)
    before = row.state, row.spelling
    row.spelling = None if first == row.tag.label else first
    if is_said:
        row.state = TagState.CONFIRMED
        row.confidence = row.confidence if row.run_id else 1.0
    if before != (row.state, row.spelling):
        changes.stored.append(row)
        changes.changed.add(pk)
    return [spelling for spelling in spellings if spelling != first]


def _plan_own(own: Mapping[str, int], pk: int, names: Collection[str], changes: _Changes) -> None:
    new = [AssetTag(asset_id=pk, name=name) for name in names if name not in own]
    gone = [key for name, key in own.items() if name not in names]
    changes.own_new += new
    changes.own_gone += gone
    if new or gone:
        changes.changed.add(pk)


def _carry_out(changes: _Changes) -> None:
    _take_away(changes.gone)
    PhotoTag.objects.bulk_create(
        changes.stored,
        update_conflicts=True,
        unique_fields=["photo", "tag"],
        update_fields=["state", "confidence", "spelling"],
    )
    AssetTag.objects.filter(pk__in=changes.own_gone).delete()
    AssetTag.objects.bulk_create(changes.own_new, ignore_conflicts=True)


# --- Taking away ------------------------------------------------------------------------------


def _take_away(rows: Sequence[PhotoTag]) -> None:
    """Take tags off photos so that no answer that is known brings them back.

    What only a caller said is gone, and their own runs count for no more; what taggers of the
    site say too is rejected.
    """
    if not rows:
        return
    runs = _sayings(rows)
    own = {run.pk for sayers in runs.values() for run in sayers if run.add_on is not None}
    TaggingRun.objects.filter(pk__in=own).update(counts=False)
    gone = [row.pk for row in rows if _is_callers(row, runs[row.pk])]
    PhotoTag.objects.filter(pk__in=gone).delete()
    refused = {row.pk for row in rows} - set(gone)
    PhotoTag.objects.filter(pk__in=refused).update(state=TagState.REJECTED)


def _is_callers(row: PhotoTag, sayers: Iterable[TaggingRun]) -> bool:
    is_own = row.run is None or row.is_kept or row.run.add_on is not None
    return bool(is_own) and all(run.add_on is not None for run in sayers)


def _sayings(rows: Sequence[PhotoTag]) -> dict[int, list[TaggingRun]]:
    """Return by row which runs that count say its tag of its photo."""
    slugs = _slugs({row.tag_id: row.tag for row in rows})
    asked: dict[int, dict[str, PhotoTag]] = defaultdict(dict)
    for row in rows:
        asked[row.photo_id] |= dict.fromkeys(slugs[row.tag_id], row)
    found: dict[int, list[TaggingRun]] = {row.pk: [] for row in rows}
    runs = TaggingRun.objects.counting().filter(photo__in=asked, status=RunStatus.COMPLETE)
    for run in runs.only("photo_id", "add_on", "suggestions").iterator():
        said = {tag_slug(one["tag"]) for one in run.suggestions}
        of_photo = asked[run.photo_id]
        for pk in {of_photo[slug].pk for slug in said & of_photo.keys()}:
            found[pk].append(run)
    return found


def _slugs(tags: Mapping[int, Tag]) -> dict[int, list[str]]:
    slugs = {key: [tag.slug] for key, tag in tags.items()}
    for key, slug in TagAlias.objects.filter(tag__in=tags).values_list("tag_id", "slug"):
        slugs[key].append(slug)
    return slugs
