"""A person in charge of many tags: the bulk editor, tagging again, the review queue."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from gallery import acts, ingest, tagging
from gallery.models import BulkAct, Photo, PhotoTag, TaggingRun, User
from gallery.tests.browser.test_main_job import sign_in
from gallery.tests.factories import make_user
from gallery.tests.pictures import uploaded
from gallery.tests.taggers.stubs import ToldTagger

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def olga(told: ToldTagger) -> User:
    """A person with three photos, on which the tagger is sure of a koala and doubts a dog."""
    told.says = {"koala": 0.9, "dog": 0.5}
    olga = make_user("olga")
    for seed in range(3):
        ingest.add_photo(owner=olga, file=uploaded(seed=seed, width=600, height=400))
    for run in TaggingRun.objects.all():
        tagging.perform(run)
    return olga


def carrying(label: str) -> int:
    return PhotoTag.objects.shown().filter(tag__label=label).count()


def work() -> None:
    """Do what workers would."""
    for act in BulkAct.objects.working():
        while acts.step(act) is not None:
            pass


def test_tag_is_added_to_ticked_photos_and_undone(page: Page, olga: User) -> None:
    sign_in(page, olga)
    page.goto("/mine/edit/")
    boxes = page.get_by_role("checkbox")
    boxes.nth(0).check()
    boxes.nth(2).click(modifiers=["Shift"])
    expect(page.get_by_text("the 3 ticked")).to_be_visible()
    boxes.nth(1).uncheck()
    page.get_by_label("Tag", exact=True).fill("holiday")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("heading", name="Add “holiday”")).to_be_visible()
    assert carrying("holiday") == 2
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("everything is as it was before")).to_be_visible()
    assert carrying("holiday") == 0


def test_photos_are_tagged_again_after_a_look(page: Page, olga: User, told: ToldTagger) -> None:
    told.says = {"beach": 0.8}
    sign_in(page, olga)
    page.goto("/mine/")
    page.get_by_role("link", name="Tag again").click()
    page.get_by_role("button", name="Look first").click()
    expect(page.get_by_text("of 3 photos seen. Nothing changes until")).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Paused.")).to_be_visible()
    page.get_by_role("button", name="Go on").click()
    work()
    expect(page.get_by_text("this is what would change")).to_be_visible(timeout=10_000)
    assert carrying("beach") == 0
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("Done on")).to_be_visible()
    assert (carrying("beach"), carrying("koala")) == (3, 0)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("everything is as it was before")).to_be_visible()
    assert (carrying("beach"), carrying("koala")) == (0, 3)


def test_review_takes_one_keystroke_an_answer(page: Page, olga: User) -> None:
    sign_in(page, olga)
    page.goto("/review/?tag=dog")
    for key, words in (("y", "You said yes"), ("n", "You said no")):
        page.keyboard.press(key)
        expect(page.get_by_text(words)).to_be_visible()
    page.keyboard.press("s")
    expect(page.get_by_role("heading", name="All is clear")).to_be_visible()
    expect(page.get_by_text("1 question you skipped")).to_be_visible()
    states = PhotoTag.objects.filter(tag__label="dog").values_list("state", flat=True)
    assert sorted(states) == ["assigned", "confirmed", "rejected"]
    page.get_by_role("button", name="Undo the last answer").click()
    expect(page.get_by_role("button", name="Yes")).to_be_visible()


def test_many_photos_are_edited_and_reviewed_without_scripts(
    browser: Browser, live_server: LiveServer, olga: User
) -> None:
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()
    sign_in(page, olga)
    page.goto("/mine/edit/?q=koala")
    page.get_by_label("Tag", exact=True).fill("koala")
    page.get_by_label("all 3 for “koala”").check()
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(page.get_by_text("Done on")).to_be_visible()
    assert carrying("koala") == 0
    page.goto("/review/")
    for answer in ("Yes", "No", "Skip"):
        page.get_by_role("button", name=answer).click()
    expect(page.get_by_role("heading", name="All is clear")).to_be_visible()
    context.close()


def test_photo_page_says_who_said_what(page: Page, olga: User, told: ToldTagger) -> None:
    photo = Photo.objects.filter(owner=olga)[0]
    TaggingRun.objects.filter(photo=photo).update(tagger="other")
    told.says = {"koala": 0.6}
    tagging.perform(tagging.request_run(photo, tagger="told"))
    sign_in(page, olga)
    page.goto(photo.get_absolute_url())
    row = page.locator(".tag-row", has=page.get_by_role("link", name="koala"))
    expect(row).to_contain_text("other 90\u00a0% · told 60\u00a0%")
