"""For you, exactly: every photo of the library scored for a person; a module, not a program.

What `gallery.interests.candidates` finds without looking at all photos is compared with this. It
holds the assignments of the whole library in memory: about 10 bytes each, 90 MB for a million
photos.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from gallery.interests.candidates import Wanted
    from gallery.interests.variety import Candidate, Group

#: So many photos of an interest are kept, the best: more than a deck can have.
KEPT = 300
DAY_S = 86_400


class EveryPhoto:
    def __init__(self) -> None:
        from gallery.models import Photo, PhotoTag

        columns = ("pk", "owner_id", "visibility", "created_at")
        rows = list(Photo.objects.order_by("pk").values_list(*columns))
        self.keys = np.array([key for key, *_ in rows], np.int64)
        self.owners = np.array([owner for _, owner, *_ in rows], np.int64)
        self.is_public = np.array([visibility == "public" for *_, visibility, _ in rows])
        self.times_s = np.array([at.timestamp() for *_, at in rows])
        shown = PhotoTag.objects.shown().order_by("tag", "photo")
        self._shown = {
            tag: self._posting(shown.filter(tag=tag).values_list("photo", "confidence", "state"))
            for tag in shown.order_by().values_list("tag", flat=True).distinct()
        }

        every = np.concatenate([photos for photos, _ in self._shown.values()])
        self.tag_counts = np.bincount(every, minlength=len(self.keys))

    def _posting(self, rows: Collection[tuple[int, float, str]]) -> tuple[np.ndarray, np.ndarray]:
        known = [(key, 1.0 if state == "confirmed" else sure) for key, sure, state in rows]
        both = np.array(known, np.float64)
        return np.searchsorted(self.keys, both[:, 0]).astype(np.int32), both[:, 1].astype("f4")

    def scores(self, wanted: Wanted) -> tuple[np.ndarray, np.ndarray]:
        """Return what each photo is worth and the interest it is shown for; 0: not to be shown."""
        from gallery.interests.taste import NEXT, fresh, to_the_point

        taste = wanted.taste
        tags = [tag for tag in taste.likes if tag in self._shown]
        photos = np.concatenate([self._shown[tag][0] for tag in tags])
        liked = np.concatenate([self._shown[tag][1] * np.float64(taste.likes[tag]) for tag in tags])
        lengths = [len(self._shown[tag][0]) for tag in tags]
        meant = np.repeat([taste.meant[tag] for tag in tags], lengths)
        order = np.lexsort((-liked, photos))
        photos, liked, meant = photos[order], liked[order], meant[order]
        starts = np.flatnonzero(np.diff(photos, prepend=-1))
        places = np.arange(len(photos)) - np.repeat(starts, np.diff(starts, append=len(photos)))
        scores, interests = np.zeros(len(self.keys)), np.zeros(len(self.keys), np.int64)
        scores[photos[starts]] = np.add.reduceat(liked * NEXT**places, starts)
        interests[photos[starts]] = meant[starts]
        scores *= to_the_point(self.tag_counts)
        scores *= fresh(np.maximum(wanted.now.timestamp() - self.times_s, 0) / DAY_S)
        scores[~self._may_be_shown(wanted)] = 0
        return scores, interests

    def _may_be_shown(self, wanted: Wanted) -> np.ndarray:
        others = self.is_public & (self.owners != wanted.person.pk)
        others &= ~np.isin(self.owners, list(wanted.person.apart_from))
        others &= ~np.isin(self.keys, list(wanted.unwanted))
        for tag in wanted.taste.muted & self._shown.keys():
            others[self._shown[tag][0]] = False
        return others

    def best(self, wanted: Wanted, count: int) -> list[int]:
        """Return the keys of the photos that are worth most."""
        scores, _ = self.scores(wanted)
        order = np.lexsort((-self.keys, -scores))[:count]
        return self.keys[order[scores[order] > 0]].tolist()

    def groups(self, wanted: Wanted) -> list[Group]:
        """Return what `variety.arranged` puts in order: the best photos of each interest."""
        from gallery.interests.facts import facts_of
        from gallery.interests.variety import Group

        scores, interests = self.scores(wanted)
        groups = []
        for interest in np.unique(interests[scores > 0]).tolist():
            rows = np.flatnonzero((interests == interest) & (scores > 0))
            rows = rows[np.lexsort((-self.keys[rows], -scores[rows]))][:KEPT]
            worth = dict(zip(self.keys[rows].tolist(), scores[rows].tolist(), strict=True))
            facts = facts_of(list(worth), wanted.person)
            some = [replace(one, score=worth[one.photo], tag=interest) for one in facts]
            some.sort(key=lambda one: (-one.score, -one.photo))
            groups.append(Group(some, share=wanted.taste.shares.get(interest, 0.0)))
        return groups


def order_of(groups: Sequence[Group], size: int = 210) -> list[Candidate]:
    """Put the photos of interests in order, with nothing else among them."""
    from gallery.interests.choosing import OF_ONE_OWNER
    from gallery.interests.variety import arranged

    return arranged(groups, [], list, size=size, of_one=OF_ONE_OWNER)


def wanted_for(person: object, now: datetime) -> Wanted:
    """Return what `choosing` asks of `candidates` for a person, but for unknown tags."""
    from gallery.interests import choosing
    from gallery.interests.candidates import Wanted
    from gallery.interests.hierarchy import hierarchy
    from gallery.interests.taste import taste_of
    from gallery.interests.weighing import muted_by, weights_of
    from gallery.models import User

    assert isinstance(person, User)
    weights = weights_of(person, limit=choosing.INTERESTS)
    taste = taste_of(weights, muted_by(person), hierarchy())
    unwanted = choosing._done_with(person, now)
    needs = choosing._needs(taste)
    return Wanted(person=person, taste=taste, needs=needs, unknown=[], unwanted=unwanted, now=now)
