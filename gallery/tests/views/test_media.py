"""The files of photos and who may have them."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from PIL import Image

from gallery import ingest
from gallery.models import Photo, User
from gallery.tests.factories import make_user
from gallery.tests.pictures import picture, uploaded

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> User:
    return make_user("olga")


def stored(owner: User, visibility: str = "public") -> Photo:
    return ingest.add_photo(
        owner=owner, file=uploaded("Bondi ü.jpg", width=700, height=500), visibility=visibility
    )


def address(photo: Photo, width_px: int = 320) -> str:
    return reverse("gallery:rendition", args=[photo.public_id, photo.version, width_px])


def content(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


def test_rendition_is_a_webp_of_the_asked_width(client: Client, owner: User) -> None:
    answer = client.get(address(stored(owner)))
    image = Image.open(BytesIO(content(answer)))
    assert (image.format, image.width) == ("WEBP", 320)


def test_public_rendition_may_be_kept_for_long(client: Client, owner: User) -> None:
    answer = client.get(address(stored(owner)))
    assert "immutable" in answer.headers["Cache-Control"]
    content(answer)


def test_private_rendition_is_asked_for_every_time(client: Client, owner: User) -> None:
    photo = stored(owner, "private")
    client.force_login(owner)
    answer = client.get(address(photo))
    assert answer.headers["Cache-Control"] == "private, no-cache"
    etag = answer.headers["ETag"]
    content(answer)
    assert client.get(address(photo), headers={"If-None-Match": etag}).status_code == 304


def test_private_rendition_is_the_owners_alone(client: Client, owner: User) -> None:
    photo = stored(owner, "private")
    assert client.get(address(photo)).status_code == 404
    client.force_login(make_user("sven"))
    assert client.get(address(photo)).status_code == 404


def test_hidden_photo_is_refused_also_to_who_knows_its_etag(client: Client, owner: User) -> None:
    photo = stored(owner)
    answer = client.get(address(photo))
    etag = answer.headers["ETag"]
    content(answer)
    Photo.objects.update(visibility="private")
    assert client.get(address(photo), headers={"If-None-Match": etag}).status_code == 404


@pytest.mark.parametrize("width_px", [1, 321, 1280])
def test_only_offered_widths_are_rendered(client: Client, owner: User, width_px: int) -> None:
    assert client.get(address(stored(owner), width_px)).status_code == 404


def test_lost_rendition_file_is_rendered_again(client: Client, owner: User) -> None:
    photo = stored(owner)
    rendition = photo.renditions.get(spec="w320")
    rendition.file.storage.delete(str(rendition.file))
    answer = client.get(address(photo))
    assert Image.open(BytesIO(content(answer))).width == 320


def test_lost_original_and_rendition_are_not_found(client: Client, owner: User) -> None:
    photo = stored(owner)
    photo.renditions.all().delete()
    photo.file.storage.delete(str(photo.file))
    assert client.get(address(photo)).status_code == 404


def test_owner_downloads_the_very_bytes(client: Client, owner: User) -> None:
    photo = stored(owner)
    client.force_login(owner)
    answer = client.get(reverse("gallery:photo-original", args=[photo.public_id]))
    assert content(answer) == picture(width=700, height=500)
    assert "Bondi%20%C3%BC.jpg" in answer.headers["Content-Disposition"]


def test_original_of_a_public_photo_is_its_owners_alone(client: Client, owner: User) -> None:
    photo = stored(owner)
    client.force_login(make_user("sven"))
    assert client.get(reverse("gallery:photo-original", args=[photo.public_id])).status_code == 404


def test_health_address_answers(client: Client) -> None:
    assert client.get("/up/").content == b"ok\n"
