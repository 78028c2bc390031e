from __future__ import annotations

import io
import re
from typing import Any

import pytest
from django.test import Client
from PIL import Image

from gallery.assets import generating, jobs, labels
from gallery.models import ApiJob, Asset, Cloud, Derived, Notification, Photo, UploadPreset
from gallery.tests.api.asking import post, signed
from gallery.tests.assets.stored import bytes_of, image_of, make_stored
from gallery.tests.factories import make_cloud
from gallery.tests.pictures import picture

pytestmark = pytest.mark.django_db
HOST = "http://testserver"


@pytest.fixture
def cloud() -> Cloud:
    cloud = make_cloud()
    for number, size in enumerate(((64, 48), (30, 60))):
        asset = make_stored(cloud, f"pet{number}", content=picture(*size, seed=number))
        labels.set_tags(asset, ["pet"])
    strange = make_stored(make_cloud(), "strange")
    labels.set_tags(strange, ["pet"])
    return cloud


def made(client: Client, cloud: Cloud, action: str, **params: Any) -> Any:
    answer = post(client, cloud, f"image/{action}", **params)
    assert answer.status_code == 200, answer.content
    return answer.json()


def at(client: Client, url: str) -> Any:
    answer = client.get(url.removeprefix(HOST))
    assert answer.status_code == 200, url
    return answer


# --- Texts ------------------------------------------------------------------------------------


def test_a_text_becomes_a_picture(client: Client, cloud: Cloud) -> None:
    body = made(client, cloud, "text", text="hello world", font_size="20", font_color="red")
    assert (body["type"], body["resource_type"], body["format"]) == ("text", "image", "png")
    assert body["width"] > 20 > 1 < body["height"]
    image = image_of(at(client, body["url"]).content)
    assert image.size == (body["width"], body["height"])
    assert (255, 0, 0, 255) in {color for _, color in image.getcolors(9999) or []}


def test_a_text_is_drawn_as_asked(client: Client, cloud: Cloud) -> None:
    name = Asset.objects.filter(type="text")
    plain = made(client, cloud, "text", text="Wort 100%", public_id="a/word", font_size=40)
    params = {
        "text": "Wort 100%", "public_id": "a/word", "font_size": 40, "background": "#00ff00",
        "font_weight": "bold", "font_style": "italic", "text_decoration": "underline",
        "opacity": "50", "letter_spacing": "5",
    }  # fmt: skip
    body = made(client, cloud, "text", **params)
    assert body["width"] > plain["width"]
    assert body["version"] > plain["version"]
    assert body["asset_id"] == plain["asset_id"]
    assert image_of(bytes_of(name.get())).getpixel((0, 0)) == (0, 255, 0, 128)


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"text": ""},
        {"text": "  "},
        {"text": "a\x01b"},
        {"text": "x" * 1001},
        {"text": "\n".join("x" * 300), "font_size": 1000},
        {"text": "a", "font_size": "0"},
        {"text": "a", "font_size": "big"},
        {"text": "a", "font_size": 1001},
        {"text": "a", "font_color": "reddish"},
        {"text": "a", "background": "#12"},
        {"text": "a", "font_weight": "fat"},
        {"text": "a", "text_decoration": "blink"},
        {"text": "a", "opacity": 101},
        {"text": "a", "letter_spacing": "1e9"},
        {"text": "a", "public_id": "a?b"},
        {"text": "a", "font_family": "x" * 81},
    ],
)
def test_no_text_is_refused_and_nothing_kept(
    client: Client, cloud: Cloud, params: dict[str, Any]
) -> None:
    assert post(client, cloud, "image/text", **params).status_code == 400
    assert not Asset.objects.filter(type="text").exists()


# --- Sheets -----------------------------------------------------------------------------------


def test_pictures_of_a_tag_stand_on_a_sheet(client: Client, cloud: Cloud) -> None:
    body = made(client, cloud, "sprite", tag="pet")
    infos = body["image_infos"]
    assert {name: (one["width"], one["height"]) for name, one in infos.items()} == {
        "pet0": (64, 48),
        "pet1": (30, 60),
    }
    sheet = image_of(at(client, body["image_url"]).content).convert("RGB")
    for number, size in enumerate(((64, 48), (30, 60))):
        one = infos[f"pet{number}"]
        box = (one["x"], one["y"], one["x"] + one["width"], one["y"] + one["height"])
        alone = Image.open(io.BytesIO(picture(*size, seed=number))).convert("RGB")
        assert sheet.crop(box).tobytes() == alone.tobytes()
    assert at(client, body["json_url"]).json() == infos
    css = at(client, body["css_url"])
    assert css["Content-Type"].startswith("text/css")
    assert set(re.findall(r"^\.(\S+) {", css.content.decode(), re.MULTILINE)) == set(infos)


