"""The main job as a person does it: sign up, upload, see tags, find again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from gallery import acts, ingest, review, tagging
from gallery.models import BulkAct, Fingerprint, Photo, PhotoTag, TaggingRun, TagState, User
from gallery.tests.factories import make_tag, make_user
from gallery.tests.pictures import picture, uploaded

pytestmark = pytest.mark.django_db(transaction=True)

ADDRESSES = (
    "/", "/search/?tags=koala", "/tags/", "/tags/koala/", "/upload/", "/mine/threshold/",
    "/mine/taught/", "/tags/koala/teach/", "/settings/", "/mine/edit/", "/mine/retag/",
    "/mine/export/", "/review/", "/review/calibration/", "/ledger/", "/ledger/runs/",
    "/tags/koala/edit/", "/search/?q=tag:kaola", "/search/?q=nothing", "/search/help/",
    "/search/saved/", "/search/?q=koala",
)  # fmt: skip


def sign_in(page: Page, user: User) -> None:
    user.set_password("a long walk at dusk")
    user.save()
    page.goto("/sign-in/")
    page.get_by_label("Username").fill(user.username)
    page.get_by_label("Password").fill("a long walk at dusk")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("link", name="My photos")).to_be_visible()


def koala(owner: User) -> Photo:
    """Return a stored photo that the tagger has said two things about."""
    file = uploaded(width=600, height=400)
    photo = ingest.add_photo(owner=owner, file=file, visibility="public")
    run = photo.tagging_runs.get()
    TaggingRun.objects.filter(pk=run.pk).update(status="complete")
    for label, confidence in (("koala", 0.9), ("animal", 0.95)):
        PhotoTag.objects.create(
            photo=photo,
            tag=make_tag(label),
            confidence=confidence,
            state=TagState.ASSIGNED,
            run=run,
        )
    return photo


def seen(owner: User, *, like: bool) -> Photo:
    """Return a photo with features, of Rex or of something else."""
    photo = ingest.add_photo(owner=owner, file=uploaded(seed=Photo.objects.count()))
    embedding = np.abs(np.random.default_rng(photo.pk).normal(0, 0.5, 40))
    embedding[0 if like else 1] += 4
    stored = embedding.astype("<f2").tobytes()
    Fingerprint.objects.filter(photo=photo).update(embedding=stored, model="eyes/1")
    return photo


def addresses_of_what_was_done(photo: Photo) -> list[str]:
    """Return the pages of a photo and of acts on it, one of which waits to be applied."""
    PhotoTag.objects.create(
        photo=photo,
        tag=make_tag("dog"),
        confidence=0.5,
        state="suggested",
        run=photo.tagging_runs.get(),
    )
    said = review.answer(photo.photo_tags.get(tag__label="dog"), is_right=True, by=photo.owner)
    assert said.is_right
    done = acts.add_tag("a day at the seaside", [photo.pk], by=photo.owner)
    waiting = acts.remove_tag(make_tag("animal"), [photo.pk], by=photo.owner)
    BulkAct.objects.filter(pk=waiting.pk).update(kind="retag", status="ready", details=RETAG)
    return [photo.get_absolute_url(), done.get_absolute_url(), waiting.get_absolute_url()]


RETAG = {"tagger": "bundled", "query": "", "newest_tag": 0}


def files(folder: Path, count: int) -> list[Path]:
    paths = [folder / f"photo {number}.jpg" for number in range(count)]
    for number, path in enumerate(paths):
        path.write_bytes(picture(600, 400, seed=number + 1))
    return paths


def test_newcomer_makes_the_first_account_uploads_and_finds(page: Page, tmp_path: Path) -> None:
    page.goto("/")
    page.get_by_label("Username").fill("olga")
    page.get_by_label("Password", exact=True).fill("a long walk at dusk")
    page.get_by_label("Password confirmation").fill("a long walk at dusk")
    page.get_by_role("button", name="Make my account").click()

    page.get_by_label("Choose photos").set_input_files(files(tmp_path, 2))
    page.get_by_role("button", name="Upload").click()
    expect(page.locator(".outcome-stored")).to_have_count(2)

    page.get_by_role("link", name="See it and its tags").first.click()
    expect(page.get_by_text("Waiting for the tagger")).to_be_visible()
    for run in TaggingRun.objects.all():
        tagging.perform(run)
    expect(page.get_by_text("Waiting for the tagger")).not_to_be_visible(timeout=10_000)

    page.get_by_label("Add a tag").fill("olga's garden")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("link", name="olga's garden")).to_be_visible()

    page.get_by_label("Search photos").fill('tag:"olga\'s garden"')
    page.get_by_role("button", name="Search").click()
    expect(page.locator(".photo-card")).to_have_count(1)


def test_upload_tells_what_became_of_each_file(page: Page, tmp_path: Path) -> None:
    sign_in(page, make_user("olga"))
    [known] = files(tmp_path, 1)
    notes = tmp_path / "notes.txt"
    notes.write_text("no picture")
    for _ in range(2):
        page.goto("/upload/")
        page.get_by_label("Choose photos").set_input_files([known, notes])
        page.get_by_role("button", name="Upload").click()
        expect(page.locator(".outcome-refused")).to_have_count(1)
    expect(page.locator(".outcome-duplicate")).to_have_count(1)
    assert Photo.objects.count() == 1


def test_owner_confirms_and_rejects_without_a_new_page(page: Page) -> None:
    owner = make_user("olga")
    photo = koala(owner)
    sign_in(page, owner)
    page.goto(photo.get_absolute_url())
    page.get_by_role("button", name="Confirm koala").click()
    expect(page.locator(".tag-row-confirmed")).to_have_count(1)
    page.get_by_role("button", name="Reject animal").click()
    expect(page.get_by_text("Rejected by you (1)")).to_be_visible()
    assert PhotoTag.objects.get(tag__slug="animal").state == TagState.REJECTED


def test_everything_works_without_scripts(
    browser: Browser, live_server: LiveServer, tmp_path: Path
) -> None:
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()
    sign_in(page, make_user("olga"))
    page.goto("/upload/")
    page.get_by_label("Choose photos").set_input_files(files(tmp_path, 2))
    page.get_by_role("button", name="Upload").click()
    expect(page.locator(".outcome-stored")).to_have_count(2)
    context.close()


def test_threshold_dial_shows_at_once_what_would_change(page: Page) -> None:
    owner = make_user("olga")
    photo = koala(owner)
    sign_in(page, owner)
    page.goto(photo.get_absolute_url())
    page.get_by_label("Show tags from").fill("0.95")
    expect(page.locator(".tag-row-goes")).to_have_count(1)
    page.get_by_role("button", name="Keep for this photo").click()
    expect(page.get_by_text("Not sure enough (1)")).to_be_visible()
    assert PhotoTag.objects.get(tag__slug="koala").state == TagState.SUGGESTED


def test_tag_is_taught_and_undone_without_scripts(
    browser: Browser, live_server: LiveServer
) -> None:
    owner = make_user("olga")
    photos = [seen(owner, like=number < 6) for number in range(20)]
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()
    sign_in(page, owner)
    page.goto("/mine/taught/")
    page.get_by_label("Teach a tag").fill("Rex")
    page.get_by_role("button", name="Begin").click()
    for photo in photos[:5]:
        card = page.locator(".mark-card", has=page.locator(f'[href="{photo.get_absolute_url()}"]'))
        card.get_by_label("Yes").check(force=True)
    page.get_by_role("button", name="Save marks").click()
    page.get_by_role("button", name="Apply: 1 more photo").click()
    expect(page.get_by_text("6 of your photos show “Rex” now.")).to_be_visible()
    page.get_by_role("button", name="Undo: take it off again").click()
    expect(page.get_by_text("no longer found by itself")).to_be_visible()
    assert PhotoTag.objects.shown().count() == 5
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_have_no_accessibility_violations(page: Page, scheme: str) -> None:
    owner = make_user("olga", is_staff=True, is_superuser=True)
    photo = koala(owner)
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    sign_in(page, owner)
    for address in (*ADDRESSES, *addresses_of_what_was_done(photo)):
        page.goto(address)
        found = Axe().run(page)
        assert found.violations_count == 0, f"{address}: {found.generate_report()}"


def test_pages_do_not_scroll_sideways_on_a_phone(page: Page) -> None:
    owner = make_user("olga", is_staff=True, is_superuser=True)
    photo = koala(owner)
    page.set_viewport_size({"width": 390, "height": 800})
    sign_in(page, owner)
    for address in (*ADDRESSES, *addresses_of_what_was_done(photo)):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, address
