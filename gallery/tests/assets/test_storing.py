"""Files become assets, whole or not at all, whoever else wants the name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile

from gallery.assets import labels, naming, removing, storing
from gallery.assets.errors import InvalidError, MissingError
from gallery.assets.storing import Draft
from gallery.models import Asset, Cloud, Fingerprint, Folder, Photo, Rendition, TaggingRun
from gallery.tests.factories import make_asset, make_cloud
from gallery.tests.pictures import picture

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
    held, looks = storing.held, iter([None])

    def first_sees_nothing(*args: Any) -> Asset | None:
        return next(looks, held(*args))

    monkeypatch.setattr(storing, "held", first_sees_nothing)
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
