"""Finding photos: orders, places to begin at, names that stand for nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from gallery.models import Fingerprint, Photo, User
from gallery.search import finding
from gallery.search.finding import Search
from gallery.search.language import parse, query_of
from gallery.search.limits import TooSlowError
from gallery.search.meaning import Viewer, owned_by, visible_to
from gallery.search.tree import Sort, Tagged, Word
from gallery.tags import note_counts
from gallery.tests.factories import make_photo, make_tag, make_user
from gallery.tests.search.sizes import Sizes

pytestmark = pytest.mark.django_db

NOBODY = AnonymousUser()


def asked(text: str, viewer: Viewer = NOBODY, *, seed: int = 0) -> Search:
    return Search(parse(text), viewer=viewer, scope=visible_to(viewer), seed=seed)


def titles(text: str, *, seed: int = 0, before: str = "", after: str = "") -> list[str]:
    search = asked(text, seed=seed)
    assert not search.mistakes
    return [photo.title for photo in search.page(before=before, after=after).photos]


# --- Ways -----------------------------------------------------------------------------------


@pytest.fixture
def zoo() -> None:
    """Photos of which some have words of others in another order, and tags that meet."""
    make_tag("zebra", parents=[make_tag("animal")])
    for title in ("hot dog", "hot day for a dog", "dog so hot", "Zeiss lens"):
        make_photo(title=title, tags={"dog": 0.9})
    make_photo(title="zebra", tags={"zebra": 0.9, "animal": 0.8, "stripes": 0.7})
    make_photo(title="stripes", tags={"stripes": 0.7})
    make_photo(title="lion", tags={"animal": 0.7})
    make_photo(title="both", tags={"dog": 0.6, "animal": 0.5, "stripes": 0.4})


@pytest.mark.parametrize("is_counted", [False, True])
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('"hot dog" OR tag:zebra', ["zebra", "hot dog"]),
        ('("hot dog" OR tag:zebra) -tag:zebra', ["hot dog"]),
        ("camera:zeiss OR tag:zebra", ["zebra"]),
        ("(tag:zebra OR tag:dog) tag:animal", ["both", "zebra"]),
        ("tag:animal", ["both", "lion", "zebra"]),
        ("tag:animal tag:stripes", ["both", "zebra"]),
        ("tag:animal tag:dog tag:stripes", ["both"]),
        ("tag:animal tag:stripes sort:oldest", ["zebra", "both"]),
        ("tag:stripes tag:animal sort:confidence", ["zebra", "both"]),
    ],
)
@pytest.mark.usefixtures("zoo")
def test_every_way_finds_the_same(
    text: str, found: list[str], is_counted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if is_counted:
        note_counts()
    for scan, gathered in product((0, 1, 2, 3, 5000), (0, 50_000)):
        Sizes(scan=scan, gathered=gathered).hold(monkeypatch)
        assert titles(text) == found, (scan, gathered)
        keys = asked(text).found.keys
        assert {photo.title for photo in Photo.objects.filter(pk__in=keys)} <= set(found)


# --- Orders -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "sort"),
    [
        ("", Sort.NEWEST),
        ("dog", Sort.NEWEST),
        ("dog taken:2024", Sort.TAKEN),
        ("taken:<1y", Sort.TAKEN),
        ("taken:2024 OR dog", Sort.NEWEST),
        ("added:2024", Sort.NEWEST),
        ("taken:2024 sort:oldest", Sort.OLDEST),
    ],
)
def test_order_fits_what_is_asked(text: str, sort: Sort) -> None:
    assert asked(text).sort == sort


@pytest.mark.parametrize(
    ("text", "better"),
    [
        ("beach* sort:confidence", "beach*"),
        ("sort:Confidence by:me", "by:me"),
        ("-tag:dog sort:confidence", "-tag:dog"),
        ("dog sort:similar", "dog"),
        ("sort:similar", None),
    ],
)
def test_order_by_what_is_not_asked_for_is_a_mistake(text: str, better: str | None) -> None:
    make_tag("dog", category="pets")
    search = asked(text, make_user())
    (mistake,) = search.mistakes
    assert text[mistake.start : mistake.end].lower().startswith("sort:")
    assert mistake.better == better
    assert search.sort not in search.sorts


def test_photos_that_are_found_for_another_reason_come_behind_the_sure_ones() -> None:
    make_photo(title="no tag, dog in its title")
    make_photo(title="sure", tags={"dog": 0.9})
    make_photo(title="surer", tags={"dog": 1.0})
    assert titles("dog sort:confidence") == ["surer", "sure", "no tag, dog in its title"]


def test_random_order_is_the_same_for_the_same_seed() -> None:
    for number in range(12):
        make_photo(title=str(number))
    orders = [titles("sort:random", seed=seed) for seed in (1, 1, 2**30, -5)]
    assert orders[0] == orders[1] != orders[2]
    assert {tuple(sorted(order)) for order in orders} == {tuple(sorted(orders[0]))}


# --- Likeness ---------------------------------------------------------------------------------


def embedded(title: str, *direction: float, **fields: Any) -> Photo:
    photo = make_photo(title=title, **fields)
    embedding = np.array(direction, "<f2").tobytes()
    Fingerprint.objects.create(photo=photo, embedding=embedding, model="m")
    return photo


@pytest.fixture
def alike() -> Photo:
    """Of three photos the one that the second is like and the third is not."""
    embedded("like it", 1, 0.5, 0, tags={"dog": 0.9})
    embedded("unlike", 0, 0, 1, tags={"dog": 0.9})
    return embedded("itself", 1, 0, 0)


def test_likest_photos_come_first_and_itself_before_them(alike: Photo) -> None:
    assert titles(f"like:{alike.public_id}") == ["itself", "like it"]


def test_likeness_combines_with_all_else(alike: Photo) -> None:
    like = f"like:{alike.public_id}"
    assert titles(f"{like} tag:dog") == ["like it"]
    assert titles(f"{like} sort:oldest") == ["like it", "itself"]
    assert titles(f"-{like}") == ["unlike"]
    assert titles(f"{like} OR tag:dog") == ["itself", "unlike", "like it"]


def test_photo_that_nobody_looked_at_is_like_itself_alone() -> None:
    photo = make_photo(title="alone")
    assert titles(f"like:{photo.public_id}") == ["alone"]


def test_likeness_to_no_photo_is_a_mistake() -> None:
    private = make_photo(visibility="private")
    for public_id in ("nothing", private.public_id):
        (mistake,) = asked(f"dog like:{public_id}").mistakes
        assert mistake.why == f"You may see no photo “{public_id}”."
        assert (mistake.start, mistake.better) == (4, None)


def test_few_photos_may_be_named_to_be_like(alike: Photo) -> None:
    assert titles(f"like:{alike.public_id} " * 3) == ["itself", "like it"]
    (mistake,) = asked(f"like:{alike.public_id} " * 4).mistakes
    assert mistake.why == "A search may name 3 photos to be like."


def test_pages_of_like_photos_go_there_and_back(
    alike: Photo, monkeypatch: pytest.MonkeyPatch
) -> None:
    Sizes(page=1).hold(monkeypatch)
    search = asked(f"like:{alike.public_id}")
    second = search.page(before=str(search.page().next))
    assert [photo.title for photo in second.photos] == ["like it"]
    assert second.next is None
    back = search.page(after=str(second.previous))
    assert [photo.title for photo in back.photos] == ["itself"]


# --- Names that stand for nothing -------------------------------------------------------------


def test_unknown_tag_is_a_mistake_with_the_nearest_that_may_be_seen() -> None:
    make_photo(tags={"koala": 0.9})
    make_photo(tags={"koalo": 0.9}, visibility="private")
    search = asked('beach -tag:=kola|"koala">=0.5')
    (mistake,) = search.mistakes
    assert search.query.text[mistake.start : mistake.end] == 'tag:=kola|"koala">=0.5'
    assert mistake.why == "No photo that you may see has a tag “kola”."
    assert mistake.better == "beach -tag:=koala>=0.5"
    assert search.found.count == 0
    assert search.page().photos == []


def test_mistake_in_a_search_that_nobody_typed_is_marked_in_its_text() -> None:
    make_photo(tags={"koala": 0.9})
    query = query_of(Word("beach"), Tagged(("kola",)))
    (mistake,) = Search(query, viewer=NOBODY, scope=None).mistakes
    assert query.text[mistake.start : mistake.end] == "tag:kola"
    assert mistake.better == "beach tag:koala"


def test_tag_of_the_vocabulary_may_stand_on_nothing() -> None:
    make_tag("heron", category="birds")
    assert titles("tag:heron") == []


def test_tag_that_was_only_refused_is_known_to_the_photos_owner_alone() -> None:
    owner = make_photo(tags={"mothlike": 0.9}, state="rejected").owner
    assert not asked("tag:mothlike", owner).mistakes
    assert asked("tag:mothlike", make_user("sven")).mistakes


def test_of_many_unknown_names_some_are_told() -> None:
    names = [f"tag:nothing{number}" for number in range(20)]
    assert len(asked(" ".join(names)).mistakes) == finding.MOST_TOLD


@pytest.mark.parametrize("text", ["by:nobody", "by:nobody|ann", "-by:nobody"])
def test_person_without_photos_that_may_be_seen_is_a_mistake(text: str) -> None:
    make_photo(make_user("ann"))
    make_photo(make_user("nobody"), visibility="private")
    (mistake,) = asked(text).mistakes
    assert mistake.why == "You may see no photo of anybody called “nobody”."


@pytest.mark.parametrize("text", ["by:me", "is:mine", "is:favourite", "is:public|favourite"])
def test_what_only_members_have_is_a_mistake_for_others(text: str) -> None:
    assert "Sign in" in asked(text).mistakes[0].why
    assert asked(text, make_user()).mistakes == ()


def test_mistake_in_the_language_comes_before_all_names() -> None:
    (mistake,) = asked("tag:nothing width:x").mistakes
    assert "no number" in mistake.why


# --- Months -----------------------------------------------------------------------------------


def at(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, 12, tzinfo=UTC)


@pytest.fixture
def months() -> User:
    """The owner of photos that came in spring, and of a private one that came before."""
    ann = make_user("ann")
    for title, came, taken, visibility in (
        ("secret", at(2024, 1, 31), at(2001, 1, 1), "private"),
        ("march", at(2024, 3, 1), None, "public"),
        ("april", at(2024, 4, 30), at(2010, 7, 1), "public"),
        ("may", at(2024, 5, 15), at(2010, 6, 30), "public"),
    ):
        photo = make_photo(ann, title=title, taken_at=taken, visibility=visibility)
        Photo.objects.filter(pk=photo.pk).update(created_at=came)
    return ann


@pytest.mark.parametrize(
    ("text", "month", "found"),
    [
        ("", date(2024, 4, 1), ["april", "march"]),
        ("sort:oldest", date(2024, 4, 1), ["april", "may"]),
        ("sort:oldest", date(2024, 3, 1), ["march", "april", "may"]),
        ("sort:taken", date(2010, 7, 1), ["april", "may"]),
        ("sort:taken", date(2010, 6, 1), ["may"]),
        ("sort:taken", date(9999, 12, 1), ["march", "april", "may"]),
        ("", date(9999, 12, 1), ["may", "april", "march"]),
        ("sort:oldest", date(1, 1, 1), ["march", "april", "may"]),
    ],
)
@pytest.mark.usefixtures("months")
def test_list_goes_on_with_a_month(text: str, month: date, found: list[str]) -> None:
    place = asked(text).place_of_month(month)
    assert place is not None
    assert titles(text, before=str(place)) == found


@pytest.mark.usefixtures("months")
def test_list_by_chance_has_no_months() -> None:
    search = asked("sort:random")
    assert search.months() == []
    assert search.place_of_month(date(2024, 4, 1)) is None


@pytest.mark.parametrize(
    ("text", "first"),
    [("", date(2024, 3, 1)), ("sort:oldest", date(2024, 3, 1)), ("sort:taken", date(2010, 6, 1))],
)
@pytest.mark.usefixtures("months")
def test_months_go_from_now_back_to_the_oldest_photo_that_may_be_seen(
    text: str, first: date
) -> None:
    months = asked(text).months()
    now = timezone.now()
    assert (months[0], months[-1]) == (date(now.year, now.month, 1), first)
    assert len(set(months)) == len(months)


def test_months_of_ones_own_photos_have_the_private_ones(months: User) -> None:
    own = Search(parse(""), viewer=months, scope=owned_by(months))
    assert own.months()[-1] == date(2024, 1, 1)


def test_place_of_a_month_does_not_tell_of_photos_that_may_not_be_seen(months: User) -> None:
    make_photo(months, visibility="private")
    Photo.objects.filter(title="").update(created_at=at(2024, 6, 1))
    newest = Photo.objects.get(title="may").pk
    place = asked("").place_of_month(date(2024, 6, 1))
    assert place is not None
    assert place.key == newest + 1
    assert asked("sort:oldest").place_of_month(date(2024, 6, 1)) is None


def test_photo_from_the_future_is_in_no_month_to_come() -> None:
    make_photo(taken_at=timezone.now() + timedelta(days=400))
    make_photo(taken_at=timezone.now() - timedelta(days=40))
    assert max(asked("sort:taken").months()) <= timezone.now().date()


# --- Places that lead nowhere -----------------------------------------------------------------


PLACES = (
    "5", "-5", "0", "9" * 30, "0~5~5", "1~5~5", "0~0.5~5", "1~0.5~5", "0~-5~5", "x", "\x00",
    f"0~{'9' * 30}~5", f"0~-{'9' * 30}~5", "1~1e-300~5", "7~0~0",
)  # fmt: skip


@pytest.mark.parametrize("scan", [0, 5000])
@pytest.mark.parametrize("sort", Sort)
def test_no_place_breaks_a_list(sort: Sort, scan: int, monkeypatch: pytest.MonkeyPatch) -> None:
    Sizes(scan=scan).hold(monkeypatch)
    photo = make_photo(tags={"dog": 0.9}, taken_at=at(2024, 1, 1))
    like = f" like:{photo.public_id}" if sort == Sort.SIMILAR else ""
    text = f"tag:dog{like} sort:{sort}"
    for place in PLACES:
        assert len(titles(text, before=place)) <= 1, place
        assert len(titles(text, after=place)) <= 1, place


# --- Time -------------------------------------------------------------------------------------


@pytest.mark.parametrize("ask", ["mistakes", "found", "page"])
def test_search_that_takes_too_long_says_so(ask: str, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def no_time() -> Iterator[None]:
        raise TooSlowError
        yield

    search = asked("tag:dog")
    monkeypatch.setattr(finding, "time_limited", no_time)
    with pytest.raises(TooSlowError, match="too many photos"):
        search.page() if ask == "page" else getattr(search, ask)
