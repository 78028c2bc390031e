"""The addresses that Python's library writes are answered with pictures."""

from __future__ import annotations

import zipfile
from io import BytesIO
from typing import Any

import cloudinary
import cloudinary.api
import cloudinary.exceptions
import cloudinary.uploader
import cloudinary.utils
import httpx
import pytest
from PIL import Image

from ..pictures import picture

pytestmark = pytest.mark.usefixtures("sdk")
PICTURE = picture(200, 100)


def get(url: str, **headers: str) -> httpx.Response:
    return httpx.get(url, trust_env=False, headers=headers, timeout=60)


def address(public_id: str, **options: Any) -> str:
    return str(cloudinary.CloudinaryImage(public_id).build_url(**options))


@pytest.fixture
def stored(name: str) -> str:
    """The public id of a JPEG of 200 × 100."""
    cloudinary.uploader.upload(PICTURE, public_id=name)
    return name


def test_original_is_what_was_uploaded(name: str) -> None:
    told = cloudinary.uploader.upload(PICTURE, public_id=f"{name}/one")
    url = address(told["public_id"], version=told["version"], format=told["format"])
    assert url == told["url"]
    answer = get(url)
    assert (answer.status_code, answer.content) == (200, PICTURE)
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert get(url, **{"If-None-Match": answer.headers["ETag"]}).status_code == 304
    assert get(url, Range="bytes=0-9").content == PICTURE[:10]


@pytest.mark.parametrize(
    ("options", "size", "format"),
    [
        ({"width": 100, "crop": "scale"}, (100, 50), "JPEG"),
        ({"width": 40, "height": 40, "crop": "fill", "gravity": "auto"}, (40, 40), "JPEG"),
        ({"width": 40, "height": 40, "crop": "thumb", "gravity": "face"}, (40, 40), "JPEG"),
        ({"width": 60, "height": 60, "crop": "pad", "background": "#ff0000"}, (60, 60), "JPEG"),
        ({"width": 500, "height": 500, "crop": "limit"}, (200, 100), "JPEG"),
        ({"width": 0.5, "crop": "scale"}, (100, 50), "JPEG"),
        ({"width": 50, "crop": "scale", "dpr": "2.0"}, (100, 50), "JPEG"),
        ({"width": 20, "height": 10, "x": 5, "y": 5, "crop": "crop"}, (20, 10), "JPEG"),
        ({"aspect_ratio": "1:1", "width": 30, "crop": "fill"}, (30, 30), "JPEG"),
        ({"angle": 90}, (100, 200), "JPEG"),
        ({"effect": "sepia:50", "radius": "max", "format": "png"}, (200, 100), "PNG"),
        ({"fetch_format": "webp", "quality": "auto"}, (200, 100), "WEBP"),
        ({"variables": [["$w", "80"]], "width": "$w", "crop": "scale"}, (80, 40), "JPEG"),
        ({"if": "w_gt_100", "width": 70, "crop": "scale"}, (70, 35), "JPEG"),
        (
            {"transformation": [{"width": 100, "crop": "scale"}, {"angle": 90}]},
            (50, 100),
            "JPEG",
        ),
        (
            {"overlay": {"font_family": "Arial", "font_size": 18, "text": "Grüße, a/b"}},
            (200, 100),
            "JPEG",
        ),
    ],
)
def test_picture_is_transformed(
    stored: str, options: dict[str, Any], size: tuple[int, int], format: str
) -> None:
    answer = get(address(stored, **options))
    assert answer.status_code == 200, answer.headers
    with Image.open(BytesIO(answer.content)) as image:
        assert (image.size, image.format) == (size, format)


def test_headers_given_with_a_picture_come_with_it(name: str) -> None:
    headers = {"X-Robots-Tag": "noindex", "X-Meta-Shop": "12"}
    told = cloudinary.uploader.upload(PICTURE, headers=headers)
    answer = get(told["url"])
    assert [answer.headers[header] for header in headers] == ["noindex", "12"]
    with pytest.raises(cloudinary.exceptions.BadRequest, match="Set-Cookie"):
        cloudinary.uploader.upload(PICTURE, headers={"Set-Cookie": "a=b"})


def test_named_transformation_is_delivered(stored: str, name: str) -> None:
    cloudinary.api.create_transformation(name, {"width": 50, "crop": "scale"})
    answer = get(address(stored, transformation=name))
    with Image.open(BytesIO(answer.content)) as image:
        assert image.size == (50, 25)


def test_another_picture_is_laid_over(stored: str) -> None:
    layer = {"overlay": {"public_id": stored}, "width": 20, "gravity": "south_east"}
    answer = get(address(stored, **layer))
    assert answer.status_code == 200
    assert answer.content != PICTURE


def test_format_is_what_the_browser_takes(stored: str) -> None:
    url = address(stored, fetch_format="auto")
    answer = get(url, Accept="image/webp,*/*")
    assert answer.headers["Content-Type"] == "image/webp"
    assert "accept" in answer.headers["Vary"].lower()
    assert get(url, Accept="image/jpeg").headers["Content-Type"] == "image/jpeg"


def test_eager_picture_is_at_the_address_told(name: str) -> None:
    told = cloudinary.uploader.upload(PICTURE, eager=[{"width": 30, "crop": "scale"}])
    made = told["eager"][0]
    assert len(get(made["url"]).content) == made["bytes"]


