"""Near-duplicates in a person's own library: found, shown best first, and told apart for good.

A scan finds groups and keeps them; it is made when somebody looks at a library that has changed.
A small library is looked through at once, a large one by a worker. Whatever the scan says, only
photos that are still there, and still the person's own, are ever shown or deleted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Count, Max
from django.utils import timezone

from ..models import Fingerprint, NotTwins, Photo, TwinScan, User
from ..models.photos import PhotoQuerySet

if TYPE_CHECKING:
    import numpy as np

    from .hashes import Pairs

#: So many photos are looked through while somebody waits for the page.
AT_ONCE = 10_000
#: What is not sure by the hash alone is so alike, at least, in what the model saw.
MIN_LIKENESS = 0.8
#: How long a doorbell may go unanswered before it is rung again.
PATIENCE = timedelta(minutes=5)
#: So many photos are told apart at once, each from each: a group has no more.
MAX_APART = 50
_BATCH = 2000

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Twins:
    """Photos that look the same, the one most worth keeping first."""

    photos: Sequence[Photo]

    @property
    def best(self) -> Photo:
        return self.photos[0]

    @property
    def keys(self) -> str:
        """The photos' keys as forms send them."""
        return ",".join(str(photo.pk) for photo in self.photos)

    @property
    def others(self) -> Sequence[Photo]:
        return self.photos[1:]


# --- Looking ----------------------------------------------------------------------------------


def scan_for(owner: User) -> TwinScan:
    """Return what was found in a person's library, looking through it first if it is small.

    A large library that has changed is asked for: ``wanted_at`` says so, and a worker looks.
    """
    scan, _ = TwinScan.objects.get_or_create(owner=owner)
    count, newest = _state(owner)
    if (scan.photo_count, scan.newest) == (count, newest) and scan.made_at:
        return scan
    if count <= AT_ONCE:
        return look_through(scan)
    if scan.wanted_at is None:
        scan.wanted_at = timezone.now()
        scan.save(update_fields=["wanted_at"])
    return scan


def look_through(scan: TwinScan) -> TwinScan:
    """Find all groups of twins in a library, and keep them."""
    wanted_at, made_at = scan.wanted_at, timezone.now()
    count, newest = _state(scan.owner)
    scan.groups = sorted(_groups(scan.owner), key=max, reverse=True)
    scan.photo_count, scan.newest, scan.made_at = count, newest, made_at
    scan.save(update_fields=["groups", "photo_count", "newest", "made_at"])
    # Whoever asked while this was going on is still to be answered.
    TwinScan.objects.filter(pk=scan.pk, wanted_at=wanted_at).update(wanted_at=None)
    scan.refresh_from_db(fields=["wanted_at"])
    return scan


def sweep() -> int:
    """Ask again for scans that nobody has made; return how many."""
    forgotten = list(TwinScan.objects.wanted_for(PATIENCE))
    for scan in forgotten:
        scan.wanted_at = timezone.now()
        scan.save(update_fields=["wanted_at"])
    return len(forgotten)


def _state(owner: User) -> tuple[int, int]:
    """Return how many photos a person has, and the newest one's key."""
    photos = Photo.objects.owned_by(owner).order_by()
    found = photos.aggregate(count=Count("pk"), newest=Max("pk"))
    return found["count"], found["newest"] or 0


def _groups(owner: User) -> list[list[int]]:
    """Return the keys of photos that look the same, in groups."""
    rows = Fingerprint.objects.filter(photo__owner=owner).exclude(perceptual_hash="")
    hashed = list(rows.order_by("pk").values_list("pk", "perceptual_hash"))
    if len(hashed) < 2:
        return []
    import numpy as np

    from . import hashes

    codes, at = np.unique(hashes.codes_of([one for _, one in hashed]), axis=0, return_inverse=True)
    members: list[list[int]] = [[] for _ in codes]
    for (key, _), place in zip(hashed, at.ravel().tolist(), strict=True):
        members[place].append(key)
    pairs = _agreed(hashes.close_pairs(codes), [some[0] for some in members])
    groups = list(hashes.stars(pairs, np.array([len(some) for some in members])))
    grouped = {place for group in groups for place in group}
    groups += [[place] for place, some in enumerate(members) if place not in grouped and some[1:]]
    photos = [[key for place in group for key in members[place]] for group in groups]
    return list(_kept_apart(photos, owner))


