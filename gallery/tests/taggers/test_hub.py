"""Files of a model: fetched once, taken only with the right checksum, and nothing left behind."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from gallery.taggers import hub
from gallery.taggers.base import TaggerError
from gallery.taggers.hub import Hub, ModelFile, model_file
from gallery.tests.taggers.services import raw_server

CONTENT = bytes(range(256)) * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
NAME = "hub:someone/eyes/onnx/vision.onnx"
ADDRESS = "/someone/eyes/resolve/main/onnx/vision.onnx"
OK = b"HTTP/1.1 200 OK\r\n\r\n"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Where files are kept; whatever happens, nothing half-fetched is left there."""
    yield tmp_path / "models"
    assert not list(tmp_path.rglob("*.part"))


def on_hub(url: str, folder: Path, *, named: str = NAME, **options: Any) -> ModelFile:
    return model_file(named, sha256=SHA256, hub=Hub(url, cache_dir=str(folder), **options))


def failure(file: ModelFile) -> TaggerError:
    with pytest.raises(TaggerError) as caught:
        file.path()
    return caught.value


# --- From a hub -----------------------------------------------------------------------------------


def test_file_is_fetched_once_and_kept(httpserver: HTTPServer, folder: Path) -> None:
    httpserver.expect_oneshot_request(ADDRESS).respond_with_data(CONTENT)
    first = on_hub(httpserver.url_for("/"), folder).path()
    again = on_hub(httpserver.url_for("/"), folder).path()
    assert first == again == folder / SHA256
    assert first.read_bytes() == CONTENT
    assert len(httpserver.log) == 1


def test_nothing_is_fetched_before_it_is_needed(httpserver: HTTPServer, folder: Path) -> None:
    file = on_hub(httpserver.url_for("/"), folder)
    file.check()
    assert (file.name, file.stem, file.sha256) == ("vision.onnx", "vision", SHA256)
    assert not httpserver.log
    assert not folder.exists()


@pytest.mark.parametrize(
    ("named", "address"),
    [
        ("hub:a/b/c.onnx", "/a/b/resolve/main/c.onnx"),
        ("hub:a/b@v1.2/c.onnx", "/a/b/resolve/v1.2/c.onnx"),
        ("hub:a-1/b_2.3@0af9/c/d/e.txt", "/a-1/b_2.3/resolve/0af9/c/d/e.txt"),
    ],
)
def test_name_stands_for_an_address(
    named: str, address: str, httpserver: HTTPServer, folder: Path
) -> None:
    httpserver.expect_request(address).respond_with_data(CONTENT)
    assert on_hub(httpserver.url_for(""), folder, named=named).path().exists()


def test_token_is_shown_to_the_hub_and_not_to_where_it_sends(
    httpserver: HTTPServer, folder: Path
) -> None:
    elsewhere = f"http://127.0.0.1:{httpserver.port}/store/1"
    away = Response("", status=302, headers={"Location": elsewhere})
    httpserver.expect_request(ADDRESS).respond_with_response(away)
    httpserver.expect_request("/store/1").respond_with_data(CONTENT)
    made = on_hub(f"http://localhost:{httpserver.port}", folder, token="hf_1")
    assert made.path().read_bytes() == CONTENT
    shown = [request.headers.get("Authorization") for request, _ in httpserver.log]
    assert shown == ["Bearer hf_1", None]


def test_token_is_not_written_into_logs() -> None:
    assert "hf_1" not in repr(Hub(token="hf_1"))


def test_running_in_circles_ends(httpserver: HTTPServer, folder: Path) -> None:
    httpserver.expect_request(ADDRESS).respond_with_response(
        Response("", status=302, headers={"Location": ADDRESS})
    )
    error = failure(on_hub(httpserver.url_for("/"), folder))
    assert "could not be fetched from localhost" in str(error)
    assert len(httpserver.log) == 1 + hub.MAX_REDIRECTS


