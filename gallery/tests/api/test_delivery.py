"""Tests of delivery: which file an address names, who may have it, and what is refused."""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from PIL import Image
from pytest_django import Settings

from gallery import throttle
from gallery.assets import removing
from gallery.models import Asset, Cloud, Derived, NamedTransformation, Photo
from gallery.tests.api.asking import key_of
from gallery.tests.assets.stored import bytes_of, image_of, make_stored
from gallery.tests.factories import make_asset, make_cloud, make_photo, make_user
from gallery.tests.pictures import picture

pytestmark = pytest.mark.django_db


def get(path: str, **headers: str) -> Any:
    return Client().get(path, headers={name.replace("_", "-"): v for name, v in headers.items()})


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def sign(cloud: Cloud, text: str, *, algorithm: str = "sha1", chars: int = 8) -> str:
    digest = hashlib.new(algorithm, (text + key_of(cloud).secret).encode()).digest()
    return f"s--{base64.urlsafe_b64encode(digest).decode()[:chars]}--"


@pytest.fixture
def cloud() -> Cloud:
    return make_cloud(name="demo")


# --- Which file -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "image/upload/x/a.jpg",
        "image/upload/x/a.jpeg",
        "image/upload/x/a",
        "image/upload/v1/x/a.jpg",
        "image/upload/v999/x/a.jpg",
        "iu/v1/x/a.jpg",
        "x/a.jpg",
        "v1/x/a.jpg",
        "images/v1/x/a/for-readers.jpg",
        "image/upload/fl_attachment/x/a.jpg",
    ],
)
def test_an_original_is_delivered_byte_by_byte(cloud: Cloud, path: str) -> None:
    asset = make_stored(cloud, "x/a")
    response = get(f"/demo/{path}")
    assert response.status_code == 200
    assert body(response) == bytes_of(asset)
    assert response["Content-Type"] == "image/jpeg"
    assert Derived.objects.count() == 0


def test_a_photo_from_the_browser_is_delivered_without_what_it_says_of_its_place(
    cloud: Cloud,
) -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x9286] = "a camera", "at home"
    content = BytesIO()
    Image.new("RGB", (8, 6)).save(content, "JPEG", exif=exif)
    asset = make_stored(cloud, "a", content=content.getvalue())
    Photo.objects.update(may_repeat=False)
    open_copy = body(get("/demo/image/upload/a.jpg"))
    assert image_of(open_copy).size == (8, 6)
    assert b"a camera" not in open_copy
    assert b"a camera" in body(get(f"/demo/image/upload/{sign(cloud, 'a.jpg')}/a.jpg"))
    assert b"a camera" in bytes_of(asset)


def test_a_picture_with_a_dot_in_its_name_comes_before_an_extension(cloud: Cloud) -> None:
    dotted = make_stored(cloud, "a.png", content=picture(seed=1))
    make_stored(cloud, "a", content=picture(seed=2))
    assert body(get("/demo/image/upload/a.png")) == bytes_of(dotted)
    assert image_of(body(get("/demo/image/upload/a.gif"))).format == "GIF"


def test_folders_that_look_like_transformations_are_found(cloud: Cloud) -> None:
    asset = make_stored(cloud, "w_10/a")
    assert body(get("/demo/image/upload/w_10/a.jpg")) == bytes_of(asset)
    assert image_of(body(get("/demo/image/upload/w_8/w_10/a.jpg"))).width == 8
    assert image_of(body(get("/demo/image/upload/w_9/v1/w_10/a.jpg"))).width == 9


def test_a_transformation_is_made_once_and_delivered(cloud: Cloud) -> None:
    make_stored(cloud, "a")
    for _ in range(2):
        response = get("/demo/image/upload/c_fill,h_20,w_30/v1/a.png")
        made = image_of(body(response))
        assert (made.format, made.size, response["Content-Type"]) == ("PNG", (30, 20), "image/png")
    derived = Derived.objects.get()
    assert derived.transformation == "c_fill,h_20,w_30"