def _agreed(pairs: Pairs, keys: Sequence[int]) -> Pairs:
    """Leave out pairs that are not sure by the hash, and in which the model saw something else.

    ``keys`` are the photos at the places.
    """
    import numpy as np

    from .hashes import SURE_BITS

    is_agreed = pairs.bits <= SURE_BITS
    unsure = np.flatnonzero(~is_agreed)
    for start in range(0, len(unsure), _BATCH):
        some = unsure[start : start + _BATCH]
        ends = [
            (keys[one], keys[other])
            for one, other in zip(
                pairs.first[some].tolist(), pairs.second[some].tolist(), strict=True
            )
        ]
        is_agreed[some] = _likeness(ends) >= MIN_LIKENESS
    return pairs.only(is_agreed)


def _likeness(pairs: Sequence[Pair]) -> np.ndarray:
    """Return how alike the photos of each pair are to a model that saw both; 0: there is none."""
    import numpy as np

    from ..vectors import arithmetic

    seen = Fingerprint.objects.seen().filter(pk__in={key for pair in pairs for key in pair})
    by_model: dict[str, dict[int, bytes]] = {}
    for key, model, embedding in seen.values_list("pk", "model", "embedding"):
        by_model.setdefault(model, {})[key] = bytes(embedding or b"")
    found = np.zeros(len(pairs), np.float32)
    for saw in by_model.values():
        at = {key: place for place, key in enumerate(saw)}
        units = arithmetic.unit(arithmetic.stack(saw.values(), len(next(iter(saw.values()))) // 2))
        both = [place for place, (one, other) in enumerate(pairs) if one in at and other in at]
        ends = [units[[at[pairs[place][end]] for place in both]] for end in (0, 1)]
        found[both] = np.einsum("ij,ij->i", *ends)
    return found


def _kept_apart(groups: Sequence[list[int]], owner: User) -> Iterator[list[int]]:
    """Break up groups so that no two photos are in one that are known to be different."""
    from .hashes import MAX_GROUP

    known = NotTwins.objects.filter(photo__owner=owner)
    apart = set(known.values_list("photo_id", "other_id"))
    for group in groups:
        rest = sorted(group)
        while len(rest) > 1:
            together: list[int] = []
            for key in rest:
                if len(together) < MAX_GROUP and not any((one, key) in apart for one in together):
                    together.append(key)
            rest = [key for key in rest if key not in together]
            if len(together) > 1:
                yield together


# --- Showing and deciding ---------------------------------------------------------------------


def twins_among(groups: Sequence[Collection[int]], owner: User) -> list[Twins]:
    """Return groups with their photos, as far as there are still two; two statements."""
    keys = [key for group in groups for key in group]
    own: PhotoQuerySet = Photo.objects.owned_by(owner).for_cards()
    photos = {photo.pk: photo for photo in own.filter(pk__in=keys)}
    found = [[photos[key] for key in group if key in photos] for group in groups]
    return [Twins(sorted(some, key=_worth)) for some in found if len(some) > 1]


def _worth(photo: Photo) -> tuple[int, int, int]:
    """Sort by pixels, then by bytes, then the oldest first."""
    return -photo.width * photo.height, -photo.size_bytes, photo.pk


def tell_apart(owner: User, keys: Collection[int]) -> int:
    """Note that photos of a person only look the same; return how many they are."""
    own = list(Photo.objects.owned_by(owner).filter(pk__in=keys).order_by("pk")[:MAX_APART])
    together = {photo.pk for photo in own}
    with transaction.atomic():
        NotTwins.objects.bulk_create(
            [NotTwins(photo=one, other=other) for one, other in combinations(own, 2)],
            ignore_conflicts=True,
        )
        if scan := _held_scan(owner):
            scan.groups = [group for group in scan.groups if len(together.intersection(group)) < 2]
            scan.save(update_fields=["groups"])
    return len(own)


def delete(owner: User, keys: Collection[int]) -> int:
    """Delete photos of a person like any others; return how many."""
    photos = list(Photo.objects.owned_by(owner).filter(pk__in=keys))
    gone, before = {photo.pk for photo in photos}, _state(owner)
    for photo in photos:
        photo.delete()
    with transaction.atomic():
        if scan := _held_scan(owner):
            left = ([key for key in group if key not in gone] for group in scan.groups)
            scan.groups = [group for group in left if len(group) > 1]
            if (scan.photo_count, scan.newest) == before:  # nothing else has changed
                scan.photo_count, scan.newest = _state(owner)
            scan.save(update_fields=["groups", "photo_count", "newest"])
    return len(photos)


def _held_scan(owner: User) -> TwinScan | None:
    return TwinScan.objects.select_for_update().filter(owner=owner).first()
