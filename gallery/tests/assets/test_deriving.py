"""Tests of pictures made of assets: in advance, in many widths, once for all who ask."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import BytesIO
from threading import Barrier, BoundedSemaphore, Thread
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from gallery import ingest, transformations
from gallery.assets import access, deriving, known, mappings, rendering, turns
from gallery.assets.errors import InvalidError, MissingError
from gallery.assets.rendering import TooManyError
from gallery.models import (
    ApiJob,
    Asset,
    AssetVersion,
    Chunk,
    Derived,
    NamedTransformation,
    PartialUpload,
    UploadMapping,
)
from gallery.outbound import Fetched, OutboundError
from gallery.tests.assets.stored import bytes_of, image_of, make_stored
from gallery.tests.factories import make_cloud
from gallery.tests.pictures import picture
from gallery.transformations import TransformationError

pytestmark = pytest.mark.django_db


def rendered(derived: Derived) -> Any:
    with derived.file.storage.open(derived.file.name or "", "rb") as file:
        return image_of(file.read())


# --- Addresses --------------------------------------------------------------------------------


def test_addresses_are_those_that_client_libraries_build() -> None:
    cloud = make_cloud(name="demo")
    photo = make_stored(cloud, "x/schön a", version=12)
    raw = make_stored(cloud, "a.zip", content=b"x", resource_type="raw", version=3)
    text = "c_fill,w_1/l_text:Arial_20:a%252Cb"
    assert deriving.url_path(photo) == "/demo/image/upload/v12/x/sch%C3%B6n%20a.jpg"
    assert (
        deriving.url_path(photo, text, "png")
        == f"/demo/image/upload/{text}/v12/x/sch%C3%B6n%20a.png"
    )
    assert deriving.url_path(photo, "w_1", "").endswith("/w_1/v12/x/sch%C3%B6n%20a")
    assert deriving.url_path(raw) == "/demo/raw/upload/v3/a.zip"


def test_nothing_in_an_address_ends_its_path() -> None:
    path = deriving.url_path(make_stored(public_id="a"), 'w_1?x#y "<>\r\n', "jpg")
    assert not set('?#"<> \r\n') & set(path)


# --- In advance -------------------------------------------------------------------------------


def test_what_is_asked_for_in_advance_comes_in_its_order_with_its_text() -> None:
    asset = make_stored(public_id="a")
    made = deriving.eager(asset, "w_20,c_scale/png|w_0.5|c_scale,w_20/|e_sepia/w_9")
    assert [one.text for one in made] == [
        "w_20,c_scale/png",
        "w_0.5",
        "c_scale,w_20/",
        "e_sepia/w_9",
    ]
    assert [(one.derived.format, one.derived.width) for one in made] == [
        ("png", 20), ("jpg", 32), ("jpg", 20), ("jpg", 9),
    ]  # fmt: skip
    assert [rendered(one.derived).format for one in made] == ["PNG", "JPEG", "JPEG", "JPEG"]


def test_what_was_made_in_advance_is_what_an_address_finds() -> None:
    asset = make_stored(public_id="a")
    [eager] = deriving.eager(asset, "l_text:Arial_20:a%252Cb%20c,w_20/png")
    wanted = rendering.wish(asset, "w_20,l_text:Arial_20:a%2Cb c", format="png", is_signed=False)
    assert rendering.find(wanted) == eager.derived


def test_what_was_used_in_advance_is_known_by_its_text() -> None:
    asset = make_stored(public_id="a")
    text = "c_scale,l_text:arial_20:abc,w_100"
    deriving.eager(asset, text)
    row = NamedTransformation.objects.get()
    assert (row.name, row.is_used, row.is_named) == (text, True, False)


@pytest.mark.parametrize("spec", ["w_0", "nothing", "w_10|w_bad", "w_10/exe", "t_unknown", "\x00"])
def test_one_bad_text_is_refused(spec: str) -> None:
    with pytest.raises(TransformationError):
        deriving.eager(make_stored(public_id="a"), spec)


def test_too_many_in_advance_are_refused_before_any_is_made() -> None:
    with pytest.raises(InvalidError):
        deriving.eager(make_stored(public_id="a"), "|".join(["w_1"] * 100))
    assert Derived.objects.count() == 0


def test_transformations_without_a_name_are_remembered_up_to_a_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(known, "MAX_UNNAMED", 2)
    monkeypatch.setattr(known, "SIGNED_TIMES", 2)
    asset = make_stored(public_id="a")
    for width in range(10, 15):
        rendering.make(rendering.wish(asset, f"w_{width}", is_signed=False))
    assert NamedTransformation.objects.count() == 2
    deriving.eager(asset, "w_20|w_21|w_22|w_23")
    assert NamedTransformation.objects.count() == 4


# --- In many widths ---------------------------------------------------------------------------


def test_widths_are_worked_out_and_kept_where_that_is_wanted() -> None:
    asset = make_stored(public_id="a", content=picture(400, 300))
    spec = {"create_derived": True, "transformation": "e_sepia", "format": "png", "max_width": 300}
    [found] = deriving.breakpoints(asset, [spec])
    widths = [point.width_px for point, _ in found.points]
    assert found.transformation == "e_sepia"
    assert widths == sorted(widths, reverse=True)
    assert (widths[0], widths[-1]) == (300, 50)
    assert {one.width for one in Derived.objects.all()} == set(widths)
    assert all(path.endswith(".png") for _, path in found.points)
    wanted = rendering.wish(asset, "e_sepia/c_scale,w_300", format="png", is_signed=False)
    assert rendering.find(wanted) is not None


def test_widths_alone_keep_nothing() -> None:
    [found] = deriving.breakpoints(make_stored(public_id="a"), {"create_derived": False})
    assert found.points[0][0].width_px == 64
    assert Derived.objects.count() == 0


@pytest.mark.parametrize(
    "spec",
    [
        5, "text", None, [5], [[]], {"min_width": "x"}, {"min_width": 0}, {"max_width": 10**9},
        {"min_width": 500, "max_width": 100}, {"transformation": {}}, {"transformation": 5},
        {"max_images": -1}, {"bytes_step": 1.5}, {"max_images": []}, [{}] * 100,
    ],
)  # fmt: skip
def test_bad_widths_are_refused(spec: Any) -> None:
    with pytest.raises(InvalidError):
        deriving.breakpoints(make_stored(public_id="a"), spec)


# --- Files ------------------------------------------------------------------------------------


def test_dropping_takes_the_files_away_once_it_is_committed(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    asset = make_stored(public_id="a")
    name = deriving.find_or_render(asset, "w_10", is_signed=True).file.name or ""
    with django_capture_on_commit_callbacks(execute=True):
        deriving.drop(asset)
        assert default_storage.exists(name)
    assert not default_storage.exists(name)


def test_files_of_every_kind_go_with_their_rows(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    cloud = make_cloud()
    asset = make_stored(cloud, "a.txt", content=b"x", resource_type="raw")
    version = AssetVersion(asset=asset, version=1, version_id="v" * 32, size_bytes=1)
    version.file.save("a", ContentFile(b"x"))
    upload = PartialUpload.objects.create(cloud=cloud, by="key 1", upload_id="u")
    chunk = Chunk(upload=upload, first=0, last=0)
    chunk.file.save("a", ContentFile(b"x"))
    job = ApiJob(cloud=cloud, action="upload")
    job.file.save("a", ContentFile(b"x"))
    names = [row.file.name or "" for row in (asset, version, chunk, job)]
    assert set(ingest.orphan_files(older_than=timedelta(days=-1))) == set()
    with django_capture_on_commit_callbacks(execute=True):
        Asset.objects.all().delete()
        upload.delete()
        job.delete()
    assert not any(map(default_storage.exists, names))


def test_files_that_no_row_mentions_are_found_in_every_folder() -> None:
    names = {
        default_storage.save(f"{folder}/1/stray", ContentFile(b"x"))
        for folder in ("assets", "backups", "derived", "incoming")
    }
    assert set(ingest.orphan_files(older_than=timedelta(days=-1))) == names


def test_a_picture_of_an_asset_that_went_meanwhile_is_not_kept() -> None:
    asset = make_stored(public_id="a")
    wanted = rendering.wish(asset, "w_10", is_signed=True)
    asset.stored.storage.delete(asset.stored.name or "")
    with pytest.raises(MissingError):
        rendering.make(wanted)
    assert Derived.objects.count() == 0


# --- Turns ------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_simultaneous_wishes_for_one_picture_render_it_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asset = make_stored(public_id="a")
    count, start, made = 6, Barrier(6), []
    rendered_times = []
    render = transformations.render

    def counting(*args: Any, **options: Any) -> Any:
        rendered_times.append(1)
        return render(*args, **options)

    monkeypatch.setattr(transformations, "render", counting)

    def ask() -> None:
        start.wait()
        made.append(deriving.find_or_render(asset, "w_10", is_signed=True).pk)
        connection.close()

    threads = [Thread(target=ask) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(rendered_times) == 1
    assert len(made) == count
    assert len(set(made)) == 1
    assert not turns._alone


def test_who_comes_when_too_many_wait_is_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "MAX_WAITING", 0)
    monkeypatch.setattr(turns, "_slots", BoundedSemaphore(1))
    with turns.turn(), pytest.raises(turns.BusyError), turns.turn():
        pass
    with turns.turn():
        pass


def test_who_waits_too_long_is_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "WAIT_S", 0.01)
    monkeypatch.setattr(turns, "_slots", BoundedSemaphore(1))
    with turns.turn(), pytest.raises(turns.BusyError), turns.turn():
        pass
    with turns.alone("a"), pytest.raises(turns.BusyError), turns.alone("a"):
        pass
    with turns.alone("a"), turns.alone("b"):
        pass
    assert not turns._alone


# --- Mapped folders ---------------------------------------------------------------------------


@contextmanager
def elsewhere(monkeypatch: pytest.MonkeyPatch, files: dict[str, bytes]) -> Iterator[list[str]]:
    asked: list[str] = []

    def fetch(cloud: Any, url: str, **options: Any) -> Fetched:
        asked.append(url)
        if url not in files:
            raise OutboundError("404 Not Found")
        content = files[url]
        return Fetched(BytesIO(content), len(content), url.rsplit("/", 1)[-1], "image/jpeg", url)

    monkeypatch.setattr("gallery.assets.outside.fetch", fetch)
    yield asked


def test_a_missing_file_of_a_mapped_folder_is_fetched_once(
    client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud = make_cloud(name="demo")
    UploadMapping.objects.create(cloud=cloud, folder="far", template="https://example.org/all/")
    UploadMapping.objects.create(cloud=cloud, folder="far/up", template="https://example.org/up?f=")
    content = picture(seed=4)
    files = {
        "https://example.org/all/x/a%20b.jpg": content,
        "https://example.org/up?f=c.jpg": content,
    }
    with elsewhere(monkeypatch, files) as asked:
        for path in ("far/x/a%20b.jpg", "w_20/far/x/a%20b.jpg", "far/up/c.jpg"):
            assert client.get(f"/demo/image/upload/{path}").status_code == 200
        assert asked == list(files)
        missing = client.get("/demo/image/upload/far/nothing.jpg")
        assert missing.status_code == 404
        assert "Error in loading" in missing["X-Cld-Error"]
        for path in ("other/a.jpg", "far", "far/../x.jpg", "far/a%3fb.jpg"):
            assert client.get(f"/demo/image/upload/{path}").status_code in (400, 404)
        assert len(asked) == 3
    asset = Asset.objects.get(public_id="far/x/a b")
    assert bytes_of(asset) == content
    assert access.is_open(asset, is_original=True)


def test_the_deepest_mapped_folder_counts() -> None:
    cloud = make_cloud()
    UploadMapping.objects.create(cloud=cloud, folder="a", template="https://one.example/")
    deep = UploadMapping.objects.create(cloud=cloud, folder="a/b/", template="https://two.example/")
    UploadMapping.objects.create(cloud=make_cloud(), folder="a/b/c", template="https://x.example/")
    assert mappings.mapping_of(cloud, "a/b/c/d.jpg") == deep
    assert mappings.mapping_of(cloud, "ab/c.jpg") is None
    assert mappings.mapping_of(cloud, "a.jpg") is None


def test_what_is_no_picture_elsewhere_is_not_kept(
    client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud = make_cloud(name="demo")
    UploadMapping.objects.create(cloud=cloud, folder="far", template="https://example.org/")
    with elsewhere(monkeypatch, {"https://example.org/a.jpg": b"<html>"}):
        assert client.get("/demo/image/upload/far/a.jpg").status_code == 400
    assert Asset.objects.count() == 0


def test_pictures_of_one_asset_have_so_many_bytes_without_signatures(settings: Settings) -> None:
    asset = make_stored()
    settings.MAX_DERIVED_BYTES = 1
    deriving.find_or_render(asset, "w_8", is_signed=False)
    with pytest.raises(TooManyError, match="bytes"):
        deriving.find_or_render(asset, "w_9", is_signed=False)
    deriving.find_or_render(asset, "w_9", is_signed=True)
