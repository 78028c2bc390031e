"""Programs upload pictures and files, and the answers are what client libraries know."""

from __future__ import annotations

import base64
import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from PIL import Image
from pytest_django import DjangoAssertNumQueries, Settings

from gallery.api.auth import answer_signature
from gallery.assets import moderating
from gallery.models import (
    Asset,
    Cloud,
    DeleteToken,
    Folder,
    MetadataField,
    NamedTransformation,
    Photo,
    Rendition,
    TaggingRun,
    UploadPreset,
    Visibility,
)
from gallery.tests.api.asking import auth_of, key_of, post
from gallery.tests.factories import make_cloud
from gallery.tests.pictures import picture

pytestmark = pytest.mark.django_db

JPEG, OTHER = picture(), picture(seed=1)


@pytest.fixture
def cloud() -> Cloud:
    return make_cloud(name="demo", secret="abcd")


def upload(client: Client, cloud: Cloud, *, kind: str = "image", **asked: Any) -> dict[str, Any]:
    answer = post(client, cloud, f"{kind}/upload", **({"content": JPEG} | asked))
    assert answer.status_code == 200, answer.content
    told: dict[str, Any] = answer.json()
    return told


def refusal(client: Client, cloud: Cloud, *, kind: str = "image", **asked: Any) -> str:
    answer = post(client, cloud, f"{kind}/upload", **({"content": JPEG} | asked))
    assert answer.status_code == 400, answer.content
    assert not Asset.objects.exists()
    message: str = answer.json()["error"]["message"]
    return message


def files(media: Path) -> list[Path]:
    return [path for path in media.rglob("*") if path.is_file()]


# --- The answer -------------------------------------------------------------------------------


def test_answer_has_every_field_that_libraries_read(client: Client, cloud: Cloud) -> None:
    told = upload(client, cloud, name="dir/Bondi beach.jpg", public_id="beaches/bondi")
    asset = Asset.objects.get()
    assert told == {
        "asset_id": asset.asset_id,
        "public_id": "beaches/bondi",
        "version": asset.version,
        "version_id": asset.version_id,
        "signature": answer_signature("beaches/bondi", asset.version, "abcd"),
        "width": 64,
        "height": 48,
        "format": "jpg",
        "resource_type": "image",
        "type": "upload",
        "created_at": f"{asset.created_at:%Y-%m-%dT%H:%M:%SZ}",
        "tags": [],
        "pages": 1,
        "bytes": len(JPEG),
        "etag": "3dd11ed9b73282edb3b8e7bf1a1472f1",
        "placeholder": False,
        "url": f"http://testserver/demo/image/upload/v{asset.version}/beaches/bondi.jpg",
        "secure_url": f"http://testserver/demo/image/upload/v{asset.version}/beaches/bondi.jpg",
        "folder": "beaches",
        "access_mode": "public",
        "original_filename": "Bondi beach",
        "api_key": key_of(cloud).key,
    }


def test_answer_of_a_raw_file_has_no_format_and_no_size(client: Client, cloud: Cloud) -> None:
    told = upload(client, cloud, kind="raw", content=b"a,b\n1,2\n", name="table.csv")
    assert told["public_id"].endswith(".csv")
    assert len(told["public_id"]) == 24
    assert {"format", "width", "height", "pages"}.isdisjoint(told)
    assert told["url"].endswith(f"/raw/upload/v{told['version']}/{told['public_id']}")
    assert told["original_extension"] == "csv"
    with Asset.objects.get().stored.open("rb") as file:
        assert file.read() == b"a,b\n1,2\n"


def test_photo_is_on_the_pages_of_its_owner(client: Client, cloud: Cloud) -> None:
    upload(client, cloud, tags="sea,sand", context=r"alt=a\|b\=c|caption=Bondi", name="b.jpg")
    photo = Photo.objects.get()
    assert (photo.owner, photo.visibility) == (cloud.owner, Visibility.PUBLIC)
    assert (photo.original_name, photo.caption) == ("b.jpg", "Bondi")
    assert {row.tag.label for row in photo.photo_tags.all()} == {"sea", "sand"}
    assert photo.renditions.filter(spec="tagger").exists()
    assert photo.fingerprint.perceptual_hash


