"""Searching by a picture and going through duplicates, as a person does it."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, JSHandle, Page, expect
from pytest_django.live_server_helper import LiveServer

from gallery import ingest
from gallery.models import DroppedImage, Fingerprint, Photo, User
from gallery.similar import drops
from gallery.tests.browser.test_main_job import sign_in
from gallery.tests.factories import make_user
from gallery.tests.pictures import picture, uploaded
from gallery.tests.similar.looks import EYES, features
from gallery.tests.similar.test_drops import HERE as STUBS

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def olga(settings: object) -> User:
    settings.TAGGERS = {"seeing": {"BACKEND": f"{STUBS}.SeeingTagger"}}  # type: ignore[attr-defined]
    settings.DEFAULT_TAGGERS = ["seeing"]  # type: ignore[attr-defined]
    return make_user("olga")


def add_photo(owner: User, *, kind: int = 0, look: int = 0, width: int = 600) -> Photo:
    """Return a stored photo that a model has seen."""
    number = Photo.objects.count()
    file = uploaded(f"photo {number}.jpg", seed=number, width=width, height=400)
    photo = ingest.add_photo(owner=owner, file=file, visibility="public")
    photo.tagging_runs.update(status="complete")
    Fingerprint.objects.filter(photo=photo).update(
        embedding=features(kind).tobytes(), model=EYES, perceptual_hash=f"{look:016x}"
    )
    return photo


def work() -> None:
    """Do what a worker would."""
    for dropped in DroppedImage.objects.waiting():
        drops.look(dropped)


def carried(page: Page, content: bytes, name: str) -> JSHandle:
    """Return a file as a mouse or a clipboard carries it, once the page is ready for it."""
    page.locator(".search-drop-words").wait_for(state="attached")
    return page.evaluate_handle(
        """([content, name]) => {
            const bytes = Uint8Array.from(atob(content), (char) => char.charCodeAt(0));
            const carried = new DataTransfer();
            carried.items.add(new File([bytes], name));
            return carried;
        }""",
        [base64.b64encode(content).decode(), name],
    )


def found(page: Page, photo: Photo) -> None:
    """Wait, work, and see that this photo alone is found."""
    expect(page.get_by_text("Looking at your picture")).to_be_visible()
    work()
    expect(page).to_have_url(re.compile("q=like"))
    expect(page.get_by_text("Photos like this picture")).to_be_visible()
    links = page.locator(".photo-card a")
    expect(links).to_have_count(1)
    expect(links).to_have_attribute("href", photo.get_absolute_url())


def test_picture_is_dropped_on_the_search_box(page: Page, olga: User) -> None:
    photo = add_photo(olga)
    add_photo(olga, kind=1)
    sign_in(page, olga)
    box = page.locator(".search-box")
    dragged = {"dataTransfer": carried(page, picture(500, 400), "seen.jpg")}
    box.dispatch_event("dragenter", dragged)
    expect(page.get_by_text("Drop it to find photos like it")).to_be_visible()
    box.dispatch_event("dragleave", dragged)
    expect(page.get_by_text("Drop it to find photos like it")).to_be_hidden()
    box.dispatch_event("drop", dragged)
    found(page, photo)
    page.get_by_role("button", name="Forget it").click()
    expect(page.get_by_text("The picture is forgotten.")).to_be_visible()
    assert not DroppedImage.objects.exists()


def test_picture_is_pasted_into_the_search_box(page: Page, olga: User) -> None:
    photo = add_photo(olga)
    sign_in(page, olga)
    pasted = carried(page, picture(500, 400, format="PNG"), "image.png")
    page.evaluate(
        """(data) => document.querySelector("#search-box-q").dispatchEvent(
            new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true })
        )""",
        pasted,
    )
    found(page, photo)


def test_large_picture_is_sent_small(
    page: Page, olga: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = add_photo(olga)
    sign_in(page, olga)
    sizes: list[int] = []
    monkeypatch.setattr(ingest, "refuse_large", lambda file: sizes.append(file.size))
    large = picture(3000, 2400, format="PNG")
    content = large + b"\0" * max(0, 1_100_000 - len(large))  # what stands behind is nobody's
    dragged = {"dataTransfer": carried(page, content, "large.png")}
    page.locator(".search-box").dispatch_event("drop", dragged)
    found(page, photo)
    assert sizes[0] < 600_000


def test_what_is_dropped_and_is_no_picture_gets_a_sentence(
    browser: Browser, live_server: LiveServer, olga: User
) -> None:
    context = browser.new_context(base_url=live_server.url)  # Chromium complains of status 422
    page = context.new_page()
    sign_in(page, olga)
    dragged = {"dataTransfer": carried(page, b"just words", "notes.txt")}
    page.locator(".search-box").dispatch_event("drop", dragged)
    expect(page.get_by_text("This is not an image")).to_be_visible()
    context.close()


def test_photo_dragged_from_a_page_is_searched_by_at_once(page: Page, olga: User) -> None:
    photo = add_photo(olga)
    sign_in(page, olga)
    page.goto("/mine/")
    page.locator(".photo-card a").drag_to(page.locator(".search-box"))
    expect(page).to_have_url(re.compile(f"q=like%3A{photo.public_id}"))
    assert not DroppedImage.objects.exists()


def test_pictures_are_searched_by_and_duplicates_deleted_without_scripts(
    browser: Browser, live_server: LiveServer, olga: User, tmp_path: Path
) -> None:
    best, other, _ = (add_photo(olga, look=0xFF, width=width) for width in (900, 600, 500))
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()
    sign_in(page, olga)

    path = tmp_path / "seen.jpg"
    path.write_bytes(picture(500, 400))
    page.get_by_role("link", name="Search by a picture").click()
    page.get_by_label("Choose a picture").set_input_files(path)
    page.get_by_role("button", name="Find photos like it").click()
    expect(page.get_by_text("Looking at your picture")).to_be_visible()
    work()
    expect(page.get_by_text("Photos like this picture")).to_be_visible(timeout=10_000)

    page.goto("/mine/")
    page.get_by_role("link", name="Duplicates").click()
    page.locator(".twin").nth(1).get_by_role("checkbox").check()
    page.get_by_role("button", name="Delete what is ticked").click()
    expect(page.get_by_role("heading", name="Delete 1 photo?")).to_be_visible()
    page.get_by_role("button", name="Delete 1 photo").click()
    expect(page.get_by_text("1 photo deleted.")).to_be_visible()
    assert not Photo.objects.filter(pk=other.pk).exists()
    page.get_by_role("button", name="Keep the best, delete the other").click()
    page.get_by_role("button", name="Delete 1 photo").click()
    expect(page.get_by_role("heading", name="No duplicates")).to_be_visible()
    assert list(Photo.objects.all()) == [best]
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_accessible_and_fit_a_phone(page: Page, olga: User, scheme: str) -> None:
    photos = [add_photo(olga, look=0xFF) for _ in range(2)]
    dropped = drops.drop(olga, uploaded(width=300, height=200))
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": 390, "height": 800})
    sign_in(page, olga)
    similar = f"{photos[0].get_absolute_url()}similar/?by=look&by=tags&by=colors&by=time"
    waiting = dropped.get_absolute_url()
    # The page that waits goes on by itself: not the last before the picture is looked at.
    for address in (photos[0].get_absolute_url(), waiting, similar, "/search/image/"):
        look_over(page, address)
    drops.look(dropped)
    look_over(page, f"/search/?q=like:{dropped.token}")
    look_over(page, "/mine/duplicates/")
    page.get_by_role("button", name="Keep the best of each").click()
    look_over(page, None)


def look_over(page: Page, address: str | None) -> None:
    if address:
        page.goto(address)
    found = Axe().run(page)
    assert found.violations_count == 0, f"{address}: {found.generate_report()}"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390, address
