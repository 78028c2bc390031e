"""Random small libraries and searches that fit them, and libraries stored as real rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.utils import timezone
from hypothesis import strategies as st

from gallery.imaging.colors import BITS
from gallery.models import (
    Favourite,
    Photo,
    PhotoTag,
    RunStatus,
    Tag,
    TagAlias,
    TagClosure,
    TaggingRun,
    User,
)
from gallery.models.tags import tag_slug
from gallery.search import suggesting, tagtree
from gallery.search.meaning import Viewer
from gallery.search.tree import (
    Aged,
    And,
    Bound,
    Counted,
    Dated,
    Day,
    Leaf,
    Named,
    Node,
    Or,
    Tagged,
    Word,
)
from gallery.tests.search import naive
from gallery.tests.search.trees import OPERATORS, trees_of

PEOPLE = ("ann", "ben", "eve")
LABELS = ("animal", "dog", "hot dog", "koala", "Été", "r5", "beach", "C++")
ALIASES = ("hound", "koala-bear", "strand", "beast")
WORDS = ("dog", "koala", "bear", "beach", "Canon", "anon", "hot", "été", "ete", "has", "R5", "2024")
CAMERAS = ("", "", "Canon EOS R5", "anon-cam", "Canon", "R5")
PLACES = ("", "", "Beach of dogs", "hot (and) cold", "Été")
NOW = timezone.now()
TIMES = (
    datetime(1850, 1, 1, tzinfo=UTC),
    datetime(2023, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(2024, 1, 1, tzinfo=UTC),
    datetime(2024, 5, 31, 12, tzinfo=UTC),
    datetime(2024, 6, 1, tzinfo=UTC),
    NOW - timedelta(days=3, hours=5),
    NOW - timedelta(days=20, hours=5),
    NOW + timedelta(days=2, hours=5),
)
#: How many days ago photos came: with an even number, at midnight.
AGES = (*range(1, 12), 40, 41, 401, 800)
CONFIDENCES = (0.0, 0.1, 0.3, 0.5, 0.5, 0.9, 1.0)


# --- Libraries --------------------------------------------------------------------------------


def _came(days_ago: int) -> datetime:
    at = NOW - timedelta(days=days_ago)
    return at if days_ago % 2 else at.replace(hour=0, minute=0, second=0, microsecond=0)


def _some_of(labels: Sequence[str]) -> st.SearchStrategy[list[str]]:
    """Return up to two, mostly one."""
    if not labels:
        return st.just([])
    one = st.sampled_from(labels).map(lambda label: [label])
    return one | one | st.lists(st.sampled_from(labels), max_size=2, unique=True)


@st.composite
def _tags(draw: st.DrawFn) -> list[naive.Tag]:
    labels = LABELS[: draw(st.integers(2, len(LABELS)))]
    aliases = list(draw(st.permutations(ALIASES)))
    return [
        naive.Tag(
            label,
            parents=draw(_some_of(labels[:place])),
            aliases=[aliases.pop()] if place < len(ALIASES) and draw(st.booleans()) else (),
            category=draw(st.sampled_from(("", "birds", "sea-life"))),
            estimate=draw(st.sampled_from((None, 0, 1, 3, 10, 30))),
        )
        for place, label in enumerate(labels)
    ]


def _marks(tags: list[naive.Tag]) -> st.SearchStrategy[list[naive.Mark]]:
    mark = st.builds(
        naive.Mark,
        st.sampled_from([tag.label for tag in tags]),
        st.sampled_from(CONFIDENCES),
        st.sampled_from(("assigned", "assigned", *naive.STATES)),
        st.sampled_from((None, *naive.TAGGERS)),
    )
    return st.lists(mark, max_size=4, unique_by=lambda one: one.tag)


_texts = st.lists(st.sampled_from(WORDS), max_size=3).flatmap(
    lambda words: st.sampled_from((" ", ", ", "-", "_")).map(lambda between: between.join(words))
)


@st.composite
def libraries(draw: st.DrawFn) -> naive.Library:
    tags = draw(_tags())
    few = draw(st.sampled_from((0, 2, 6)))
    ages = draw(st.lists(st.sampled_from(AGES), min_size=few, max_size=9, unique=True))
    shuffles = st.sampled_from((0, 5, 5, 10, 2**31 - 1))
    photos = [
        naive.Photo(
            public_id=f"p{place}",
            owner=draw(st.sampled_from(PEOPLE)),
            is_public=draw(st.booleans()),
            created_at=_came(age),
            title=draw(_texts),
            caption=draw(_texts),
            original_name=draw(_texts),
            place=draw(st.sampled_from(PLACES)),
            camera=draw(st.sampled_from(CAMERAS)),
            width=draw(st.integers(1, 3)),
            height=draw(st.integers(1, 3)),
            format=draw(st.sampled_from(("jpeg", "heic"))),
            taken_at=draw(st.none() | st.sampled_from(TIMES)),
            colors=draw(st.frozensets(st.sampled_from(("red", "teal", "white")))),
            shuffle=draw(shuffles),
            liked_by=draw(st.frozensets(st.sampled_from(PEOPLE))),
            marks=draw(_marks(tags)),
        )
        for place, age in enumerate(sorted(ages, reverse=True))
    ]
    ids = [photo.public_id for photo in photos]
    near = {
        one: [
            one,
            *[other for other in draw(st.permutations(ids)) if other != one][: len(ids) // 2],
        ]
        for one in ids
    }
    return naive.Library(PEOPLE, tags, photos, NOW, near)


# --- Searches ---------------------------------------------------------------------------------

_tag_names = st.sampled_from((*LABELS[:2] * 5, *LABELS * 2, *ALIASES, "HOT-DOG", "nonsense", "!"))
_words = st.sampled_from((*WORDS, *LABELS, "koala bear", "dog hot", "DOG", "zebra", "Canon EOS"))
_days = st.sampled_from(
    (
        *(Day(1850), Day(2023), Day(2024), Day(2024, 1, 1), Day(2024, 5), Day(2024, 6, 1)),
        *(Day(at.year, at.month, at.day) for at in map(_came, (3, 4, 5, 6, 40))),
        *(Day(at.year, at.month) for at in map(_came, (1, 41))),
    )
)


def _some(*values: str) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=2, unique=True).map(tuple)


tagged = st.builds(
    Tagged,
    st.lists(_tag_names, min_size=1, max_size=2, unique=True).map(tuple),
    st.booleans(),
    st.lists(
        st.builds(Bound, st.sampled_from(OPERATORS), st.sampled_from(CONFIDENCES)), max_size=2
    ).map(tuple),
    st.lists(st.sampled_from((*naive.STATES, *naive.TAGGERS, "manual")), max_size=2).map(tuple),
)
plain_tagged = st.builds(Tagged, st.tuples(st.sampled_from((*LABELS[:2] * 3, *LABELS))))
tag_words = st.sampled_from(LABELS).map(Word)
_categories = st.builds(
    Named, st.just("category"), _some("birds", "BIRDS", "sea-life", "fish & sea life")
)
_named = st.one_of(
    st.builds(Named, st.just("by"), _some(*PEOPLE, "me", "ME", "nobody")),
    st.builds(Named, st.just("is"), _some("public", "private", "favourite", "mine")),
    st.builds(Named, st.just("has"), _some("place", "camera", "date", "title")),
    st.builds(Named, st.just("camera"), _some("canon", "anon", "EOS r5", "R5", "cam", "x")),
    st.builds(Named, st.just("place"), _some("beach", "dog", "of dogs", "été", "hot", "cold")),
    st.builds(Named, st.just("format"), _some("jpg", "HEIC", "png")),
    st.builds(Named, st.just("orientation"), _some("landscape", "portrait", "square")),
    st.builds(Named, st.just("color"), _some("red", "teal", "white", "black")),
)
likes = st.builds(Named, st.just("like"), _some(*[f"p{number}" for number in range(5)]))
_dated = st.builds(
    Dated, st.sampled_from(("taken", "added")), st.none() | _days, st.none() | _days
).filter(lambda one: (one.since or one.until) is not None)
_counted = st.builds(
    Counted,
    st.sampled_from(("tags", "width", "height")),
    st.builds(Bound, st.sampled_from(OPERATORS), st.integers(0, 4).map(float)),
)
_aged = st.builds(
    Aged,
    st.sampled_from(("taken", "added")),
    st.booleans(),
    st.integers(1, 30),
    st.sampled_from("hdwmy"),
)
leaves: st.SearchStrategy[Leaf] = st.one_of(
    plain_tagged,
    tagged,
    _words.map(Word),
    st.sampled_from(("ko", "dog", "ha", "e", "b", "zeb")).map(lambda start: Word(start, True)),
    _categories,
    _named,
    _dated,
    _counted,
    _aged,
    likes,
)
_two_tags = st.lists(plain_tagged | tagged, min_size=2, max_size=2)
searches: st.SearchStrategy[Node] = (
    trees_of(leaves, most=5)
    | trees_of(leaves, most=5)
    | _two_tags.map(lambda tags: And(tuple(tags)))
    | _two_tags.map(lambda tags: Or(tuple(tags)))
)
#: What has nothing to do with tags.
tagless: st.SearchStrategy[Node] = trees_of(st.one_of(_named, _dated, _counted, _aged), most=3)
viewers = st.sampled_from((None, *PEOPLE[:2]))


# --- Rows -------------------------------------------------------------------------------------


@contextmanager
def stored(library: naive.Library) -> Iterator[None]:
    """Store a library, note the keys on its photos, and take it all back in the end."""
    suggesting.forget_names()
    tagtree.forget()
    with transaction.atomic():
        people = {
            user.username: user
            for user in User.objects.bulk_create(User(username=name) for name in library.people)
        }
        tags = _store_tags(library)
        _store_photos(library, people, tags)
        yield
        transaction.set_rollback(True)


def viewer_called(name: str | None) -> Viewer:
    return AnonymousUser() if name is None else User.objects.get(username=name)


def _store_tags(library: naive.Library) -> dict[str, Tag]:
    rows = Tag.objects.bulk_create(
        Tag(slug=tag_slug(tag.label), label=tag.label, category=tag.category, estimate=tag.estimate)
        for tag in library.tags
    )
    tags = {row.label: row for row in rows}
    TagAlias.objects.bulk_create(
        TagAlias(slug=tag_slug(alias), label=alias, tag=tags[tag.label])
        for tag in library.tags
        for alias in tag.aliases
    )
    TagClosure.objects.bulk_create(
        TagClosure(ancestor=tags[label], descendant=tags[kind])
        for label in tags
        for kind in library.kinds_of(label)
    )
    return tags


def _store_photos(library: naive.Library, people: dict[str, User], tags: dict[str, Tag]) -> None:
    rows = Photo.objects.bulk_create([_row(photo, people) for photo in library.photos])
    for photo, row in zip(library.photos, rows, strict=True):
        photo.key, row.created_at = row.pk, photo.created_at
    Photo.objects.bulk_update(rows, ["created_at"])
    Favourite.objects.bulk_create(
        Favourite(person=people[name], photo=row)
        for photo, row in zip(library.photos, rows, strict=True)
        for name in photo.liked_by
    )
    marked = [
        (mark, row) for photo, row in zip(library.photos, rows, strict=True) for mark in photo.marks
    ]
    runs = TaggingRun.objects.bulk_create(
        TaggingRun(photo=row, tagger=mark.tagger or "", threshold=0.4, status=RunStatus.COMPLETE)
        for mark, row in marked
    )
    PhotoTag.objects.bulk_create(
        PhotoTag(
            photo=row,
            tag=tags[mark.tag],
            confidence=mark.confidence,
            state=mark.state,
            run=run if mark.tagger else None,
        )
        for (mark, row), run in zip(marked, runs, strict=True)
    )


def _row(photo: naive.Photo, people: dict[str, User]) -> Photo:
    same = ("public_id", "title", "caption", "original_name", "place", "camera", "width", "height")
    return Photo(
        owner=people[photo.owner],
        visibility="public" if photo.is_public else "private",
        size_bytes=1,
        sha256=photo.public_id,
        format=photo.format,
        taken_at=photo.taken_at,
        shuffle=photo.shuffle,
        colors=sum(BITS[name] for name in photo.colors),
        **{name: getattr(photo, name) for name in same},
    )