def test_context_comes_back_unescaped(client: Client, cloud: Cloud) -> None:
    told = upload(client, cloud, context=r"alt=alternative\|alt\=a|caption=c")
    assert told["context"] == {"custom": {"alt": "alternative|alt=a", "caption": "c"}}


@pytest.mark.parametrize("type", ["private", "authenticated"])
def test_closed_types_are_private_on_the_pages(client: Client, cloud: Cloud, type: str) -> None:
    told = upload(client, cloud, type=type)
    assert (told["type"], told["access_mode"]) == (type, "authenticated")
    assert Photo.objects.get().visibility == Visibility.PRIVATE


def test_same_bytes_may_have_many_names(client: Client, cloud: Cloud) -> None:
    upload(client, cloud, public_id="a")
    upload(client, cloud, public_id="b")
    assert Photo.objects.count() == 2


# --- Where the bytes come from ----------------------------------------------------------------


def data_uri(content: bytes, head: str = "data:image/png;base64,") -> str:
    return head + base64.b64encode(content).decode()


@pytest.mark.parametrize("head", ["data:image/png;base64,", "data:;base64,", "DATA:x/y;BASE64,"])
def test_data_uri_is_sniffed_whatever_it_says(client: Client, cloud: Cloud, head: str) -> None:
    told = upload(client, cloud, content=None, file=data_uri(JPEG, head))
    assert (told["format"], told["bytes"]) == ("jpg", len(JPEG))
    assert told["original_filename"] == "file"


def test_data_uri_may_have_line_breaks(client: Client, cloud: Cloud) -> None:
    text = data_uri(JPEG)
    broken = "\n ".join(text[at : at + 60] for at in range(0, len(text), 60))
    assert upload(client, cloud, content=None, file=broken)["bytes"] == len(JPEG)


def test_data_uri_may_be_percent_encoded(client: Client, cloud: Cloud) -> None:
    escaped = data_uri(JPEG).replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")
    told = upload(client, cloud, content=None, file=escaped)
    assert told["bytes"] == len(JPEG)
    told = upload(client, cloud, kind="raw", content=None, file="data:text/plain,a%20b")
    assert told["bytes"] == 3


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("/etc/passwd", "Unsupported source URL: /etc/passwd"),
        ("ftp://example.org/a.jpg", "Unsupported source URL: ftp://example.org/a.jpg"),
        ("s3://bucket/a.jpg", "Unsupported source URL: s3://bucket/a.jpg"),
        ("file:///etc/passwd", "Unsupported source URL: file:///etc/passwd"),
        ("data:image/png;base64,§§§", "The data URI in parameter file is no base64"),
        ("", "Missing required parameter - file"),
    ],
)
def test_other_texts_are_no_file(client: Client, cloud: Cloud, file: str, message: str) -> None:
    assert refusal(client, cloud, content=None, file=file) == message


def test_addresses_inside_are_not_fetched(client: Client, cloud: Cloud) -> None:
    told = refusal(client, cloud, content=None, file="http://127.0.0.1:9/a.jpg")
    assert told.startswith("Error in loading http://127.0.0.1:9/a.jpg - ")


def test_addresses_of_this_site_are_read_from_its_storage(client: Client, cloud: Cloud) -> None:
    url = upload(client, cloud, public_id="in/first")["url"]
    told = upload(client, cloud, content=None, file=url, use_filename="1")
    assert told["bytes"] == len(JPEG)
    assert told["original_filename"] == "first"
    assert told["public_id"].startswith("first_")


def test_a_file_is_required(client: Client, cloud: Cloud) -> None:
    assert refusal(client, cloud, content=None) == "Missing required parameter - file"


