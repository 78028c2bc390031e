"""Parameters are found wherever client libraries put them, and nothing hostile gets through."""

from __future__ import annotations

from io import BytesIO
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import RequestFactory
from pytest_django import Settings

from gallery.api import params as reading
from gallery.api.errors import BadRequestError
from gallery.api.params import Params, read, split_pairs

FORM, JSON = "application/x-www-form-urlencoded", "application/json"
METHODS = ["GET", "POST", "PUT", "DELETE"]


def asked(
    body: bytes | str = b"", kind: str = FORM, *, method: str = "POST", query: str = ""
) -> Params:
    return read(RequestFactory().generic(method, f"/?{query}", body, kind))


def multipart(*parts: tuple[bytes, bytes], boundary: bytes = b"xyz") -> Params:
    """Read a form of parts; each is a Content-Disposition without its begin, and the content."""
    body = b"".join(
        b"--" + boundary + b"\r\nContent-Disposition: form-data; " + head + b"\r\n\r\n"
        + content + b"\r\n"
        for head, content in parts
    )  # fmt: skip
    kind = f"multipart/form-data; boundary={boundary.decode()}"
    return asked(body + b"--" + boundary + b"--\r\n", kind)


# --- Places -----------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("body", "kind"), [("a=1&b=x%20y", FORM), ('{"a": "1", "b": "x y"}', JSON)]
)
def test_bodies_are_read_with_any_method(method: str, body: str, kind: str) -> None:
    assert asked(body, kind, method=method).values == {"a": "1", "b": "x y"}


def test_json_content_type_without_a_body_is_no_error() -> None:
    assert asked(b"", JSON, method="GET", query="a=1").values == {"a": "1"}
    assert asked(b" ", JSON, query="a=1").values == {"a": "1"}


def test_body_wins_over_address() -> None:
    assert asked("a=body", query="a=address&b=1").values == {"a": "body", "b": "1"}
    assert asked('{"a": "body"}', JSON, query="a=address&b=1").values == {"a": "body", "b": "1"}


def test_json_is_noticed_without_its_content_type() -> None:
    assert asked('{"a": 1}', "text/plain").values == {"a": 1}


@pytest.mark.parametrize(
    "query", ["a[]=1&a[]=2", "a[0]=1&a[1]=2", "a=1&a=2", "a%5B%5D=1&a%5B%5D=2", "a[]=1&a=2"]
)
def test_arrays_in_all_spellings(query: str) -> None:
    assert asked(query).array("a") == ["1", "2"]
    assert asked(query=query).array("a") == ["1", "2"]


def test_single_value_is_an_array_of_one() -> None:
    assert asked("a=1").array("a") == ["1"]
    assert asked("").array("a") == asked("a=").array("a") == []
    assert asked('{"a": [1, "2"]}', JSON).array("a") == ["1", "2"]


def test_nested_names_are_mappings() -> None:
    assert asked("c[alt]=x&c[caption]=y").pairs("c") == {"alt": "x", "caption": "y"}


def test_names_with_odd_brackets_are_names() -> None:
    assert asked("a[=1&]b=2&c[d=3").values == {"a[": "1", "]b": "2", "c[d": "3"}


# --- Values -----------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["1", "true", "TRUE", "yes"])
def test_true(text: str) -> None:
    assert asked(f"a={text}").flag("a") is True


@pytest.mark.parametrize("text", ["0", "false", "no", ""])
def test_false_is_not_absent(text: str) -> None:
    assert asked(f"a={text}").flag("a", default=True) is False
    assert asked("").flag("a", default=True) is True


def test_json_has_booleans_and_numbers() -> None:
    told = asked('{"a": true, "b": 0.4, "c": 10, "d": null}', JSON)
    assert (told.flag("a"), told.number("b"), told.has("d")) == (True, 0.4, False)
    assert told.integer("c", 1, low=1, high=5) == 5


@pytest.mark.parametrize("text", ["maybe", "2", "[]"])
def test_what_is_neither_true_nor_false(text: str) -> None:
    with pytest.raises(BadRequestError):
        asked(f"a={text}").flag("a")


@pytest.mark.parametrize("text", ["x", "nan", "inf", "1e999", "1,5", "0x10"])
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(BadRequestError):
        asked(f"a={text}").number("a")


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "9" * 400])
def test_what_is_no_count(text: str) -> None:
    with pytest.raises(BadRequestError):
        asked(f"a={text}").integer("a", 10, low=1, high=500)


def test_a_structure_is_no_text() -> None:
    for body in ('{"a": ["x", "y"]}', '{"a": {"b": 1}}', '{"a": [["x"]]}'):
        with pytest.raises(BadRequestError):
            asked(body, JSON).text("a")


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("a=1|b=2", {"a": "1", "b": "2"}),
        (r"a=x\|y\=z", {"a": "x|y=z"}),
        (r"k\=1=v", {"k=1": "v"}),
        ("a=b=c", {"a": "b=c"}),
        ("a=", {"a": ""}),
        ("a=1||b=2|", {"a": "1", "b": "2"}),
        (r"a=back\slash", {"a": r"back\slash"}),
        ("a=x\ny", {"a": "x\ny"}),
        ("a=ends\\", {"a": "ends\\"}),
        ("", {}),
    ],
)
def test_pipe_lists(text: str, pairs: dict[str, str]) -> None:
    assert dict(split_pairs(text, "context")) == pairs