def test_other_spellings_of_a_transformation_share_a_picture(cloud: Cloud) -> None:
    make_stored(cloud, "a")
    for text in ("w_30,c_fill,h_20", "h_20,w_030,c_fill"):
        assert get(f"/demo/image/upload/{text}/a.jpg").status_code == 200
    assert Derived.objects.count() == 1


def test_raw_files_are_delivered_as_they_are(cloud: Cloud) -> None:
    make_stored(cloud, "x/a.txt", content=b"some text", resource_type="raw")
    for path in ("raw/upload/x/a.txt", "raw/upload/v1/x/a.txt", "files/x/a/nice.txt"):
        response = get(f"/demo/{path}")
        assert (response.status_code, body(response)) == (200, b"some text")
    assert get("/demo/raw/upload/w_10/x/a.txt").status_code == 400


def test_kinds_are_kept_apart(cloud: Cloud) -> None:
    make_stored(cloud, "a")
    for path in ("raw/upload/a", "image/private/a", "image/authenticated/a.jpg", "image/text/a"):
        assert get(f"/demo/{path}").status_code == 404


def test_text_of_layers_arrives_as_it_was_escaped(cloud: Cloud) -> None:
    make_stored(cloud, "a")
    response = get("/demo/image/upload/l_text:Arial_20:a%252Cb%20c/v1/a.png")
    assert response.status_code == 200
    assert Derived.objects.get().transformation == "l_text:Arial_20:a%252Cb%20c"


def test_a_text_may_have_lines(cloud: Cloud) -> None:
    make_stored(cloud, "a")
    assert get("/demo/image/upload/l_text:Arial_20:a%0Ab/v1/a.png").status_code == 200


# --- What is not there ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/demo/image/upload/missing.jpg",
        "/demo/image/upload/w_10/missing.jpg",
        "/demo/image/upload/../../../etc/passwd",
        "/demo/image/upload/%2e%2e/%2e%2e/a",
        "/demo/image/upload/a%00.jpg",
        "/demo/image/upload//a.jpg",
        "/demo/image/upload/a.jpg/",
        "/demo/image/upload/a%0d%0aSet-Cookie:%20x=1",
        "/demo/image/upload/" + "a/" * 5000,
        "/demo/image/upload/" + "w_1/" * 800 + "a.jpg",
        "/demo/image/upload/v99999999999999999999999/a.jpg",
        "/demo/image/upload/%ff%fe.jpg",
        "/demo/image/upload/\N{PILE OF POO}",
        "/demo/image/unheard/a.jpg",
        "/demo/video/upload/a.mp4",
        "/demo/image/upload/",
        "/nobody/image/upload/a.jpg",
        "/demo/raw/upload/a.jpg",
    ],
)
def test_what_is_not_there_is_404_with_the_reason_in_a_header(cloud: Cloud, path: str) -> None:
    make_stored(cloud, "a")
    response = get(path)
    assert response.status_code in ((404, 400) if "w_1/w_1" in path else (404,))
    if not path.endswith("upload/"):
        reason = response["X-Cld-Error"]
        assert reason.isascii()
        assert reason.isprintable()
    assert "Set-Cookie" not in response


@pytest.mark.parametrize(
    "text", ["w_0", "w_99999999", "e_gen_fill", "c_nothing", "l_text:Arial", "t_unknown", "w_1,w_2"]
)
def test_a_transformation_that_cannot_be_is_400(cloud: Cloud, text: str) -> None:
    make_stored(cloud, "a")
    response = get(f"/demo/image/upload/{text}/v1/a.jpg")
    assert response.status_code == 400
    assert response["X-Cld-Error"]
    assert Derived.objects.count() == 0


def test_an_unknown_format_is_400(cloud: Cloud) -> None:
    make_stored(cloud, "a")
    assert get("/demo/image/upload/a.exe").status_code == 400


def test_pictures_of_other_clouds_are_not_found(cloud: Cloud) -> None:
    other = make_cloud()
    make_stored(other, "theirs")
    make_stored(cloud, "mine")
    assert get("/demo/image/upload/theirs.jpg").status_code == 404
    layered = get("/demo/image/upload/l_theirs,w_10/v1/mine.jpg")
    assert layered.status_code == 400
    assert "theirs" in layered["X-Cld-Error"]