@pytest.mark.parametrize("content", [b"no picture", b"", b"%PDF-1.7", JPEG[:300], b"\xff\xd8\xff"])
def test_what_is_no_picture_is_refused(
    client: Client, cloud: Cloud, own_media: Path, content: bytes
) -> None:
    assert refusal(client, cloud, content=content) == "Invalid image file"
    assert not files(own_media)


def test_too_large_a_file_is_refused(client: Client, cloud: Cloud, settings: Settings) -> None:
    settings.MAX_UPLOAD_BYTES = 100
    told = refusal(client, cloud)
    assert told == f"File size too large. Got {len(JPEG)}. Maximum is 100."
    told = refusal(client, cloud, content=None, file=data_uri(JPEG))
    assert told.startswith("File size too large. Got ")


def test_too_many_pixels_are_refused(client: Client, cloud: Cloud, settings: Settings) -> None:
    settings.MAX_PIXELS = 100
    assert "megapixels" in refusal(client, cloud)


# --- Kinds and formats ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "kind"), [(JPEG, "image"), (b"no picture", "raw"), (b"%PDF-1.7 x", "raw")]
)
def test_auto_decides_by_content(client: Client, cloud: Cloud, content: bytes, kind: str) -> None:
    told = upload(client, cloud, kind="auto", content=content, name="a.jpg")
    assert told["resource_type"] == kind


def test_video_is_refused(client: Client, cloud: Cloud) -> None:
    film = b"\0\0\0\x20ftypisom\0\0\0\0isomiso2mp41"
    assert "Video is not offered" in refusal(client, cloud, kind="video", content=film)
    assert "Video is not offered" in refusal(client, cloud, kind="auto", content=film)


def test_formats_that_are_not_listed_are_refused(client: Client, cloud: Cloud) -> None:
    png = picture(format="PNG")
    told = refusal(client, cloud, content=png, name="a.jpg", allowed_formats="jpg,gif")
    assert told == "Image file format png not allowed"
    assert upload(client, cloud, allowed_formats="jpeg")["format"] == "jpg"


def test_format_converts_and_lets_in_what_is_not_listed(client: Client, cloud: Cloud) -> None:
    told = upload(client, cloud, allowed_formats="png", format="png")
    assert told["format"] == "png"
    assert told["original_extension"] == "jpg"
    with Asset.objects.get().stored.open("rb") as file:
        assert Image.open(BytesIO(file.read())).format == "PNG"


def test_incoming_transformation_is_what_is_stored(client: Client, cloud: Cloud) -> None:
    told = upload(client, cloud, transformation="c_scale,w_20/a_90")
    assert (told["width"], told["height"]) == (15, 20)
    assert Photo.objects.get().width == 15


def test_incoming_transformation_may_be_a_named_one(client: Client, cloud: Cloud) -> None:
    NamedTransformation.objects.create(
        cloud=cloud, name="small", definition="c_scale,w_10", is_named=True
    )
    assert upload(client, cloud, transformation="t_small")["width"] == 10


def test_incoming_transformation_looks_for_faces(client: Client, cloud: Cloud) -> None:
    told = upload(client, cloud, transformation="c_thumb,g_face,w_20,h_20")
    assert (told["width"], told["height"]) == (20, 20)


@pytest.mark.parametrize("name", ["transformation", "eager"])
@pytest.mark.parametrize("text", ["w_abc", "nothing", "e_unknown", "t_unknown", "w_1" * 5000])
def test_bad_transformation_stores_nothing(
    client: Client, cloud: Cloud, own_media: Path, name: str, text: str
) -> None:
    assert refusal(client, cloud, **{name: text})
    assert not files(own_media)


def test_pages_of_an_animation_are_counted(client: Client, cloud: Cloud) -> None:
    frames = [Image.new("RGB", (20, 20), (0, 0, shade)) for shade in (0, 100, 200)]
    content = BytesIO()
    frames[0].save(content, "GIF", save_all=True, append_images=frames[1:])
    told = upload(client, cloud, content=content.getvalue(), name="a.gif")
    assert (told["format"], told["pages"]) == ("gif", 3)