@pytest.mark.parametrize("text", ["a", "=1", "a=1|b"])
def test_broken_pipe_lists(text: str) -> None:
    with pytest.raises(BadRequestError):
        dict(split_pairs(text, "context"))


# --- Forms with files -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        (b'name="file"; filename="logo.png"', "logo.png"),
        (b'name="file"; filename="dir/sub/logo.png"', "logo.png"),
        (rb'name="file"; filename="C:\dir\logo.png"', "logo.png"),
        ('name="file"; filename="kůň.png"'.encode(), "kůň.png"),
        ('name="file"; filename="café.png"'.encode("latin-1"), "café.png"),
        (b"name=\"file\"; filename*=utf-8''k%C5%AF%C5%88.png", "kůň.png"),
        (b'name="file"; filename=""', ""),
        (b'name="file"; filename="a\\"b.png"', 'a"b.png'),
        (b'name="file"', ""),
    ],
)
def test_names_of_files(disposition: bytes, name: str) -> None:
    told = multipart((disposition, b"\x89PNG\r\n\x1a\n\0"))
    assert told.files["file"].name == name
    assert told.files["file"].file.read() == b"\x89PNG\r\n\x1a\n\0"
    assert told.files["file"].size_bytes == 9


def test_text_for_a_file_is_a_parameter() -> None:
    told = multipart((b'name="file"', "http://e.org/kůň.png".encode()))
    assert told.text("file") == "http://e.org/kůň.png"
    assert not told.files


def test_long_data_uri_is_a_parameter() -> None:
    told = multipart((b'name="file"', b"data:," + b"x" * (reading.MAX_FIELDS_BYTES + 10)))
    assert len(told.text("file")) > reading.MAX_FIELDS_BYTES


def test_fields_of_a_form_are_text() -> None:
    told = multipart((b'name="tags[]"', b"a"), (b'name="tags[]"', "ž".encode()))
    assert told.array("tags") == ["a", "ž"]
    assert told.sent == [("tags", "a"), ("tags", "ž")]


# --- Hostile ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ('{"a":', JSON),
        ("[1]", JSON),
        ('"a"', JSON),
        ('{"a": NaN}', JSON),
        ('{"a": "\\u0000"}', JSON),
        ('{"a": "\\ud800"}', JSON),
        ('{"a": "\0"}', JSON),
        ('{"a": ' + "[" * 100_000, JSON),
        ('{"a": ' + "9" * 10_000 + "}", JSON),
        (b"\xff\xfe", FORM),
        ("a=%00", FORM),
        ("%00=a", FORM),
        ("&".join(f"a{number}=1" for number in range(3000)), FORM),
        (b"--xyz", "multipart/form-data"),
        (b"--xyz", "multipart/form-data; boundary=xyz"),
        (b"nonsense", "multipart/form-data; boundary=" + "x" * 10_000),
    ],
)
def test_bodies_that_cannot_be_read(body: bytes | str, kind: str) -> None:
    with pytest.raises(BadRequestError):
        asked(body, kind)


def test_addresses_that_cannot_be_read() -> None:
    for query in ("a=%00", urlencode([("a", "1")] * 3000)):
        with pytest.raises(BadRequestError):
            asked(query=query)


def test_parts_that_cannot_be_read() -> None:
    for parts in (
        [(b'name="tags"', b"\xff")],
        [(b'name="tags"', b"x" * (reading.MAX_FIELDS_BYTES + 1))],
        [(b'name="tags"; filename="x"', b"\xff")],
        [(b'filename="x"', b"\xff")],
        [(b'name="a"', b"x\0")],
        [(b'name="a"', b"1")] * 3000,
    ):
        with pytest.raises(BadRequestError):
            multipart(*parts)


def test_files_that_are_too_large(settings: Settings, monkeypatch: Any) -> None:
    settings.MAX_UPLOAD_BYTES = 1000
    monkeypatch.setattr(reading, "MAX_DATA_URI_BYTES", 1000)
    with pytest.raises(BadRequestError, match=r"^File size too large. Got \d+. Maximum is 1000.$"):
        multipart((b'name="file"; filename="x"', b"x" * 2000))


def test_bodies_that_are_too_large(monkeypatch: Any) -> None:
    monkeypatch.setattr(reading, "MAX_DATA_URI_BYTES", 10)
    monkeypatch.setattr(reading, "MAX_FIELDS_BYTES", 10)
    with pytest.raises(BadRequestError, match="too large"):
        asked("a=" + "x" * 100)


def test_bodies_without_a_length_are_read() -> None:
    request = RequestFactory().generic("POST", "/", b"", FORM, HTTP_TRANSFER_ENCODING="chunked")
    request.META.pop("CONTENT_LENGTH", None)
    request.META["wsgi.input"] = BytesIO(b"a=1")
    assert read(request).values == {"a": "1"}