def test_the_cloud_of_somebody_who_is_locked_out_delivers_nothing(cloud: Cloud) -> None:
    make_stored(cloud, "a")
    type(cloud.owner).objects.update(is_active=False)
    assert get("/demo/image/upload/a.jpg").status_code == 404
    assert get("/demo/a.jpg").status_code == 404


def test_a_lost_file_is_404_and_a_lost_picture_is_made_again(cloud: Cloud) -> None:
    asset = make_stored(cloud, "a")
    path = "/demo/image/upload/w_10/v1/a.jpg"
    get(path)
    derived = Derived.objects.get()
    derived.file.storage.delete(derived.file.name or "")
    assert image_of(body(get(path))).width == 10
    asset.stored.storage.delete(asset.stored.name or "")
    assert get("/demo/image/upload/a.jpg").status_code == 404
    assert get("/demo/image/upload/w_11/a.jpg").status_code == 404


def test_an_asset_without_any_file_is_404(cloud: Cloud) -> None:
    make_stored(cloud, "a")
    Asset.objects.update(photo=None)
    for path in ("a.jpg", "w_10/a.jpg"):
        assert get(f"/demo/image/upload/{path}").status_code == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_files_are_only_read(cloud: Cloud, method: str) -> None:
    make_stored(cloud, "a")
    client = Client(enforce_csrf_checks=True)
    for path in ("/demo/image/upload/a.jpg", "/demo/a.jpg"):
        response = client.generic(method, path)
        assert response.status_code == 405
        assert response["Allow"] == "GET, HEAD"


# --- The site's own addresses -----------------------------------------------------------------


def test_where_there_is_no_cloud_the_site_says_so_itself(client: Client) -> None:
    response = client.get("/nothing/here.jpg")
    assert response.status_code == 404
    assert "X-Cld-Error" not in response


def test_pages_are_still_found_without_their_last_slash(client: Client) -> None:
    response = client.get("/tags/dog?page=2")
    assert response.status_code == 301
    assert response["Location"] == "/tags/dog/?page=2"


def test_an_upload_api_address_is_no_file(client: Client, cloud: Cloud) -> None:
    assert client.get("/v1_1/demo/image/nothing").json()["error"]


def test_pages_that_look_like_files_are_pages(client: Client) -> None:
    assert "X-Cld-Error" not in client.get("/search/image/some-token/")


# --- Who may have it --------------------------------------------------------------------------


def signed_path(cloud: Cloud, kind: str, text: str, **options: Any) -> str:
    return f"/{cloud.name}/{kind}/{sign(cloud, text, **options)}/{text}"


def test_a_photo_that_its_owner_hides_needs_a_signature(cloud: Cloud) -> None:
    asset = make_stored(cloud, "a")
    Photo.objects.update(visibility="private")
    for path in ("a.jpg", "w_10/a.jpg", "fl_getinfo/a.jpg", "w_10,d_a.jpg/missing.jpg"):
        assert get(f"/demo/image/upload/{path}").status_code == 404
    response = get(signed_path(cloud, "image/upload", "a.jpg"))
    assert body(response) == bytes_of(asset)
    assert response["Cache-Control"].startswith("private")
    assert get(signed_path(cloud, "image/upload", "w_10/a.jpg")).status_code == 200
    assert get("/demo/image/upload/w_10/a.jpg").status_code == 404


def test_authenticated_pictures_are_delivered_only_signed(cloud: Cloud) -> None:
    make_stored(cloud, "a", type="authenticated")
    for path in ("a.jpg", "w_10/a.jpg"):
        assert get(f"/demo/image/authenticated/{path}").status_code == 404
        assert get(signed_path(cloud, "image/authenticated", path)).status_code == 200


