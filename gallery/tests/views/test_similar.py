"""Similar photos, searching by a picture and duplicates, as each of the cast meets them."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from gallery import ingest
from gallery.following import block
from gallery.models import DroppedImage, NotTwins, Photo, Rendition, User
from gallery.similar import drops, twins
from gallery.tests.factories import make_photo, make_user
from gallery.tests.pictures import picture, uploaded
from gallery.tests.similar.looks import flipped, make_seen
from gallery.tests.similar.test_drops import HERE as STUBS

pytestmark = pytest.mark.django_db

LOOK = 0x0F0F_1234_5678_9ABC


@pytest.fixture
def owner() -> User:
    return make_user("olga")


@pytest.fixture
def stranger() -> User:
    return make_user("sven")


@pytest.fixture(autouse=True)
def eyes(settings: Settings) -> None:
    settings.TAGGERS = {"seeing": {"BACKEND": f"{STUBS}.SeeingTagger"}}
    settings.DEFAULT_TAGGERS = ["seeing"]


def signed_in(user: User | None) -> Client:
    client = Client()
    if user:
        client.force_login(user)
    return client


def shown(page: str) -> list[str]:
    """Return the ids of the photos that a page links to, in order."""
    return list(dict.fromkeys(re.findall(r'href="/photos/([^/"]+)/"', page)))


def get(address: str, user: User | None = None) -> str:
    answer = signed_in(user).get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def similar(photo: Photo, *ways: str) -> str:
    return f"/photos/{photo.public_id}/similar/?{urlencode([('by', way) for way in ways])}"


# --- Photos like a photo ----------------------------------------------------------------------


def test_photo_page_has_a_strip_and_leads_to_all(owner: User) -> None:
    photo, near = make_seen(owner), make_seen(owner, apart=0.1)
    page = get(photo.get_absolute_url())
    assert "See all" in page
    assert shown(page) == [near.public_id]


def test_photo_page_without_anything_like_it_has_no_strip(owner: User) -> None:
    assert "See all" not in get(make_seen(owner).get_absolute_url())


def test_similar_photos_come_with_their_reasons(owner: User) -> None:
    photo = make_seen(owner, tags={"koala": 0.9})
    near = make_seen(owner, apart=0.1, tags={"koala": 0.9})
    page = get(similar(photo))
    assert near.public_id in shown(page)
    assert "Looks nearly the same · also koala" in page


def test_ways_are_chosen_and_stay_chosen(owner: User) -> None:
    photo = make_seen(owner, tags={"koala": 0.9})
    other = make_seen(owner, kind=1, tags={"koala": 0.9})
    assert other.public_id not in get(similar(photo))
    page = get(similar(photo, "tags", "time"))
    assert other.public_id in shown(page)
    assert re.findall(r'value="(\w+)" checked', page) == ["tags", "time"]


@pytest.mark.parametrize("ways", [["nonsense"], [""], ["look", "nonsense"]])
def test_ways_that_are_none_mean_what_photos_show(ways: list[str], owner: User) -> None:
    photo = make_seen(owner)
    assert 'value="look" checked' in get(similar(photo, *ways))


def test_photo_that_nobody_looked_at_says_so(owner: User) -> None:
    assert "Nobody has looked" in get(similar(make_photo(owner)))


def test_pages_of_similar_photos_follow_one_another(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gallery.views.similar.PAGE_SIZE", 3)
    photo = make_seen(owner)
    others = [make_seen(owner, apart=0.1 + n / 100).public_id for n in range(7)]
    seen, address = list[str](), similar(photo, "look")
    while address:
        page = get(address)
        seen += shown(page)[1:]
        link = re.search(r'rel="next" href="([^"]+)"', page)
        address = similar(photo).partition("?")[0] + link[1].replace("&amp;", "&") if link else ""
    assert seen == others


def test_script_gets_the_photos_alone(owner: User) -> None:
    photo, _ = make_seen(owner), make_seen(owner)
    answer = Client().get(similar(photo), headers={"X-Fragment": "1"})
    assert "<html" not in answer.content.decode()
    assert "reasoned-card" in answer.content.decode()


@pytest.mark.parametrize("who", ["nobody", "stranger", "staff", "blocked"])
def test_what_is_private_shows_neither_in_strips_nor_in_similar_photos(
    who: str, owner: User, stranger: User
) -> None:
    photo = make_seen(make_user(), tags={"koala": 0.9})
    secret = make_seen(
        owner,
        tags={"koala": 0.9, "grandma": 0.9},
        visibility="public" if who == "blocked" else "private",
    )
    viewer = {"nobody": None, "staff": make_user(is_staff=True)}.get(who, stranger)
    if who == "blocked":
        block(owner, stranger)
    for address in (photo.get_absolute_url(), similar(photo), similar(photo, "look", "tags")):
        page = get(address, viewer)
        assert secret.public_id not in page
        assert "grandma" not in page
        assert secret.public_id in get(address, owner)


@pytest.mark.parametrize("who", ["nobody", "stranger"])
def test_nothing_is_like_a_photo_that_may_not_be_seen(
    who: str, owner: User, stranger: User
) -> None:
    secret = make_seen(owner, visibility="private")
    client = signed_in(stranger if who == "stranger" else None)
    assert client.get(similar(secret)).status_code == 404


@pytest.mark.parametrize("ways", [(), ("look", "tags", "colors", "time")])
def test_pages_cost_the_same_for_one_and_for_twenty(ways: tuple[str, ...], owner: User) -> None:
    photo = make_seen(owner, tags={"koala": 0.9})
    addresses = photo.get_absolute_url(), similar(photo, *ways)

    def cost(address: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            get(address)
        return len(captured)

    make_seen(tags={"koala": 0.9})
    get(addresses[1])
    one = [cost(address) for address in addresses]
    for number in range(20):
        make_seen(apart=number / 100, tags={"koala": 0.9})
    assert [cost(address) for address in addresses] == one


# --- Searching by a picture -------------------------------------------------------------------


def send(client: Client, content: bytes | None = None) -> HttpResponse:
    file = SimpleUploadedFile("a.jpg", picture(300, 200) if content is None else content)
    answer = client.post("/search/image/", {"picture": file})
    assert isinstance(answer, HttpResponse)
    return answer


def dropped_by(person: User) -> DroppedImage:
    """Return a picture that has been looked at."""
    dropped = drops.drop(person, ContentFile(picture(300, 200), "a.jpg"))
    drops.look(dropped)
    return dropped


@pytest.mark.parametrize("address", ["/search/image/", "/search/image/abc/", "/mine/duplicates/"])
def test_strangers_sign_in_first(address: str) -> None:
    assert Client().get(address).headers["Location"].startswith("/sign-in/")


def test_picture_is_waited_for_and_leads_to_photos_like_it(owner: User) -> None:
    photo, other = make_seen(), make_seen(kind=1)
    client = signed_in(owner)
    waiting = send(client).headers["Location"]
    page = client.get(waiting).content.decode()
    assert "Looking at your picture" in page
    assert '<meta http-equiv="refresh"' in page
    dropped = DroppedImage.objects.get()
    drops.look(dropped)
    found = client.get(waiting, follow=True)
    page = found.content.decode()
    assert found.redirect_chain[-1][0] == f"/search/?q=like%3A{dropped.token}"
    assert "Photos like this picture" in page
    assert dropped.thumbnail in page
    assert shown(page) == [photo.public_id]
    assert other.pk


def test_script_is_told_where_to_go_on(owner: User) -> None:
    dropped = dropped_by(owner)
    answer = signed_in(owner).get(dropped.get_absolute_url(), headers={"X-Fragment": "1"})
    assert f'data-found-at="/search/?q=like%3A{dropped.token}"' in answer.content.decode()


@pytest.mark.parametrize("rest", ["tag:dog", "by:me", "-tag:dog sort:newest"])
def test_picture_goes_together_with_all_else(rest: str, owner: User) -> None:
    make_seen(owner, tags={"dog": 0.9})
    make_seen(owner, tags={"cat": 0.9})
    dropped = dropped_by(owner)
    page = get(f"/search/?{urlencode({'q': f'like:{dropped.token} {rest}'})}", owner)
    assert len(shown(page)) == (2 if rest == "by:me" else 1)
    assert "Photos like this picture" in page


def test_picture_finds_nothing_that_may_not_be_seen(owner: User, stranger: User) -> None:
    secret = make_seen(stranger, visibility="private")
    dropped = dropped_by(owner)
    page = get(f"/search/?q=like:{dropped.token}", owner)
    assert secret.public_id not in page
    assert shown(page) == []


def test_picture_of_another_person_cannot_be_used(owner: User, stranger: User) -> None:
    make_seen()
    dropped = dropped_by(owner)
    for viewer in (stranger, None):
        page = get(f"/search/?q=like:{dropped.token}", viewer)
        assert "no such picture" in page
        assert dropped.thumbnail not in page
        assert shown(page) == []
    client = signed_in(stranger)
    assert client.get(dropped.get_absolute_url()).status_code == 404
    assert client.post(f"{dropped.get_absolute_url()}forget/").status_code == 404
    assert DroppedImage.objects.exists()


def test_owner_has_a_picture_forgotten(owner: User) -> None:
    dropped = dropped_by(owner)
    signed_in(owner).post(f"{dropped.get_absolute_url()}forget/")
    assert not DroppedImage.objects.exists()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "This file is empty."),
        (b"no picture", "This is not an image"),
        (b"\xff\xd8\xff\xe0 cut", "damaged or cut short"),
        (b"%PDF-1.7", "a PDF document"),
    ],
)
def test_what_is_no_picture_gets_a_sentence(content: bytes, sentence: str, owner: User) -> None:
    answer = send(signed_in(owner), content)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not DroppedImage.objects.exists()


def test_no_file_gets_a_sentence(owner: User) -> None:
    page = signed_in(owner).post("/search/image/", {}).content.decode()
    assert "Choose a picture first." in page


def test_too_many_pictures_are_refused(owner: User, settings: Settings) -> None:
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"search-by-image": "1 per hour"}
    client = signed_in(owner)
    send(client)
    assert "Those were many pictures" in send(client).content.decode()
    assert DroppedImage.objects.count() == 1


def test_failure_is_told_with_a_form_for_another_picture(owner: User) -> None:
    dropped = DroppedImage.objects.create(person=owner, error="The model is damaged.")
    page = get(dropped.get_absolute_url(), owner)
    assert "The model is damaged." in page
    assert 'type="file"' in page
    assert "refresh" not in page


def test_search_without_a_picture_asks_for_none(owner: User) -> None:
    photo = make_seen(owner)
    with CaptureQueriesContext(connection) as captured:
        get(f"/search/?q=like:{photo.public_id}", owner)
    assert "droppedimage" not in str(captured.captured_queries)


# --- Duplicates -------------------------------------------------------------------------------


def twin_photos(owner: User, count: int = 2) -> list[Photo]:
    """Return photos that look the same, the best first."""
    return [
        make_seen(owner, look=flipped(LOOK, number), width=4000 - number, visibility="private")
        for number in range(count)
    ]


def decide(user: User, deed: str = "delete", **fields: object) -> HttpResponse:
    answer = signed_in(user).post(f"/mine/duplicates/{deed}/", fields)
    assert isinstance(answer, HttpResponse)
    return answer


def keys(photos: list[Photo]) -> str:
    return ",".join(str(photo.pk) for photo in photos)


def test_my_photos_lead_to_duplicates(owner: User) -> None:
    twin_photos(owner)
    assert "/mine/duplicates/" in get("/mine/", owner)


def test_groups_are_shown_the_best_first(owner: User) -> None:
    photos = twin_photos(owner, 3)
    page = get("/mine/duplicates/", owner)
    assert shown(page) == [photo.public_id for photo in photos]
    assert page.count(">Best<") == 1
    assert "1 group of photos" in page


def test_duplicates_of_others_are_nobodys_business(owner: User, stranger: User) -> None:
    twin_photos(owner)
    make_seen(stranger, look=LOOK)
    page = get("/mine/duplicates/", stranger)
    assert shown(page) == []
    assert "No two of your 1 photo look the same" in page


def test_nothing_is_deleted_without_a_confirmation(owner: User) -> None:
    best, other, third = twin_photos(owner, 3)
    group = keys([best, other, third])
    page = decide(owner, group=group, photo=other.pk).content.decode()
    assert "Delete 1 photo?" in page
    assert Photo.objects.count() == 3
    decide(owner, photo=other.pk, confirmed="1")
    assert set(Photo.objects.all()) == {best, third}


@pytest.mark.parametrize("how", ["best", "best_of_each"])
def test_all_but_the_best_are_proposed(how: str, owner: User) -> None:
    photos = twin_photos(owner, 3)
    asked = {"best": keys(photos)} if how == "best" else {"best_of_each": "1"}
    page = decide(owner, group=keys(photos), **asked).content.decode()
    assert "Delete 2 photos?" in page
    gone = [int(key) for key in re.findall(r'name="photo" value="(\d+)"', page)]
    assert gone == [photo.pk for photo in photos[1:]]


def test_who_would_keep_nothing_is_warned(owner: User) -> None:
    photos = twin_photos(owner)
    ticked = [photo.pk for photo in photos]
    page = decide(owner, group=keys(photos), photo=ticked).content.decode()
    assert "nothing of it would be kept" in page


def test_who_ticks_nothing_is_told(owner: User) -> None:
    answer = decide(owner, group=keys(twin_photos(owner)), ticked="1")
    assert answer.headers["Location"] == "/mine/duplicates/"
    assert Photo.objects.count() == 2


def test_photos_told_apart_are_not_shown_again(owner: User) -> None:
    decide(owner, "different", different=keys(twin_photos(owner)))
    assert "No two of your 2 photos" in get("/mine/duplicates/", owner)


@pytest.mark.parametrize("fields", ["best", "photo", "different"])
def test_photos_of_others_cannot_be_touched(fields: str, owner: User, stranger: User) -> None:
    photos = twin_photos(owner)
    if fields == "different":
        decide(stranger, "different", different=keys(photos))
    elif fields == "best":
        assert decide(stranger, best=keys(photos)).status_code == 302
    else:
        decide(stranger, photo=[photo.pk for photo in photos], confirmed="1")
    assert (Photo.objects.count(), NotTwins.objects.count()) == (2, 0)


@pytest.mark.parametrize("nonsense", ["", "x", "0,,x", "9" * 40, "-1", "²"])
def test_nonsense_changes_nothing(nonsense: str, owner: User) -> None:
    twin_photos(owner)
    for fields in ({"best": nonsense}, {"photo": nonsense, "confirmed": "1"}):
        assert decide(owner, **fields).status_code in (200, 302)
    assert Photo.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_files_of_deleted_duplicates_are_removed(owner: User) -> None:
    photo = ingest.add_photo(owner=owner, file=uploaded(width=400, height=300))
    storage, name = photo.file.storage, photo.file.name
    assert name
    decide(owner, photo=photo.pk, confirmed="1")
    assert not storage.exists(name)
    assert not Rendition.objects.exists()


def test_large_library_says_that_it_is_being_looked_through(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(twins, "AT_ONCE", 1)
    twin_photos(owner)
    page = get("/mine/duplicates/", owner)
    assert "Your photos are being looked through" in page
    assert "No duplicates" not in page


def test_page_costs_the_same_for_one_group_and_for_ten(owner: User) -> None:
    def cost() -> int:
        get("/mine/duplicates/", owner)
        with CaptureQueriesContext(connection) as captured:
            get("/mine/duplicates/", owner)
        return len(captured)

    twin_photos(owner)
    one = cost()
    for number in range(10):
        for _ in range(2):
            make_seen(owner, look=0xFFFF << (5 * number))
    assert cost() == one