# --- Names ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "pattern"),
    [
        ({}, r"[a-z0-9]{20}"),
        ({"use_filename": "1"}, r"logo_[a-z0-9]{6}"),
        ({"use_filename": "1", "unique_filename": "0"}, r"logo"),
        ({"use_filename": "true", "filename_override": "x y.png"}, r"x y_[a-z0-9]{6}"),
        ({"use_filename": "1", "unique_filename": "0", "filename_override": "?&#"}, r".{20}"),
        ({"public_id": "own", "use_filename": "1"}, r"own"),
        ({"public_id": "own", "folder": "a/b"}, r"a/b/own"),
        ({"public_id": "own", "public_id_prefix": "pre"}, r"pre/own"),
        ({"public_id": "own", "asset_folder": "shown"}, r"own"),
        (
            {"public_id": "o", "asset_folder": "s", "use_asset_folder_as_public_id_prefix": "1"},
            r"s/o",
        ),
        ({"public_id": "žluťoučký kůň"}, r"žluťoučký kůň"),
    ],
)
def test_names(client: Client, cloud: Cloud, asked: dict[str, str], pattern: str) -> None:
    import re

    told = upload(client, cloud, name="some/where/logo.png", **asked)
    assert re.fullmatch(pattern, told["public_id"])


@pytest.mark.parametrize(
    "public_id",
    ["a?b", "a&b", "a#b", "a\\b", "a%b", "a<b", "a>b", "a+b", " a", "a ", "/a", "a/", "a//b",
     "a/../b", ".", "x" * 256, "a\nb", "a\x1bb"],
)  # fmt: skip
def test_bad_names_are_refused(client: Client, cloud: Cloud, public_id: str) -> None:
    assert refusal(client, cloud, public_id=public_id) == f"public_id ({public_id}) is invalid"


def test_folders_of_a_name_are_there(client: Client, cloud: Cloud) -> None:
    told = upload(client, cloud, public_id="a/b/c")
    assert told["folder"] == "a/b"
    assert set(Folder.objects.values_list("path", flat=True)) == {"a", "a/b"}


def test_asset_folder_places_without_renaming(client: Client, cloud: Cloud) -> None:
    told = upload(client, cloud, public_id="a", asset_folder="summer/2024", display_name="Beach")
    assert (told["public_id"], told["asset_folder"]) == ("a", "summer/2024")
    assert told["display_name"] == "Beach"
    assert Folder.objects.filter(path="summer").exists()


def test_original_filename_can_be_overridden_or_left_out(client: Client, cloud: Cloud) -> None:
    assert upload(client, cloud, filename_override="o.jpg")["original_filename"] == "o"
    assert "original_filename" not in upload(client, cloud, discard_original_filename="1")


# --- Overwriting ------------------------------------------------------------------------------


def test_overwriting_keeps_the_asset_and_replaces_the_rest(
    client: Client, cloud: Cloud, own_media: Path, django_capture_on_commit_callbacks: Any
) -> None:
    first = upload(client, cloud, public_id="a", tags="old", context="alt=old", eager="w_10")
    photo = Photo.objects.get()
    TaggingRun.objects.create(photo=photo, tagger="bundled", threshold=0.4)
    before = set(files(own_media))
    with django_capture_on_commit_callbacks(execute=True):
        second = upload(client, cloud, public_id="a", content=picture(100, 80, seed=3), tags="new")
    assert second["overwritten"] is True
    assert second["asset_id"] == first["asset_id"]
    assert second["version"] > first["version"]
    assert second["version_id"] != first["version_id"]
    assert (second["tags"], second.get("context")) == (["new"], None)
    assert Photo.objects.get().pk == photo.pk
    assert Photo.objects.get().width == 100
    assert not Asset.objects.get().derived.exists()
    assert before.isdisjoint(files(own_media))
    assert Rendition.objects.filter(photo=photo, spec="tagger").count() == 1


def test_without_overwrite_the_old_one_is_returned(client: Client, cloud: Cloud) -> None:
    first = upload(client, cloud, public_id="a")
    second = upload(client, cloud, public_id="a", content=OTHER, overwrite="0")
    assert second["existing"] is True
    assert (second["etag"], second["version"]) == (first["etag"], first["version"])
    assert Photo.objects.count() == 1