def test_each_picture_is_transformed_and_the_address_shows_how(
    client: Client, cloud: Cloud
) -> None:
    body = made(client, cloud, "sprite", tag="pet", transformation="f_jpg,w_100")
    assert "f_jpg,w_100" in body["css_url"]
    assert body["image_url"].endswith(".jpg")
    assert {one["width"] for one in body["image_infos"].values()} == {100}
    assert image_of(at(client, body["image_url"]).content).format == "JPEG"
    assert not Derived.objects.exists()


def test_a_sheet_is_made_of_this_sites_own_addresses(client: Client, cloud: Cloud) -> None:
    urls = [f"{HOST}/{cloud.name}/image/upload/v1/pet{number}.jpg" for number in (0, 1)]
    body = made(client, cloud, "sprite", urls=urls)
    assert set(body["image_infos"]) == {"pet0", "pet1"}
    again = made(client, cloud, "sprite", urls=[urls[0], urls[0]])
    assert set(again["image_infos"]) == {"pet0", "pet0_2"}


def test_hidden_pictures_are_on_no_sheet(client: Client, cloud: Cloud) -> None:
    photo = Asset.objects.get(cloud=cloud, public_id="pet0").photo
    assert photo is not None
    Photo.objects.filter(pk=photo.pk).update(visibility="private")
    assert set(made(client, cloud, "sprite", tag="pet")["image_infos"]) == {"pet1"}


def test_a_sheet_made_again_replaces_the_old_one(client: Client, cloud: Cloud) -> None:
    first = made(client, cloud, "sprite", tag="pet")
    second = made(client, cloud, "sprite", tag="pet")
    assert first["asset_id"] == second["asset_id"]
    assert second["version"] > first["version"]
    assert Asset.objects.filter(cloud=cloud, type="sprite").count() == 3


def test_a_sheet_is_downloaded_without_being_kept(client: Client, cloud: Cloud) -> None:
    params = signed(cloud, {"tag": "pet", "mode": "download"})
    answer = client.get(f"/v1_1/{cloud.name}/image/sprite", params)
    assert answer["Content-Disposition"] == 'attachment; filename="pet.png"'
    assert image_of(answer.content).format == "PNG"
    assert not Asset.objects.filter(type="sprite").exists()
    params = signed(cloud, {"tag": "pet"})
    assert client.get(f"/v1_1/{cloud.name}/image/sprite", params).status_code == 400


# --- One after the other ----------------------------------------------------------------------


def test_pictures_of_a_tag_are_animated(client: Client, cloud: Cloud) -> None:
    body = made(client, cloud, "multi", tag="pet")
    assert body["url"].endswith(".gif")
    image = image_of(at(client, body["url"]).content)
    assert (image.format, image.size, getattr(image, "n_frames", 1)) == ("GIF", (64, 60), 2)


@pytest.mark.parametrize(
    ("params", "ending"),
    [
        ({"transformation": "f_pdf,w_111"}, ".pdf"),
        ({"format": "pdf"}, ".pdf"),
        ({"transformation": "f_webp,w_20"}, ".webp"),
        ({"transformation": "f_tif"}, ".tif"),
        ({"transformation": "f_jpg,w_100"}, ".jpg"),
    ],
)
def test_pictures_are_put_together_as_asked(
    client: Client, cloud: Cloud, params: dict[str, str], ending: str
) -> None:
    body = made(client, cloud, "multi", tag="pet", **params)
    assert body["url"].endswith(ending)
    assert params.get("transformation", "") in body["url"]
    assert at(client, body["url"]).status_code == 200


@pytest.mark.parametrize(
    ("format", "written", "size", "frames"),
    [("png", "PNG", (64, 60), 2), ("jpg", "JPEG", (64, 48), 1), ("avif", "AVIF", (64, 48), 1)],
)
def test_format_of_one_picture_has_the_first(
    client: Client, cloud: Cloud, format: str, written: str, size: tuple[int, int], frames: int
) -> None:
    body = made(client, cloud, "multi", tag="pet", format=format)
    image = image_of(at(client, body["url"]).content)
    assert (image.format, image.size) == (written, size)
    assert getattr(image, "n_frames", 1) == frames


