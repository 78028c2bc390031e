"""Photos like one, in whatever ways are asked for, with the reason for each.

Candidates are the photos that look likest, those that share its rarest tags, and those taken
before and after it; all are asked for as far as the viewer may see them. Which of them are shown
first is for `blend` to say.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from ..interests.hierarchy import Hierarchy, hierarchy
from ..models import Fingerprint, Photo, PhotoTag, Tag
from ..models.photos import PhotoQuerySet
from ..search.conditions import among
from . import blend
from .blend import Traits, Way
from .seen import Viewer, nearest_for

#: So many of the likest photos are shown, and so many are looked at where more than that counts.
LIKEST, LIKEST_OF_SOME = 500, 200
#: Other candidates: of each of the rarest tags, of each side in time, of the newest.
OF_A_TAG, RAREST, OF_A_SIDE, OF_THE_NEWEST = 60, 3, 60, 2000
#: So many photos with a tag are looked through for those that the viewer may see.
LOOKED_THROUGH = 300


@dataclass(frozen=True, slots=True)
class Match:
    """A photo that is like another: its key, and how much, 0..1, in the ways asked for."""

    photo: int
    score: float


@dataclass(frozen=True, slots=True)
class Matches:
    """Photos like ``photo`` that a viewer may see, the likest first."""

    photo: Photo
    ways: Collection[Way]
    found: Sequence[Match]
    cosines: Mapping[int, float]
    traits: Mapping[int, Traits]

    def reasons(self, photos: Iterable[Photo]) -> dict[int, str]:
        """Say of some of the photos found why they are; two statements."""
        keys = [photo.pk for photo in photos]
        on = _tags_on([self.photo.pk, *keys])
        own, none, known = on.get(self.photo.pk, frozenset()), frozenset[int](), hierarchy()
        shared = {key: _telling(own & on.get(key, none), known) for key in keys}
        labels = dict(
            Tag.objects.filter(
                pk__in={tag for some in shared.values() for tag in some}
            ).values_list("pk", "label")
        )
        return {
            key: blend.reason(
                self.traits[self.photo.pk],
                self.traits[key],
                cosine=self.cosines.get(key, 0.0),
                tags=[labels[tag] for tag in shared[key] if tag in labels],
                ways=self.ways,
            )
            for key in keys
        }


def matches_of(photo: Photo, viewer: Viewer, ways: Collection[Way]) -> Matches:
    """Return the photos that are like one in some ways, each of which counts by its weight."""
    return _Asked(photo, viewer, frozenset(ways)).matches()


class _Asked:
    """One question, and what is read for its answer."""

    def __init__(self, photo: Photo, viewer: Viewer, ways: frozenset[Way]) -> None:
        self.photo = photo
        self.ways = ways
        self.viewer = viewer
        self.seen: PhotoQuerySet = Photo.objects.visible_to(viewer).exclude(pk=photo.pk)
        self.rarity: Mapping[int, float] = hierarchy().rarity if Way.TAGS in ways else {}

    def matches(self) -> Matches:
        cosines = self._likest()
        with_tags = self._with_tags()
        others = {*cosines, *self._in_time(), *self._newest()}
        facts = self._facts(others.union(*with_tags))
        others.update(*([key for key in keys if key in facts][:OF_A_TAG] for keys in with_tags))
        others &= facts.keys()
        cosines |= self._cosines([key for key in others if key not in cosines])
        traits = self._traits(others, facts)
        own = traits[self.photo.pk]
        found = [Match(key, self._score(own, traits[key], cosines.get(key, 0.0))) for key in others]
        found.sort(key=lambda match: (-match.score, -match.photo))
        worthy = [match for match in found if match.score > 0]
        return Matches(self.photo, self.ways, worthy, cosines, traits)

    def _score(self, own: Traits, other: Traits, cosine: float) -> float:
        likeness = blend.likeness_of(own, other, cosine=cosine, rarity=self.rarity)
        return blend.blended(likeness, self.ways)

    # --- Candidates ---

    def _likest(self) -> dict[int, float]:
        if Way.LOOK not in self.ways:
            return {}
        limit = LIKEST if len(self.ways) == 1 else LIKEST_OF_SOME
        near = nearest_for(self.photo, self.viewer, limit=limit)
        return {one.photo: one.likeness for one in near if one.photo != self.photo.pk}

    def _with_tags(self) -> list[list[int]]:
        """Return the newest photos that have each of the rarest tags, whoever may see them."""
        if Way.TAGS not in self.ways:
            return []
        rarest = sorted(self._own_tags, key=lambda tag: (-self.rarity.get(tag, 1.0), tag))[:RAREST]
        rows = PhotoTag.objects.shown().exclude(photo=self.photo).order_by("-photo")
        keys = rows.values_list("photo_id", flat=True)
        return [list(keys.filter(tag=tag)[:LOOKED_THROUGH]) for tag in rarest]

    def _in_time(self) -> set[int]:
        """Return the photos taken shortly before and after, two statements."""
        at = self.photo.taken_at
        if Way.TIME not in self.ways or at is None:
            return set()
        sides = (
            self.seen.filter(taken_at__range=(at - blend.MOST_APART, at)).order_by("-taken_at"),
            self.seen.filter(taken_at__range=(at, at + blend.MOST_APART)).order_by("taken_at"),
        )
        return {key for side in sides for key in side.values_list("pk", flat=True)[:OF_A_SIDE]}

    def _newest(self) -> set[int]:
        """Return the newest photos with one of the colours, where only colours are asked for."""
        if self.ways != {Way.COLORS} or not self.photo.colors:
            return set()
        newest = self.seen.newest_first().values_list("pk", "colors")[:OF_THE_NEWEST]
        return {key for key, bits in newest if (bits or 0) & self.photo.colors}

    # --- What is compared ---

    @cached_property
    def _own_tags(self) -> frozenset[int]:
        return _tags_on([self.photo.pk]).get(self.photo.pk, frozenset())

    def _facts(self, keys: Collection[int]) -> dict[int, tuple[int, datetime | None]]:
        """Return colours and time of photos, but only of those that the viewer may see."""
        rows = self.seen.filter(among("pk", [*keys])).values_list("pk", "colors", "taken_at")
        return {key: (bits or 0, taken_at) for key, bits, taken_at in rows}

    def _traits(
        self, keys: Collection[int], facts: Mapping[int, tuple[int, datetime | None]]
    ) -> dict[int, Traits]:
        tags = _tags_on(keys) if Way.TAGS in self.ways else {}
        own_tags = self._own_tags if Way.TAGS in self.ways else frozenset()
        own = Traits(own_tags, self.photo.colors or 0, self.photo.taken_at)
        others = {key: Traits(tags.get(key, frozenset()), *facts[key]) for key in keys}
        return others | {self.photo.pk: own}

    def _cosines(self, keys: Sequence[int]) -> dict[int, float]:
        """Return how alike photos look that are not among the likest."""
        own = getattr(self.photo, "fingerprint", None)
        if not keys or Way.LOOK not in self.ways or own is None or not own.embedding:
            return {}
        from ..vectors import arithmetic

        embeddings = Fingerprint.objects.embeddings_of(keys, own.model)
        towards = arithmetic.direction(bytes(own.embedding))
        likeness = arithmetic.likeness(embeddings.values(), towards)
        return dict(zip(embeddings, likeness.tolist(), strict=True))


def _tags_on(keys: Collection[int]) -> dict[int, frozenset[int]]:
    """Return the tags that are shown on photos; one statement."""
    tags: dict[int, set[int]] = defaultdict(set)
    rows = PhotoTag.objects.shown().filter(among("photo_id", [*keys])).order_by()
    for photo, tag in rows.values_list("photo_id", "tag_id"):
        tags[photo].add(tag)
    return {photo: frozenset(some) for photo, some in tags.items()}


def _telling(tags: Collection[int], known: Hierarchy) -> list[int]:
    """Return tags, the rarest first, without those that others among them are kinds of."""
    above = {up for tag in tags for up, steps in known.steps_up(tag) if steps}
    return sorted(
        (tag for tag in tags if tag not in above), key=lambda tag: (-known.rarity.get(tag, 1), tag)
    )[: blend.NAMED_TAGS]