def test_backup_keeps_the_bytes_of_every_version(client: Client, cloud: Cloud) -> None:
    first = upload(client, cloud, public_id="a", backup="1")
    second = upload(client, cloud, public_id="a", content=OTHER)
    asset = Asset.objects.get()
    assert asset.keeps_backups
    kept = {}
    for row in asset.versions.all():
        with row.file.open("rb") as file:
            kept[row.version_id] = file.read()
    assert kept[first["version_id"]] == JPEG
    assert second["version_id"] not in kept or kept[second["version_id"]] == OTHER


def test_names_of_other_kinds_and_types_are_others(client: Client, cloud: Cloud) -> None:
    upload(client, cloud, public_id="a")
    upload(client, cloud, public_id="a", type="private")
    upload(client, cloud, public_id="a", kind="raw")
    assert Asset.objects.count() == 3


def test_raw_files_are_overwritten_too(
    client: Client, cloud: Cloud, own_media: Path, django_capture_on_commit_callbacks: Any
) -> None:
    upload(client, cloud, kind="raw", public_id="a.txt", content=b"one")
    with django_capture_on_commit_callbacks(execute=True):
        upload(client, cloud, kind="raw", public_id="a.txt", content=b"two")
    [path] = files(own_media)
    assert path.read_bytes() == b"two"


# --- Labels and rights ------------------------------------------------------------------------


def test_metadata_is_checked_before_anything_is_stored(client: Client, cloud: Cloud) -> None:
    MetadataField.objects.create(cloud=cloud, external_id="sku", label="SKU", type="integer")
    assert "doesn't exist" in refusal(client, cloud, metadata="nothing=1")
    assert refusal(client, cloud, metadata="sku=abc")
    assert upload(client, cloud, metadata="sku=7")["metadata"] == {"sku": 7}


def test_new_assets_get_the_defaults_of_fields(client: Client, cloud: Cloud) -> None:
    MetadataField.objects.create(
        cloud=cloud, external_id="sku", label="SKU", type="integer", default_value=3
    )
    assert upload(client, cloud)["metadata"] == {"sku": 3}


def test_manual_moderation_waits_and_others_are_refused(client: Client, cloud: Cloud) -> None:
    assert refusal(client, cloud, moderation="aws_rek") == "Moderation aws_rek is not valid"
    assert refusal(client, cloud, moderation="manual|webpurify")
    told = upload(client, cloud, moderation="manual")
    assert told["moderation"] == [{"kind": "manual", "status": "pending"}]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("detection", "Detection invalid model 'illegal'"),
        ("background_removal", "Background removal illegal is invalid"),
        ("raw_convert", "Raw convert is invalid: illegal"),
        ("categorization", "Categorization illegal is not valid"),
        ("ocr", "Ocr illegal is not valid"),
        ("similarity_search", "Similarity search illegal is not valid"),
        ("auto_transcription", "Auto transcription illegal is not valid"),
        ("eval", "Eval is not offered here: illegal"),
        ("on_success", "On success is not offered here: illegal"),
    ],
)
def test_services_that_are_not_here_are_refused(
    client: Client, cloud: Cloud, name: str, message: str
) -> None:
    assert refusal(client, cloud, **{name: "illegal"}) == message


def test_new_bytes_are_seen_again_where_the_old_ones_were_rejected(
    client: Client, cloud: Cloud
) -> None:
    upload(client, cloud, public_id="a", moderation="manual")
    moderating.decide(Asset.objects.get(), "rejected")
    assert not Photo.objects.get().is_public
    told = upload(client, cloud, public_id="a", content=OTHER, moderation="manual")
    assert told["moderation"] == [{"kind": "manual", "status": "pending"}]
    assert Photo.objects.get().is_public