def test_wrong_checksum_is_refused_for_good(httpserver: HTTPServer, folder: Path) -> None:
    httpserver.expect_request(ADDRESS).respond_with_data(CONTENT + b"!")
    error = failure(on_hub(httpserver.url_for("/"), folder))
    assert str(error) == (
        "vision.onnx from localhost has another checksum than the one configured."
    )
    assert error.permanent
    assert not list(folder.iterdir())


@pytest.mark.parametrize(
    ("status", "permanent", "words"),
    [
        (401, True, "localhost wants a token before it gives out vision.onnx (HTTP 401)."),
        (403, True, "localhost does not give out vision.onnx (HTTP 403)."),
        (404, True, "localhost does not have vision.onnx (HTTP 404)."),
        (418, True, "localhost refused to give out vision.onnx (HTTP 418)."),
        (429, False, "localhost refused to give out vision.onnx (HTTP 429)."),
        (500, False, "localhost refused to give out vision.onnx (HTTP 500)."),
        (503, False, "localhost refused to give out vision.onnx (HTTP 503)."),
    ],
)
def test_refusals_say_why_and_whether_asking_again_can_help(
    status: int, permanent: bool, words: str, httpserver: HTTPServer, folder: Path
) -> None:
    refused = Response("no", status=status, headers={"Retry-After": "9"})
    httpserver.expect_request(ADDRESS).respond_with_response(refused)
    error = failure(on_hub(httpserver.url_for("/"), folder))
    assert str(error) == words
    assert error.permanent == permanent
    assert error.retry_in_s == 9
    assert not list(folder.iterdir())


def test_nobody_there_may_be_tried_again(folder: Path) -> None:
    error = failure(on_hub("http://127.0.0.1:9", folder))
    assert str(error) == "vision.onnx could not be fetched from 127.0.0.1."
    assert not error.permanent
    assert not list(folder.iterdir())


def test_silence_is_not_waited_for_for_ever(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "TIMEOUT_S", 0.2)
    with raw_server(falls_silent=True) as url:
        error = failure(on_hub(f"{url}/", folder))
    assert not error.permanent


@pytest.mark.parametrize(
    ("forever", "limit", "words", "permanent"),
    [
        (b" " * 65536, ("MAX_BYTES", 1_000_000), "is too large", True),
        (b" ", ("WHOLE_FETCH_S", 0.2), "comes too slowly", False),
    ],
)
def test_body_without_end_is_cut_off(
    forever: bytes,
    limit: tuple[str, float],
    words: str,
    permanent: bool,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hub, *limit)
    with raw_server(OK, forever=forever) as url:
        error = failure(on_hub(url, folder))
    assert words in str(error)
    assert error.permanent == permanent
    assert not list(folder.iterdir())


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{", b"SSH-2.0-OpenSSH_9.2\r\n"]
)
def test_fetch_that_breaks_off_may_be_tried_again(answer: bytes, folder: Path) -> None:
    with raw_server(answer) as url:
        error = failure(on_hub(url, folder))
    assert "could not be fetched" in str(error)
    assert not error.permanent
    assert not list(folder.iterdir())


def test_kept_file_that_was_damaged_is_fetched_again(httpserver: HTTPServer, folder: Path) -> None:
    folder.mkdir()
    (folder / SHA256).write_bytes(CONTENT[:-1])
    httpserver.expect_request(ADDRESS).respond_with_data(CONTENT)
    assert on_hub(httpserver.url_for("/"), folder).path().read_bytes() == CONTENT


def test_what_a_killed_worker_left_is_removed_but_not_what_one_is_writing(
    httpserver: HTTPServer, tmp_path: Path
) -> None:
    left, written = tmp_path / f"{SHA256}.1.part", tmp_path / f"{SHA256}.2.part"
    for part in (left, written):
        part.write_bytes(b"half")
    long_ago = time.time() - 2 * hub.WHOLE_FETCH_S
    os.utime(left, (long_ago, long_ago))
    httpserver.expect_request(ADDRESS).respond_with_data(CONTENT)
    on_hub(httpserver.url_for("/"), tmp_path).path()
    assert not left.exists()
    assert written.exists()


