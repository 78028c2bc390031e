"""Node's library, where there is Node: NODE_SDK names the folder it is installed in.

`npm install cloudinary@2.11.0 --prefix FOLDER` installs it. With NODE_SDK_EXPECTED its absence
is a failure.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ..pictures import picture
from .taggers import SAID

SCRIPT = Path(__file__).with_name("node.mjs")
PICTURE = picture(200, 100)
SENT = {"base64": base64.b64encode(PICTURE).decode(), "name": "koala.jpg"}

Answers = list[dict[str, Any]]
Node = Callable[..., Answers]


@pytest.fixture(scope="session")
def node_sdk() -> Path:
    """The folder with the library in its node_modules."""
    folder = Path(os.environ.get("NODE_SDK") or "/nowhere")
    missing = ""
    if shutil.which("node") is None:
        missing = "there is no node"
    elif not (folder / "node_modules" / "cloudinary").is_dir():
        missing = "NODE_SDK names no folder with Node's library in it"
    if missing and os.environ.get("NODE_SDK_EXPECTED"):
        pytest.fail(missing)
    if missing:
        pytest.skip(missing)
    return folder


@pytest.fixture
def node(node_sdk: Path, cloudinary_url: str) -> Node:
    """Make calls one after the other, each a name and arguments, and return what was told."""

    def run(*calls: tuple[Any, ...]) -> Answers:
        asked = [{"do": call, "with": arguments} for call, *arguments in calls]
        done = subprocess.run(
            ["node", str(SCRIPT), str(node_sdk)],
            input=json.dumps(asked),
            env=os.environ | {"CLOUDINARY_URL": cloudinary_url, "NO_PROXY": "*"},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        assert len(answers) == len(calls)
        return answers

    return run


def told(answers: Answers) -> Answers:
    """Return what was answered, when no call was refused."""
    assert not [one for one in answers if "error" in one]
    return [one["told"] for one in answers]


def refusals(answers: Answers) -> list[tuple[int, str]]:
    """Return status and message of each, when every call was refused."""
    return [(one["error"]["http_code"], one["error"]["message"]) for one in answers]


def test_picture_is_uploaded_in_every_way(node: Node, name: str) -> None:
    chunks = {"resource_type": "image", "chunk_size": 1000, "public_id": f"{name}-4"}
    answers = told(
        node(
            ("uploader.upload", SENT, {"public_id": f"{name}-1", "tags": ["a", name]}),
            ("upload_stream", SENT, {"public_id": f"{name}-2"}),
            ("uploader.upload", f"data:image/jpeg;base64,{SENT['base64']}"),
            ("upload_large", SENT, chunks),
            ("uploader.upload", SENT, {"use_filename": True, "folder": name}),
        )
    )
    assert [one["bytes"] for one in answers] == [len(PICTURE)] * 5
    assert [one["width"] for one in answers] == [200] * 5
    assert sorted(answers[0]["tags"]) == sorted(["a", name])
    assert [answers[1]["public_id"], answers[3]["public_id"]] == [f"{name}-2", f"{name}-4"]
    assert answers[4]["public_id"].startswith(f"{name}/koala_")


def test_picture_is_tagged(node: Node, name: str) -> None:
    wish = {"categorization": "imagga_tagging", "auto_tagging": 0.4}
    uploaded, found, updated = told(
        node(
            ("uploader.upload", SENT, {"public_id": name, "tags": "mine", **wish}),
            ("api.resource", name),
            ("api.update", name, {"categorization": "imagga_tagging", "auto_tagging": 0.3}),
        )
    )
    block = uploaded["info"]["categorization"]["imagga_tagging"]
    assert block["status"] == "complete"
    assert {one["tag"]: one["confidence"] for one in block["data"]} == SAID
    assert sorted(uploaded["tags"]) == found["tags"] == ["koala", "mine", "tree"]
    assert updated["tags"] == ["grass", "koala", "mine", "tree"]


def test_labels_change(node: Node, name: str) -> None:
    *_, found = told(
        node(
            ("uploader.upload", SENT, {"public_id": name, "context": {"alt": "a|b=c"}}),
            ("uploader.add_tag", "zoo,bear", [name]),
            ("uploader.remove_tag", "bear", [name]),
            ("uploader.add_context", {"shot": "1"}, [name]),
            ("api.resource", name),
        )
    )
    assert found["tags"] == ["zoo"]
    assert found["context"] == {"custom": {"alt": "a|b=c", "shot": "1"}}


def test_assets_are_listed_and_searched(node: Node, name: str) -> None:
    page = {"type": "upload", "prefix": f"{name}/", "max_results": 1, "tags": True}
    query = {
        "expression": [f"tags={name}"],
        "sort_by": ["public_id", "desc"],
        "aggregate": ["format"],
        "with_field": ["tags"],
        "max_results": [1],
    }
    *_, listed, searched = told(
        node(
            ("uploader.upload", SENT, {"public_id": f"{name}/1", "tags": [name]}),
            ("uploader.upload", SENT, {"public_id": f"{name}/2", "tags": [name]}),
            ("api.resources", page),
            ("search", query),
        )
    )
    assert [one["public_id"] for one in listed["resources"]] == [f"{name}/1"]
    assert listed["resources"][0]["tags"] == [name]
    assert listed["next_cursor"]
    assert searched["total_count"] == 2
    assert [one["public_id"] for one in searched["resources"]] == [f"{name}/2"]
    assert searched["aggregations"] == {"format": {"jpg": 2}}


def test_pictures_are_transformed_and_delivered(node: Node, name: str) -> None:
    shape = {"width": 20, "crop": "scale"}
    uploaded, _, named, plain, small, signed, webp = told(
        node(
            ("uploader.upload", SENT, {"public_id": name, "eager": [shape]}),
            ("api.create_transformation", name, shape),
            ("api.transformation", name),
            ("fetch", name, {"format": "jpg"}),
            ("fetch", name, {"transformation": name}),
            ("fetch", name, {**shape, "sign_url": True}),
            ("fetch", name, {"fetch_format": "webp"}),
        )
    )
    assert uploaded["eager"][0]["height"] == 10
    assert named["info"] == [{"crop": "scale", "width": 20}]
    assert (plain["status"], plain["bytes"]) == (200, len(PICTURE))
    assert small["status"] == signed["status"] == 200
    assert small["bytes"] == signed["bytes"] == uploaded["eager"][0]["bytes"]
    assert webp["type"] == "image/webp"


def test_assets_move_and_go(node: Node, name: str) -> None:
    *_, explicit, destroyed, again, deleted = told(
        node(
            ("uploader.upload", SENT, {"public_id": name}),
            ("uploader.rename", name, f"{name}-2"),
            ("uploader.explicit", f"{name}-2", {"type": "upload", "tags": ["ex"]}),
            ("uploader.destroy", f"{name}-2"),
            ("uploader.destroy", f"{name}-2"),
            ("api.delete_resources", [f"{name}-2"]),
        )
    )
    assert explicit["tags"] == ["ex"]
    assert (destroyed["result"], again["result"]) == ("ok", "not found")
    assert deleted["deleted"] == {f"{name}-2": "not_found"}


def test_folders_and_presets_are_kept(node: Node, name: str) -> None:
    preset = {"name": name, "unsigned": True, "tags": ["preset"]}
    _, made, found, unsigned, folder, folders = told(
        node(
            ("api.ping",),
            ("api.create_upload_preset", preset),
            ("api.upload_preset", name),
            ("uploader.unsigned_upload", SENT, name, {"tags": "mine", "folder": name}),
            ("api.create_folder", f"{name}/in"),
            ("api.sub_folders", name),
        )
    )
    assert (made["message"], found["settings"]) == ("created", {"tags": ["preset"]})
    assert sorted(unsigned["tags"]) == ["mine", "preset"]
    assert folder["success"] is True
    assert [one["path"] for one in folders["folders"]] == [f"{name}/in"]


def test_refusals_are_understood(node: Node, name: str) -> None:
    junk = {"base64": base64.b64encode(b"no picture").decode()}
    refused = refusals(
        node(
            ("uploader.upload", SENT, {"cloud_name": "nowhere"}),
            ("uploader.upload", SENT, {"api_secret": "wrong"}),
            ("uploader.upload", SENT, {"timestamp": 1_300_000_000}),
            ("uploader.upload", junk),
            ("uploader.upload", SENT, {"public_id": "a?b"}),
            ("uploader.upload", SENT, {"categorization": "no_such"}),
            ("uploader.rename", f"no-{name}", name),
            ("api.resource", f"no-{name}"),
            ("api.ping", {"api_secret": "wrong"}),
            ("search", {"expression": ["tags=(a"]}),
        )
    )
    assert [status for status, _ in refused] == [401, 401, 400, 400, 400, 400, 404, 404, 401, 400]
    assert refused[1][1].startswith("Invalid Signature ")
    assert refused[2][1].startswith("Stale request - ")
    assert refused[3][1] == "Invalid image file"
    assert "is not valid" in refused[5][1]
    assert refused[7][1] == f"Resource not found - no-{name}"
