"""The habits of the libraries for Ruby, PHP, Java and Go, written out as requests."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from ..pictures import picture
from .raw import FORM, JSON, Fields, Program, bracketed, multipart, numbered

PICTURE = picture(120, 80)


def upload(program: Program, fields: Fields, **request: Any) -> dict[str, Any]:
    """Upload the picture in a form, with a signature."""
    path, status = request.pop("path", "/image/upload"), request.pop("status", 200)
    body, headers = multipart(program.signed(fields), file=request.pop("file", PICTURE))
    headers |= request.pop("headers", {})
    return program.ask("POST", path, status=status, content=body, headers=headers)


# --- Ruby -------------------------------------------------------------------------------------


def test_get_has_a_json_body(program: Program, name: str) -> None:
    upload(program, {"public_id": f"{name}/one", "tags": name})
    upload(program, {"public_id": f"{name}/two", "tags": name})
    asked = {"prefix": f"{name}/", "max_results": 1, "tags": True}

    told = program.ask(
        "GET",
        "/resources/image/upload",
        content=json.dumps(asked),
        headers=program.basic() | JSON,
    )

    assert [one["public_id"] for one in told["resources"]] == [f"{name}/one"]
    assert told["resources"][0]["tags"] == [name]
    assert told["next_cursor"]


def test_search_is_a_get_with_a_json_body(program: Program, name: str) -> None:
    upload(program, {"tags": name})
    told = program.ask(
        "GET",
        "/resources/search",
        content=json.dumps({"expression": f"tags={name}"}),
        headers=program.basic() | JSON,
    )
    assert told["total_count"] == 1


def test_basic_is_in_the_alphabet_for_urls(program: Program) -> None:
    headers = program.basic(for_urls=True)
    assert set(headers["Authorization"]) & set("-_")
    assert program.ask("GET", "/ping", headers=headers) == {"status": "ok"}


def test_update_is_json_with_a_number_and_a_mapping(program: Program, name: str) -> None:
    upload(program, {"public_id": name})
    asked = {
        "tags": [name, "zoo"],
        "context": {"alt": "a|b=c"},
        "categorization": "imagga_tagging",
        "auto_tagging": 0.5,
    }

    told = program.ask(
        "POST", f"/resources/image/upload/{name}", json=asked, headers=program.basic()
    )

    assert told["tags"] == sorted(["koala", name, "zoo"])
    assert told["context"] == {"custom": {"alt": "a|b=c"}}


def test_delete_is_json(program: Program, name: str) -> None:
    upload(program, {"public_id": name})
    told = program.ask(
        "DELETE",
        "/resources/image/upload",
        content=json.dumps({"public_ids": [name, f"no-{name}"]}),
        headers=program.basic() | JSON,
    )
    assert told["deleted"] == {name: "deleted", f"no-{name}": "not_found"}


def test_transformation_is_named_in_the_path(program: Program, name: str) -> None:
    asked = {"name": name, "transformation": "c_scale,w_50"}
    program.ask("POST", "/transformations", json=asked, headers=program.basic())
    told = program.ask("GET", f"/transformations/{name}", headers=program.basic())
    assert told["info"] == [{"crop": "scale", "width": 50}]


# --- PHP --------------------------------------------------------------------------------------


def test_auto_upload_has_basic_beside_the_signature(program: Program, name: str) -> None:
    told = upload(program, {"public_id": name}, path="/auto/upload", headers=program.basic())
    assert (told["resource_type"], told["public_id"]) == ("image", name)


def test_auto_upload_of_text_is_raw(program: Program, name: str) -> None:
    asked = {"public_id": f"{name}.txt"}
    told = upload(program, asked, path="/auto/upload", file=b"only text\n")
    assert (told["resource_type"], told["public_id"]) == ("raw", f"{name}.txt")
    assert "format" not in told


def test_signature_lets_in_whatever_basic_says(program: Program) -> None:
    upload(program, {}, headers=program.basic(secret="not the secret"))


def test_basic_lets_in_without_a_signature(program: Program, name: str) -> None:
    body, headers = multipart({"public_id": name}, file=PICTURE)
    told = program.ask("POST", "/image/upload", content=body, headers=headers | program.basic())
    assert told["public_id"] == name


def test_wrong_signature_is_not_helped_by_basic(program: Program) -> None:
    body, headers = multipart(program.signed({}) | {"signature": "0" * 40}, file=PICTURE)
    told = program.ask("POST", "/image/upload", status=401, content=body, headers=headers)
    assert told["error"]["message"].startswith("Invalid Signature 000")


def test_unsigned_upload_ignores_basic(program: Program, name: str) -> None:
    preset = {"name": name, "unsigned": "true", "tags": "of-preset"}
    program.ask("POST", "/upload_presets", data=preset, headers=program.basic())
    body, headers = multipart({"upload_preset": name, "tags": "mine"}, file=PICTURE)
    wrong = program.basic(secret="not the secret")
    told = program.ask("POST", "/image/upload", content=body, headers=headers | wrong)
    assert sorted(told["tags"]) == ["mine", "of-preset"]


def test_eleven_numbered_ids_in_a_form_are_signed_in_their_order(
    program: Program, name: str
) -> None:
    upload(program, {"public_id": name})
    ids = [*(f"no-{at}-{name}" for at in range(10)), name]
    asked = program.signed({"command": "add", "tag": "one,two", "public_ids": ids})
    told = program.ask("POST", "/image/tags", data=numbered(asked), headers=program.basic())
    assert told == {"public_ids": [name]}


def test_form_on_delete(program: Program, name: str) -> None:
    upload(program, {"public_id": name})
    told = program.ask(
        "DELETE",
        "/resources/image/upload",
        content=urlencode(numbered({"public_ids": [name]})),
        headers=program.basic() | FORM,
    )
    assert told["deleted"] == {name: "deleted"}


def test_numbered_ids_in_an_address(program: Program, name: str) -> None:
    upload(program, {"public_id": name})
    asked = numbered({"public_ids": [name, f"no-{name}"]})
    told = program.ask("GET", "/resources/image/upload", params=asked, headers=program.basic())
    assert [one["public_id"] for one in told["resources"]] == [name]


def test_chunks_without_a_total(program: Program, name: str) -> None:
    half, size = len(PICTURE) // 2, len(PICTURE)
    part = {"X-Unique-Upload-Id": name}
    first = part | {"Content-Range": f"bytes 0-{half - 1}"}
    last = part | {"Content-Range": f"bytes {half}-{size - 1}/{size}"}

    told = upload(program, {"public_id": name}, file=PICTURE[:half], headers=first)
    assert (told["done"], told["bytes"]) == (False, half)
    told = upload(program, {"public_id": name}, file=PICTURE[half:], headers=last)
    assert (told["bytes"], told["width"], told["height"]) == (size, 120, 80)


# --- Java -------------------------------------------------------------------------------------


def test_destroy_is_a_form_in_parts(program: Program, name: str) -> None:
    body, headers = multipart(program.signed({"public_id": name}))
    told = program.ask("POST", "/image/destroy", content=body, headers=headers)
    assert told == {"result": "not found"}


def test_form_on_put(program: Program, name: str) -> None:
    headers = program.basic() | FORM
    made = {"name": name, "transformation": "c_scale,w_60"}
    program.ask("POST", "/transformations", content=urlencode(made), headers=headers)
    changed = {"transformation": name, "unsafe_update": "c_scale,w_61"}
    program.ask("PUT", "/transformations", content=urlencode(changed), headers=headers)
    told = program.ask(
        "GET", "/transformations", params={"transformation": name}, headers=program.basic()
    )
    assert told["info"] == [{"crop": "scale", "width": 61}]


def test_slash_of_an_id_may_be_escaped(program: Program, name: str) -> None:
    upload(program, {"public_id": f"{name}/one"})
    for path in (f"{name}/one", f"{name}%2Fone"):
        told = program.ask("GET", f"/resources/image/upload/{path}", headers=program.basic())
        assert told["public_id"] == f"{name}/one"


def test_reset_of_the_limit_is_a_date(program: Program) -> None:
    answer = program.client.get(f"/v1_1/{program.cloud}/ping", headers=program.basic())
    time.strptime(answer.headers["X-FeatureRateLimit-Reset"], "%a, %d %b %Y %H:%M:%S GMT")
    assert int(answer.headers["X-FeatureRateLimit-Remaining"]) > 0
    assert int(answer.headers["X-FeatureRateLimit-Limit"]) > 0


# --- Go ---------------------------------------------------------------------------------------


def test_file_is_text_in_a_plain_form(program: Program, name: str) -> None:
    uri = f"data:image/jpeg;base64,{base64.b64encode(PICTURE).decode()}"
    asked = program.signed({"public_id": name, "tags": "a,b"}) | {"file": uri}
    told = program.ask("POST", "/auto/upload", data=asked)
    assert (told["public_id"], told["width"], told["tags"]) == (name, 120, ["a", "b"])


def test_get_says_json_and_has_no_body(program: Program, name: str) -> None:
    upload(program, {"public_id": name})
    told = program.ask("GET", f"/resources/image/upload/{name}", headers=program.basic() | JSON)
    time.strptime(told["created_at"], "%Y-%m-%dT%H:%M:%SZ")


# --- What all of them may do --------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
@pytest.mark.parametrize("version", [1, 2])
def test_signature_of_either_kind(program: Program, version: int, algorithm: str) -> None:
    asked = program.signed({"tags": "salt & pepper"}, version=version, algorithm=algorithm)
    body, headers = multipart(asked, file=PICTURE)
    told = program.ask("POST", "/image/upload", content=body, headers=headers)
    assert told["tags"] == ["salt & pepper"]


def test_array_is_signed_without_its_brackets(program: Program, name: str) -> None:
    upload(program, {"public_id": name})
    asked = program.signed({"command": "add", "tag": "x", "public_ids": [name, f"no-{name}"]})
    body, headers = multipart(bracketed(asked))
    told = program.ask("POST", "/image/tags", content=body, headers=headers)
    assert told == {"public_ids": [name]}


def test_labels_may_leave_the_webhook_unsigned_and_uploads_may_not(
    program: Program, name: str
) -> None:
    extra = {"notification_url": "http://192.0.2.1/hook"}
    told = upload(program, {"public_id": name})
    labels = program.signed({"command": "add", "tag": "x", "public_ids": [name]}) | extra
    body, headers = multipart(bracketed(labels))
    assert program.ask("POST", "/image/tags", content=body, headers=headers)["public_ids"]
    body, headers = multipart(program.signed({}) | extra, file=PICTURE)
    told = program.ask("POST", "/image/upload", status=401, content=body, headers=headers)
    assert told["error"]["message"].startswith("Invalid Signature ")


def test_body_comes_in_pieces_and_without_a_length(program: Program) -> None:
    body, headers = multipart(program.signed({}), file=PICTURE)
    told = program.ask("POST", "/image/upload", content=pieces(body), headers=headers)
    assert told["bytes"] == len(PICTURE)


def pieces(body: bytes) -> Iterator[bytes]:
    """Yield a body as Node sends it: bit by bit, and without the last line break."""
    whole = body.removesuffix(b"\r\n")
    for at in range(0, len(whole), 500):
        yield whole[at : at + 500]


@pytest.mark.parametrize(
    "path", ["/v1_1/nobodys-cloud/image/upload", "/v1_1/nowhere", "/v2/shoebox/analysis"]
)
def test_refusal_leaves_the_connection_to_the_next_request(program: Program, path: str) -> None:
    body, headers = multipart(program.signed({}), file=PICTURE * 200)
    connection = http.client.HTTPConnection(program.client.base_url.netloc.decode(), timeout=30)
    with contextlib.closing(connection):
        connection.connect()
        socket = connection.sock
        for _ in range(3):
            connection.request("POST", path, pieces(body), headers, encode_chunked=True)
            answer = connection.getresponse()
            assert "error" in json.loads(answer.read())
            assert answer.status in (401, 404)
        assert connection.sock is socket


def test_plain_name_again_and_again_is_an_array(program: Program, name: str) -> None:
    ids = [f"{name}-{at}" for at in range(2)]
    for one in ids:
        upload(program, {"public_id": one, "type": "authenticated"})
    asked = [("type", "authenticated"), *(("public_ids", one) for one in ids)]
    told = program.ask(
        "POST",
        "/resources/image/publish_resources",
        content=urlencode(asked),
        headers=program.basic() | FORM,
    )
    assert sorted(one["public_id"] for one in told["published"]) == ids


@pytest.mark.parametrize(
    "filename",
    [b'a"b.jpg', b"\x01\x02.jpg", b"\xfc.jpg", b"..\\..\\x.jpg", b"../../x.jpg", b"", b"." * 900],
)
def test_file_may_have_any_name(program: Program, filename: bytes) -> None:
    body, headers = multipart(
        program.signed({"use_filename": "1"}), file=PICTURE, filename=filename
    )
    told = program.ask("POST", "/image/upload", content=body, headers=headers)
    assert not set(told["public_id"]) & set('\\/?&#%<>+"\x01\x02')


REFUSED: list[tuple[str, str, int, dict[str, Any]]] = [
    ("GET", "/no/such/route", 404, {}),
    ("PATCH", "/ping", 405, {}),
    ("POST", "/resources/search", 400, {"content": b"{no json", "headers": JSON}),
    ("POST", "/resources/search", 400, {"content": b"[1]", "headers": JSON}),
    ("POST", "/resources/search", 400, {"content": b"\xff\xfe", "headers": JSON}),
    ("POST", "/resources/search", 400, {"json": {"expression": "a\0b"}}),
    ("POST", "/resources/search", 400, {"json": {"expression": {"a": 1}}}),
    ("POST", "/resources/search", 400, {"json": {"max_results": "ten"}}),
    ("GET", "/resources/image/upload?max_results=-1", 400, {}),
    ("GET", "/resources/image/upload?max_results=nan", 400, {}),
    ("GET", "/resources/image/upload?next_cursor=%00zz", 400, {}),
    ("GET", "/resources/image/upload?start_at=yesterday-ish", 400, {}),
    ("GET", "/resources/image/upload/%00", 400, {}),
    ("GET", "/usage/99-99-9999", 400, {}),
]


@pytest.mark.parametrize(("method", "path", "status", "request_"), REFUSED)
def test_what_makes_no_sense_is_refused_in_json(
    program: Program, method: str, path: str, status: int, request_: dict[str, Any]
) -> None:
    asked = request_ | {"headers": program.basic() | request_.get("headers", {})}
    told = program.ask(method, path, status=status, **asked)
    assert set(told) == {"error"}
    assert told["error"]["message"]


@pytest.mark.parametrize(
    "credentials", ["", "Basic", "Basic !!!", "Basic Og==", "Bearer x", "Basic " + "A" * 5000]
)
def test_nobody_comes_in_with_such_credentials(program: Program, credentials: str) -> None:
    headers = {"Authorization": credentials} if credentials else {}
    told = program.ask("GET", "/ping", status=401, headers=headers)
    assert told["error"]["message"]


@pytest.mark.parametrize(
    ("timestamp", "reason"),
    [
        ("1300000000", "Stale request - reported time is 2011-03-13"),
        ("9999999999", "Invalid timestamp"),
        ("soon", "Missing required parameter - timestamp"),
        ("", "Missing required parameter - timestamp"),
        ("9" * 400, "Missing required parameter - timestamp"),
    ],
)
def test_signature_of_another_time_is_refused(
    program: Program, timestamp: str, reason: str
) -> None:
    told = upload(program, {"timestamp": timestamp}, status=400)
    assert told["error"]["message"].startswith(reason)


def test_upload_without_anything_is_refused(program: Program) -> None:
    headers = {"Content-Type": "multipart/form-data"}
    told = program.ask("POST", "/image/upload", status=400, content=b"", headers=headers)
    assert told["error"]["message"]


def test_refused_upload_says_why_in_a_header(program: Program) -> None:
    body, headers = multipart(program.signed({}), file=b"no picture")
    answer = program.client.post(
        f"/v1_1/{program.cloud}/image/upload", content=body, headers=headers
    )
    assert answer.status_code == 400
    assert answer.headers["X-Cld-Error"] == answer.json()["error"]["message"]


def test_browser_of_another_site_may_upload(program: Program) -> None:
    answer = program.client.options(
        f"/v1_1/{program.cloud}/image/upload",
        headers={
            "Origin": "https://shop.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "x-unique-upload-id,content-range",
        },
    )
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    allowed = answer.headers["Access-Control-Allow-Headers"].lower()
    assert "x-unique-upload-id" in allowed
    assert "content-range" in allowed


def test_nothing_is_redirected(program: Program) -> None:
    told = program.ask("GET", "/ping/", status=404, headers=program.basic())
    assert told["error"]["message"]