def test_folder_that_cannot_be_written_is_said(httpserver: HTTPServer, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    error = failure(on_hub(httpserver.url_for("/"), tmp_path / "file" / "models"))
    assert "vision.onnx cannot be kept in" in str(error)
    assert "Not a directory" in str(error)
    assert not error.permanent


def test_files_are_kept_in_the_home_folder_unless_told_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOME", "/home/site")
    assert Hub().folder == Path("/home/site/.cache/photolib/models")


@pytest.mark.parametrize(
    "named",
    [
        "hub:",
        "hub:owner/name",
        "hub:owner/name/",
        "hub:owner/name@/file.onnx",
        "hub:owner/name/../../file.onnx",
        "hub:../name/file.onnx",
        "hub:owner/name@../file.onnx",
        "hub:owner/name//file.onnx",
        "hub:owner/name/file.onnx?download=true",
        "hub:owner/name/file.onnx\n",
    ],
)
def test_name_of_another_form_is_refused_at_start_up(named: str) -> None:
    with pytest.raises(ValueError, match="is not of the form hub:owner/name"):
        model_file(named, sha256=SHA256, hub=Hub())


def test_name_on_a_hub_needs_a_checksum() -> None:
    with pytest.raises(ValueError, match="needs its SHA-256"):
        model_file(NAME, sha256="", hub=Hub())


@pytest.mark.parametrize("sha256", ["1234", "x" * 64, SHA256 + "0"])
def test_checksum_that_is_none_is_refused_at_start_up(sha256: str) -> None:
    with pytest.raises(ValueError, match="is no SHA-256"):
        model_file("eyes.onnx", sha256=sha256, hub=Hub())


@pytest.mark.parametrize("url", ["", "ftp://example.org", "huggingface.co"])
def test_hub_without_an_address_is_refused_at_start_up(url: str) -> None:
    with pytest.raises(ValueError, match="no http or https address"):
        Hub(url)


def test_address_that_no_one_can_have_is_refused_for_good(folder: Path) -> None:
    error = failure(on_hub("http://example.org:port", folder))
    assert "has no address" in str(error)
    assert error.permanent


# --- On this machine ------------------------------------------------------------------------------


def local(path: Path, *, sha256: str = "") -> ModelFile:
    return model_file(str(path), sha256=sha256, hub=Hub())


@pytest.mark.parametrize("sha256", ["", SHA256, SHA256.upper()])
def test_file_of_this_machine_is_used_where_it_lies(sha256: str, tmp_path: Path) -> None:
    path = tmp_path / "eyes.v2.onnx"
    path.write_bytes(CONTENT)
    file = local(path, sha256=sha256)
    assert file.path() == path
    assert (file.stem, file.sha256) == ("eyes.v2", SHA256)


def test_file_of_this_machine_with_another_checksum_is_refused(tmp_path: Path) -> None:
    (tmp_path / "eyes.onnx").write_bytes(b"other")
    error = failure(local(tmp_path / "eyes.onnx", sha256=SHA256))
    assert str(error) == "eyes.onnx has another checksum than the one configured."
    assert error.permanent


@pytest.mark.parametrize("sha256", ["", SHA256])
def test_missing_file_is_refused_for_good(sha256: str, tmp_path: Path) -> None:
    error = failure(local(tmp_path / "eyes.onnx", sha256=sha256))
    assert str(error) == "eyes.onnx is missing or cannot be read."
    assert error.permanent


def test_missing_file_is_found_at_start_up(tmp_path: Path) -> None:
    with pytest.raises(TaggerError, match=r"eyes\.onnx is missing"):
        local(tmp_path / "eyes.onnx").check()


def test_file_without_a_name_is_refused_at_start_up() -> None:
    with pytest.raises(ValueError, match="one is empty"):
        model_file("", sha256="", hub=Hub())
