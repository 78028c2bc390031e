"""Searching as a person does it: suggestions, narrowing, pages that follow one another."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from gallery import ingest
from gallery.models import Photo, PhotoTag, TagState, User
from gallery.search import paging
from gallery.tests.browser.test_main_job import sign_in
from gallery.tests.factories import make_tag, make_user
from gallery.tests.pictures import uploaded

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = 9


@pytest.fixture
def olga() -> User:
    return make_user("olga")


def add_photos(owner: User, count: int, *labels: str) -> list[Photo]:
    photos = []
    for _ in range(count):
        number = Photo.objects.count()
        file = uploaded(seed=number, width=300 + number, height=300)
        photo = ingest.add_photo(owner=owner, file=file, visibility="public")
        photo.tagging_runs.update(status="complete")
        for label in labels:
            tag = make_tag(label, category="pets")
            PhotoTag.objects.create(photo=photo, tag=tag, confidence=0.9, state=TagState.ASSIGNED)
        photos.append(photo)
    return photos


@pytest.fixture
def long_list(olga: User, monkeypatch: pytest.MonkeyPatch) -> list[Photo]:
    """Photos of five pages, the newest first."""
    monkeypatch.setattr(paging, "PAGE_SIZE", PAGE)
    return add_photos(olga, 5 * PAGE)[::-1]


def query_of(page: Page) -> str:
    return parse_qs(urlsplit(page.url).query).get("q", [""])[0]


# --- Suggestions ------------------------------------------------------------------------------


def test_tag_is_chosen_with_the_keyboard(page: Page, olga: User) -> None:
    add_photos(olga, 1, "koala")
    add_photos(olga, 2, "beach")
    page.goto("/")
    box = page.get_by_role("combobox", name="Search photos")
    box.press_sequentially("beach -koa")
    expect(box).to_have_attribute("aria-expanded", "true")
    option = page.get_by_role("option", name="koala")
    expect(option).to_contain_text("tag · 1")
    box.press("ArrowDown")
    expect(option).to_have_attribute("aria-selected", "true")
    expect(box).to_have_attribute("aria-activedescendant", option.get_attribute("id") or "")
    box.press("Enter")
    expect(box).to_have_value("beach -koala ")
    expect(page.get_by_role("listbox")).to_be_hidden()
    box.press("Enter")
    expect(page.get_by_role("heading", name="2 photos")).to_be_visible()
    assert query_of(page) == "beach -koala"


def test_suggestions_close_with_escape_and_say_how_many_there_are(page: Page, olga: User) -> None:
    add_photos(olga, 1, "koala", "kookaburra")
    page.goto("/")
    box = page.get_by_role("combobox", name="Search photos")
    box.press_sequentially("tag:ko")
    expect(page.get_by_text("2 suggestions")).to_be_attached()
    box.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    expect(box).to_have_value("tag:ko")
    expect(box).to_be_focused()


def test_suggestion_is_taken_with_the_mouse_in_the_middle_of_a_search(
    page: Page, olga: User
) -> None:
    add_photos(olga, 1, "koala")
    page.goto("/search/?q=tag%3Akoala+OR+beach")
    box = page.get_by_role("combobox", name="Search photos")
    box.press("Home")
    for _ in "tag:ko":
        box.press("ArrowRight")
    for _ in "ala":
        box.press("Delete")
    page.get_by_role("option", name="koala").click()
    expect(box).to_have_value("tag:koala OR beach")


# --- Pages that follow one another ------------------------------------------------------------


def cards(page: Page) -> Locator:
    return page.locator(".photo-grid > li")


def test_scrolling_brings_the_next_pages_and_keeps_the_address_true(
    page: Page, long_list: list[Photo]
) -> None:
    page.set_viewport_size({"width": 420, "height": 700})
    page.goto("/search/")
    for photo in long_list:
        link = page.locator(f'.photo-card a[href="{photo.get_absolute_url()}"]')
        expect(link).to_have_count(1)
        link.scroll_into_view_if_needed()
    expect(cards(page)).to_have_count(len(long_list))
    expect(page.get_by_role("link", name="Next")).to_have_count(0)
    expect(page).to_have_url(re.compile(r"before=\d+"))
    page.reload()
    assert cards(page).count() <= 3 * PAGE
    expect(page.get_by_role("link", name="Previous")).to_have_count(1)


def test_back_from_a_photo_comes_to_the_same_photo(page: Page, long_list: list[Photo]) -> None:
    page.set_viewport_size({"width": 420, "height": 700})
    page.goto("/search/")
    target = f'.photo-card a[href="{long_list[3 * PAGE + 2].get_absolute_url()}"]'
    while not page.locator(target).count():
        page.mouse.wheel(0, 400)
        page.wait_for_timeout(50)
    page.locator(target).scroll_into_view_if_needed()
    expect(page).to_have_url(re.compile(r"before=\d+"))
    page.locator(target).click()
    expect(page.get_by_role("heading", name="Facts")).to_be_visible()
    page.go_back()
    expect(page.locator(target)).to_be_in_viewport()


def test_pages_are_links_without_scripts(
    browser: Browser, live_server: LiveServer, long_list: list[Photo]
) -> None:
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/search/")
    seen: list[str] = []
    while True:
        seen += [one.get_attribute("href") or "" for one in page.locator(".photo-card a").all()]
        if not page.get_by_role("link", name="Next").count():
            break
        page.get_by_role("link", name="Next").click()
    assert seen == [photo.get_absolute_url() for photo in long_list]
    page.get_by_role("link", name="Previous").click()
    assert cards(page).count() == PAGE
    context.close()


# --- Narrowing --------------------------------------------------------------------------------


def test_facets_narrow_and_exclude_on_a_phone_without_scripts(
    browser: Browser, live_server: LiveServer, olga: User
) -> None:
    add_photos(olga, 2, "dog", "beach")
    add_photos(olga, 1, "dog")
    context = browser.new_context(
        base_url=live_server.url,
        java_script_enabled=False,
        viewport={"width": 390, "height": 800},
    )
    page = context.new_page()
    page.goto("/search/?q=dog")
    expect(page.get_by_role("link", name="Without beach")).to_be_hidden()
    page.get_by_role("button", name="Narrow").click()
    page.get_by_role("link", name="Without beach").click()
    expect(page.get_by_role("heading", name="1 photo")).to_be_visible()
    assert query_of(page) == "dog -tag:beach"
    page.get_by_role("link", name="-tag:beach").click()
    expect(page.get_by_role("heading", name="3 photos")).to_be_visible()
    context.close()


def test_search_is_kept_and_found_in_the_menu(page: Page, olga: User) -> None:
    add_photos(olga, 1, "koala")
    sign_in(page, olga)
    page.goto("/search/?q=koala")
    page.get_by_text("More", exact=True).first.click()
    page.get_by_label("Keep this search as").fill("Koalas")
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_text("Kept as “Koalas”.")).to_be_visible()
    page.get_by_text("olga", exact=True).first.click()
    page.get_by_role("link", name="Kept searches").click()
    page.get_by_role("link", name="Koalas").click()
    expect(page.get_by_role("heading", name="1 photo")).to_be_visible()


def test_photo_is_liked_and_similar_ones_are_a_step_away(page: Page, olga: User) -> None:
    photo = add_photos(olga, 1, "koala")[0]
    sign_in(page, olga)
    page.goto(photo.get_absolute_url())
    page.get_by_role("button", name="Favourite").click()
    expect(page.get_by_role("button", name="Favourite")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("link", name="Similar photos").click()
    page.get_by_role("link", name="Search among these").click()
    expect(page.get_by_role("heading", name="1 photo")).to_be_visible()
    assert query_of(page) == f"like:{photo.public_id}"
