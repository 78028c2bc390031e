"""Bytes become photos, or nothing at all."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from gallery import ingest
from gallery.imaging.errors import ImageError
from gallery.models import ApiJob, Fingerprint, Photo, Rendition, TaggingRun, User
from gallery.models.photos import TaggingChoice
from gallery.tests.factories import make_asset, make_cloud, make_photo, make_user
from gallery.tests.pictures import picture, uploaded

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_media(settings: Settings, tmp_path: Path) -> Path:
    files = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": tmp_path / "media"},
    }
    settings.STORAGES = settings.STORAGES | {"default": files}
    return tmp_path / "media"


@pytest.fixture
def owner() -> User:
    return make_user("olga")


def files(media: Path) -> list[Path]:
    return [path for path in media.rglob("*") if path.is_file()]


def test_photo_has_its_facts_sizes_and_fingerprint(owner: User) -> None:
    photo = ingest.add_photo(owner=owner, file=uploaded("Bondi.jpg", width=700, height=500))
    assert (photo.format, photo.width, photo.height) == ("jpeg", 700, 500)
    assert photo.size_bytes == len(picture(700, 500))
    assert photo.original_name == "Bondi.jpg"
    assert photo.placeholder.startswith("data:image/webp;base64,")
    assert {r.spec for r in photo.renditions.all()} == {"w320", "w640", "tagger"}
    assert len(photo.fingerprint.perceptual_hash) == 16


def test_original_is_kept_byte_for_byte(owner: User) -> None:
    photo = ingest.add_photo(owner=owner, file=uploaded())
    with photo.file.open("rb") as file:
        assert file.read() == picture()


def test_same_bytes_are_taken_once_per_owner(owner: User) -> None:
    photo = ingest.add_photo(owner=owner, file=uploaded())
    with pytest.raises(ingest.DuplicateError) as caught:
        ingest.add_photo(owner=owner, file=uploaded("other name.jpg"))
    assert caught.value.photo == photo
    ingest.add_photo(owner=make_user("sven"), file=uploaded())


REFUSED = {
    "empty": b"",
    "text": b"no picture at all",
    "cut short": picture(400, 300)[:-2000],
    "svg": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>',
}


@pytest.mark.parametrize("content", REFUSED.values(), ids=REFUSED.keys())
def test_refused_file_leaves_nothing(content: bytes, owner: User, own_media: Path) -> None:
    with pytest.raises(ImageError):
        ingest.add_photo(owner=owner, file=SimpleUploadedFile("x.jpg", content))
    assert not Photo.objects.exists()
    assert not files(own_media)


def test_file_over_the_byte_limit_is_refused(owner: User, settings: Settings) -> None:
    settings.MAX_UPLOAD_BYTES = 100
    with pytest.raises(ingest.TooLargeError, match="up to 100"):
        ingest.add_photo(owner=owner, file=uploaded())


def test_photo_over_the_pixel_limit_is_refused(owner: User, settings: Settings) -> None:
    settings.MAX_PIXELS = 100
    with pytest.raises(ImageError, match="megapixels"):
        ingest.add_photo(owner=owner, file=uploaded())


@pytest.mark.parametrize(
    "broken_off",
    [
        "gallery.renditions.render_for_taggers",
        "gallery.ingest.perceptual_hash",
        "gallery.ingest.Prepared.save",
    ],
)
def test_failure_on_the_way_to_the_database_leaves_nothing(
    broken_off: str, owner: User, own_media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_off(*args: object, **kwargs: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(broken_off, break_off)
    with pytest.raises(KeyboardInterrupt):
        ingest.add_photo(owner=owner, file=uploaded())
    assert not any(model.objects.exists() for model in (Photo, Rendition, Fingerprint))
    assert not files(own_media)


def test_upload_that_lost_the_race_is_a_duplicate(
    owner: User, own_media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ingest.add_photo(owner=owner, file=uploaded())
    stored = files(own_media)
    refuse = ingest._refuse_duplicate
    calls = iter([lambda *args: None, refuse])
    monkeypatch.setattr(ingest, "_refuse_duplicate", lambda *args: next(calls)(*args))
    with pytest.raises(ingest.DuplicateError) as caught:
        ingest.add_photo(owner=owner, file=uploaded())
    assert caught.value.photo == first
    assert files(own_media) == stored


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd.jpg", "passwd.jpg"),
        ("C:\\Photos\\Bondi.jpg", "Bondi.jpg"),
        ("nul\0byte\n.jpg", "nulbyte.jpg"),
        ("Ωmega 日本.jpg", "Ωmega 日本.jpg"),
        ("x" * 300 + ".jpg", "x" * 251 + ".jpg"),
        ("\u202egpj.exe", "gpj.exe"),
    ],
)
def test_file_names_are_kept_harmless(name: str, kept: str, owner: User, own_media: Path) -> None:
    file = uploaded()
    file._name = name  # type: ignore[attr-defined]  # past Django's own cleaning
    photo = ingest.add_photo(owner=owner, file=file)
    assert photo.original_name == kept
    assert all(path.is_relative_to(own_media) for path in files(own_media))


def test_every_new_photo_gets_its_run(owner: User, settings: Settings) -> None:
    make_photo(owner, tagged_by=("bundled",))
    photo = Photo(owner=owner, width=1, height=1, size_bytes=1, format="png", sha256="0" * 64)
    photo.save()  # through whichever door
    assert photo.tagging_runs.get().threshold == settings.TAGGING_THRESHOLD


def test_who_opted_out_gets_no_run(owner: User) -> None:
    owner.automatic_tagging = False
    photo = ingest.add_photo(owner=owner, file=uploaded())
    assert not photo.tagging_runs.exists()


@pytest.mark.parametrize(
    ("personal", "chosen", "threshold"), [(None, None, 0.4), (0.6, None, 0.6), (0.6, 0.8, 0.8)]
)
def test_threshold_is_the_uploads_the_persons_or_the_sites(
    personal: float | None, chosen: float | None, threshold: float, owner: User
) -> None:
    owner.tagging_threshold = personal
    choice = TaggingChoice(threshold=chosen)
    photo = ingest.add_photo(owner=owner, file=uploaded(), tagging=choice)
    assert photo.tagging_runs.get().threshold == threshold


def test_run_is_enqueued_on_commit(
    owner: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        ingest.add_photo(owner=owner, file=uploaded())
    assert TaggingRun.objects.get().task_id


def test_queue_out_of_reach_does_not_hinder_an_upload(
    owner: User,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    def out_of_reach(*args: object) -> None:
        raise ConnectionError

    monkeypatch.setattr("gallery.signals.ring", out_of_reach)
    with django_capture_on_commit_callbacks() as callbacks:
        ingest.add_photo(owner=owner, file=uploaded())
    assert callbacks
    assert TaggingRun.objects.get().status == "queued"


def test_deleted_photo_takes_its_files_along(
    owner: User,
    own_media: Path,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    photo = ingest.add_photo(owner=owner, file=uploaded())
    with django_capture_on_commit_callbacks(execute=True):
        photo.delete()
    assert not files(own_media)


def test_orphan_files_are_found_and_others_are_not(owner: User) -> None:
    ingest.add_photo(owner=owner, file=uploaded())
    default_storage.save("originals/zz/lost.jpg", ContentFile(b"lost"))
    assert list(ingest.orphan_files(older_than=timedelta(0))) == ["originals/zz/lost.jpg"]
    assert not list(ingest.orphan_files(older_than=timedelta(hours=1)))


def test_files_of_programs_are_no_orphans_while_a_row_mentions_them(own_media: Path) -> None:
    cloud = make_cloud()
    asset = make_asset(cloud, resource_type="raw")
    asset.file.save("a.txt", ContentFile(b"a"))
    kept = ApiJob(cloud=cloud, action="look")
    kept.file.save("x", ContentFile(b"b"))
    for folder in ("assets", "backups", "derived", "incoming"):
        default_storage.save(f"{folder}/1/lost", ContentFile(b"c"))
    lost = set(ingest.orphan_files(older_than=timedelta(0)))
    assert lost == {f"{folder}/1/lost" for folder in ("assets", "backups", "derived", "incoming")}
