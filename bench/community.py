"""People with planted interests in a made-up library, for benchmarks; a module, not a program.

`settle` adds them to a library of `synthetic.py`, through the real models but for the change of
owners, which is an UPDATE. What is there afterwards, drawn from fixed seeds:

- 200 interest groups: each a tag with at least four kinds, of which the group is up to five, none
  with more than ten kinds of its own. Several groups are kinds of one tag and share some.
- People, "person0" onward. Each is in one to three groups (40, 40 and 20 %); how many are in a
  group falls off as 1 / rank ** 0.5.
- Four in ten people are lurkers, who upload nothing. How much the others upload falls off as
  1 / rank ** 0.7: at 100,000 people and a million photos, the median is a handful of photos and
  the most is some thousands.
- Every photo has a new owner: seven in ten of those that show a tag of a group belong to somebody
  in that group, all others to anybody, each by how much people upload. Besides its owner's
  interest, a photo shows what `synthetic.py` drew: most of any profile is noise.
- Favourites, 20 a person in the mean and 12 in the median (lognormal); eight in ten are of photos
  of the person's groups, the others of any, the more popular the more (1 / rank ** 0.6; a group's
  photos are the newest 5,000 public ones of each of its tags). Openings the same, six in ten of
  the groups.
- Follows, about ten a person, eight in ten of people in the same group, by how much they upload.
- Profiles: 60 % of people are listed, 1 % have switched their interests off. One in ten pinned a
  tag of their groups, one in twenty muted any tag. One in a hundred blocks somebody.
- Acts lie before the end of the last arrival, the age exponential: 120 days in the mean for
  favourites, 20 for openings, 200 for follows. That has nothing to do with when a photo arrived.

Profiles are empty until `manage.py rebuild_interests`. Each batch is one transaction with a note
of how far it came, so a run that was broken off goes on where it was.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from synthetic import ARRIVALS, FIRST_ARRIVAL

if TYPE_CHECKING:
    from django.db.models import Model

SEED = 6
GROUPS, GROUP_TAGS, MOST_KINDS = 200, 5, 10
#: Shares of people who are in one, two and three groups.
IN_GROUPS = (0.4, 0.4, 0.2)
LURKERS, LISTED, OFF = 0.4, 0.6, 0.01
PINNING, MUTING, BLOCKING = 0.1, 0.05, 0.01
OWN_UPLOADS, OWN_FAVOURITES, OWN_OPENINGS, OWN_FOLLOWS = 0.7, 0.8, 0.6, 0.8
ACTS, FOLLOWS, OF_A_TAG = 20, 10, 5000
PRESENT = FIRST_ARRIVAL + ARRIVALS
PEOPLE_AT_ONCE, PHOTOS_AT_ONCE = 1000, 5000


@dataclass(frozen=True, slots=True)
class Planted:
    """What was planted: the tags of each group, and of each person their groups (-1: none more).

    ``people`` are keys of users; row i of ``groups_of`` and ``uploading`` is about ``people[i]``.
    ``uploading`` is how much of all uploads is theirs, 0 for lurkers.
    """

    groups: list[list[int]]
    people: np.ndarray
    groups_of: np.ndarray
    uploading: np.ndarray

    def members(self) -> list[np.ndarray]:
        """Return the rows of the people in each group."""
        return [np.flatnonzero((self.groups_of == one).any(axis=1)) for one in self._numbers()]

    def with_tag(self) -> dict[int, list[int]]:
        """Return the groups that each tag is in."""
        found: dict[int, list[int]] = defaultdict(list)
        for number in self._numbers():
            for tag in self.groups[number]:
                found[tag].append(number)
        return found

    def tags_of(self, row: int) -> set[int]:
        """Return the tags of all groups of a person."""
        return {tag for one in self.groups_of[row] if one >= 0 for tag in self.groups[one]}

    def _numbers(self) -> range:
        return range(len(self.groups))


def settle(count: int) -> Planted:
    """Bring so many people with planted interests into the library; return what was planted."""
    from gallery.models import Favourite, Follow, User

    for model in (Favourite, Follow):
        model._meta.get_field("created_at").auto_now_add = False
    have = User.objects.filter(username__startswith="person").count()
    User.objects.bulk_create(
        (User(username=f"person{n}", password="!") for n in range(have, count)),  # noqa: S106
        batch_size=PEOPLE_AT_ONCE,
    )
    there = planted(count)
    _in_batches("owners", _last_photo() + 1, PHOTOS_AT_ONCE, Owners(there))
    _in_batches("acts", count, PEOPLE_AT_ONCE, Lives(there))
    return there


def planted(count: int) -> Planted:
    """Return what `settle` plants, without changing anything."""
    from gallery.models import User

    chance = np.random.default_rng(SEED)
    groups = draw_groups(chance, GROUPS)
    people = User.objects.filter(username__startswith="person").order_by("pk")
    keys = np.array(people.values_list("pk", flat=True)[:count], np.int64)
    return Planted(groups, keys, draw_members(chance, count), draw_uploading(chance, count))


# --- Who is who -------------------------------------------------------------------------------


def draw_groups(chance: np.random.Generator, count: int) -> list[list[int]]:
    """Return the tags of so many groups: kinds of one tag each."""
    from gallery.models import TagClosure, TagParent

    kinds: dict[int, int] = defaultdict(int)
    for above in TagClosure.objects.values_list("ancestor", flat=True):
        kinds[above] += 1
    below: dict[int, list[int]] = defaultdict(list)
    for child, parent in TagParent.objects.order_by("child").values_list("child", "parent"):
        if kinds[child] <= MOST_KINDS:
            below[parent].append(child)
    families = [below[parent] for parent in sorted(below) if len(below[parent]) >= 4]
    chosen = (families[one] for one in chance.integers(len(families), size=count))
    return [
        sorted(chance.choice(some, min(GROUP_TAGS, len(some) - 1), replace=False).tolist())
        for some in chosen
    ]


def draw_members(chance: np.random.Generator, people: int, groups: int = GROUPS) -> np.ndarray:
    """Return the groups of so many people, int64 (people, 3); -1 where there are fewer."""
    odds = zipf(groups, 0.5)
    found = np.full((people, len(IN_GROUPS)), -1)
    numbers = chance.choice(len(IN_GROUPS), people, p=IN_GROUPS) + 1
    for row, number in enumerate(numbers):
        found[row, :number] = chance.choice(groups, number, replace=False, p=odds)
    return found


def draw_uploading(chance: np.random.Generator, people: int) -> np.ndarray:
    """Return which share of all uploads is whose."""
    shares = chance.permutation(zipf(people, 0.7))
    shares[chance.random(people) < LURKERS] = 0
    return np.asarray(shares / shares.sum())


def zipf(count: int, exponent: float) -> np.ndarray:
    weights = 1 / np.arange(1, count + 1) ** exponent
    return np.asarray(weights / weights.sum())


class Draw:
    """Draws people by how much they upload: those of a group, or anybody."""

    def __init__(self, there: Planted) -> None:
        everybody = np.arange(len(there.people))
        self._rows = [*there.members(), everybody]
        self._ends = [self._summed(there.uploading[rows]) for rows in self._rows]

    @staticmethod
    def _summed(shares: np.ndarray) -> np.ndarray:
        """Return running sums; of people who all upload nothing, each has the same share."""
        return np.cumsum(shares if shares.sum() else np.ones(len(shares)))

    def __call__(self, group: int, luck: float) -> int:
        """Return the row of a person of a group, of -1 for anybody; ``luck`` from 0 to 1."""
        rows, ends = self._rows[group], self._ends[group]
        if not len(rows):
            return self(-1, luck)
        return int(rows[min(np.searchsorted(ends, luck * ends[-1], "right"), len(rows) - 1)])


# --- Whose photos -----------------------------------------------------------------------------


class Owners:
    """Gives photos of a range of keys to the people who might have taken them."""

    def __init__(self, there: Planted) -> None:
        self.there, self.draw = there, Draw(there)
        self.with_tag = there.with_tag()

    def __call__(self, start: int, end: int) -> None:
        from django.db import connection

        from gallery.models import Photo, PhotoTag

        chance = np.random.default_rng([SEED, 1, start])
        photos = Photo.objects.filter(pk__gte=start, pk__lt=end).order_by("pk")
        shown = PhotoTag.objects.shown().filter(photo__gte=start, photo__lt=end)
        tags: dict[int, list[int]] = defaultdict(list)
        for photo, tag in shown.order_by("photo", "tag").values_list("photo", "tag"):
            if tag in self.with_tag:
                tags[photo].append(tag)
        owners = [
            (self._owner(tags.get(photo, []), chance.random(4)), photo)
            for photo in photos.values_list("pk", flat=True)
        ]
        with connection.cursor() as cursor:
            cursor.executemany("UPDATE gallery_photo SET owner_id = %s WHERE id = %s", owners)

    def _owner(self, tags: Sequence[int], luck: np.ndarray) -> int:
        group = -1
        if tags and luck[0] < OWN_UPLOADS:
            groups = self.with_tag[tags[int(luck[1] * len(tags))]]
            group = groups[int(luck[2] * len(groups))]
        return int(self.there.people[self.draw(group, luck[3])])


def _last_photo() -> int:
    from gallery.models import Photo

    return int(Photo.objects.newest_first().values_list("pk", flat=True)[0])


# --- What people do ---------------------------------------------------------------------------


class Pools:
    """Public photos of each group, and of all, the more popular ones first."""

    def __init__(self, there: Planted) -> None:
        from gallery.models import Photo

        chance = np.random.default_rng([SEED, 2])
        public = Photo.objects.public().order_by("pk").values_list("pk", "owner")
        keys, owners = np.array(list(public), np.int64).T
        self.owners = dict(zip(keys.tolist(), owners.tolist(), strict=True))
        self.pools = [chance.permutation(self._of(tags, keys)) for tags in there.groups]
        self.pools.append(chance.permutation(keys))

    @staticmethod
    def _of(tags: Iterable[int], public: np.ndarray) -> np.ndarray:
        from gallery.models import PhotoTag

        found = []
        for tag in tags:
            shown = PhotoTag.objects.shown().filter(tag=tag).order_by("-photo")
            found.append(np.array(shown.values_list("photo", flat=True)[:OF_A_TAG], np.int64))
        keys = np.unique(np.concatenate(found))
        return np.asarray(keys[np.isin(keys, public, assume_unique=True)])

    def __call__(self, group: int, luck: float) -> int:
        """Return a photo of a group, of -1 any; by 1 / rank ** 0.6, ``luck`` from 0 to 1."""
        pool = self.pools[group]
        if not len(pool):
            return self(-1, luck)
        return int(pool[int(len(pool) * luck**2.5)])


class Lives:
    """Has people of a range of rows do things, and say what they want."""

    def __init__(self, there: Planted) -> None:
        self.there, self.draw = there, Draw(there)
        self._pools: Pools | None = None

    @property
    def pools(self) -> Pools:
        self._pools = self._pools or Pools(self.there)
        return self._pools

    def __call__(self, start: int, end: int) -> None:
        from gallery.models import Favourite, Follow, Opening

        chance = np.random.default_rng([SEED, 3, start])
        rows = range(start, min(end, len(self.there.people)))
        off = {row for row in rows if chance.random() < OFF}
        self._speak(rows, off, chance)
        _store(
            Favourite(person_id=person, photo_id=photo, created_at=at)
            for person, photo, at in self._photos(rows, OWN_FAVOURITES, 120, chance)
        )
        watched = [row for row in rows if row not in off]
        _store(
            Opening(person_id=person, photo_id=photo, opened_at=at)
            for person, photo, at in self._photos(watched, OWN_OPENINGS, 20, chance)
        )
        _store(
            Follow(person_id=person, followed_id=other, created_at=at)
            for person, other, at in self._followed(rows, chance)
        )

    def _photos(
        self, rows: Iterable[int], own: float, days: float, chance: np.random.Generator
    ) -> Iterator[tuple[int, int, datetime]]:
        """Yield person, photo and time; never a photo of their own."""
        for row in rows:
            person = int(self.there.people[row])
            count = min(int(chance.lognormal(np.log(ACTS * 0.6), 1.01)), 50 * ACTS)
            lucks = chance.random((count, 3))
            chosen = {self.pools(self._group(row, own, luck), luck[2]): None for luck in lucks}
            for photo in chosen:
                if self.pools.owners[photo] != person:
                    yield person, photo, _some_time(days, chance)

    def _followed(
        self, rows: Iterable[int], chance: np.random.Generator
    ) -> Iterator[tuple[int, int, datetime]]:
        for row in rows:
            lucks = chance.random((chance.poisson(FOLLOWS), 3))
            others = {self.draw(self._group(row, OWN_FOLLOWS, luck), luck[2]) for luck in lucks}
            for other in sorted(others - {row}):
                key = int(self.there.people[other])
                yield int(self.there.people[row]), key, _some_time(200, chance)

    def _group(self, row: int, own: float, luck: np.ndarray) -> int:
        """Return one of a person's groups, or -1 for anything."""
        groups = [one for one in self.there.groups_of[row].tolist() if one >= 0]
        return int(groups[int(luck[1] * len(groups))]) if luck[0] < own else -1

    def _speak(self, rows: Iterable[int], off: set[int], chance: np.random.Generator) -> None:
        from gallery.models import Block, Interest, Profile, Stance, User

        there, profiles, stances, blocks = self.there, [], [], []
        every = sorted(there.with_tag())
        for row in rows:
            person, luck = int(there.people[row]), chance.random(4)
            is_on = row not in off
            is_listed = is_on and luck[0] < LISTED
            profiles.append(Profile(person_id=person, is_on=is_on, is_listed=is_listed))
            if is_on and luck[1] < PINNING:
                tag = chance.choice(sorted(there.tags_of(row)))
                stances.append(Interest(person_id=person, tag_id=tag, stance=Stance.PINNED))
            if is_on and luck[2] < MUTING:
                tag = chance.choice(sorted(set(every) - there.tags_of(row)))
                stances.append(Interest(person_id=person, tag_id=tag, stance=Stance.MUTED))
            other = int(there.people[chance.integers(len(there.people))])
            if luck[3] < BLOCKING and other != person:
                blocks.append(Block(person_id=person, blocked_id=other))
        for some in (profiles, stances, blocks):
            _store(some)
        apart = [key for one in blocks for key in (one.person_id, one.blocked_id)]
        User.objects.filter(pk__in=apart).update(has_blocks=True)


def _some_time(days: float, chance: np.random.Generator) -> datetime:
    return PRESENT - timedelta(days=min(float(chance.exponential(days)), 1000.0))


def _store(rows: Iterable[Model]) -> None:
    some: list[Any] = list(rows)
    if some:
        type(some[0])._default_manager.bulk_create(some, batch_size=PEOPLE_AT_ONCE)


# --- In batches -------------------------------------------------------------------------------


def _in_batches(what: str, end: int, size: int, work: Callable[[int, int], None]) -> None:
    """Do work on ranges of numbers, and note how far it came, so that it may be broken off."""
    from django.db import transaction

    from gallery.models import Noted

    name = f"bench: {what}"
    noted = Noted.objects.filter(name=name).values_list("number", flat=True).first()
    began, said = time.perf_counter(), time.perf_counter()
    for start in range(noted or 0, end, size):
        with transaction.atomic():
            work(start, start + size)
            Noted.objects.update_or_create(name=name, defaults={"number": start + size})
        if time.perf_counter() - said > 30:
            said = time.perf_counter()
            print(f"  {what}: {min(start + size, end):>9,} of {end:,}, {said - began:.0f} s")
