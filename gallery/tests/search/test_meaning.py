"""What the words of a search mean, one by one, and what is said of names that mean nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from gallery.imaging.colors import BITS
from gallery.models import Favourite, Photo, PhotoTag, TagState, User
from gallery.search.conditions import PHOTO
from gallery.search.finding import Search
from gallery.search.language import parse
from gallery.search.meaning import Viewer, visible_to
from gallery.tests.factories import make_photo, make_run, make_tag, make_user

pytestmark = pytest.mark.django_db

NOBODY = AnonymousUser()


def asked(text: str, viewer: Viewer = NOBODY) -> Search:
    return Search(parse(text), viewer=viewer, scope=visible_to(viewer))


def found(text: str, viewer: Viewer = NOBODY) -> set[str]:
    """The titles of the photos found, all three ways to them saying the same."""
    search = asked(text, viewer)
    assert search.mistakes == ()
    photos = Photo.objects.visible_to(viewer).filter(search.condition.on(PHOTO))
    titles = set(photos.values_list("title", flat=True))
    assert {photo.title for photo in search.page().photos} == titles
    assert search.found.count == photos.count()
    return titles


# --- Words ------------------------------------------------------------------------------------


@pytest.fixture
def texts() -> None:
    koala = make_tag("koala", parents=[make_tag("animal", category="animals")], category="animals")
    koala.aliases.create(slug="native-bear", label="native bear")
    make_photo(title="tagged", tags={"koala": 0.9})
    make_photo(title="doubtful", tags={"koala": 0.2}, state=TagState.SUGGESTED)
    make_photo(title="told", caption="A koala, asleep!")
    make_photo(title="filed", original_name="IMG_2041-koala.JPG")
    make_photo(title="placed", place="São Paulo", camera="Canon EOS R5")
    make_photo(title="streets", caption="Grüße aus der Straße", place="東京都 渋谷")
    make_photo(title="end of one", caption="begin of other e-mail")


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("koala", {"tagged", "told", "filed"}),
        ("KOALA", {"tagged", "told", "filed"}),
        ("animal", {"tagged"}),
        ('"native bear"', {"tagged"}),
        ("native-bear", {"tagged"}),
        ("native bear", set()),
        ("koal", set()),
        ("koal*", {"told", "filed"}),
        ('"a koala"', {"told"}),
        ('"koala a"', set()),
        ("asleep", {"told"}),
        ("img_2041-koala.jpg", {"filed"}),
        ("jpg", {"filed"}),
        ("sao paulo", {"placed"}),
        ('"SÃO paulo"', {"placed"}),
        ("canon r5", {"placed"}),
        ("strasse", {"streets"}),
        ("grüsse", {"streets"}),
        ("grus*", {"streets"}),
        ("東京", {"streets"}),
        ("京都", {"streets"}),
        ("京東", set()),
        ('"one begin"', set()),
        ("e-mail", {"end of one"}),
        ("has*", set()),
        ("-koala -placed -streets", {"doubtful", "end of one"}),
    ],
)
@pytest.mark.usefixtures("texts")
def test_word_finds(text: str, titles: set[str]) -> None:
    assert found(text) == titles


def test_changed_text_is_found_anew() -> None:
    photo = make_photo(title="morning")
    photo.title = "evening"
    photo.save(update_fields=["title"])
    assert found("evening") == {"evening"}
    assert found("morning") == set()


# --- Tags -------------------------------------------------------------------------------------


@pytest.fixture
def tags(settings: object) -> None:
    """One photo for each way in which a tag can stand on it."""
    olga = make_user("olga")
    animal = make_tag("animal", category="animals")
    dog = make_tag("dog", parents=[animal], category="pets")
    make_tag("hot dog", category="food")
    for title, state, confidence in (
        ("assigned", TagState.ASSIGNED, 0.8),
        ("confirmed", TagState.CONFIRMED, 0.3),
        ("rejected", TagState.REJECTED, 0.6),
        ("suggested", TagState.SUGGESTED, 0.2),
    ):
        photo = make_photo(olga, title=title)
        run = make_run(photo, tagger="bundled")
        PhotoTag.objects.create(photo=photo, tag=dog, confidence=confidence, state=state, run=run)
    make_photo(olga, title="typed", tags={"dog": 1.0}, state=TagState.CONFIRMED)
    make_photo(olga, title="above", tags={"animal": 0.5})
    make_photo(olga, title="food", tags={"hot dog": 0.5})
    make_photo(olga, title="two", tags={"animal": 0.9, "hot dog": 0.1})


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("tag:dog", {"assigned", "confirmed", "typed"}),
        ("tag:animal", {"assigned", "confirmed", "typed", "above", "two"}),
        ("tag:=animal", {"above", "two"}),
        ('tag:=animal|"hot dog"', {"above", "food", "two"}),
        ("tag:hot-dog", {"food", "two"}),
        ("tag:dog>=0.8", {"assigned", "typed"}),
        ("tag:dog>0.8", {"typed"}),
        ("tag:dog<0.4", {"confirmed"}),
        ("tag:dog>0.3<1", {"assigned"}),
        ("tag:dog=30%", {"confirmed"}),
        ('tag:animal|"hot dog"<0.2', {"two"}),
        ("tag:dog@confirmed", {"confirmed", "typed"}),
        ("tag:dog@assigned", {"assigned"}),
        ("tag:dog@rejected", {"rejected"}),
        ("tag:animal@suggested", {"suggested"}),
        ("tag:dog@suggested@rejected", {"suggested", "rejected"}),
        ("tag:dog@manual", {"typed"}),
        ("tag:dog@bundled", {"assigned", "confirmed"}),
        ("tag:dog@bundled@rejected>=0.5", {"rejected"}),
        ("tag:dog@file", set()),
        ("-tag:animal", {"rejected", "suggested", "food"}),
        ("tag:animal -tag:dog", {"above", "two"}),
        ("tag:dog -tag:animal", set()),
        ("tag:dog tag:animal", {"assigned", "confirmed", "typed"}),
        ("tag:dog tag:dog>=0.8", {"assigned", "typed"}),
        ("tag:dog>=0.8 tag:dog", {"assigned", "typed"}),
        ("tag:dog tag:dog@manual", {"typed"}),
        ("tag:dog@rejected -tag:animal", {"rejected"}),
        ('tag:dog<0.4 OR tag:"hot dog"', {"confirmed", "food", "two"}),
        ('tag:"hot dog" OR tag:dog@rejected', {"rejected", "food", "two"}),
        ('tag:dog OR tag:"hot dog" OR beach', {"assigned", "confirmed", "typed", "food", "two"}),
        ("tag:dog -tag:dog@confirmed", {"assigned"}),
        ("category:pets", {"assigned", "confirmed", "typed"}),
        ('category:"wild & farm animals"|food', {"above", "food", "two"}),
        ("tags:0", {"rejected", "suggested"}),
        ("tags:>1", {"two"}),
        ("tags:<=0 OR tags:2", {"rejected", "suggested", "two"}),
    ],
)
@pytest.mark.usefixtures("tags")
def test_tag_finds(text: str, titles: set[str]) -> None:
    assert found(text, User.objects.get(username="olga")) == titles


@pytest.mark.usefixtures("tags")
def test_what_was_rejected_is_its_owners_business() -> None:
    sven = make_user("sven")
    assert found("tag:dog@rejected", sven) == set()
    assert found("tag:dog@suggested@rejected", sven) == {"suggested"}
    (mistake,) = asked("tag:dog@rejected").mistakes
    assert mistake.why == "Sign in to look for tags that you rejected."


@pytest.mark.parametrize(
    ("text", "part", "why", "better"),
    [
        ("a tag:dog@confimed", "tag:dog@confimed", "There is no mark @confimed; there are @assig",
         "a tag:dog@confirmed"),
        ("tag:=dog>=0.5@zzz b", "tag:=dog>=0.5@zzz", "There is no mark @zzz", "tag:=dog>=0.5 b"),
        ("category:brids", "category:brids", "There is no category “brids”.", "category:birds"),
        ("-category:xyz", "category:xyz", "There is no category “xyz”.", None),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("tags")
def test_name_that_nothing_has_is_marked_and_mended(
    text: str, part: str, why: str, better: str | None
) -> None:
    search = asked(text)
    (mistake,) = search.mistakes
    assert search.query.text[mistake.start : mistake.end] == part
    assert why in mistake.why
    assert mistake.better == better
    assert search.found.count == 0


# --- Facts ------------------------------------------------------------------------------------


@pytest.fixture
def ann() -> User:
    """The owner of two photos of four, who likes one of somebody else."""
    ann, ben = make_user("ann"), make_user("ben@example.org")
    make_photo(ann, title="beach", width=4000, height=3000, format="heic", camera="Canon EOS R5",
               place="Lisbon, Portugal", taken_at=datetime(2024, 5, 31, 23, 59, 59, tzinfo=UTC),
               colors=BITS["teal"] | BITS["white"])  # fmt: skip
    make_photo(ann, title="secret", visibility="private", width=10, height=20)
    liked = make_photo(ben, title="liked", width=20, height=20, camera="anon", colors=BITS["red"],
                       taken_at=datetime(2024, 6, 1, tzinfo=UTC))  # fmt: skip
    make_photo(ben, title="", width=3999, height=3000, place="Old Lisbon")
    Favourite.objects.create(person=ann, photo=liked)
    Photo.objects.filter(title="beach").update(created_at=timezone.now() - timedelta(days=8))
    return ann


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("by:ann", {"beach", "secret"}),
        ("by:me", {"beach", "secret"}),
        ("by:ann|ben@example.org", {"beach", "secret", "liked", ""}),
        ("is:public", {"beach", "liked", ""}),
        ("is:private", {"secret"}),
        ("is:mine", {"beach", "secret"}),
        ("is:favourite", {"liked"}),
        ("is:favourite|private", {"liked", "secret"}),
        ("-is:mine", {"liked", ""}),
        ("has:place", {"beach", ""}),
        ("has:camera", {"beach", "liked"}),
        ("has:date", {"beach", "liked"}),
        ("-has:title", {""}),
        ("taken:2024", {"beach", "liked"}),
        ("taken:2024-05", {"beach"}),
        ("taken:2024-05-31", {"beach"}),
        ("taken:2024-06..", {"liked"}),
        ("taken:..2024-05", {"beach"}),
        ("-taken:2024", {"secret", ""}),
        ("added:<7d", {"secret", "liked", ""}),
        ("added:>1w", {"beach"}),
        ("added:..2199", {"beach", "secret", "liked", ""}),
        ("camera:canon", {"beach"}),
        ('camera:"eos r5"', {"beach"}),
        ("camera:anon", {"liked"}),
        ("place:lisb", {"beach", ""}),
        ("place:portugal|old", {"beach", ""}),
        ("format:heic", {"beach"}),
        ("format:jpg -by:me", {"liked", ""}),
        ("orientation:landscape", {"beach", ""}),
        ("orientation:portrait|square", {"secret", "liked"}),
        ("width:>=4000", {"beach"}),
        ("width:<4000 height:3000", {""}),
        ("color:teal", {"beach"}),
        ("color:white|red", {"beach", "liked"}),
        ("-color:teal", {"secret", "liked", ""}),
    ],
)
def test_fact_finds(text: str, titles: set[str], ann: User) -> None:
    assert found(text, ann) == titles


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("added:2024-05-01", {"first moment", "last moment"}),
        ("added:2024-05", {"first moment", "last moment", "day after"}),
        ("added:..2024-04", {"day before"}),
        ("added:2024-05-02..", {"day after"}),
        ("added:..2024-05-01", {"day before", "first moment", "last moment"}),
        ("-added:2024-05-01", {"day before", "day after"}),
    ],
)
def test_day_lasts_from_midnight_to_midnight(text: str, titles: set[str]) -> None:
    for title, at in (
        ("day before", datetime(2024, 4, 30, 23, 59, 59, 999_999, tzinfo=UTC)),
        ("first moment", datetime(2024, 5, 1, tzinfo=UTC)),
        ("last moment", datetime(2024, 5, 1, 23, 59, 59, 999_999, tzinfo=UTC)),
        ("day after", datetime(2024, 5, 2, tzinfo=UTC)),
    ):
        make_photo(title=title, taken_at=at)
        Photo.objects.filter(title=title).update(created_at=at)
    assert found(text) == titles
    assert found(text.replace("added", "taken")) == titles


def test_name_may_begin_where_a_word_does_and_nowhere_else(ann: User) -> None:
    make_photo(title="anon", camera="Canon")
    assert found("camera:anon") == {"liked"}


def test_place_and_camera_are_compared_without_accents_and_signs() -> None:
    make_photo(title="paulo", place="São Paulo, Brasil", camera="EOS-R5 Mark II")
    make_photo(title="luis", place="Sao Luis", camera="EOS R6")
    assert found('place:"sao pau"') == {"paulo"}
    assert found("place:são") == {"paulo", "luis"}
    assert found('place:"paulo brasil" camera:"eos r5"') == {"paulo"}
    assert found("camera*") == set()


def test_long_caption_takes_no_place_away() -> None:
    make_photo(title="long", caption="word " * 990, place="Lisbon", camera="Leica")
    assert found("has:place place:lisbon camera:leica") == {"long"}
