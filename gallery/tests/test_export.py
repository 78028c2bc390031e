"""Photos leave with their tags."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.test import Client

from gallery import export, ingest, tagging
from gallery.imaging import xmp
from gallery.imaging.keywords import read_keywords
from gallery.models import Photo, User
from gallery.models.photos import TaggingChoice
from gallery.tests.factories import make_user
from gallery.tests.imaging.makers import encoded, scene
from gallery.tests.pictures import picture

pytestmark = pytest.mark.django_db


@pytest.fixture
def olga(client: Client) -> User:
    user = make_user("olga")
    client.force_login(user)
    return user


def stored(owner: User, name: str, content: bytes, *labels: str) -> Photo:
    photo = ingest.add_photo(
        owner=owner, file=ContentFile(content, name), tagging=TaggingChoice(taggers=())
    )
    for label in labels:
        tagging.add_by_hand(photo, label)
    return photo


def unpacked(answer: Any) -> dict[str, bytes]:
    with ZipFile(BytesIO(b"".join(answer.streaming_content))) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def test_copy_holds_the_tags(client: Client, olga: User) -> None:
    photo = stored(olga, "Bondi ü.jpg", picture(), "koala", "beach")
    answer: Any = client.get(f"/photos/{photo.public_id}/tagged")
    assert read_keywords(BytesIO(b"".join(answer.streaming_content))) == ("beach", "koala")
    assert "Bondi" in answer.headers["Content-Disposition"]


def test_file_that_cannot_hold_tags_comes_with_a_sidecar(client: Client, olga: User) -> None:
    content = encoded(scene(), "TIFF")
    photo = stored(olga, "scan.tif", content, "koala")
    found = unpacked(client.get(f"/photos/{photo.public_id}/tagged"))
    assert found["scan.tif"] == content
    assert xmp.keywords_of(found["scan.xmp"]) == ["koala"]


def test_sidecar_alone(client: Client, olga: User) -> None:
    photo = stored(olga, "a.jpg", picture(), "koala")
    answer: Any = client.get(f"/photos/{photo.public_id}/tags.xmp")
    assert xmp.keywords_of(b"".join(answer.streaming_content)) == ["koala"]
    assert "a.xmp" in answer.headers["Content-Disposition"]


@pytest.mark.parametrize("what", ["tagged", "tags.xmp"])
def test_nobody_else_gets_them(what: str, client: Client) -> None:
    photo = stored(make_user(), "a.jpg", picture())
    client.force_login(make_user("sven"))
    assert client.get(f"/photos/{photo.public_id}/{what}").status_code == 404


@pytest.mark.parametrize(
    ("what", "names"),
    [
        ("copies", {"a.jpg", "a (2).jpg", "scan.tif", "scan.xmp"}),
        ("originals", {"a.jpg", "a.xmp", "a (2).jpg", "a (2).xmp", "scan.tif", "scan.xmp"}),
        ("sidecars", {"a.xmp", "a (2).xmp", "scan.xmp"}),
    ],
)
def test_export_holds_each_photo_under_a_name_of_its_own(
    what: str, names: set[str], client: Client, olga: User
) -> None:
    stored(olga, "a.jpg", picture(seed=1), "koala")
    stored(olga, "a.jpg", picture(seed=2), "beach")
    stored(olga, "scan.tif", encoded(scene(), "TIFF"), "koala")
    stored(make_user("sven"), "secret.jpg", picture(seed=3), "koala")
    found = unpacked(client.post("/mine/export/", {"what": what}))
    assert found.keys() == names
    if what != "copies":
        assert xmp.keywords_of(found["a (2).xmp"]) == ["beach"]


def test_search_narrows_the_export(client: Client, olga: User) -> None:
    stored(olga, "a.jpg", picture(seed=1), "koala")
    stored(olga, "b.jpg", picture(seed=2), "beach")
    assert "<strong>1</strong> photo" in client.get("/mine/export/?q=koala").content.decode()
    found = unpacked(client.post("/mine/export/?q=koala", {"what": "copies"}))
    assert found.keys() == {"a.jpg"}


def test_photo_whose_file_is_gone_is_left_out(olga: User) -> None:
    photo = stored(olga, "a.jpg", picture())
    photo.file.storage.delete(str(photo.file))
    assert list(export.files(Photo.objects.all(), export.What.COPIES)) == []


def test_command_fills_an_empty_folder_and_no_other(olga: User, tmp_path: Path) -> None:
    stored(olga, "a.jpg", picture(), "koala")
    call_command("export_photos", str(tmp_path / "out"), owner="olga", verbosity=0)
    assert read_keywords(BytesIO((tmp_path / "out/a.jpg").read_bytes())) == ("koala",)
    with pytest.raises(CommandError, match="not empty"):
        call_command("export_photos", str(tmp_path / "out"), owner="olga")
    with pytest.raises(CommandError, match="Nobody here"):
        call_command("export_photos", str(tmp_path / "new"), owner="nobody")
