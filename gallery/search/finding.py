"""Finds photos: pages in every order and about how many there are, at any size of the library.

A search is driven by one posting, and all else is asked of its rows one by one: by a short one;
where tags hardly ever meet, by the photos of two together; else by the one whose newest rows reach
furthest back, until the page is full. `ways` chooses, from one query that counts no posting further
than `ways.SCAN` rows; `orders` says what pages are in the order of.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Any

from django.db.models import (
    Exists,
    F,
    IntegerField,
    Max,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.functions import Coalesce
from django.utils import timezone

from ..models import Photo, PhotoTag
from . import paging, ways
from .conditions import (
    DATE,
    EVERYTHING,
    NOTHING,
    PHOTO,
    All,
    Condition,
    Posting,
    among,
)
from .language import Mistake, Query
from .limits import time_limited
from .meaning import Doubt, Meaning, Viewer, meaning_of
from .orders import ENDS, Lap, beyond, laps_of, loaded, place_at, stored
from .paging import MAX_KEY, Page, Place
from .suggesting import meant_tag
from .tree import Aged, Dated, Day, Sort, Tagged, conjuncts
from .ways import Way, choose_way, deep_row, meeting_of, rarest_of, size_of

#: So many assignments of one kind of a tag are thought to hold a page of photos.
NEAR = 5 * paging.PAGE_SIZE
MOST_MONTHS = 600
#: Of names that stand for nothing so many are told; to find what each may mean takes some time.
MOST_TOLD = 5


@dataclass(frozen=True, slots=True)
class Found:
    """Keys of photos that were found, newest first; all of them when ``is_all``.

    ``seen`` of them at least are known to be there, if not all keys.
    """

    keys: Sequence[int]
    is_all: bool
    seen: int = 0

    @property
    def count(self) -> int:
        """How many there are, or at least."""
        return max(len(self.keys), self.seen)

    def at_least(self, count: int) -> Found:
        """The same, when so many have been seen elsewhere."""
        return replace(self, seen=max(self.seen, count))

    def __str__(self) -> str:
        return f"{self.count:,}" if self.is_all else f"{self.count:,}+"


# --- Searches ---------------------------------------------------------------------------------


class Search:
    """A query put to the library by a viewer.

    ``scope`` must hold besides and has the permissions in it. ``seed`` begins random orders.
    Ask `mistakes` first; a search with mistakes finds nothing.
    """

    def __init__(
        self, query: Query, *, viewer: Viewer, scope: Condition | None, seed: int = 0
    ) -> None:
        self.query = query
        self.viewer = viewer
        self.scope = scope
        self.seed = seed % 2**31

    @cached_property
    def mistakes(self) -> tuple[Mistake, ...]:
        if self.query.mistakes:
            return self.query.mistakes
        return self._meaning.mistakes or self._unordered or self._unanswered

    @cached_property
    def _meaning(self) -> Meaning:
        with time_limited():
            return meaning_of(self.query, viewer=self.viewer, scope=self.scope)

    @property
    def condition(self) -> Condition:
        """What must hold of the photos; of a search with mistakes, what none has."""
        return NOTHING if self.mistakes else self._meaning.condition

    @property
    def named_tags(self) -> frozenset[int]:
        return self._meaning.named_tags

    @cached_property
    def sort(self) -> Sort:
        if self.query.sort:
            return self.query.sort
        if self._meaning.like is not None:
            return Sort.SIMILAR
        by_date = (
            isinstance(node, Dated | Aged) and node.field == "taken"
            for node in conjuncts(self.query.tree)
        )
        return Sort.TAKEN if any(by_date) else Sort.NEWEST

    @property
    def sorts(self) -> list[Sort]:
        """The orders that what is asked for can be in."""
        missing = set[Sort]()
        if self._meaning.assigned is None:
            missing.add(Sort.CONFIDENCE)
        if self._meaning.like is None:
            missing.add(Sort.SIMILAR)
        return [sort for sort in Sort if sort not in missing]

    @property
    def _unordered(self) -> tuple[Mistake, ...]:
        """An order by what the search does not ask for."""
        if self.sort == Sort.CONFIDENCE and self._meaning.assigned is None:
            why = "An order by confidence needs a tag to be sure of, such as tag:dog."
        elif self.sort == Sort.SIMILAR and self._meaning.like is None:
            why = "An order by likeness needs a photo to be like, such as like:ID."
        else:
            return ()
        start, end = self.query.place_of_sort
        return (Mistake(start, end, why, str(self.query.sorted_by(None)) or None),)

    @cached_property
    def _unanswered(self) -> tuple[Mistake, ...]:
        """Names that stand for nothing the viewer may see."""
        unanswered = [
            doubt
            for doubt, answer in zip(self._meaning.doubts, self._weighed[1], strict=True)
            if not answer
        ]
        return tuple(map(self._unknown, unanswered[:MOST_TOLD]))

    def _unknown(self, doubt: Doubt) -> Mistake:
        start, end = self.query.place_of(doubt.leaf)
        text, better = self.query.text, None
        meant = (
            meant_tag(doubt.name, viewer=self.viewer) if isinstance(doubt.leaf, Tagged) else None
        )
        if meant and isinstance(doubt.leaf, Tagged):
            names = [meant if name == doubt.name else name for name in doubt.leaf.names]
            part = replace(doubt.leaf, names=tuple(dict.fromkeys(names)))
            better = f"{text[:start]}{part}{text[end:]}"
        return Mistake(start, end, doubt.why, better)

    # --- The way ---

    @cached_property
    def _weighed(self) -> tuple[Way, list[bool], datetime | None]:
        """The way to go, whether each doubtful name has an answer, and when the list begins.

        One query.
        """
        doubts = self._meaning.doubts
        postings = [*self._meaning.condition.postings(), EVERYTHING]
        like = self._meaning.like
        of_like = None if like is None else Way(_like_posting(like), None)
        if of_like and not doubts:
            return of_like, [], None
        simple = list(dict.fromkeys(one for posting in postings for one in posting.simple))
        rarest = rarest_of(postings)
        asked: dict[str, Any] = {
            f"deep{place}": deep_row(one, is_sorted=one.is_ordered or one is rarest)
            for place, one in enumerate(simple)
        }
        asked |= {f"seen{place}": Exists(doubt.answers) for place, doubt in enumerate(doubts)}
        asked["oldest"] = self._oldest()
        asked["newest"] = F("pk")
        with time_limited():
            row = Photo.objects.order_by("-pk").annotate(**asked).values(*asked).first()
        if row is None:
            return Way(EVERYTHING, None), [False for _ in doubts], None
        deep = {one: row[f"deep{place}"] for place, one in enumerate(simple)}
        answers = [bool(row[f"seen{place}"]) for place in range(len(doubts))]
        return of_like or choose_way(postings, deep, row["newest"]), answers, row["oldest"]

    def _oldest(self) -> Subquery:
        """The date of the oldest photo that could be found, as the order of the list has it."""
        photos = Photo.objects.filter(self.scope.on(PHOTO)) if self.scope else Photo.objects.all()
        if self.sort == Sort.TAKEN:
            return Subquery(photos.order_by(DATE, "pk").values(_=DATE)[:1])
        return Subquery(photos.order_by("pk").values("created_at")[:1])

    def months(self) -> list[date]:
        """The months that a list by date may have photos of, the newest first."""
        oldest = self._weighed[2]
        if oldest is None or self.sort not in (Sort.NEWEST, Sort.OLDEST, Sort.TAKEN):
            return []
        last = timezone.now().astimezone(UTC)
        first = max(oldest.astimezone(UTC), last - MOST_MONTHS * timedelta(days=30))
        count = (last.year - first.year) * 12 + last.month - first.month
        months = [last.year * 12 + last.month - 1 - back for back in range(count + 1)]
        return [date(month // 12, month % 12 + 1, 1) for month in months]

    def place_of_month(self, first: date) -> Place | None:
        """Return the place behind which a list by date goes on with a month; None: at no place."""
        start = datetime.combine(first, time(), tzinfo=UTC)
        following = Day(first.year, first.month).following or date.max
        end = datetime.combine(following, time(), tzinfo=UTC)
        seen = Photo.objects.visible_to(self.viewer)
        match self.sort:
            case Sort.TAKEN:
                return Place(0, stored(end), 0)
            case Sort.OLDEST:
                since = seen.filter(created_at__gte=start).order_by("created_at", "pk")
                next_key = since.values_list("pk", flat=True).first()
                return None if next_key is None else Place(next_key - 1)
            case Sort.NEWEST:
                until = seen.filter(created_at__lt=end).order_by("-created_at", "-pk")
                last_key = until.values_list("pk", flat=True).first()
                return None if last_key is None else Place(last_key + 1)
        return None

    @property
    def way(self) -> Way:
        return self._weighed[0]

    def _rows(self, posting: Posting, condition: Condition) -> QuerySet[Any]:
        known = posting.of
        if isinstance(condition, All):
            return posting.rows.filter(condition.on_without(posting.key, known))
        return posting.rows.filter(condition.on(posting.key))

    @cached_property
    def _whole(self) -> Posting | None:
        """What to read as a whole where a page was not full: where the rarest tag meets another.

        None: it is on so many photos that to walk on until the page is full is quicker.
        """
        if self.way.is_gathered:
            return self._meeting[0]
        rarest = rarest_of(self._meaning.condition.postings())
        walk = ways.SCAN * (paging.PAGE_SIZE + 1) / max(self.found.count, 0.5)
        return self._meeting[0] if rarest and size_of(rarest) <= ways.QUICKER * walk else None

    # --- How many ---

    @cached_property
    def found(self) -> Found:
        """The newest photos found, at most some thousands."""
        if self.mistakes:
            return Found([], is_all=True)
        if self._ranks is not None:
            return Found(sorted((abs(key) for _, _, key in self._ranks), reverse=True), is_all=True)
        if self.way.is_gathered:
            return Found([key for key, _ in self._gathered[: ways.SCAN]], is_all=False)
        posting = self.way.posting
        rows = self._rows(posting, self._meaning.condition)
        rows = rows.filter(**{f"{posting.key}__gte": self.way.floor})
        with time_limited():
            return Found(list(_keys(rows, posting)), is_all=False)

    @cached_property
    def _gathered(self) -> list[tuple[int, Any]]:
        """Keys of the photos that a way leads to which is no walk, and what they are ordered by.

        One query for count, page and facets. Where tags meet on too many photos, the newest.
        """
        posting, condition = self.way.posting, self._meaning.condition
        if self.way.is_gathered:
            posting, condition = self._meeting
        rows = self._rows(posting, condition).order_by("-" + posting.key)
        if self.sort == Sort.CONFIDENCE and posting.of is self._meaning.assigned:
            rows = rows.values(posting.key).annotate(at=Max("confidence"))
        else:
            value = self._laps[0].value
            at = value(posting.key) if value else Value(0, output_field=IntegerField())
            rows = rows.annotate(at=at)
            rows = rows.distinct() if posting.names_twice else rows
        rows = rows.values_list(posting.key, "at")
        with time_limited():
            return list(rows[: ways.SCAN + 1] if self.way.is_gathered else rows)

    @cached_property
    def _ranks(self) -> list[tuple[int, float, int]] | None:
        """All photos there are, as what sorts them, in order; None: they are too many."""
        if not self.way.is_short or (self.way.is_gathered and len(self._gathered) > ways.SCAN):
            return None
        return sorted(self._rank(self._place(key, at)) for key, at in self._gathered)

    @cached_property
    def _meeting(self) -> tuple[Posting, Condition]:
        return meeting_of(self._meaning.condition)

    @cached_property
    def _laps(self) -> list[Lap]:
        meaning = self._meaning
        return laps_of(self.sort, meaning.condition, meaning.assigned, seed=self.seed)

    def _place(self, key: int, at: Any) -> Place:
        return place_at(self.sort, key, at, seed=self.seed)

    def _sign(self, lap: int) -> int:
        return -1 if self._laps[min(lap, len(self._laps) - 1)].is_falling else 1

    def _rank(self, place: Place) -> tuple[int, float, int]:
        """Return what sorts places as the list does."""
        sign = self._sign(place.lap)
        return place.lap, sign * (place.value or 0), sign * place.key

    def _ranked_place(self, rank: tuple[int, float, int]) -> Place:
        lap, value, key = rank
        sign = self._sign(lap)
        return Place(sign * key, sign * value if self._has_values else None, lap)

    @property
    def _has_values(self) -> bool:
        """Whether places of this order have a value."""
        return len(self._laps) > 1 or self._laps[0].value is not None

    # --- Pages ---

    def page(self, *, before: str = "", after: str = "") -> Page:
        """Return the page behind the place ``before``, or ahead of ``after``, or the first."""
        if self.mistakes:
            return Page([])
        with time_limited():
            if self.sort == Sort.SIMILAR:
                return self._similar_page(Place.read(before) or Place.read(after))
            if place := self._read_place(after):
                return self._page_ahead(place)
            return self._page_behind(self._read_place(before))

    def _read_place(self, text: str) -> Place | None:
        """Read a place of a list in this order; one of another order is none."""
        place = Place.read(text)
        return place if place and (place.value is not None) == self._has_values else None

    def _page_behind(self, place: Place | None) -> Page:
        places = self._places(place, paging.PAGE_SIZE + 1, is_back=False)
        shown = places[: paging.PAGE_SIZE]
        return Page(
            photos=_photos([one.key for one in shown]),
            previous=shown[0] if place and shown else None,
            next=shown[-1] if len(places) > paging.PAGE_SIZE else None,
        )

    def _page_ahead(self, place: Place) -> Page:
        places = self._places(place, paging.PAGE_SIZE + 1, is_back=True)
        if (
            len(places) <= paging.PAGE_SIZE
        ):  # the first page is near: show it whole, at its own address
            return self._page_behind(None)
        shown = places[paging.PAGE_SIZE - 1 :: -1]
        return Page(_photos([one.key for one in shown]), previous=shown[0], next=shown[-1])

    def _similar_page(self, place: Place | None) -> Page:
        start = max(0, min(place.key, MAX_KEY)) if place else 0
        ranks = {key: rank for rank, key in enumerate(self._meaning.like or ())}
        keys = sorted(self.found.keys, key=lambda key: ranks.get(key, len(ranks)))
        end = start + paging.PAGE_SIZE
        return Page(
            photos=_photos(keys[start:end]),
            previous=Place(max(0, start - paging.PAGE_SIZE)) if start else None,
            next=Place(end) if len(keys) > end else None,
        )

    def _places(self, place: Place | None, count: int, *, is_back: bool) -> list[Place]:
        """Return the places behind one, or ahead of it with the nearest first."""
        if self._ranks is not None:
            return self._ranked_places(self._ranks, place, count, is_back=is_back)
        if place is None and self.sort == Sort.NEWEST and self._has_found(count):
            return [Place(key) for key in self.found.keys[:count]]
        laps = list(enumerate(self._laps))
        start = place.lap if place else 0
        found: list[Place] = []
        for number, lap in reversed(laps) if is_back else laps:
            if place is None or (number <= start if is_back else number >= start):
                begin = place if place and number == start else None
                found += self._lap_places(number, lap, begin, count - len(found), is_back=is_back)
            if len(found) >= count:
                break
        return found

    def _ranked_places(
        self,
        ranks: list[tuple[int, float, int]],
        place: Place | None,
        count: int,
        *,
        is_back: bool,
    ) -> list[Place]:
        if place is None:
            some = ranks[:count]
        elif is_back:
            end = bisect_left(ranks, self._rank(place))
            some = ranks[max(0, end - count) : end][::-1]
        else:
            start = bisect_right(ranks, self._rank(place))
            some = ranks[start : start + count]
        return [self._ranked_place(rank) for rank in some]

    def _has_found(self, count: int) -> bool:
        """Whether so many photos have been found already."""
        return "found" in self.__dict__ and self.found.count >= count

    def _lap_places(
        self, number: int, lap: Lap, place: Place | None, count: int, *, is_back: bool
    ) -> list[Place]:
        """Look among the rows that come next and, when they hold too few, among all."""
        falls = lap.is_falling != is_back
        along = lap.rows or self.way.posting
        found: list[tuple[Any, int]] = []
        if not self.way.is_gathered:
            until = self._horizon(lap, place, falls)
            found = list(self._read(along, lap, place, falls=falls, until=until)[:count])
            if place is None and self.sort == Sort.NEWEST and self.way.walk == ways.SCAN:
                self._note_found(found, count)
        if len(found) < count:
            found = list(self._read(self._whole or along, lap, place, falls=falls)[:count])
        if lap.value is None:
            is_only = len(self._laps) == 1
            return [Place(key, None if is_only else 0, number) for _, key in found]
        return [Place(key, stored(at), number) for at, key in found]

    def _note_found(self, rows: Sequence[tuple[Any, int]], count: int) -> None:
        """Note what is found among the newest rows, when all of that was read for a page."""
        if len(rows) < count and "found" not in self.__dict__:
            self.found = Found([key for _, key in rows], is_all=False)

    def _read(
        self,
        posting: Posting,
        lap: Lap,
        place: Place | None,
        *,
        falls: bool,
        until: Q | None = None,
    ) -> QuerySet[Any]:
        """Return what photos are ordered by, and their keys, in order."""
        rows, key, sign = self._rows(posting, lap.condition), posting.key, "-" if falls else ""
        is_own = posting is lap.rows and lap.only is not None
        if is_own and lap.only:
            rows = rows.filter(lap.only(rows))
        if lap.value is None:
            rows = rows.annotate(at=F(key)).order_by(sign + key)
            if place:
                rows = rows.filter(**{f"{key}__{'lt' if falls else 'gt'}": place.key})
        else:
            rows = rows.annotate(at=F("confidence") if is_own else lap.value(key))
            rows = rows.order_by(sign + "at", sign + key)
            if place:
                value = loaded(self.sort, place.value)
                rows = rows.filter(beyond(key, value, place.key, falls=falls))
        if until:
            rows = rows.filter(until)
        listed: QuerySet[Any] = rows.values_list("at", key)
        return listed.distinct() if posting.names_twice and not is_own else listed

    def _horizon(self, lap: Lap, place: Place | None, falls: bool) -> Q:
        """Return the condition that a row is one of those that come next, some thousands."""
        order, beyond, within = ("-at", "lte", "gte") if falls else ("at", "gte", "lte")
        rows: QuerySet[Any]
        if lap.only:
            rows, steps = self._commonest.annotate(at=F("confidence")), self.way.walk
            if self._meaning.assigned and len(self._meaning.assigned.tags) > 1:
                steps = NEAR
            last: Any = 0.0 if falls else 1.0
        elif lap.value:
            rows, steps = Photo.objects.annotate(at=lap.value(PHOTO)), self.way.walk
            last = ENDS[self.sort][0 if falls else 1]
        else:
            posting = self.way.posting
            rows, steps = posting.rows.annotate(at=F(posting.key)), self.way.walk
            last = 0 if falls else MAX_KEY
        if place:
            begin = loaded(self.sort, place.value) if lap.value else place.key
            rows = rows.filter(**{f"at__{beyond}": begin})
        furthest = Subquery(rows.order_by(order).values("at")[steps : steps + 1])
        return Q(**{f"at__{within}": Coalesce(furthest, Value(last))})

    @property
    def _commonest(self) -> QuerySet[Any]:
        """The assignments of the commonest kind of the tag that an order by confidence is about.

        Of a tag with many kinds all would have to be sorted for a page; the commonest kind alone
        tells from its index how sure the next few hundred are, at least.
        """
        assigned = self._meaning.assigned
        assert assigned is not None, "an order by confidence of nothing is a mistake"
        return PhotoTag.objects.filter(assigned.more, tag=assigned.commonest)


def _like_posting(ranked: Sequence[int]) -> Posting:
    return Posting(Photo.objects.filter(pk__in=ranked), PHOTO, is_ordered=True)


def _keys(rows: QuerySet[Any], posting: Posting) -> Iterable[int]:
    keys = rows.order_by("-" + posting.key).values_list(posting.key, flat=True)
    return keys.distinct() if posting.names_twice else keys


def _photos(keys: Sequence[int]) -> list[Photo]:
    photos = {photo.pk: photo for photo in Photo.objects.for_cards().filter(among("pk", keys))}
    return [photos[key] for key in keys if key in photos]
