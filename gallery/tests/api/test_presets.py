"""Upload presets and mappings as the Admin API has them."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from gallery.api.auth import merged
from gallery.api.errors import BadRequestError
from gallery.api.params import Params
from gallery.models import Cloud, UploadMapping, UploadPreset
from gallery.tests.api.asking import ask
from gallery.tests.factories import make_cloud

pytestmark = pytest.mark.django_db


@pytest.fixture
def cloud() -> Cloud:
    return make_cloud()


def create(client: Client, cloud: Cloud, **said: Any) -> str:
    answer = ask(client, cloud, "POST", "upload_presets", **said)
    assert answer.status_code == 200, answer.content
    assert answer.json()["message"] == "created"
    return str(answer.json()["name"])


def settings(client: Client, cloud: Cloud, name: str) -> dict[str, Any]:
    found: dict[str, Any] = ask(client, cloud, "GET", f"upload_presets/{name}").json()["settings"]
    return found


def test_settings_are_answered_in_one_form(client: Client, cloud: Cloud) -> None:
    name = create(
        client,
        cloud,
        name="p/1 ü",
        unsigned="true",
        folder="dir",
        timestamp=1,
        tags="a,b, c",
        transformation="c_scale,w_100/a_90",
        context="alt=x|caption=y",
        colors="1",
        faces=False,
        disallow_public_id=True,
        live="0",
    )
    preset = ask(client, cloud, "GET", f"upload_presets/{name}").json()
    assert preset.pop("external_id")
    assert preset == {
        "name": "p/1 ü",
        "unsigned": True,
        "settings": {
            "folder": "dir",
            "tags": ["a", "b", "c"],
            "transformation": [{"crop": "scale", "width": 100}, {"angle": 90}],
            "context": {"alt": "x", "caption": "y"},
            "colors": True,
            "faces": False,
            "disallow_public_id": True,
            "live": False,
        },
    }


@pytest.mark.parametrize(
    "text",
    [
        "c_scale,w_100",
        "$w_100/w_$w",
        "if_w_gt_100,c_crop,h_0.5/if_end",
        "l_text:arial_20:abc,g_north",
        "t_named/e_sepia:50",
        "l_a/c_scale,w_10/fl_layer_apply.relative",
    ],
)
def test_transformation_that_was_answered_can_be_sent_back(
    client: Client, cloud: Cloud, text: str
) -> None:
    name = create(client, cloud, transformation=text)
    told = settings(client, cloud, name)
    other = create(client, cloud, **told)
    assert settings(client, cloud, other) == told
    _, second = UploadPreset.objects.order_by("pk")
    assert _links(second.settings["transformation"]) == _links(text)


def _links(text: str) -> list[set[str]]:
    return [set(link.split(",")) for link in text.split("/")]


def test_preset_without_a_name_gets_one(client: Client, cloud: Cloud) -> None:
    assert create(client, cloud, folder="x") != create(client, cloud, folder="x")


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"name": "x" * 256}, "Invalid upload preset name"),
        ({"name": "a\nb"}, "Invalid upload preset name"),
        ({"name": ["a", "b"]}, "name"),
        ({"unsigned": "perhaps"}, "unsigned"),
        ({"colors": "perhaps"}, "colors"),
        ({"tags": {"a": 1}}, "tags"),
        ({"transformation": "w_x_y"}, "Invalid transformation"),
        ({"transformation": [{"no_such": 1}]}, "no_such"),
        ({"transformation": [{"width": {"a": 1}}]}, "no text and no number"),
        ({"transformation": [[1]]}, "list of mappings"),
        ({"transformation": [{"variables": [["$a"]]}]}, "pairs"),
        ({"Bad-Name": "x"}, "Invalid parameter"),
        ({"folder": "x" * 200_000}, "at most"),
        ({"folder": "\ud800"}, "no text has"),
    ],
)
def test_bad_preset_is_refused_and_not_made(
    client: Client, cloud: Cloud, said: dict[str, Any], message: str
) -> None:
    answer = ask(client, cloud, "POST", "upload_presets", **said)
    assert answer.status_code == 400
    assert message in answer.json()["error"]["message"]
    assert not UploadPreset.objects.exists()


def test_name_that_is_taken_is_a_conflict(client: Client, cloud: Cloud) -> None:
    create(client, make_cloud(), name="p")
    create(client, cloud, name="p")
    assert ask(client, cloud, "POST", "upload_presets", name="p").status_code == 409


def test_update_changes_what_is_told_and_empty_takes_away(client: Client, cloud: Cloud) -> None:
    name = create(client, cloud, folder="a", tags="x", context="a=b", colors=True)
    said = {"unsigned": True, "tags": "", "context": {}, "colors": False, "live": True}
    answer = ask(client, cloud, "PUT", f"upload_presets/{name}", **said)
    assert answer.json() == {"message": "updated"}
    assert settings(client, cloud, name) == {"folder": "a", "colors": False, "live": True}
    assert UploadPreset.objects.get().unsigned


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize("path", ["upload_presets/theirs", "upload_mappings/theirs"])
def test_what_is_not_there_is_not_found(
    client: Client, cloud: Cloud, method: str, path: str
) -> None:
    other = make_cloud()
    UploadPreset.objects.create(cloud=other, name="theirs")
    UploadMapping.objects.create(cloud=other, folder="theirs", template="http://a.example/")
    said = {} if method == "GET" else {"template": "http://b.example/"}
    assert ask(client, cloud, method, path, **said).status_code == 404


def test_deleted_preset_is_gone(client: Client, cloud: Cloud) -> None:
    name = create(client, cloud, folder="x")
    assert ask(client, cloud, "DELETE", f"upload_presets/{name}").json() == {"message": "deleted"}
    assert not UploadPreset.objects.exists()


@pytest.mark.parametrize("what", ["presets", "mappings"])
def test_lists_are_paged(client: Client, cloud: Cloud, what: str) -> None:
    for number in range(5):
        if what == "presets":
            UploadPreset.objects.create(cloud=cloud, name=f"n{number}")
        else:
            UploadMapping.objects.create(cloud=cloud, folder=f"n{number}", template="http://a/")
    found, cursor = [], ""
    while True:
        said = {"max_results": 2, "next_cursor": cursor}
        page = ask(client, cloud, "GET", f"upload_{what}", **said).json()
        found += [one.get("name") or one["folder"] for one in page[what]]
        if not (cursor := page.get("next_cursor", "")):
            break
    assert found == [f"n{number}" for number in range(5)]


# --- In uploads -------------------------------------------------------------------------------


def test_settings_complete_what_a_signed_request_asks() -> None:
    kept = {"tags": ["a", "b"], "folder": "dir", "context": {"a": "1"}, "colors": True}
    params = Params(values={"tags": "b,c", "context": "b=2", "folder": "mine"})
    merged({**kept, "live": True, "transformation": "w_10"}, params, is_unsigned=False)
    assert params.words("tags") == ["a", "b", "c"]
    assert params.pairs("context") == {"a": "1", "b": "2"}
    assert (params.text("folder"), params.flag("colors")) == ("mine", True)
    assert params.text("transformation") == "w_10"
    assert "live" not in params


@pytest.mark.parametrize("is_unsigned", [True, False])
def test_preset_may_keep_callers_from_choosing_names(is_unsigned: bool) -> None:
    kept = {"disallow_public_id": True}
    merged(kept, Params(values={"folder": "x"}), is_unsigned=is_unsigned)
    with pytest.raises(BadRequestError, match="public_id is not allowed"):
        merged(kept, Params(values={"public_id": "x"}), is_unsigned=is_unsigned)


# --- Mappings ---------------------------------------------------------------------------------


def test_mapping_is_made_read_changed_and_deleted(client: Client, cloud: Cloud) -> None:
    said = {"folder": "wiki", "template": "https://up.example/wiki/"}
    made = ask(client, cloud, "POST", "upload_mappings", **said).json()
    assert made.items() >= {"message": "created", "folder": "wiki"}.items()
    one = ask(client, cloud, "GET", "upload_mappings", folder="wiki").json()
    assert one.items() >= said.items()
    every = ask(client, cloud, "GET", "upload_mappings").json()
    assert every == {"mappings": [one]}
    said["template"] = "http://other.example"
    changed = ask(client, cloud, "PUT", "upload_mappings", **said).json()
    assert changed == {"message": "updated"}
    by_path = ask(client, cloud, "GET", "upload_mappings/wiki").json()
    assert by_path["template"] == "http://other.example"
    assert ask(client, cloud, "POST", "upload_mappings", **said).status_code == 409
    gone = ask(client, cloud, "DELETE", "upload_mappings", folder="wiki").json()
    assert gone == {"message": "deleted"}
    assert ask(client, cloud, "GET", "upload_mappings", folder="wiki").status_code == 404


@pytest.mark.parametrize(
    "said",
    [
        {"folder": "x"},
        {"template": "http://a.example/"},
        {"folder": "x", "template": "ftp://a.example/"},
        {"folder": "x", "template": "file:///etc/passwd"},
        {"folder": "x", "template": "http://a.example/" + "x" * 2000},
        {"folder": "a//b", "template": "http://a.example/"},
        {"folder": "../b", "template": "http://a.example/"},
        {"folder": "x" * 256, "template": "http://a.example/"},
        {"folder": ["a", "b"], "template": "http://a.example/"},
    ],
)
def test_bad_mapping_is_refused(client: Client, cloud: Cloud, said: dict[str, Any]) -> None:
    assert ask(client, cloud, "POST", "upload_mappings", **said).status_code == 400
    assert not UploadMapping.objects.exists()
