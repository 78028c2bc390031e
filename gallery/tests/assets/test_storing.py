"""Files become assets, whole or not at all, whoever else wants the name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django import DjangoAssertNumQueries

from gallery import ingest
from gallery.assets import labels, naming, removing, storing
from gallery.assets.errors import InvalidError, MissingError, TakenError
from gallery.assets.storing import Draft
from gallery.models import Asset, Cloud, Fingerprint, Folder, Photo, Rendition, TaggingRun
from gallery.tests.factories import make_asset, make_cloud, make_photo, make_user
from gallery.tests.pictures import picture, uploaded

pytestmark = pytest.mark.django_db


@pytest.fixture
def cloud() -> Cloud:
    return make_cloud()


def store(cloud: Cloud, content: bytes | None = None, **said: Any) -> storing.Stored:
    file = SimpleUploadedFile("a.jpg", picture() if content is None else content)
    return storing.store(cloud, file=file, draft=Draft(**said))


def files(media: Path) -> list[Path]:
    return [path for path in media.rglob("*") if path.is_file()]


# --- Failing ----------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["_describe", "_label", "_note_facts"])
def test_step_that_fails_leaves_nothing(
    cloud: Cloud, own_media: Path, monkeypatch: Any, step: str
) -> None:
    def fails(*args: Any, **kwargs: Any) -> None:
        raise InvalidError("no")

    monkeypatch.setattr(storing, step, fails)
    for kind in ("image", "raw"):
        with pytest.raises(InvalidError):
            store(cloud, resource_type=kind)
    assert not files(own_media)
    assert not Asset.objects.exists()
    assert not Photo.objects.exists()
    assert not Folder.objects.exists()


def test_overwriting_that_fails_leaves_the_old_one(
    cloud: Cloud, own_media: Path, monkeypatch: Any
) -> None:
    old = store(cloud, public_id="a", tags=("x",)).asset
    before = sorted(files(own_media))

    def fails(*args: Any, **kwargs: Any) -> None:
        raise InvalidError("no")

    monkeypatch.setattr(storing, "_label", fails)
    with pytest.raises(InvalidError):
        store(cloud, picture(seed=1), public_id="a")
    assert sorted(files(own_media)) == before
    found = storing.find(cloud, "image", "upload", "a")
    assert (found.version, found.etag) == (old.version, old.etag)
    with found.stored.open("rb") as file:
        assert file.read() == picture()


# --- At the same moment -----------------------------------------------------------------------


def unseen_once(monkeypatch: Any) -> None:
    """Have the first look not find what another request has stored just now."""
    held, looks = storing._held, iter([None])

    def first_sees_nothing(*args: Any) -> Asset | None:
        return next(looks, held(*args))

    monkeypatch.setattr(storing, "_held", first_sees_nothing)
    monkeypatch.setattr(storing, "_there", lambda *args: None)


@pytest.mark.parametrize("kind", ["image", "raw"])
def test_name_taken_at_the_same_moment_is_overwritten(
    cloud: Cloud, monkeypatch: Any, kind: str
) -> None:
    first = store(cloud, public_id="a", resource_type=kind).asset
    unseen_once(monkeypatch)
    second = store(cloud, picture(seed=1), public_id="a", resource_type=kind)
    assert second.overwritten
    assert second.asset.pk == first.pk
    assert Asset.objects.count() == 1
    assert Photo.objects.count() == (1 if kind == "image" else 0)
    with storing.find(cloud, kind, "upload", "a").stored.open("rb") as file:
        assert file.read() == picture(seed=1)


@pytest.mark.parametrize("kind", ["image", "raw"])
def test_name_taken_at_the_same_moment_stays_without_overwrite(
    cloud: Cloud, own_media: Path, monkeypatch: Any, kind: str
) -> None:
    first = store(cloud, public_id="a", resource_type=kind).asset
    before = sorted(files(own_media))
    unseen_once(monkeypatch)
    second = store(cloud, picture(seed=1), public_id="a", resource_type=kind, overwrite=False)
    assert second.existing
    assert second.asset.pk == first.pk
    assert sorted(files(own_media)) == before


def test_name_that_is_made_up_takes_nobody_elses(cloud: Cloud, monkeypatch: Any) -> None:
    made_up = iter(["same", "same", "other"])
    monkeypatch.setattr(naming, "random_id", lambda *args: next(made_up))
    assert store(cloud).asset.public_id == "same"
    assert store(cloud).asset.public_id == "other"


# --- What is found ----------------------------------------------------------------------------


def test_find_knows_cloud_kind_and_type(cloud: Cloud) -> None:
    asset = make_asset(cloud, "a/b")
    assert storing.find(cloud, "image", "upload", "a/b") == asset
    for other in (
        (make_cloud(), "image", "upload", "a/b"),
        (cloud, "raw", "upload", "a/b"),
        (cloud, "image", "private", "a/b"),
        (cloud, "image", "upload", "a"),
    ):
        with pytest.raises(MissingError, match="Resource not found - "):
            storing.find(*other)


def test_name_of_a_deleted_asset_can_be_had_again(cloud: Cloud) -> None:
    first = store(cloud, public_id="a", keeps_backups=True).asset
    removing.delete(first)
    second = store(cloud, public_id="a")
    assert not second.overwritten
    assert second.asset.asset_id == first.asset_id
    assert storing.find(cloud, "image", "upload", "a").photo is not None
    assert Photo.objects.count() == 1


# --- Other bytes ------------------------------------------------------------------------------


def test_replacing_keeps_what_people_said(cloud: Cloud) -> None:
    asset = store(cloud, public_id="a", tags=("x",), context={"caption": "c"}).asset
    storing.replace_bytes(asset, ContentFile(picture(100, 50, seed=2), name="b.jpg"))
    found = storing.find(cloud, "image", "upload", "a")
    assert (found.width, found.height) == (100, 50)
    assert labels.tags_of([found])[found.pk] == ["x"]
    assert found.photo is not None
    assert (found.photo.caption, found.photo.width) == ("c", 100)
    assert Fingerprint.objects.get().embedding is None


def test_overwriting_asks_the_taggers_anew(cloud: Cloud) -> None:
    cloud.tags_uploads = True
    cloud.save()
    store(cloud, public_id="a")
    before = set(TaggingRun.objects.values_list("pk", flat=True))
    store(cloud, picture(seed=1), public_id="a")
    runs = TaggingRun.objects.all()
    assert runs
    assert before.isdisjoint(run.pk for run in runs)


def test_files_of_a_replaced_photo_go_when_that_is_committed(
    cloud: Cloud, own_media: Path, django_capture_on_commit_callbacks: Any
) -> None:
    store(cloud, public_id="a")
    before = set(files(own_media))
    with django_capture_on_commit_callbacks(execute=True):
        store(cloud, picture(seed=1), public_id="a")
    after = set(files(own_media))
    assert before.isdisjoint(after)
    assert len(after) == 1 + Rendition.objects.count()


# --- Renaming ---------------------------------------------------------------------------------


def test_rename_leaves_the_folder_that_an_asset_was_placed_in(cloud: Cloud) -> None:
    placed = make_asset(cloud, "a/b", folder="shown")
    assert storing.rename(placed, public_id="c/d").folder == "shown"
    plain = make_asset(cloud, "e/f")
    assert storing.rename(plain, public_id="g/h").folder == "g"
    assert Folder.objects.filter(path="g").exists()


def test_rename_to_its_own_name_changes_nothing(cloud: Cloud) -> None:
    asset = make_asset(cloud, "a")
    assert storing.rename(asset, public_id="a").pk == asset.pk


def test_rename_onto_what_came_at_the_same_moment(cloud: Cloud, monkeypatch: Any) -> None:
    asset = make_asset(cloud, "a")
    make_asset(cloud, "b")
    monkeypatch.setattr(storing, "_make_room", lambda *args, **kwargs: None)
    with pytest.raises(TakenError):
        storing.rename(asset, public_id="b")
    asset.refresh_from_db()
    assert asset.public_id == "a"


# --- Photos that were there before ------------------------------------------------------------


def test_photo_uploaded_on_a_page_is_an_asset(cloud: Cloud) -> None:
    photo = ingest.add_photo(owner=cloud.owner, file=uploaded("Bondi.jpg"))
    asset = Asset.objects.get()
    assert (asset.photo, asset.public_id) == (photo, photo.public_id)
    assert (asset.format, asset.original_filename) == ("jpg", "Bondi")
    assert asset.etag == ""
    assert storing.etag_of(asset) == "3dd11ed9b73282edb3b8e7bf1a1472f1"
    asset.refresh_from_db()
    assert asset.etag


def test_photos_of_people_without_a_cloud_are_no_assets(db: None) -> None:
    make_photo()
    assert not Asset.objects.exists()


def test_all_photos_are_adopted_once(
    django_assert_num_queries: DjangoAssertNumQueries, monkeypatch: Any
) -> None:
    owner = make_user()
    for _ in range(5):
        make_photo(owner)
    make_photo()
    cloud = make_cloud(owner)
    monkeypatch.setattr(storing, "_BATCH", 2)
    assert storing.adopt_all(cloud) == 5
    assert storing.adopt_all(cloud) == 0
    assert Asset.objects.of(cloud).count() == 5


def test_etag_of_a_file_that_is_lost_is_unknown(cloud: Cloud) -> None:
    assert storing.etag_of(make_asset(cloud)) == ""


# --- Names ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("logo", "logo"), ("a b-c.d", "a b-c.d"), ("a?b&c", "a_b_c"), ("dir/x", "dir_x"),
        ("kůň", "kůň"), ("a%20b", "a_20b"), (" a ", "a"), ("x" * 400, "x" * 255),
    ],
)  # fmt: skip
def test_names_made_of_file_names(stem: str, name: str) -> None:
    made = naming.from_filename(stem, is_unique=False)
    assert made == name
    naming.check_public_id(made)


@pytest.mark.parametrize("stem", ["", "...", "???", "/", "\n", "\u202e"])
def test_file_names_that_are_no_names(stem: str) -> None:
    naming.check_public_id(naming.from_filename(stem, is_unique=True))
    naming.check_public_id(naming.from_filename(stem, is_unique=False))


def test_unique_names_end_in_six_random_characters() -> None:
    made = {naming.from_filename("x" * 300, is_unique=True) for _ in range(20)}
    assert len(made) == 20
    assert all(len(name) <= 255 and name[-7] == "_" for name in made)


@pytest.mark.parametrize(("text", "folder"), [("", ""), ("/", ""), ("a/b/", "a/b"), ("/a", "a")])
def test_folders(text: str, folder: str) -> None:
    assert naming.check_folder(text) == folder


@pytest.mark.parametrize("text", ["a//b", "a/../b", "a?b", "x" * 300, "\x00", " a"])
def test_bad_folders(text: str) -> None:
    with pytest.raises(InvalidError):
        naming.check_folder(text)