def test_faces_are_cut_to_the_picture_as_the_vendor_does(client: Client, cloud: Cloud) -> None:
    told = upload(client, cloud, face_coordinates="5,5,150,150|1,2,3,4", faces="1")
    assert told["faces"] == [[5, 5, 64, 48], [1, 2, 3, 4]]
    assert Asset.objects.get().coordinates["faces"] == [[5, 5, 150, 150], [1, 2, 3, 4]]


@pytest.mark.parametrize(
    "asked",
    [
        {"face_coordinates": "1,2,3"},
        {"custom_coordinates": "a,b,c,d"},
        {"regions": "{"},
        {"regions": "[1]"},
        {"access_control": '[{"access_type": "everyone"}]'},
        {"access_control": '[{"access_type": "anonymous", "start": "soon"}]'},
        {"context": "no equals sign"},
        {"tags": "x" * 256},
        {"type": "fetch"},
        {"type": "sprite"},
        {"overwrite": "maybe"},
        {"headers": "Set-Cookie: a=b"},
        {"headers": "X-A: b\r\nSet-Cookie: a=b"},
        {"headers": "no header"},
        {"format": "exe"},
        {"responsive_breakpoints": "[1"},
        {"responsive_breakpoints": '{"transformation": "w_abc"}'},
        {"responsive_breakpoints": '{"transformation": {"angle": 45}}'},
        {"responsive_breakpoints": '{"bytes_step": "a"}'},
        {"responsive_breakpoints": '[{"min_width": 500, "max_width": 100}]'},
        {"responsive_breakpoints": "5"},
        {"notification_url": "file:///etc/passwd"},
        {"auto_tagging": "1.5", "categorization": "imagga_tagging"},
    ],
)
def test_bad_values_are_refused(client: Client, cloud: Cloud, asked: dict[str, str]) -> None:
    assert refusal(client, cloud, **asked)


def test_access_control_and_headers_are_kept(client: Client, cloud: Cloud) -> None:
    rules = [{"access_type": "token"}]
    told = upload(
        client, cloud, access_control=json.dumps(rules), headers="X-Robots-Tag: noindex\nX-A: b"
    )
    assert told["access_control"] == rules
    assert Asset.objects.get().headers == "X-Robots-Tag: noindex\nX-A: b"


# --- Derived ----------------------------------------------------------------------------------


def test_eager_pictures_are_answered_in_order_as_asked(client: Client, cloud: Cloud) -> None:
    told = upload(client, cloud, public_id="a", eager="c_scale,w_20|w_10/png|w_5/")
    first, second, third = told["eager"]
    assert first["transformation"] == "c_scale,w_20"
    assert (first["width"], first["height"], first["format"]) == (20, 15, "jpg")
    assert first["url"].endswith(f"/demo/image/upload/c_scale,w_20/v{told['version']}/a.jpg")
    assert (second["transformation"], second["format"]) == ("w_10/png", "png")
    assert second["url"].endswith(f"/w_10/v{told['version']}/a.png")
    assert third["url"].endswith(f"/w_5/v{told['version']}/a")
    assert Asset.objects.get().derived.count() == 3


def test_eager_that_fails_leaves_the_asset(client: Client, cloud: Cloud) -> None:
    told = upload(client, cloud, eager="w_10|l_nothing/fl_layer_apply")
    assert told["eager"][0]["width"] == 10
    assert told["eager"][1]["status"] == "failed"


def test_breakpoints_are_descending(client: Client, cloud: Cloud) -> None:
    spec = {"create_derived": True, "transformation": "a_90", "min_width": 20, "max_width": 40}
    told = upload(client, cloud, responsive_breakpoints=json.dumps(spec))
    [entry] = told["responsive_breakpoints"]
    assert entry["transformation"] == "a_90"
    assert [one["width"] for one in entry["breakpoints"]] == [40, 20]


# --- Delete tokens ----------------------------------------------------------------------------


