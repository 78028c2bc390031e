"""How right "people like you" and "for you" are, where it is known what people like.

    python bench/simulation.py [--people 1500] [--viewers 600] [--seed 1]

Makes a small community in a temporary SQLite database, through the real models, has interests
worked out as housekeeping does, and asks the real functions. The same seed gives the same figures.

What is planted:

- 40 interest groups: five kinds of one tag of the real vocabulary and a sixth tag from anywhere.
  They overlap: some are kinds of the same tag. People are in one to three groups (40, 40 and 20 %);
  how many are in a group falls off as 1 / rank ** 0.5.
- Three in ten people are lurkers, who upload nothing. The others upload 14 photos in the mean
  (lognormal), three in ten of them private.
- A photo is of one of its owner's groups: of one to three tags of it, and all that those are kinds
  of. One in four photos is of nothing that its owner likes: of one or two tags by Zipf's law. On
  each photo are two more wrong tags by Zipf's law. Confidences are Beta(4, 1.5), of wrong tags
  Beta(1.6, 0.9); shown from 0.4 on.
- 15 favourites a person in the mean, four in five of a photo of their groups, 20 openings, three in
  five of their groups, and 5 follows, four in five of somebody in their groups; the others anything
  or anybody. Everything by chance, not by what is popular.
- Photos came over 18 months, people's acts have ages of 90 days in the mean (exponential).
- Six in ten people are listed.
- A bulk uploader, listed, with 10,000 public photos of one tag of one group, all of the last month,
  and a spammer, listed, with 300 public photos of the last month, each with 60 tags at random,
  confirmed by hand. People come upon photos by first coming upon their owner, so both get as many
  favourites as anybody else.

What is right: a person who has a group in common with the viewer, and a photo one of whose planted
tags is of one of the viewer's groups. Neither the bulk uploader's answers nor the spammer's photos
are right for anybody but for people of the group that the bulk uploader's tag is of. Gains for nDCG
are what share of all their groups two people have in common, photos' are 1 or 0. What explores is
counted by itself: cards that are shown as something else are left out, and the next ones move up.

Beside two baselines that know the same. Most popular: the people most followed, the photos with
most favourites. Shared tags: people and photos by how many different tags they have in common with
all that the viewer uploaded, likes and opened; of as many, the last to come.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import TYPE_CHECKING

import community
import numpy as np
import synthetic

if TYPE_CHECKING:
    from gallery.models import User

GROUPS, LURKERS, PRIVATE, ELSEWHERE = 40, 0.3, 0.3, 0.25
UPLOADS, FAVOURITES, OPENINGS, FOLLOWS = 14, 15, 20, 5
OWN_FAVOURITES, OWN_OPENINGS, OWN_FOLLOWS = 0.8, 0.6, 0.8
BULK, SPAM, SPAM_TAGS = 10_000, 300, 60
SPAN_D, BURST_D, ACT_D = 540, 30, 90
THRESHOLD, LISTED = 0.4, 0.6
FIRST, RESAMPLED, BATCH = 20, 2000, 1000


#: Photos by owner.
Pool = list[list[int]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=1500)
    parser.add_argument("--viewers", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    data = tempfile.mkdtemp(prefix="photolib-simulation-")
    os.environ["PHOTOLIB_DATA_DIR"] = data
    try:
        synthetic.set_up(f"sqlite:///{data}/photolib.sqlite3")
        started = time.perf_counter()
        world = World.made(asked.people, np.random.default_rng(asked.seed))
        print(world.described())
        _work_out(asked.seed)
        print(f"made and worked out in {time.perf_counter() - started:.0f} s")
        _report(world, asked.viewers, np.random.default_rng(asked.seed + 1))
    finally:
        shutil.rmtree(data)


def _work_out(seed: int) -> None:
    """Do what housekeeping does, and have chance fall alike each time."""
    from gallery.interests import choosing, popular, profiles
    from gallery.tags import note_counts

    note_counts()
    _forget()
    profiles.rebuild()
    popular.note_popular()
    choosing.Random = partial(Random, seed)  # type: ignore[misc, assignment]


def _forget() -> None:
    from gallery.interests import hierarchy

    hierarchy.forget()


# --- The planted world ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Shot:
    """A photo: the row of its owner, what it truly shows, when it came, and its key."""

    owner: int
    subjects: tuple[int, ...]
    age_d: float
    is_public: bool
    key: int = 0


@dataclass(frozen=True, slots=True)
class World:
    """What was planted. The last two people are the bulk uploader and the spammer."""

    planted: community.Planted
    users: Sequence[User]
    listed: np.ndarray
    shots: dict[int, Shot]
    tags: dict[int, set[int]]

    @classmethod
    def made(cls, count: int, chance: np.random.Generator) -> World:
        return _Maker(count, chance).world()

    @property
    def bulk(self) -> int:
        return len(self.users) - 2

    @property
    def spammer(self) -> int:
        return len(self.users) - 1

    def groups_of(self, row: int) -> set[int]:
        return {int(one) for one in self.planted.groups_of[row] if one >= 0}

    def likeness(self, row: int, other: int) -> float:
        """Return what share of all groups of two people they have in common."""
        mine, others = self.groups_of(row), self.groups_of(other)
        return len(mine & others) / max(len(mine | others), 1)

    def described(self) -> str:
        uploading = {shot.owner for shot in self.shots.values()}
        public = sum(shot.is_public for shot in self.shots.values())
        return (
            f"{len(self.users):,} people, {len(uploading):,} of whom upload, "
            f"{len(self.shots):,} photos, {public:,} of them public"
        )


class _Maker:
    """Draws the world and stores it."""

    def __init__(self, count: int, chance: np.random.Generator) -> None:
        from gallery.models import Tag, TagClosure, User

        self.chance, self.now = chance, synthetic_now()
        self.vocabulary = np.array(Tag.objects.order_by("slug").values_list("pk", flat=True))
        self.vocabulary = chance.permutation(self.vocabulary)
        self.odds = community.zipf(len(self.vocabulary), 1.0)
        self.above: dict[int, list[int]] = defaultdict(list)
        for above, below in TagClosure.objects.values_list("ancestor", "descendant"):
            self.above[below].append(above)
        groups = community.draw_groups(chance, GROUPS)
        groups = [[*tags, int(chance.choice(self.vocabulary))] for tags in groups]
        names = [*(f"person{n}" for n in range(count)), "bulk", "spammer"]
        self.users = User.objects.bulk_create(User(username=name, password="!") for name in names)  # noqa: S106
        members = community.draw_members(chance, count, GROUPS)
        # The bulk uploader likes the group that most are in; the spammer is of none.
        members = np.vstack([members, [[0, -1, -1], [-1, -1, -1]]])
        self.lurks = chance.random(count + 2) < LURKERS
        keys = np.array([user.pk for user in self.users])
        self.planted = community.Planted(groups, keys, members, (~self.lurks).astype(float))
        self.listed = chance.random(count + 2) < LISTED
        self.listed[-2:] = True

    def world(self) -> World:
        drawn = [shot for row in range(len(self.users) - 2) for shot in self._uploads(row)]
        subject = self.planted.groups[0][0]
        drawn += [self._burst(len(self.users) - 2, (subject,)) for _ in range(BULK)]
        drawn += [self._burst(len(self.users) - 1, ()) for _ in range(SPAM)]
        drawn.sort(key=lambda shot: -shot.age_d)
        shots, tags = self._stored(drawn)
        world = World(self.planted, self.users, self.listed, shots, tags)
        self._act(world)
        return world

    # --- Photos ---

    def _uploads(self, row: int) -> list[Shot]:
        if self.lurks[row]:
            return []
        count = max(int(self.chance.lognormal(np.log(UPLOADS) - 0.5, 1.0)), 1)
        return [self._shot(row) for _ in range(count)]

    def _shot(self, row: int) -> Shot:
        chance = self.chance
        if chance.random() < ELSEWHERE:
            subjects = chance.choice(self.vocabulary, chance.integers(1, 3), p=self.odds)
        else:
            groups = [one for one in self.planted.groups_of[row] if one >= 0]
            tags = self.planted.groups[int(chance.choice(groups))]
            subjects = chance.choice(tags, chance.integers(1, 4), replace=False)
        named = tuple(dict.fromkeys(subjects.tolist()))
        age_d, luck = float(chance.random() * SPAN_D), chance.random()
        return Shot(row, named, age_d, is_public=luck >= PRIVATE)

    def _burst(self, row: int, subjects: tuple[int, ...]) -> Shot:
        return Shot(row, subjects, float(self.chance.random() * BURST_D), is_public=True)

    def _stored(self, drawn: Sequence[Shot]) -> tuple[dict[int, Shot], dict[int, set[int]]]:
        from gallery.models import Photo, PhotoTag

        Photo._meta.get_field("created_at").auto_now_add = False
        shots, tags = {}, {}
        for start in range(0, len(drawn), BATCH):
            some = drawn[start : start + BATCH]
            photos = Photo.objects.bulk_create(
                self._photo(start + at, shot) for at, shot in enumerate(some)
            )
            rows = []
            for photo, shot in zip(photos, some, strict=True):
                said = self._said(photo.pk, shot)
                rows += said
                tags[photo.pk] = {one.tag_id for one in said if one.is_shown}
                shots[photo.pk] = shot
            PhotoTag.objects.bulk_create(rows, batch_size=BATCH)
        return shots, tags

    def _photo(self, number: int, shot: Shot) -> object:
        from gallery.models import Photo

        came = self.now - timedelta(days=shot.age_d)
        return Photo(
            owner=self.users[shot.owner], sha256=f"{number:064x}", public_id=f"seen{number:07d}",
            width=4000, height=3000, size_bytes=3_000_000, format="jpeg",
            visibility="public" if shot.is_public else "private", created_at=came, taken_at=came,
        )  # fmt: skip

    def _said(self, photo: int, shot: Shot) -> list[object]:
        """Return the tags that come to stand on a photo."""
        from gallery.models import PhotoTag, TagState

        chance = self.chance
        if not shot.subjects:
            some = chance.choice(self.vocabulary, SPAM_TAGS, replace=False)
            return [
                PhotoTag(photo_id=photo, tag_id=int(tag), confidence=1, state=TagState.CONFIRMED)
                for tag in some
            ]
        sure: dict[int, float] = {}
        wrong = chance.choice(self.vocabulary, 2, p=self.odds)
        for tags, shape in ((wrong, (1.6, 0.9)), (shot.subjects, (4, 1.5))):
            for tag in tags:
                sure |= dict.fromkeys(self.above[int(tag)], float(chance.beta(*shape)))
        return [
            PhotoTag(
                photo_id=photo, tag_id=tag, confidence=one,
                state=TagState.ASSIGNED if one >= THRESHOLD else TagState.SUGGESTED,
            )
            for tag, one in sure.items()
        ]  # fmt: skip

    # --- What people do ---

    def _act(self, world: World) -> None:
        from gallery.models import Favourite, Follow, Opening, Profile

        for model in (Favourite, Follow):
            model._meta.get_field("created_at").auto_now_add = False
        pools = self._pools(world)
        members = self.planted.members()
        people = range(len(self.users) - 2)
        rows: dict[type, list[object]] = {Favourite: [], Opening: [], Follow: []}
        for row in people:
            me = self.users[row]
            for key in self._seen(row, FAVOURITES, OWN_FAVOURITES, pools, world):
                rows[Favourite].append(
                    Favourite(person=me, photo_id=key, created_at=self._lately())
                )
            for key in self._seen(row, OPENINGS, OWN_OPENINGS, pools, world):
                rows[Opening].append(Opening(person=me, photo_id=key, opened_at=self._lately()))
            for other in self._others(row, members):
                rows[Follow].append(
                    Follow(person=me, followed=self.users[other], created_at=self._lately())
                )
        for model, some in rows.items():
            model.objects.bulk_create(some, batch_size=BATCH)  # type: ignore[attr-defined]
        Profile.objects.bulk_create(
            Profile(person=user, is_listed=bool(listed))
            for user, listed in zip(self.users, self.listed, strict=True)
        )

    def _pools(self, world: World) -> list[Pool]:
        """Return the public photos of each group by their owner, and at last those of all."""
        with_tag = self.planted.with_tag()
        pools: list[dict[int, list[int]]] = [defaultdict(list) for _ in range(GROUPS + 1)]
        for key, shot in world.shots.items():
            if shot.is_public:
                of = {one for tag in shot.subjects for one in with_tag.get(tag, ())}
                for group in of | {GROUPS}:
                    pools[group][shot.owner].append(key)
        return [list(pool.values()) for pool in pools]

    def _seen(self, row: int, count: int, own: float, pools: list[Pool], world: World) -> list[int]:
        """Return photos that somebody comes upon: first the owner is drawn, then the photo."""
        chance, found = self.chance, set()
        groups = [int(one) for one in self.planted.groups_of[row] if one >= 0]
        for _ in range(chance.poisson(count)):
            pool = pools[int(chance.choice(groups))] if chance.random() < own else []
            pool = pool or pools[-1]
            some = pool[chance.integers(len(pool))]
            found.add(some[chance.integers(len(some))])
        return sorted(key for key in found if world.shots[key].owner != row)

    def _others(self, row: int, members: list[np.ndarray]) -> list[int]:
        chance, found = self.chance, set()
        groups = [int(one) for one in self.planted.groups_of[row] if one >= 0]
        for _ in range(chance.poisson(FOLLOWS)):
            mine = members[int(chance.choice(groups))]
            some = mine if chance.random() < OWN_FOLLOWS else np.arange(len(self.users))
            found.add(int(chance.choice(some)))
        return sorted(found - {row})

    def _lately(self) -> datetime:
        return self.now - timedelta(days=min(float(self.chance.exponential(ACT_D)), SPAN_D))


def synthetic_now() -> datetime:
    from django.utils import timezone

    return timezone.now()


# --- Answers ----------------------------------------------------------------------------------

Answers = Callable[[int], list[int]]


class Asker:
    """Asks in each of the three ways: rows of people, and keys of photos."""

    def __init__(self, world: World) -> None:
        from gallery.models import Favourite, Follow, Opening

        self.world = world
        self.row_of = {user.pk: row for row, user in enumerate(world.users)}
        self.liked, self.done = defaultdict(set), defaultdict(set)
        for person, photo in Favourite.objects.values_list("person", "photo"):
            self.liked[self.row_of[person]].add(photo)
        for row, keys in self.liked.items():
            self.done[row] |= keys
        for person, photo in Opening.objects.values_list("person", "photo"):
            self.done[self.row_of[person]].add(photo)
        self.uploads = defaultdict(set)
        for key, shot in world.shots.items():
            self.done[shot.owner].add(key)
            if shot.is_public:
                self.uploads[shot.owner].add(key)
        likes = Counter(key for keys in self.liked.values() for key in keys)
        self.by_likes = sorted(self.public, key=lambda key: (-likes[key], -key))
        followed = Counter(
            self.row_of[one] for one in Follow.objects.values_list("followed", flat=True)
        )
        self.by_followers = sorted(self.listed, key=lambda row: (-followed[row], -row))
        self._incidence()
        self.kinds: dict[int, Counter[str]] = {}

    @property
    def public(self) -> list[int]:
        return [key for key, shot in self.world.shots.items() if shot.is_public]

    @property
    def listed(self) -> list[int]:
        return [int(row) for row in np.flatnonzero(self.world.listed) if self.uploads[int(row)]]

    def _incidence(self) -> None:
        """Note which public photo, and which listed person, has which tag: 0 or 1."""
        numbers = {tag: at for at, tag in enumerate(set().union(*self.world.tags.values()))}
        self.photo_keys, self.people = np.array(self.public), np.array(self.listed)
        self.photo_tags = np.zeros((len(self.photo_keys), len(numbers)), np.float32)
        for at, key in enumerate(self.photo_keys.tolist()):
            self.photo_tags[at, [numbers[tag] for tag in self.world.tags[key]]] = 1
        self.people_tags = np.zeros((len(self.people), len(numbers)), np.float32)
        for at, row in enumerate(self.people.tolist()):
            self.people_tags[at] = self._tags_of(self.uploads[row], numbers)
        self.numbers = numbers

    def _tags_of(self, keys: Iterable[int], numbers: dict[int, int]) -> np.ndarray:
        found = np.zeros(len(numbers), np.float32)
        found[[numbers[tag] for key in keys for tag in self.world.tags[key]]] = 1
        return found

    def kind_of(self, row: int) -> str:
        """Return what sort of viewer somebody is, by their public photos."""
        from gallery.interests.people import MIN_PHOTOS

        count = len(self.uploads[row])
        return "uploaders" if count >= MIN_PHOTOS else "with few photos" if count else "lurkers"

    # --- People ---

    def people_like(self, row: int) -> list[int]:
        from gallery.interests.people import people_like

        matches = people_like(self.world.users[row], limit=FIRST)
        return [self.row_of[match.person.pk] for match in matches]

    def most_followed(self, row: int) -> list[int]:
        return [one for one in self.by_followers if one != row][:FIRST]

    def people_sharing_tags(self, row: int) -> list[int]:
        shared = self.people_tags @ self._tags_of(self.done[row], self.numbers)
        order = self.people[np.lexsort((-self.people, -shared))]
        return [one for one in order[: FIRST + 1].tolist() if one != row][:FIRST]

    # --- Photos ---

    def for_you(self, row: int) -> list[int]:
        """Return the photos of two pages, but for what explores, which is noted by itself."""
        from gallery.interests.for_you import CardKind, for_you

        pages = [for_you(self.world.users[row], page=page) for page in (1, 2)]
        cards = [card for page in pages for card in page.cards]
        self.kinds[row] = Counter(card.kind for card in cards[:FIRST])
        usual = [card.photo.pk for card in cards if card.kind != CardKind.EXPLORE]
        return usual[:FIRST]

    def explored(self, row: int) -> list[int]:
        from gallery.interests.for_you import CardKind, for_you

        cards = for_you(self.world.users[row]).cards
        return [card.photo.pk for card in cards if card.kind == CardKind.EXPLORE]

    def most_liked(self, row: int) -> list[int]:
        unseen = (key for key in self.by_likes if key not in self.done[row])
        return [key for key, _ in zip(unseen, range(FIRST), strict=False)]

    def photos_sharing_tags(self, row: int) -> list[int]:
        shared = self.photo_tags @ self._tags_of(self.done[row], self.numbers)
        order = self.photo_keys[np.lexsort((-self.photo_keys, -shared))]
        unseen = (key for key in order.tolist() if key not in self.done[row])
        return [key for key, _ in zip(unseen, range(FIRST), strict=False)]

    # --- What is right ---

    def gains_of_people(self, row: int, found: Iterable[int]) -> list[float]:
        return [self.world.likeness(row, one) for one in found]

    def gains_of_photos(self, row: int, found: Iterable[int]) -> list[float]:
        mine = self.world.planted.tags_of(row)
        return [float(not mine.isdisjoint(self.world.shots[key].subjects)) for key in found]

    def best_people(self, row: int) -> list[float]:
        return sorted(
            (self.world.likeness(row, one) for one in self.listed if one != row), reverse=True
        )[:FIRST]


# --- Figures ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Judged:
    """The answers to one viewer: how many are right of the first 20, nDCG, and whose they are."""

    precision: float
    ndcg: float
    given: int
    bulk: float
    spam: float


def _judge(
    gains: Sequence[float], ideal: Sequence[float], owners: Sequence[int], world: World
) -> Judged:
    best = _discounted(ideal)
    return Judged(
        precision=sum(gain > 0 for gain in gains) / FIRST,
        ndcg=_discounted(gains) / best if best else 0.0,
        given=len(gains),
        bulk=owners.count(world.bulk) / FIRST,
        spam=owners.count(world.spammer) / FIRST,
    )


def _discounted(gains: Sequence[float]) -> float:
    return float(sum(gain / np.log2(at + 2) for at, gain in enumerate(gains)))


def _report(world: World, viewers: int, chance: np.random.Generator) -> None:
    asker = Asker(world)
    rows = chance.permutation(len(world.users) - 2)[:viewers].tolist()
    kinds: dict[str, list[int]] = {"uploaders": [], "with few photos": [], "lurkers": []}
    for row in rows:
        kinds[asker.kind_of(row)].append(row)
    people = {
        "people like you": asker.people_like,
        "most followed": asker.most_followed,
        "count of shared tags": asker.people_sharing_tags,
    }
    photos = {
        "for you": asker.for_you,
        "most favourites": asker.most_liked,
        "count of shared tags": asker.photos_sharing_tags,
    }

    def judged_people(row: int, found: list[int]) -> Judged:
        return _judge(asker.gains_of_people(row, found), asker.best_people(row), found, world)

    def judged_photos(row: int, found: list[int]) -> Judged:
        owners = [world.shots[key].owner for key in found]
        return _judge(asker.gains_of_photos(row, found), [1.0] * FIRST, owners, world)

    _table("people", people, kinds, judged_people, chance)
    _table("photos", photos, kinds, judged_photos, chance)
    _report_exploring(asker, rows, chance)


def _table(
    what: str, ways: dict[str, Answers], kinds: dict[str, Collection[int]],
    judge: Callable[[int, list[int]], Judged], chance: np.random.Generator,
) -> None:  # fmt: skip
    print(f"\n| {what} | viewers | precision@{FIRST} | nDCG@{FIRST} | given | bulk | spam |")
    print("|---" * 7 + "|")
    for way, answers in ways.items():
        for kind, rows in kinds.items():
            judged = [judge(row, answers(row)) for row in rows]
            cells = [
                _interval([one.precision for one in judged], chance),
                _interval([one.ndcg for one in judged], chance),
                f"{np.mean([one.given for one in judged]):.1f}",
                f"{100 * np.mean([one.bulk for one in judged]):.1f} %",
                f"{100 * np.mean([one.spam for one in judged]):.1f} %",
            ]
            print(f"| {way} | {len(rows)} {kind} | {' | '.join(cells)} |", flush=True)


def _report_exploring(asker: Asker, rows: Sequence[int], chance: np.random.Generator) -> None:
    shares = Counter[str]()
    for kinds in asker.kinds.values():
        shares.update(kinds)
    total = sum(shares.values()) or 1
    said = ", ".join(f"{100 * n / total:.0f} % {kind}" for kind, n in shares.most_common())
    print(f"\nThe first {FIRST} cards: {said}")
    gains = [gain for row in rows for gain in asker.gains_of_photos(row, asker.explored(row))]
    if gains:
        print(f"Of what explores, {_interval(gains, chance)} is of the viewer's groups")


def _interval(values: Sequence[float], chance: np.random.Generator) -> str:
    """Return a mean with the interval of 95 % that resampling gives (Efron 1979)."""
    if not values:
        return "none"
    drawn = chance.choice(np.asarray(values), (RESAMPLED, len(values))).mean(axis=1)
    low, high = np.percentile(drawn, (2.5, 97.5))
    return f"{np.mean(values):.3f} ({low:.3f} to {high:.3f})"


if __name__ == "__main__":
    main()
