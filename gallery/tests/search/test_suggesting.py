"""What may be meant by what somebody has typed so far."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser

from gallery.models import Tag, User
from gallery.search import suggesting
from gallery.search.language import parse
from gallery.search.meaning import Viewer
from gallery.search.suggesting import meant_tag, similar_names, suggest
from gallery.tests.factories import make_photo, make_tag, make_user

pytestmark = pytest.mark.django_db

NOBODY = AnonymousUser()


def texts(text: str, viewer: Viewer = NOBODY) -> list[str]:
    return [one.text for one in suggest(text, viewer=viewer)]


def labels(text: str, viewer: Viewer = NOBODY) -> list[str]:
    return [one.label for one in suggest(text, viewer=viewer)]


@pytest.fixture
def ann() -> User:
    """The owner of a few tagged photos, one of them private."""
    ann = make_user("ann")
    animal = make_tag("animal")
    make_tag("koala", parents=[animal]).aliases.create(slug="native-bear", label="native bear")
    make_tag("dog", parents=[animal])
    make_photo(ann, tags={"koala": 0.9, "dog": 0.8}, camera="Canon EOS R5")
    make_photo(ann, tags={"dog": 0.9, "hot dog": 0.9}, camera="Canon G7")
    make_photo(ann, tags={"doghouse": 0.9}, camera="Minox", visibility="private")
    make_photo(ann, tags={"dogfish": 0.1}, state="suggested")
    return ann


@pytest.mark.parametrize(
    ("text", "suggested"),
    [
        ("ko", ["koala "]),
        ("KOA", ["koala "]),
        ("dog", ["dog ", '"hot dog" ']),
        ("beach do", ["beach dog ", 'beach "hot dog" ']),
        ("tag:do", ["tag:dog ", 'tag:"hot dog" ']),
        ("-tag:ko", ["-tag:koala "]),
        ("-ko", ["-koala "]),
        ("(beach OR ko", ["(beach OR koala "]),
        ("tag:dog|ko", ["tag:dog|koala "]),
        ("tag:=ko", ["tag:=koala "]),
        ('tag:"hot d', ['tag:"hot dog" ']),
        ('"hot d', ['"hot dog" ']),
        ("tagged:ko", ["tagged:koala "]),
        ("native", ["koala "]),
        ("koaal", ["koala "]),
        ("tag:kola", ["tag:koala "]),
        ("zzz", []),
        ("", []),
        ("dog ", []),
        ("tag:", []),
    ],
)
@pytest.mark.usefixtures("ann")
def test_tags_are_suggested(text: str, suggested: list[str]) -> None:
    assert texts(text) == suggested


@pytest.mark.usefixtures("ann")
def test_tag_comes_with_the_number_of_its_photos_and_of_those_of_its_kinds() -> None:
    found = {one.label: str(one.count) for one in suggest("a", viewer=NOBODY)}
    assert found == {"animal": "2"}


@pytest.mark.usefixtures("ann")
def test_number_of_many_is_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(20):
        make_photo(tags={"koala": 0.9})
    monkeypatch.setattr(suggesting, "COUNTED", 10)
    assert [str(one.count) for one in suggest("koala", viewer=NOBODY)] == ["10+"]


@pytest.mark.usefixtures("ann")
def test_tag_on_most_photos_comes_first() -> None:
    make_photo(tags={"dolphin": 0.9})
    for _ in range(3):
        make_photo(tags={"dove": 0.9})
    assert labels("do") == ["dove", "dog", "dolphin", "hot dog"]


def test_tag_that_its_viewer_alone_may_see_is_suggested_to_the_viewer_alone(ann: User) -> None:
    assert "doghouse" in labels("dog", ann)
    assert "doghouse" not in labels("dog", make_user())


@pytest.mark.usefixtures("ann")
def test_tag_that_is_only_suggested_for_a_photo_is_not_told() -> None:
    assert "dogfish" not in labels("dogf")


@pytest.mark.parametrize(
    ("text", "suggested"),
    [
        ("ca", ["category:", "camera:"]),
        ("is:", ["is:public ", "is:private ", "is:favourite ", "is:mine "]),
        ("is:fav", ["is:favourite "]),
        ("is:public|fav", ["is:public|favourite "]),
        ("orientation:p", ["orientation:portrait "]),
        ("color:te", ["color:teal "]),
        ("colour:te", ["colour:teal "]),
        ("category:bi", ["category:birds "]),
        ("sort:r", ["sort:random "]),
        ("by:a", ["by:ann "]),
        ("owner:A", ["owner:ann "]),
        ("by:z", []),
        ("camera:can", ['camera:"Canon EOS R5" ', 'camera:"Canon G7" ']),
        ("camera:r5", ['camera:"Canon EOS R5" ']),
        ('camera:"canon g', ['camera:"Canon G7" ']),
        ("camera:", ['camera:"Canon EOS R5" ', 'camera:"Canon G7" ']),
        ("camera:minox", []),
        ("width:4", []),
        ("foo:x", []),
    ],
)
@pytest.mark.usefixtures("ann")
def test_fields_and_what_stands_behind_them_are_suggested(text: str, suggested: list[str]) -> None:
    assert texts(text) == suggested


def test_cameras_of_ones_own_private_photos_are_suggested(ann: User) -> None:
    assert texts("camera:mi", ann) == ["camera:Minox "]


def test_person_without_photos_that_may_be_seen_is_not_suggested() -> None:
    person = make_user("private")
    make_photo(person, visibility="private")
    assert labels("by:pri") == []
    assert labels("by:pri", person) == ["private"]


@pytest.mark.parametrize(
    "label", ['12" vinyl', "AND", "-5 degrees", "a|b", "c++", "tag:x", "x*", "“fine”"]
)
def test_what_is_suggested_can_be_meant_and_finds_the_photos(label: str) -> None:
    make_photo(tags={label: 0.9})
    tag = Tag.objects.get()
    for text in (tag.slug[:2], f"tag:{tag.slug[:2]}"):
        (suggested,) = [one.text for one in suggest(text, viewer=NOBODY) if one.kind == "tag"]
        assert parse(suggested).mistakes == ()
        assert Tag.objects.named(suggested.strip().removeprefix("tag:").strip('"')).get() == tag


def test_names_are_few_however_many_fit() -> None:
    for number in range(30):
        make_photo(tags={f"fog {number}": 0.9})
    assert len(labels("fo")) == suggesting.LIMIT


@pytest.mark.parametrize(
    "text",
    ["\x00", "by:\x00z", "camera:\x00x", "tag:\x00x", "%", "_", "by:%", "\\", "'; --",
     "\ud800", '"' * 200, "|" * 200, "a|" * 500, "(" * 500, "a:" * 500, "\u202e", "é" * 1000,
     "tag:" + '"' * 501, "x" * 1000],
)  # fmt: skip
@pytest.mark.usefixtures("ann")
def test_nothing_that_is_typed_breaks_suggestions(text: str) -> None:
    assert suggest(text, viewer=NOBODY) == []


# --- Wrong names ------------------------------------------------------------------------------


@pytest.mark.usefixtures("ann")
def test_name_that_is_nearly_a_tag_means_it() -> None:
    assert meant_tag("kaola", viewer=NOBODY) == "koala"
    assert meant_tag("native bare", viewer=NOBODY) == "koala"
    assert meant_tag("xylophone", viewer=NOBODY) is None


def test_only_tags_that_may_be_seen_are_meant(ann: User) -> None:
    assert meant_tag("doghuose", viewer=NOBODY) is None
    assert meant_tag("doghuose", viewer=ann) == "doghouse"


@pytest.mark.usefixtures("ann")
def test_tag_that_is_gone_hides_no_other() -> None:
    tag = make_tag("koalas")
    assert similar_names("koalas")[0][1] == "koalas"
    tag.delete()
    assert meant_tag("koalas", viewer=NOBODY) == "koala"
