"""Commands that operators and scripts use."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from pytest_django import Settings

from gallery.models import Photo, Tag
from gallery.tests.factories import make_photo, make_run, make_user
from gallery.tests.pictures import picture
from gallery.tests.taggers.stubs import ToldTagger


def run(name: str, *arguments: str) -> str:
    out = StringIO()
    call_command(name, *arguments, stdout=out, stderr=out)
    return out.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inner = tmp_path / "photos" / "2019" / "Ωmega"
    inner.mkdir(parents=True)
    (inner / "one.jpg").write_bytes(picture(seed=1))
    (inner.parent / "two.JPG").write_bytes(picture(seed=2))
    (inner / "one.xmp").write_text("beside")
    (inner / ".hidden.jpg").write_bytes(picture(seed=3))
    (tmp_path / "photos" / "again").symlink_to(tmp_path / "photos")
    return tmp_path / "photos"


@pytest.mark.django_db
def test_folder_comes_in_with_all_below_it(folder: Path) -> None:
    make_user("olga")
    said = run("import_photos", str(folder), "--owner", "olga")
    assert "2 stored, 0 already there, 0 refused" in said
    names = set(Photo.objects.values_list("original_name", flat=True))
    assert names == {"one.jpg", "two.JPG"}


@pytest.mark.django_db
def test_second_import_goes_on_where_the_first_was(folder: Path) -> None:
    make_user("olga")
    run("import_photos", str(folder), "--owner", "olga")
    (folder / "three.jpg").write_bytes(picture(seed=4))
    said = run("import_photos", str(folder), "--owner", "olga")
    assert "1 stored, 2 already there, 0 refused" in said


@pytest.mark.django_db
def test_import_names_what_it_refused_and_fails(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_user("olga")
    (folder / "broken.jpg").write_bytes(picture(300, 300)[:-3000])
    with pytest.raises(CommandError, match="1 could not be brought in"):
        run("import_photos", str(folder), "--owner", "olga")
    assert Photo.objects.count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["/nowhere", "--owner", "olga"], "is not a folder"), ([".", "--owner", "x"], "Nobody here")],
)
def test_import_says_what_is_wrong(arguments: list[str], words: str) -> None:
    make_user("olga")
    with pytest.raises(CommandError, match=words):
        run("import_photos", *arguments)


def test_tagging_a_file_needs_no_database(folder: Path, told: ToldTagger) -> None:
    said = run("tag", str(folder / "2019" / "two.JPG"))
    assert "* 0.90  koala" in said
    assert "  0.20  dog" in said


def test_tagging_a_file_speaks_json(folder: Path, told: ToldTagger) -> None:
    path = str(folder / "2019" / "two.JPG")
    answer = json.loads(run("tag", path, "--json", "--tagger", "told"))
    assert answer.pop("seconds") > 0
    assert answer == {
        "file": path,
        "tagger": "told",
        "model": "told/1",
        "suggestions": [
            {"tag": "koala", "confidence": 0.9},
            {"tag": "dog", "confidence": 0.2},
        ],
        "tags": ["koala"],
    }


def test_file_that_cannot_be_tagged_hinders_no_other(folder: Path, told: ToldTagger) -> None:
    out = StringIO()
    files = [str(folder / "missing.jpg"), str(folder / "2019" / "two.JPG")]
    with pytest.raises(CommandError, match="1 of 2"):
        call_command("tag", *files, "--json", stdout=out)
    missing, tagged = map(json.loads, out.getvalue().splitlines())
    assert missing == {"file": files[0], "error": "No such file or directory."}
    assert tagged["tags"] == ["koala"]


def test_unknown_tagger_is_named_with_those_there_are(told: ToldTagger) -> None:
    with pytest.raises(CommandError, match=r"no tagger “x”; there are: told"):
        run("tag", "x.jpg", "--tagger", "x")


@pytest.mark.django_db
def test_failed_runs_are_queued_again() -> None:
    photo = make_photo()
    make_run(photo, status="failed")
    assert "1 failed run queued" in run("retry_tagging")
    assert photo.tagging_runs.get().status == "queued"


@pytest.mark.django_db
def test_vocabulary_comes_in() -> None:
    assert "are in line" in run("sync_vocabulary")
    assert Tag.objects.filter(slug="koala").exists()


@pytest.mark.django_db
def test_orphan_files_are_named_first_and_removed_then(settings: Settings, tmp_path: Path) -> None:
    files = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": tmp_path / "media"},
    }
    settings.STORAGES = settings.STORAGES | {"default": files}
    default_storage.save("originals/zz/lost.jpg", ContentFile(b"lost"))
    assert "0 orphan files found" in run("remove_orphan_files", "--dry-run")
    said = run("remove_orphan_files", "--older-than", "0", "--dry-run")
    assert "originals/zz/lost.jpg\n1 orphan file found." in said
    assert default_storage.exists("originals/zz/lost.jpg")
    run("remove_orphan_files", "--older-than", "0")
    assert not default_storage.exists("originals/zz/lost.jpg")
