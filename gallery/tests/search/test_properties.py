"""Random searches in random libraries: the engine against a plain reading in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery import similar
from gallery.models import Photo
from gallery.search import conditions, meaning
from gallery.search.conditions import PHOTO
from gallery.search.facets import FacetValue, facets
from gallery.search.finding import Search
from gallery.search.language import query_of
from gallery.search.meaning import visible_to
from gallery.search.tree import Node, Sort, both, conjuncts, either, opposite
from gallery.tests.search.effort import examples
from gallery.tests.search.libraries import (
    libraries,
    likes,
    plain_tagged,
    searches,
    stored,
    tag_words,
    tagged,
    tagless,
    viewer_called,
    viewers,
)
from gallery.tests.search.naive import Library, Naive
from gallery.tests.search.sizes import Sizes, sizes

pytestmark = pytest.mark.django_db


@contextmanager
def shrunk(to: Sizes, library: Library) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch, stored(library):
        to.hold(patch)
        patch.setattr(conditions, "AT_ONE_TIME", 0)
        patch.setattr(similar.nearness, "nearest", _nearest(library))
        patch.setattr(meaning, "timezone", SimpleNamespace(now=lambda: library.now))
        yield


def _nearest(library: Library) -> Any:
    keys = {photo.public_id: photo.key for photo in library.photos}

    def nearest(photo: Photo, **_: Any) -> list[similar.Near]:
        return [similar.Near(keys[one], 1.0) for one in library.near[photo.public_id]]

    return nearest


def asked(
    tree: Node | None, viewer: str | None, *, sort: Sort | None = None, seed: int = 0
) -> Search:
    who = viewer_called(viewer)
    query = query_of(*conjuncts(tree), sort=sort)
    return Search(query, viewer=who, scope=visible_to(who), seed=seed)


def pages(tree: Node | None, viewer: str | None, **more: Any) -> tuple[list[int], list[int]]:
    """The keys on all pages: forward by next, and on the way back by previous."""
    page = asked(tree, viewer, **more).page()
    there, last = [photo.pk for photo in page.photos], page
    while last.next:
        last = asked(tree, viewer, **more).page(before=str(last.next))
        assert last.photos
        there += [photo.pk for photo in last.photos]
    back, page = [photo.pk for photo in last.photos], last
    while page.previous:
        page = asked(tree, viewer, **more).page(after=str(page.previous))
        assert page.photos
        back = [photo.pk for photo in page.photos] + back
    return there, back


def keys(photos: Sequence[Any]) -> list[int]:
    return [photo.key for photo in photos]


# --- What is found ----------------------------------------------------------------------------


@given(libraries(), st.lists(searches, min_size=1, max_size=3), sizes)
@examples(25)
def test_search_finds_what_a_plain_reading_finds(
    library: Library, trees: list[Node], to: Sizes
) -> None:
    with shrunk(to, library):
        for tree in trees:
            for viewer in (None, "ann", "ben"):
                plain, search = Naive(library, viewer), asked(tree, viewer)
                is_mistaken = plain.is_mistaken(tree)
                assert bool(search.mistakes) == is_mistaken, str(tree)
                expected = [] if is_mistaken else sorted(keys(plain.find(tree)))
                one_by_one = Photo.objects.visible_to(search.viewer).filter(
                    search.condition.on(PHOTO)
                )
                assert sorted(one_by_one.values_list("pk", flat=True)) == expected, str(tree)
                there, _ = pages(tree, viewer)
                assert sorted(there) == expected, str(tree)
                check_count(search, expected)


def check_count(search: Search, expected: Sequence[int]) -> None:
    found = search.found
    assert set(found.keys) <= set(expected)
    assert found.count <= len(expected)
    assert not found.is_all or list(found.keys) == sorted(expected, reverse=True)


@given(libraries(), searches, searches, viewers, sizes)
@examples(25)
def test_laws_of_logic_hold(
    library: Library, one: Node, other: Node, viewer: str | None, to: Sizes
) -> None:
    def found(node: Node | None) -> set[int]:
        return set(pages(node, viewer)[0])

    with shrunk(to, library):
        if asked(both(one, other), viewer).mistakes:  # together they may name too much
            return
        no_one, no_other = opposite(one), opposite(other)
        assert len(found(one)) == len(found(both(one, other))) + len(found(both(one, no_other)))
        assert found(_not(both(one, other))) == found(either([no_one, no_other]))
        assert found(_not(either([one, other]))) == found(both(no_one, no_other))


def _not(node: Node | None) -> Node:
    assert node is not None
    return opposite(node)


# --- Orders and pages -------------------------------------------------------------------------


@given(
    libraries(),
    st.none() | searches,
    st.sampled_from((Sort.NEWEST, Sort.OLDEST, Sort.TAKEN, Sort.RANDOM)),
    viewers,
    sizes,
    st.sampled_from((0, 5, 6, 2**31 - 1)),
)
@examples(60)
def test_pages_go_there_and_back_in_order(
    library: Library, tree: Node | None, sort: Sort, viewer: str | None, to: Sizes, seed: int
) -> None:
    with shrunk(to, library):
        plain = Naive(library, viewer)
        if not plain.is_mistaken(tree):
            expected = keys(plain.ordered(tree, sort, seed=seed))
            assert pages(tree, viewer, sort=sort, seed=seed) == (expected, expected)


either_tag = st.lists(plain_tagged | tag_words, min_size=1, max_size=3)
about_tags = (
    plain_tagged
    | tagged
    | st.builds(both, plain_tagged | tagged, tagless)
    | st.builds(
        lambda tags, more: either([*tags, *more]), either_tag, st.lists(tagless, max_size=1)
    )
)


@given(libraries(), about_tags, viewers, sizes)
@examples(50)
def test_surest_photos_come_first(
    library: Library, tree: Node, viewer: str | None, to: Sizes
) -> None:
    with shrunk(to, library):
        plain = Naive(library, viewer)
        if plain.tags_of(tree) and not plain.is_mistaken(tree):
            expected = keys(plain.ordered(tree, Sort.CONFIDENCE))
            assert pages(tree, viewer, sort=Sort.CONFIDENCE) == (expected, expected)


@given(libraries(), likes, st.none() | plain_tagged, viewers, sizes)
@examples(20)
def test_likest_photos_come_first(
    library: Library, like: Node, other: Node | None, viewer: str | None, to: Sizes
) -> None:
    with shrunk(to, library):
        plain, tree = Naive(library, viewer), both(like, other)
        if not plain.is_mistaken(tree):
            expected = keys(plain.ordered(tree, Sort.SIMILAR))
            assert pages(tree, viewer) == (expected, expected)


# --- Facets -----------------------------------------------------------------------------------


@given(libraries(), st.none() | searches, viewers, sizes)
@examples(30)
def test_facets_count_what_their_searches_find(
    library: Library, tree: Node | None, viewer: str | None, to: Sizes
) -> None:
    with shrunk(to, library):
        plain, search = Naive(library, viewer), asked(tree, viewer)
        if plain.is_mistaken(tree):
            return
        total = len(plain.find(tree))
        for facet in facets(search, search.page().photos):
            for value in facet.values:
                if facet.field != "camera":  # what is asked for by name may begin other names
                    check_facet(value, plain, total)


def check_facet(value: FacetValue, plain: Naive, total: int) -> None:
    count = len(plain.find(value.only.tree))
    assert value.count == count if value.is_exact else value.count <= count
    assert len(plain.find(value.without.tree)) == total - count
    assert not plain.is_mistaken(value.only.tree)


@given(libraries(), st.none() | searches, viewers)
@examples(20)
def test_exact_facets_leave_no_tag_out(
    library: Library, tree: Node | None, viewer: str | None
) -> None:
    with shrunk(Sizes(), library):
        plain, search = Naive(library, viewer), asked(tree, viewer)
        if plain.is_mistaken(tree):
            return
        found = plain.find(tree)
        counts = {
            tag.label: sum(
                any(mark.tag in library.kinds_of(tag.label) for mark in photo.shown)
                for photo in found
            )
            for tag in library.tags
        }
        shown = {
            value.label: value.count
            for facet in facets(search, [])
            if facet.field == "tags"
            for value in facet.values
        }
        named = {tag.label for tag in library.tags if named_in(library, tag.label, str(tree))}
        expected = {label: count for label, count in counts.items() if 0 < count < len(found)}
        assert {k: n for k, n in expected.items() if k not in named} == {
            k: n for k, n in shown.items() if k not in named
        }


def named_in(library: Library, label: str, text: str) -> bool:
    """Whether a search may name a tag, and need not be told of it."""
    tag = library.tag_called(label)
    assert tag is not None
    spoken = text.casefold().replace("-", " ")
    return any(name.casefold().replace("-", " ") in spoken for name in (label, *tag.aliases))
