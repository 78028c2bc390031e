"""Files from elsewhere: this site's own are read where they are stored, if one may have them."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from pytest_django import Settings

from gallery import outbound
from gallery.assets import outside
from gallery.models import Asset
from gallery.outbound import Fetched, OutboundError, Rules
from gallery.tests.assets.stored import bytes_of, make_stored
from gallery.tests.factories import make_cloud

pytestmark = pytest.mark.django_db

SITE = "https://photos.example.org"
ELSEWHERE = b"from elsewhere"


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> list[str]:
    """Remember what was asked of the outside, which always has the same file."""
    settings.SITE_URL = SITE
    asked: list[str] = []

    def fetch(url: str, *, rules: Rules) -> Fetched:
        asked.append(url)
        return Fetched(BytesIO(ELSEWHERE), len(ELSEWHERE), "", "", url)

    monkeypatch.setattr(outbound, "fetch", fetch)
    return asked


def content(asset: Asset, url: str, **how: Any) -> bytes:
    with outside.fetch(asset.cloud, url, **how).file as file:
        return file.read()


def address(asset: Asset, *, host: str = SITE, version: str = "v1/", end: str = ".jpg") -> str:
    return (
        f"{host}/{asset.cloud.name}/{asset.resource_type}/{asset.type}/"
        f"{version}{asset.public_id}{end}"
    )


@pytest.mark.parametrize(
    "how",
    [{}, {"version": ""}, {"end": ""}, {"end": ".jpeg"}, {"end": ".jpg?_a=x"}, {"version": "v99/"},
     {"host": "https://PHOTOS.example.org:443"}],
)  # fmt: skip
def test_own_address_is_read_where_it_is_stored(how: Any, elsewhere: list[str]) -> None:
    asset = make_stored(public_id="folder/näme one")
    assert content(asset, address(asset, **how)) == bytes_of(asset)
    assert not elsewhere


def test_escaped_name_and_name_that_looks_like_a_version() -> None:
    asset = make_stored(public_id="v1/näme")
    url = f"{SITE}/{asset.cloud.name}/image/upload/v7/v1%2Fn%C3%A4me.jpg"
    found = outside.fetch(asset.cloud, url)
    with found.file as file:
        assert file.read() == bytes_of(asset)
    assert (found.name, found.content_type) == ("näme.jpg", "image/jpeg")
    assert content(asset, address(asset, version="")) == bytes_of(asset)


def test_hosts_given_are_own_ones_too() -> None:
    asset = make_stored()
    url = address(asset, host="http://localhost:8000")
    assert content(asset, url, hosts=["localhost:8000"]) == bytes_of(asset)
    assert content(asset, url, hosts=["http://localhost:8000/"]) == bytes_of(asset)
    assert content(asset, url, hosts=["localhost:8001", "localhost"]) == ELSEWHERE


def test_raw_file_is_found_by_its_whole_name() -> None:
    asset = make_stored(public_id="notes.txt", resource_type="raw", content=b"notes")
    assert content(asset, address(asset, end="")) == b"notes"


@pytest.mark.parametrize("kind", ["private", "authenticated"])
def test_what_is_not_open_is_for_its_own_cloud_with_a_signature_alone(kind: str) -> None:
    asset = make_stored(type=kind)
    stranger = make_cloud()
    assert content(asset, address(asset), is_signed=True) == bytes_of(asset)
    assert content(asset, address(asset)) == ELSEWHERE
    with outside.fetch(stranger, address(asset), is_signed=True).file as file:
        assert file.read() == ELSEWHERE


def test_hidden_photo_is_as_a_private_one() -> None:
    asset = make_stored()
    assert asset.photo is not None
    asset.photo.visibility = "private"
    asset.photo.save()
    assert content(asset, address(asset)) == ELSEWHERE


@pytest.mark.parametrize(
    "url",
    [
        "https://elsewhere.example/{cloud}/image/upload/v1/{name}.jpg",
        SITE + "/{cloud}/image/upload/w_100/v1/{name}.jpg",
        SITE + "/{cloud}/image/upload/v1/{name}.png",
        SITE + "/{cloud}/image/upload/v1/other.jpg",
        SITE + "/other/image/upload/v1/{name}.jpg",
        SITE + "/{cloud}/image/upload/%00",
        "ftp://photos.example.org/{cloud}/image/upload/v1/{name}.jpg",
        "https://u:p@photos.example.org/{cloud}/image/upload/v1/{name}.jpg",
        "https://photos.example.org:99999/{cloud}/image/upload/v1/{name}.jpg",
        "https://[photos/",
        "",
        "\n",
        "x" * 100_000,
    ],
)
def test_anything_else_is_asked_for_as_strangers_do(url: str, elsewhere: list[str]) -> None:
    asset = make_stored()
    asked = url.format(cloud=asset.cloud.name, name=asset.public_id)
    assert content(asset, asked) == ELSEWHERE
    assert elsewhere == [asked]


def test_larger_than_allowed_and_lost_files_are_refused() -> None:
    asset = make_stored()
    with pytest.raises(OutboundError, match="larger than 5 bytes"):
        outside.fetch(asset.cloud, address(asset), max_bytes=5)
    asset.stored.storage.delete(asset.stored.name or "")
    with pytest.raises(OutboundError, match="404"):
        outside.fetch(asset.cloud, address(asset))


def test_rules_are_those_of_the_site(settings: Settings) -> None:
    settings.OUTBOUND_ALLOWED, settings.OUTBOUND_TIMEOUT_S = ["127.0.0.1:8123"], 7.0
    rules = outside.rules()
    assert (rules.allowed, rules.timeout_s) == (("127.0.0.1:8123",), 7.0)
    assert rules.max_bytes == settings.MAX_UPLOAD_BYTES
    assert outside.rules(max_bytes=9).max_bytes == 9
