"""A newcomer finds what they like and people like them, without a script."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from gallery import following
from gallery.interests import choices, hierarchy, profiles
from gallery.models import Follow, Interest, User
from gallery.tags import note_counts
from gallery.tests.browser.test_main_job import sign_in
from gallery.tests.factories import make_photo, make_tag, make_user

pytestmark = pytest.mark.django_db(transaction=True)

ADDRESSES = (
    "/for-you/", "/following/", "/following/people/", "/people/", "/people/anna/", "/interests/",
    "/interests/pick/", "/interests/off/", "/interests/reset/", "/people/anna/block/", "/blocked/",
)  # fmt: skip


@pytest.fixture
def plain_page(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    yield context.new_page()
    context.close()


@pytest.fixture
def community() -> None:
    """People who show lighthouses, and others who show dogs; all want to be found."""
    make_tag("lighthouse", category="buildings")
    make_tag("dog", category="animals")
    for name, label in (
        ("anna", "lighthouse"), ("bert", "lighthouse"), ("cleo", "lighthouse"),
        ("dora", "dog"), ("emil", "dog"), ("fred", "dog"),
    ):  # fmt: skip
        person = make_user(name)
        for _ in range(6):
            make_photo(person, tags={label: 0.95})
        choices.list_me(person, True)
    work()


def work() -> None:
    """Do what workers and housekeeping would."""
    note_counts()
    hierarchy.forget()
    profiles.rebuild()


def test_newcomer_finds_photos_and_people(plain_page: Page, community: None) -> None:
    page, olga = plain_page, make_user("olga")
    sign_in(page, olga)
    page.get_by_role("link", name="For you").click()
    page.get_by_role("checkbox", name="lighthouse").check()
    page.get_by_role("button", name="These are mine").click()
    expect(page.get_by_role("link", name="Because you like “lighthouse”").first).to_be_visible()

    page.locator(".feed-menu summary").first.click()
    page.get_by_role("link", name="Photos by").first.click()
    page.get_by_role("button", name="Follow").click()
    expect(page.get_by_role("button", name="Following")).to_be_visible()
    followed = Follow.objects.get().followed.username
    page.goto("/following/")
    expect(page.locator(".photo-card")).to_have_count(6)

    for _ in range(6):
        make_photo(olga, tags={"lighthouse": 0.95})
    work()
    page.get_by_role("link", name="People like you").first.click()
    card = page.locator(".person-card", has=page.get_by_role("link", name=followed))
    expect(card).to_contain_text("You both like lighthouse")
    expect(page.locator(".person-card", has_text="dora")).to_have_count(0)
    page.get_by_role("checkbox", name="Show me to people like me").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="You can be found")).to_be_visible()

    mute_and_export(page, olga)


def mute_and_export(page: Page, olga: User) -> None:
    page.get_by_role("link", name="Your interests").first.click()
    page.get_by_role("button", name="Mute lighthouse").click()
    expect(page.get_by_role("heading", name="Muted")).to_be_visible()
    assert Interest.objects.get(person=olga).stance == "muted"
    with page.expect_download() as download:
        page.get_by_role("link", name="Export as JSON").click()
    kept = json.loads(Path(download.value.path()).read_text())
    assert [one["tag"] for one in kept["by_hand"]] == ["lighthouse"]
    page.get_by_role("link", name="For you").first.click()
    expect(page.get_by_role("link", name="Because you like “lighthouse”")).to_have_count(0)
    page.goto("/interests/")
    page.get_by_role("button", name="Unmute lighthouse").click()
    assert not Interest.objects.exists()


@pytest.fixture
def olga(community: None) -> User:
    """Somebody with interests, who follows one person and blocks another."""
    olga = make_user("olga")
    for label in ("lighthouse", "dog"):
        make_photo(olga, tags={label: 0.95})
    people = {one.username: one for one in User.objects.all()}
    following.follow(olga, people["anna"])
    following.block(olga, people["fred"])
    choices.pin(olga, make_tag("harbour", category="buildings"))
    choices.mute(olga, make_tag("dog", category="animals"))
    work()
    return olga


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_accessible_and_do_not_scroll_sideways(
    scheme: Literal["light", "dark"], browser: Browser, live_server: LiveServer, olga: User
) -> None:
    context = browser.new_context(base_url=live_server.url, color_scheme=scheme)
    page = context.new_page()
    page.set_viewport_size({"width": 390, "height": 800})
    sign_in(page, olga)
    for address in ADDRESSES:
        page.goto(address)
        found = Axe().run(page)
        assert found.violations_count == 0, f"{address}: {found.generate_report()}"
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, address
    context.close()