def test_of_a_private_picture_only_what_is_made_of_it_is_open(cloud: Cloud) -> None:
    make_stored(cloud, "a", type="private")
    for path in ("a.jpg", "a", "fl_attachment/a.jpg", "fl_attachment:x/a.jpg"):
        assert get(f"/demo/image/private/{path}").status_code == 404
    assert get("/demo/image/private/w_10/a.jpg").status_code == 200
    assert get(signed_path(cloud, "image/private", "a.jpg")).status_code == 200


@pytest.mark.parametrize(("algorithm", "chars"), [("sha1", 8), ("sha256", 8), ("sha256", 32)])
def test_any_active_key_signs_in_any_way(cloud: Cloud, algorithm: str, chars: int) -> None:
    make_stored(cloud, "x/a", type="authenticated")
    made = sign(cloud, "w_10/x/a.jpg", algorithm=algorithm, chars=chars)
    path = f"/demo/image/authenticated/{made}/w_10/v1/x/a.jpg"
    assert get(path).status_code == 200
    key_of(cloud).revoke()
    assert get(path).status_code == 401


def test_a_wrong_signature_is_refused_even_where_none_is_needed(cloud: Cloud) -> None:
    make_stored(cloud, "a")
    other = make_cloud()
    for made in ("s--AAAAAAAA--", sign(other, "a.jpg"), sign(cloud, "b.jpg"), "s--A--"):
        response = get(f"/demo/image/upload/{made}/a.jpg")
        assert response.status_code == 401
        assert "ignature" in response["X-Cld-Error"]


def test_a_signature_holds_for_its_own_transformation(cloud: Cloud) -> None:
    make_stored(cloud, "a", type="authenticated")
    made = sign(cloud, "w_10/a.jpg")
    assert get(f"/demo/image/authenticated/{made}/w_11/a.jpg").status_code == 401
    assert get(f"/demo/image/authenticated/{made}/a.jpg").status_code == 401


@pytest.mark.parametrize("state", ["rejected", "deleted", "gone"])
def test_what_is_rejected_or_deleted_is_gone_at_once(cloud: Cloud, state: str) -> None:
    asset = make_stored(cloud, "a")
    paths = ["/demo/image/upload/a.jpg", "/demo/image/upload/w_10/a.jpg"]
    paths += [signed_path(cloud, "image/upload", "w_10/a.jpg")]
    for path in paths:
        assert get(path).status_code == 200
    if state == "rejected":
        Asset.objects.update(moderation_status="rejected")
    elif state == "deleted":
        Asset.objects.update(deleted_at=timezone.now(), photo=None)
    else:
        removing.delete(asset)
    for path in paths:
        assert get(path).status_code == 404


def test_access_control_holds_until_its_time(cloud: Cloud) -> None:
    asset = make_stored(cloud, "a")
    now = timezone.now()
    past, future = (now - timedelta(days=1)).isoformat(), (now + timedelta(days=1)).isoformat()
    for rules, is_open in [
        ([{"access_type": "token"}], False),
        ([{"access_type": "anonymous"}], True),
        ([{"access_type": "anonymous", "start": past, "end": future}], True),
        ([{"access_type": "anonymous", "start": future}], False),
        ([{"access_type": "anonymous", "end": past}], False),
        ([{"access_type": "token"}, {"access_type": "anonymous", "start": past}], True),
        ([{"access_type": "anonymous", "start": "soon"}], False),
        ([{"access_type": "anonymous", "end": 5}], False),
        (["anonymous"], False),
    ]:
        Asset.objects.filter(pk=asset.pk).update(access_control=rules)
        for path in ("a.jpg", "w_10/a.jpg"):
            status = get(f"/demo/image/upload/{path}").status_code
            assert (status == 200) == is_open, (rules, status)
            assert get(signed_path(cloud, "image/upload", path)).status_code == 200


def test_hidden_layers_need_a_signature_also_once_they_are_made(cloud: Cloud) -> None:
    make_stored(cloud, "a")
    hidden = make_stored(cloud, "secret/one", content=picture(seed=3))
    Photo.objects.filter(asset=hidden).update(visibility="private")
    for layer in ("l_secret:one", "u_secret:one", "l_secret:one.jpg", "$x_!one!,l_secret:$(x)"):
        text = f"{layer},w_10/a.jpg"
        assert get(f"/demo/image/upload/{text}").status_code == 400, layer
        assert get(signed_path(cloud, "image/upload", text)).status_code == 200, layer
        assert get(f"/demo/image/upload/{text}").status_code == 400, layer