@pytest.mark.parametrize("long", [False, True])
def test_signed_address_is_checked(stored: str, long: bool) -> None:
    url = address(
        stored, width=33, crop="scale", sign_url=True, long_url_signature=long, format="jpg"
    )
    assert get(url).status_code == 200
    start = url.index("s--") + 3
    forged = f"{url[:start]}{'A' * 8}{url[start + 8 :]}"
    assert get(forged).status_code in (400, 401, 404)
    assert get(url.replace("w_33", "w_34")).status_code in (400, 401, 404)


def test_authenticated_picture_needs_a_signature(name: str) -> None:
    cloudinary.uploader.upload(PICTURE, public_id=name, type="authenticated")
    assert get(address(name, type="authenticated", format="jpg")).status_code in (401, 404)
    signed = address(name, type="authenticated", format="jpg", sign_url=True)
    assert get(signed).content == PICTURE


def test_private_picture_is_downloaded_with_a_signature(name: str) -> None:
    cloudinary.uploader.upload(PICTURE, public_id=name, type="private")
    assert get(address(name, type="private", format="jpg")).status_code in (401, 404)
    url = cloudinary.utils.private_download_url(name, "jpg", type="private")
    assert get(url).content == PICTURE
    old = cloudinary.utils.private_download_url(name, "jpg", type="private", expires_at=1)
    assert get(old).status_code in (400, 401, 404)


def test_rejected_picture_is_not_delivered(name: str) -> None:
    cloudinary.uploader.upload(PICTURE, public_id=name, moderation="manual")
    cloudinary.api.update(name, moderation_status="rejected")
    assert get(address(name, format="jpg")).status_code == 404


def test_destroyed_picture_is_not_delivered(stored: str) -> None:
    url = address(stored, width=30, crop="scale")
    assert get(url).status_code == 200
    cloudinary.uploader.destroy(stored)
    assert get(url).status_code == 404


def test_missing_picture_says_so_in_a_header(name: str) -> None:
    answer = get(address(name, format="jpg"))
    assert answer.status_code == 404
    assert name in answer.headers["X-Cld-Error"]


@pytest.mark.parametrize("text", ["w_0", "w_99999999", "c_nothing,w_5", "e_gen_fill", "w_5,w_x"])
def test_transformation_that_cannot_be_made_says_so_in_a_header(stored: str, text: str) -> None:
    answer = get(address(stored, raw_transformation=text, format="jpg", version=1))
    assert answer.status_code in (400, 404)
    assert answer.headers["X-Cld-Error"]


def test_breakpoints_are_told_as_json(stored: str) -> None:
    url = address(stored, width="auto:breakpoints_50_150_1_5:json", crop="scale")
    assert get(url).json()["breakpoints"]


# --- Archives ---------------------------------------------------------------------------------


def entries(content: bytes) -> list[str]:
    with zipfile.ZipFile(BytesIO(content)) as archive:
        assert archive.testzip() is None
        return archive.namelist()


@pytest.fixture
def two(name: str) -> list[str]:
    ids = [f"{name}-1", f"{name}-2"]
    for one in ids:
        cloudinary.uploader.upload(PICTURE, public_id=one, tags=[name])
    return ids


def test_archive_is_stored_and_delivered(two: list[str], name: str) -> None:
    told = cloudinary.uploader.create_zip(tags=[name], target_public_id=f"{name}.zip")
    assert (told["resource_type"], told["file_count"], told["resource_count"]) == ("raw", 2, 2)
    assert len(entries(get(told["url"]).content)) == 2


def test_archive_has_every_picture_in_every_transformation(two: list[str]) -> None:
    shapes = [{"width": 20, "crop": "scale"}, {"width": 30, "crop": "scale"}]
    url = cloudinary.utils.download_zip_url(public_ids=two, transformations=shapes)
    assert len(set(entries(get(url).content))) == 4


def test_archive_of_a_folder_is_downloaded(name: str) -> None:
    cloudinary.uploader.upload(PICTURE, public_id=f"{name}/one")
    url = cloudinary.utils.download_folder(f"{name}/")
    assert len(entries(get(url).content)) == 1


def test_archive_with_a_forged_address_is_refused(two: list[str]) -> None:
    url = cloudinary.utils.download_zip_url(public_ids=two[:1])
    assert get(url.replace(two[0], two[1])).status_code == 401


def test_sprite_and_animation_are_made_of_a_tag(two: list[str], name: str) -> None:
    sprite = cloudinary.uploader.generate_sprite(name)
    assert set(sprite["image_infos"]) == set(two)
    assert get(sprite["image_url"]).status_code == 200
    assert get(sprite["css_url"]).status_code == 200
    multi = cloudinary.uploader.multi(name)
    assert multi["url"].endswith(".gif")
    with Image.open(BytesIO(get(multi["url"]).content)) as image:
        assert getattr(image, "n_frames", 1) >= 1


def test_sprite_and_animation_are_called_as_asked(two: list[str], name: str) -> None:
    sprite = cloudinary.uploader.generate_sprite(name, public_id=f"{name}-sheet")
    multi = cloudinary.uploader.multi(name, public_id=f"{name}-film")
    assert (sprite["public_id"], multi["public_id"]) == (f"{name}-sheet", f"{name}-film")
    with pytest.raises(cloudinary.exceptions.BadRequest, match="is invalid"):
        cloudinary.uploader.multi(name, public_id=f"{name}-sheet.css")