@pytest.mark.parametrize(
    ("action", "params", "status"),
    [
        ("sprite", {}, 400),
        ("sprite", {"tag": "pet", "urls": ["https://example.org/a.png"]}, 400),
        ("sprite", {"tag": "none"}, 404),
        ("sprite", {"tag": "pet", "transformation": "f_pdf"}, 400),
        ("sprite", {"tag": "pet", "transformation": "zz_1"}, 400),
        ("sprite", {"urls": ["http://127.0.0.1/a.png"]}, 400),
        ("sprite", {"urls": ["file:///etc/passwd"]}, 400),
        ("sprite", {"urls": ["http://[/"]}, 400),
        ("sprite", {"urls": ["https://example.org/a.png"] * 101}, 400),
        ("sprite", {"tag": "pet", "mode": "dance"}, 400),
        ("multi", {"tag": "pet", "transformation": "f_bmp"}, 400),
        ("multi", {"tag": "pet", "format": "mp4"}, 400),
        ("multi", {"tag": "none"}, 404),
    ],
)
def test_what_cannot_be_put_together_is_refused(
    client: Client, cloud: Cloud, action: str, params: dict[str, Any], status: int
) -> None:
    before = Asset.objects.count()
    assert post(client, cloud, f"image/{action}", **params).status_code == status
    assert Asset.objects.count() == before


def test_too_much_is_not_put_together(
    client: Client, cloud: Cloud, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setattr(generating, "MAX_PARTS", 1)
    assert post(client, cloud, "image/sprite", tag="pet").status_code == 400
    monkeypatch.setattr(generating, "MAX_PARTS", 9)
    settings.MAX_DERIVED_PIXELS = 4000
    assert post(client, cloud, "image/sprite", tag="pet").status_code == 400


def test_others_private_pictures_are_not_put_together(client: Client, cloud: Cloud) -> None:
    other = make_cloud()
    make_stored(other, "secret", type="authenticated")
    url = f"{HOST}/{other.name}/image/authenticated/v1/secret.jpg"
    assert post(client, cloud, "image/multi", urls=[url]).status_code == 400


@pytest.mark.parametrize("action", ["text", "sprite", "multi", "explode"])
def test_an_open_preset_makes_nothing(client: Client, cloud: Cloud, action: str) -> None:
    UploadPreset.objects.create(cloud=cloud, name="open", unsigned=True)
    url = f"/v1_1/{cloud.name}/image/{action}"
    answer = client.post(url, {"upload_preset": "open", "tags": "pet", "public_id": "pet0"})
    assert answer.status_code == 401


def test_strange_tags_have_names_of_their_own(client: Client, cloud: Cloud) -> None:
    names = set()
    for tag in ("a/b ?", "a_b _", "x" * 200, "pet.css", "../..", "pet"):
        labels.set_tags(Asset.objects.get(cloud=cloud, public_id="pet0"), [tag])
        names.add(made(client, cloud, "sprite", tag=tag)["public_id"])
    assert len(names) == 6


def test_a_sheet_may_be_made_later(client: Client, cloud: Cloud) -> None:
    params = {"async": "1", "notification_url": "https://example.org/told"}
    for action in ("sprite", "multi"):
        body = made(client, cloud, action, tag="pet", **params)
        job = ApiJob.objects.get(batch_id=body["batch_id"])
        jobs.perform(job)
        assert Asset.objects.filter(type=action).exists()
    assert Notification.objects.count() == 2


# --- Pages ------------------------------------------------------------------------------------


def animation(frames: int) -> bytes:
    images = [Image.new("P", (20, 10), number) for number in range(frames)]
    for number, image in enumerate(images):
        image.putpalette([number * 40, 0, 0] * 256)
    content = io.BytesIO()
    images[0].save(content, "GIF", save_all=True, append_images=images[1:])
    return content.getvalue()


def test_the_pages_of_a_picture_are_made_later(client: Client, cloud: Cloud) -> None:
    asset = make_stored(cloud, "film", content=animation(3), format="gif", pages=3)
    body = made(
        client, cloud, "explode", public_id="film", transformation="pg_all,w_10", format="png",
        notification_url="https://example.org/told",
    )  # fmt: skip
    assert body["status"] == "processing"
    jobs.perform(ApiJob.objects.get(batch_id=body["batch_id"]))
    rows = Derived.objects.filter(asset=asset)
    assert [row.transformation for row in rows] == [f"pg_{page},w_10" for page in (1, 2, 3)]
    assert {row.format for row in rows} == {"png"}
    told = Notification.objects.get().body
    assert "pg_3,w_10" in told


@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({"public_id": "film"}, 400),
        ({"public_id": "film", "transformation": "pg_1"}, 400),
        ({"public_id": "film", "transformation": "pg_all,zz_1"}, 400),
        ({"public_id": "none", "transformation": "pg_all"}, 404),
        ({"transformation": "pg_all"}, 400),
        ({"public_id": "long", "transformation": "pg_all"}, 400),
    ],
)
def test_what_has_no_pages_is_refused(
    client: Client, cloud: Cloud, params: dict[str, str], status: int
) -> None:
    make_stored(cloud, "film", content=animation(2), format="gif", pages=2)
    make_stored(cloud, "long", content=animation(2), format="gif", pages=101)
    assert post(client, cloud, "image/explode", **params).status_code == status
    assert not ApiJob.objects.exists()
