"""Tests of how delivered files are sent: caching, parts, names, and that they run nowhere."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils.http import http_date

from gallery.models import Asset, Cloud, Photo
from gallery.tests.api.test_delivery import body, get
from gallery.tests.assets.stored import make_stored
from gallery.tests.factories import make_cloud

pytestmark = pytest.mark.django_db
TEXT = "/demo/raw/upload/a.txt"
BYTES = bytes(range(100))


@pytest.fixture
def cloud() -> Cloud:
    return make_cloud(name="demo")


@pytest.fixture
def text(cloud: Cloud) -> Asset:
    return make_stored(cloud, "a.txt", content=BYTES, resource_type="raw", etag="e" * 32)


# --- Caching ----------------------------------------------------------------------------------


def test_the_very_version_is_kept_for_a_month_and_others_for_an_hour(cloud: Cloud) -> None:
    make_stored(cloud, "a", version=12)
    for path in ("v12/a.jpg", "w_10/v12/a.jpg"):
        caching = get(f"/demo/image/upload/{path}")["Cache-Control"]
        assert caching == "public, max-age=2592000, s-maxage=3600, immutable"
    for path in ("v1/a.jpg", "a.jpg", "w_10/a.jpg"):
        assert get(f"/demo/image/upload/{path}")["Cache-Control"] == "public, max-age=3600"
    assert get("/demo/image/upload/b.jpg")["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["image/upload/a.jpg", "image/upload/w_10/a.jpg", "a.jpg"])
def test_what_is_known_already_is_not_sent_again(cloud: Cloud, path: str) -> None:
    make_stored(cloud, "a")
    first = get(f"/demo/{path}")
    for header in ({"if_none_match": first["ETag"]}, {"if_modified_since": first["Last-Modified"]}):
        again = get(f"/demo/{path}", **header)
        assert (again.status_code, body(again)) == (304, b"")
        assert again["ETag"] == first["ETag"]
        assert again["Cache-Control"] == first["Cache-Control"]
    assert get(f"/demo/{path}", if_none_match='"other"').status_code == 200


def test_what_is_replaced_is_sent_again(cloud: Cloud) -> None:
    asset = make_stored(cloud, "a")
    tag = get("/demo/image/upload/a.jpg")["ETag"]
    Asset.objects.filter(pk=asset.pk).update(etag="f" * 32)
    assert get("/demo/image/upload/a.jpg", if_none_match=tag).status_code == 200


def test_an_etag_is_there_also_before_anybody_asked_for_it(cloud: Cloud) -> None:
    asset = make_stored(cloud, "a", etag="")
    assert get("/demo/image/upload/a.jpg")["ETag"] == f'"{asset.version_id}"'


def test_what_depends_on_the_reader_says_so(cloud: Cloud) -> None:
    make_stored(cloud, "a")
    kinds = {
        "image/avif,image/webp,*/*": "image/avif",
        "image/webp,*/*": "image/webp",
        "image/webp;q=0,*/*": "image/jpeg",
        "": "image/jpeg",
        "\x00\n,;;q=": "image/jpeg",
    }
    for path in ("f_auto/a.jpg", "w_10,f_auto/a", "w_12/a.auto"):
        for accept, kind in kinds.items():
            response = get(f"/demo/image/upload/{path}", accept=accept)
            assert (response["Content-Type"], response["Vary"]) == (kind, "Accept")
    assert "Vary" not in get("/demo/image/upload/w_10/a.jpg", accept="image/webp")


# --- Parts ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "status", "span"),
    [
        ("bytes=0-9", 206, (0, 9)),
        ("bytes=10-", 206, (10, 99)),
        ("bytes=-5", 206, (95, 99)),
        ("bytes=-500", 206, (0, 99)),
        ("bytes=90-500", 206, (90, 99)),
        ("bytes=99-99", 206, (99, 99)),
        ("bytes=0-0", 206, (0, 0)),
        ("bytes=100-", 416, None),
        ("bytes=500-600", 416, None),
        ("bytes=-0", 416, None),
        ("bytes=5-2", 200, None),
        ("bytes=-", 200, None),
        ("bytes=a-b", 200, None),
        ("bytes=0-1,5-6", 200, None),
        ("items=0-1", 200, None),
        ("bytes=99999999999999999999-", 200, None),
        ("bytes=0-9\r\nX: y", 200, None),
        ("", 200, None),
    ],
)
def test_one_part_of_a_file_may_be_asked_for(
    text: Asset, asked: str, status: int, span: tuple[int, int] | None
) -> None:
    response = get(TEXT, range=asked)
    assert response.status_code == status
    if status == 416:
        assert response["Content-Range"] == "bytes */100"
        return
    first, last = span or (0, 99)
    assert body(response) == BYTES[first : last + 1]
    assert response["Content-Length"] == str(last - first + 1)
    assert response["Accept-Ranges"] == "bytes"
    assert response.get("Content-Range") == (f"bytes {first}-{last}/100" if span else None)


def test_a_part_is_sent_only_of_the_file_that_is_meant(text: Asset) -> None:
    at = text.uploaded_at
    for condition, status in [
        (f'"{"e" * 32}"', 206),
        ('"other"', 200),
        (f'W/"{"e" * 32}"', 200),
        (http_date(at.timestamp()), 206),
        (http_date((at - timedelta(days=1)).timestamp()), 200),
        ("nonsense", 200),
    ]:
        assert get(TEXT, range="bytes=0-9", if_range=condition).status_code == status


def test_large_files_are_sent_block_by_block(cloud: Cloud) -> None:
    content = bytes(range(256)) * 4000
    make_stored(cloud, "large.bin", content=content, resource_type="raw")
    assert body(get("/demo/raw/upload/large.bin")) == content
    part = get("/demo/raw/upload/large.bin", range="bytes=1000-900999")
    assert body(part) == content[1000:901000]
    assert part["Content-Length"] == "900000"


def test_a_head_tells_the_same_without_the_content(text: Asset) -> None:
    full, head = get(TEXT), Client().head(TEXT)
    assert head.content == b""
    for header in ("Content-Length", "Content-Type", "ETag", "Last-Modified", "Cache-Control"):
        assert head[header] == full[header]


# --- Nothing runs here ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["a.html", "a.HTM", "a.svg", "a.js", "a.mjs", "a.xml", "a.xhtml", "a.swf", "a.pdf", "a.wasm",
     "a", "a.html.", "html", "a.jpg.html", "a.shtml", "a.mht", "a.jpg"],
)  # fmt: skip
def test_what_a_browser_could_run_is_only_downloaded(cloud: Cloud, name: str) -> None:
    content = b"<script>alert(1)</script>"
    make_stored(cloud, name, content=content, resource_type="raw")
    response = get(f"/demo/raw/upload/{name}")
    assert body(response) == content
    assert response["Content-Disposition"].startswith("attachment")
    assert response["Content-Type"] in ("application/octet-stream", "application/pdf")
    assert response["X-Content-Type-Options"] == "nosniff"


def test_what_is_made_of_a_tag_is_sent_as_what_it_is(cloud: Cloud) -> None:
    for kind, format, content_type in [
        ("sprite", "png", "image/png"), ("multi", "pdf", "application/pdf"),
        ("text", "svg", "application/octet-stream"),
    ]:  # fmt: skip
        make_stored(cloud, "dog", type=kind, format=format)
        Photo.objects.update(visibility="public")
        response = get(f"/demo/image/{kind}/dog.{format}")
        assert response["Content-Type"] == content_type
        assert ("Content-Disposition" in response) == (format != "png")
    make_stored(cloud, "dog.css", content=b"a{}", resource_type="raw", type="sprite")
    assert get("/demo/raw/sprite/v1/dog.css")["Content-Type"] == "text/css; charset=utf-8"


@pytest.mark.parametrize("name", ["a.css", "a.txt", "a.csv"])
def test_text_is_shown_as_nothing_but_text(cloud: Cloud, name: str) -> None:
    make_stored(cloud, name, content=b"<script>", resource_type="raw")
    assert get(f"/demo/raw/upload/{name}")["Content-Type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    "path", ["raw/upload/a.txt", "image/upload/p.jpg", "image/upload/w_10/p.jpg", "p.jpg", "q.jpg"]
)
def test_every_answer_keeps_scripts_out_and_lets_others_read(text: Asset, path: str) -> None:
    make_stored(text.cloud, "p")
    response = get(f"/demo/{path}")
    assert "sandbox" in response["Content-Security-Policy"]
    assert "default-src 'none'" in response["Content-Security-Policy"]
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Access-Control-Allow-Origin"] == "*"
    assert not response.cookies


@pytest.mark.parametrize(
    ("flag", "name"),
    [
        ("fl_attachment", "a.png"),
        ("fl_attachment:pretty", "pretty.png"),
        ("fl_attachment:pretty.png", "pretty.png"),
        ("fl_attachment:a b", "a b.png"),
    ],
)
def test_a_picture_is_downloaded_under_a_name(cloud: Cloud, flag: str, name: str) -> None:
    make_stored(cloud, "x/a")
    response = get(f"/demo/image/upload/{flag}/v1/x/a.png")
    assert response["Content-Disposition"] == f'attachment; filename="{name}"'
    assert "Content-Disposition" not in get("/demo/image/upload/v1/x/a.png")


@pytest.mark.parametrize("name", ['a"b', "a%0d%0aX-Evil:1", "a;b", "%2e%2e%2fpasswd"])
def test_no_name_breaks_out_of_its_header(cloud: Cloud, name: str) -> None:
    make_stored(cloud, "a")
    response = get(f"/demo/image/upload/fl_attachment:{name}/v1/a.png")
    assert response.status_code in (400, 404)
    assert "X-Evil" not in response


def test_names_beyond_ascii_travel_safely(cloud: Cloud) -> None:
    make_stored(cloud, "é\u202e.html", content=b"x", resource_type="raw")
    disposition = get("/demo/raw/upload/é\u202e.html")["Content-Disposition"]
    assert disposition == "attachment; filename*=utf-8''%C3%A9.html"


@pytest.mark.parametrize(
    ("line", "is_sent"),
    [
        ("X-Robots-Tag: noindex", True),
        ("Content-Language: de", True),
        ("X-Meta-Photographer: Anna", True),
        ("Link: <https://example.org/a>; rel=\"canonical\"", True),
        ("Link: <https://example.org/a.css>; rel=stylesheet", False),
        ("Set-Cookie: a=b", False),
        ("Content-Security-Policy: default-src *", False),
        ("content-security-policy: default-src *", False),
        ("Content-Type: text/html", False),
        ("Content-Disposition: inline", False),
        ("X-Content-Type-Options: none", False),
        ("X-Frame-Options: ALLOWALL", False),
        ("Access-Control-Allow-Origin: https://example.org", False),
        ("Location: https://example.org", False),
        ("Transfer-Encoding: chunked", False),
        ("Content-Length: 5", False),
        ("X-Robots-Tag: a\rX-Evil: b", False),
        ("X-Meta-A: \x01", False),
        ("X-Meta-A: é", False),
        ("X-Meta-A", False),
        (": x", False),
        ("X-Meta-A: " + "x" * 10_000, False),
    ],
)  # fmt: skip
def test_only_harmless_headers_come_with_a_file(cloud: Cloud, line: str, is_sent: bool) -> None:
    make_stored(cloud, "a.html", content=b"x", resource_type="raw", headers=f"{line}\nX-Meta-Z: 1")
    response = get("/demo/raw/upload/a.html")
    name, _, value = line.partition(":")
    assert (response.get(name.strip() or "-") == value.strip()) == is_sent
    assert "X-Evil" not in response
    assert response["X-Meta-Z"] == "1"
    assert response["Content-Disposition"].startswith("attachment")


def test_what_is_delivered_is_counted(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[Any] = []
    monkeypatch.setattr(
        "gallery.assets.usage.count", lambda cloud_id, **what: counted.append((cloud_id, what))
    )
    asset = make_stored(cloud, "a")
    get("/demo/image/upload/a.jpg")
    assert counted == [(cloud.pk, {"bandwidth_bytes": asset.size_bytes})]
    get("/demo/image/upload/w_10/a.jpg")
    assert (cloud.pk, {"transformations": 1}) in counted
    counted.clear()
    Client().head("/demo/image/upload/a.jpg")
    assert counted == []