def test_delete_token_deletes_once(client: Client, cloud: Cloud) -> None:
    token = upload(client, cloud, return_delete_token="1")["delete_token"]
    url = "/v1_1/demo/delete_by_token"
    assert client.post(url, {"token": "wrong"}).status_code == 400
    other = make_cloud()
    assert client.post(f"/v1_1/{other.name}/delete_by_token", {"token": token}).status_code == 400
    assert client.post(url, {"token": token}).json() == {"result": "ok"}
    assert client.post(url, {"token": token}).status_code == 400
    assert not Asset.objects.exists()
    assert not Photo.objects.exists()


def test_delete_token_expires(client: Client, cloud: Cloud) -> None:
    token = upload(client, cloud, return_delete_token="1")["delete_token"]
    DeleteToken.objects.update(expires_at="2020-01-01T00:00:00Z")
    answer = client.post("/v1_1/demo/image/delete_by_token", {"token": token})
    assert answer.status_code == 400


# --- Unsigned ---------------------------------------------------------------------------------


def test_unsigned_upload_gets_what_its_preset_says(client: Client, cloud: Cloud) -> None:
    UploadPreset.objects.create(
        cloud=cloud, name="open", unsigned=True, settings={"folder": "in", "tags": ["preset"]}
    )
    asked = {"upload_preset": "open", "tags": "own", "folder": "elsewhere", "public_id": "a"}
    send = asked | {"file": data_uri(JPEG)}
    told = client.post("/v1_1/demo/image/upload", send).json()
    assert (told["public_id"], told["tags"]) == ("in/a", ["own", "preset"])
    assert "api_key" not in told
    again = client.post("/v1_1/demo/image/upload", send | {"file": data_uri(OTHER)}).json()
    assert again["existing"] is True


def test_unsigned_upload_may_not_ask_for_more(client: Client, cloud: Cloud) -> None:
    UploadPreset.objects.create(cloud=cloud, name="open", unsigned=True)
    for name, value in (("overwrite", "1"), ("eager", "w_10"), ("transformation", "w_1")):
        asked = {"upload_preset": "open", "file": data_uri(JPEG), name: value}
        answer = client.post("/v1_1/demo/image/upload", asked)
        assert answer.status_code == 400
        assert "not allowed when using unsigned upload" in answer.json()["error"]["message"]
    assert not Asset.objects.exists()


def test_unsigned_upload_learns_nothing_of_what_is_hidden(client: Client, cloud: Cloud) -> None:
    UploadPreset.objects.create(cloud=cloud, name="open", unsigned=True)
    upload(client, cloud, public_id="a", tags="secret")
    Photo.objects.all().set_visibility(Visibility.PRIVATE)
    asked = {"upload_preset": "open", "file": data_uri(JPEG), "public_id": "a"}
    answer = client.post("/v1_1/demo/image/upload", asked)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == "public_id (a) already exists"
    answer = client.post("/v1_1/demo/image/upload", asked | {"type": "private"})
    assert "not allowed" in answer.json()["error"]["message"]


# --- Explicit, rename, destroy ----------------------------------------------------------------


def test_explicit_changes_what_it_names(client: Client, cloud: Cloud) -> None:
    upload(client, cloud, public_id="a", tags="old", context="alt=old", moderation="manual")
    told = post(
        client, cloud, "image/explicit", public_id="a", type="upload", tags="new",
        face_coordinates="1,2,3,4", eager="w_10", faces="1",
    ).json()  # fmt: skip
    assert (told["tags"], told["context"]) == (["new"], {"custom": {"alt": "old"}})
    assert (told["faces"], told["eager"][0]["width"]) == ([[1, 2, 3, 4]], 10)
    assert {"etag", "original_filename"}.isdisjoint(told)
    assert told["moderation"] == [{"kind": "manual", "status": "pending"}]


def test_explicit_of_nothing_is_not_found(client: Client, cloud: Cloud) -> None:
    answer = post(client, cloud, "image/explicit", public_id="a/b", type="upload")
    assert answer.status_code == 404
    assert answer.json() == {"error": {"message": "Resource not found - a/b"}}
    assert answer["X-Cld-Error"] == "Resource not found - a/b"