def test_a_layer_that_is_replaced_is_seen_at_once(cloud: Cloud) -> None:
    make_stored(cloud, "a")
    layer = make_stored(cloud, "b", content=picture(seed=3))
    before = body(get("/demo/image/upload/l_b,w_10/a.png"))
    assert layer.photo is not None
    layer.photo.file.save("original", ContentFile(picture(seed=9)), save=True)
    Asset.objects.filter(pk=layer.pk).update(version_id="f" * 32)
    assert body(get("/demo/image/upload/l_b,w_10/a.png")) != before


def test_a_layer_from_elsewhere_needs_a_signature(cloud: Cloud) -> None:
    make_stored(cloud, "a")
    url = base64.urlsafe_b64encode(b"http://127.0.0.1:1/x.jpg").decode()
    response = get(f"/demo/image/upload/l_fetch:{url}/v1/a.jpg")
    assert response.status_code == 400
    assert "signed" in response["X-Cld-Error"]


def test_pictures_of_other_sites_are_refused(cloud: Cloud) -> None:
    response = get("/demo/image/fetch/http://127.0.0.1:1/x.jpg")
    assert response.status_code == 400
    assert response["X-Cld-Error"]


# --- How much ---------------------------------------------------------------------------------


def test_strict_clouds_make_only_what_they_know_or_what_is_signed(cloud: Cloud) -> None:
    Cloud.objects.update(strict_transformations=True)
    make_stored(cloud, "a")
    NamedTransformation.objects.create(cloud=cloud, name="small", definition="w_11", is_named=True)
    NamedTransformation.objects.create(
        cloud=cloud, name="w_12", definition="w_12", allowed_for_strict=True
    )
    refused = get("/demo/image/upload/w_10/a.jpg")
    assert refused.status_code == 401
    assert Derived.objects.count() == 0
    assert get("/demo/image/upload/t_small,h_5/a.jpg").status_code == 401
    for text in ("t_small/a.jpg", "w_12/a.jpg", "a.jpg", "a.png"):
        assert get(f"/demo/image/upload/{text}").status_code == 200
    assert get(signed_path(cloud, "image/upload", "w_10/a.jpg")).status_code == 200


def test_named_transformations_are_looked_up_and_marked_as_used(cloud: Cloud) -> None:
    make_stored(cloud, "a")
    row = NamedTransformation.objects.create(
        cloud=cloud, name="small", definition="w_11", is_named=True
    )
    assert image_of(body(get("/demo/image/upload/t_small/a.jpg"))).width == 11
    row.refresh_from_db()
    assert row.is_used
    NamedTransformation.objects.update(definition="w_13")
    assert image_of(body(get("/demo/image/upload/t_small/a.jpg"))).width == 13


def test_what_is_used_without_a_name_is_noted(cloud: Cloud) -> None:
    make_stored(cloud, "a")
    get("/demo/image/upload/c_scale,w_10/a.jpg")
    row = NamedTransformation.objects.get()
    assert (row.name, row.is_named, row.is_used) == ("c_scale,w_10", False, True)


def test_so_many_pictures_are_made_of_one_without_a_signature(
    cloud: Cloud, settings: Settings
) -> None:
    settings.MAX_DERIVED = 2
    make_stored(cloud, "a")
    statuses = [get(f"/demo/image/upload/w_{w}/a.jpg").status_code for w in (10, 11, 12, 10)]
    assert statuses == [200, 200, 420, 200]
    assert get(signed_path(cloud, "image/upload", "w_12/a.jpg")).status_code == 200