def test_explicit_that_is_wrong_changes_nothing(client: Client, cloud: Cloud) -> None:
    upload(client, cloud, public_id="a", tags="old")
    for wrong in ({"metadata": "none=1"}, {"detection": "x"}, {"eager": "w_abc"}):
        answer = post(client, cloud, "image/explicit", public_id="a", tags="new", **wrong)
        assert answer.status_code == 400
    told = post(client, cloud, "image/explicit", public_id="a", type="upload").json()
    assert told["tags"] == ["old"]


def test_rename(client: Client, cloud: Cloud) -> None:
    first = upload(client, cloud, public_id="a", tags="x")
    asked = {"from_public_id": "a", "to_public_id": "d/b"}
    told = post(client, cloud, "image/rename", **asked).json()
    assert (told["public_id"], told["folder"], told["asset_id"]) == ("d/b", "d", first["asset_id"])
    assert told["url"].endswith("/d/b.jpg")
    assert told["signature"] == answer_signature("d/b", told["version"], "abcd")
    assert post(client, cloud, "image/rename", **asked).status_code == 404


def test_rename_onto_another_needs_overwrite(client: Client, cloud: Cloud) -> None:
    upload(client, cloud, public_id="a")
    kept = upload(client, cloud, public_id="b", content=OTHER)
    asked = {"from_public_id": "b", "to_public_id": "a"}
    answer = post(client, cloud, "image/rename", **asked)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == "to_public_id (a) already exists"
    told = post(client, cloud, "image/rename", overwrite="1", **asked).json()
    assert told["asset_id"] == kept["asset_id"]
    assert Asset.objects.count() == Photo.objects.count() == 1


def test_rename_to_a_closed_type_hides_the_photo(client: Client, cloud: Cloud) -> None:
    upload(client, cloud, public_id="a")
    asked = {"from_public_id": "a", "to_public_id": "a", "to_type": "private"}
    assert post(client, cloud, "image/rename", **asked).json()["type"] == "private"
    assert not Photo.objects.get().is_public


@pytest.mark.parametrize("public_id", ["", " b", "b/", "b?c", "x" * 300])
def test_rename_to_a_bad_name(client: Client, cloud: Cloud, public_id: str) -> None:
    upload(client, cloud, public_id="a")
    asked = {"from_public_id": "a", "to_public_id": public_id}
    assert post(client, cloud, "image/rename", **asked).status_code == 400


def test_destroy(
    client: Client, cloud: Cloud, own_media: Path, django_capture_on_commit_callbacks: Any
) -> None:
    upload(client, cloud, public_id="a", eager="w_10")
    with django_capture_on_commit_callbacks(execute=True):
        told = post(client, cloud, "image/destroy", public_id="a")
    assert (told.status_code, told.json()) == (200, {"result": "ok"})
    assert not files(own_media)
    assert post(client, cloud, "image/destroy", public_id="a").json() == {"result": "not found"}


def test_nothing_of_another_cloud_is_reached(client: Client, cloud: Cloud) -> None:
    asset_id = upload(client, make_cloud(), public_id="a")["asset_id"]
    for action, asked in (
        ("explicit", {"public_id": "a", "type": "upload"}),
        ("rename", {"from_public_id": "a", "to_public_id": "b"}),
    ):
        assert post(client, cloud, f"image/{action}", **asked).status_code == 404
    for asked in ({"public_id": "a"}, {"asset_id": asset_id}):
        told = post(client, cloud, "image/destroy", **asked).json()
        assert told == {"result": "not found"}
    assert Asset.objects.count() == 1


def test_basic_does_instead_of_a_signature(client: Client, cloud: Cloud) -> None:
    headers = {"Authorization": auth_of(cloud)}
    answer = client.post("/v1_1/demo/image/upload", {"file": data_uri(JPEG)}, headers=headers)
    assert answer.status_code == 200


def test_upload_takes_few_statements(
    client: Client, cloud: Cloud, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    upload(client, cloud, public_id="warm")
    with django_assert_max_num_queries(40):
        upload(client, cloud, public_id="a")