def test_one_address_has_so_many_new_pictures_a_minute(cloud: Cloud, settings: Settings) -> None:
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"derive": "1 per minute"}
    throttle.forget()
    make_stored(cloud, "a")
    statuses = [get(f"/demo/image/upload/w_{w}/a.jpg").status_code for w in (10, 11, 10)]
    assert statuses == [200, 420, 200]
    assert get("/demo/image/upload/fl_getinfo/a.jpg").status_code == 420
    assert get(signed_path(cloud, "image/upload", "w_11/a.jpg")).status_code == 200


def test_huge_pictures_are_refused(cloud: Cloud, settings: Settings) -> None:
    settings.MAX_DERIVED_PIXELS = 10_000
    make_stored(cloud, "a")
    assert get("/demo/image/upload/w_9000/a.jpg").status_code == 400


def test_what_is_stored_costs_two_statements(cloud: Cloud) -> None:
    make_stored(cloud, "a")
    path = "/demo/image/upload/c_fill,h_20,w_30/v1/a.jpg"
    get(path)
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert get(path).status_code == 200
    assert len(seen) == 2
    with CaptureQueriesContext(connection) as seen:
        assert get("/demo/image/upload/a.jpg").status_code == 200
    assert len(seen) == 1


# --- Instead of the picture -------------------------------------------------------------------


def test_a_default_stands_in_for_what_is_missing(cloud: Cloud) -> None:
    make_stored(cloud, "x/default", content=picture(seed=5))
    response = get("/demo/image/upload/d_x:default.jpg,w_20/v1/missing.jpg")
    assert response.status_code == 200
    assert image_of(body(response)).width == 20
    assert "immutable" not in response["Cache-Control"]
    assert get("/demo/image/upload/d_nothing.jpg,w_20/missing.jpg").status_code == 404
    make_stored(make_cloud(), "theirs")
    assert get("/demo/image/upload/d_theirs.jpg/missing.jpg").status_code == 404


def test_facts_are_told_instead_of_a_picture(cloud: Cloud) -> None:
    asset = make_stored(cloud, "a")
    told = get("/demo/image/upload/fl_getinfo,w_32/a.png").json()
    assert told["input"] == {"width": 64, "height": 48, "bytes": asset.size_bytes, "format": "jpg"}
    assert told["output"]["width"] == 32
    assert told["output"]["format"] == "png"
    assert Derived.objects.count() == 0


def test_widths_are_told_instead_of_a_picture(cloud: Cloud) -> None:
    make_stored(cloud, "a", content=picture(400, 300))
    path = "/demo/image/upload/c_scale,w_auto:breakpoints_50_1000_20_20:json/v1/a.jpg"
    widths = get(path).json()["breakpoints"]
    assert widths[0] == 400
    assert widths[-1] == 50
    assert get(path).json()["breakpoints"] == widths


def test_tags_are_listed_only_where_the_cloud_says_so(cloud: Cloud) -> None:
    public = make_photo(cloud.owner, tags={"dog": 1.0}, may_repeat=True)
    hidden = make_photo(cloud.owner, tags={"dog": 1.0}, visibility="private", may_repeat=True)
    make_asset(cloud, "seen", photo=public)
    make_asset(cloud, "hidden", photo=hidden)
    make_asset(cloud, "bad", photo=make_photo(cloud.owner, tags={"dog": 1.0}, may_repeat=True),
               moderation_status="rejected")  # fmt: skip
    assert get("/demo/image/list/dog.json").status_code == 401
    Cloud.objects.update(lists_tags=True)
    told = get("/demo/image/list/v12/dog.json").json()
    [item] = told["resources"]
    assert item["public_id"] == "seen"
    assert {"version", "format", "width", "height", "type", "created_at"} <= item.keys()
    assert told["updated_at"].endswith("Z")
    assert get("/demo/image/list/cat.json").json() == {"resources": []}
    for path in ("image/list/dog", "image/list/.json", "raw/list/dog.json"):
        assert get(f"/demo/{path}").status_code == 404
    assert get("/nobody/image/list/dog.json").status_code == 404


def test_a_user_without_a_cloud_has_no_addresses(client: Client) -> None:
    person = make_user("anna")
    assert client.get(f"/{person.username}/image/upload/a.jpg").status_code == 404
