"""Tests of addresses that the vendor's own client library builds and signs."""

from __future__ import annotations

from typing import Any

import pytest
from cloudinary.utils import cloudinary_url
from django.test import Client

from gallery.assets.deriving import url_path
from gallery.models import Asset, Cloud
from gallery.tests.api.asking import key_of
from gallery.tests.assets.stored import bytes_of, make_stored
from gallery.tests.factories import make_cloud

pytestmark = pytest.mark.django_db
TEXT = {"font_family": "Arial", "font_size": 20, "text": "a, b/c: ü! 100%\nnext"}


@pytest.fixture
def cloud() -> Cloud:
    return make_cloud(name="demo")


def address(cloud: Cloud, name: str, **options: Any) -> str:
    key = key_of(cloud)
    url, _ = cloudinary_url(
        name, cloud_name=cloud.name, api_key=key.key, api_secret=key.secret, secure=True,
        secure_distribution="testserver", private_cdn=False, **options,
    )  # fmt: skip
    path = str(url).removeprefix("https://testserver")
    return path if path.startswith(f"/{cloud.name}/") else f"/{cloud.name}{path}"


@pytest.mark.parametrize("name", ["a", "x/a", "ü x/a b", "v2/a", "a.b", "w_10/a", "a(1)!,=$'*~@"])
@pytest.mark.parametrize("kind", ["upload", "authenticated"])
@pytest.mark.parametrize("is_long", [False, True])
def test_signed_addresses_are_understood(cloud: Cloud, name: str, kind: str, is_long: bool) -> None:
    make_stored(cloud, name, type=kind)
    for options in (
        {},
        {"format": "jpg"},
        {"version": 12},
        {"width": 20, "crop": "scale"},
        {"width": 20, "crop": "scale", "format": "png", "version": 3},
        {"overlay": TEXT, "width": 20},
        {"transformation": [{"variables": [["$w", 20]]}, {"width": "$w", "crop": "fit"}]},
        {"transformation": [{"width": 0.5}, {"effect": "sepia", "flags": "attachment"}]},
    ):
        path = address(cloud, name, type=kind, sign_url=True, long_url_signature=is_long, **options)
        response = Client().get(path)
        assert response.status_code == 200, (path, response.headers)


def test_signed_text_layers_are_signed_as_they_are_sent(cloud: Cloud) -> None:
    make_stored(cloud, "a", type="authenticated")
    path = address(cloud, "a", type="authenticated", sign_url=True, overlay=TEXT)
    assert Client().get(path).status_code == 200
    assert Client().get(path.replace("next", "other")).status_code == 401


@pytest.mark.parametrize(
    "options",
    [
        {"shorten": True},
        {"url_suffix": "nice-name", "format": "jpg"},
        {"use_root_path": True},
        {"use_root_path": True, "version": 3, "format": "jpg"},
        {"use_root_path": True, "url_suffix": "nice-name", "format": "jpg"},
    ],
)
@pytest.mark.parametrize("is_signed", [False, True])
def test_short_addresses_are_understood(
    cloud: Cloud, options: dict[str, Any], is_signed: bool
) -> None:
    asset = make_stored(cloud, "x/a")
    response = Client().get(address(cloud, "x/a", sign_url=is_signed, **options))
    assert response.status_code == 200
    assert response.content == bytes_of(asset)


def test_raw_files_have_signed_addresses_too(cloud: Cloud) -> None:
    make_stored(cloud, "x/a b.txt", content=b"x", resource_type="raw", type="authenticated")
    path = address(cloud, "x/a b.txt", resource_type="raw", type="authenticated", sign_url=True)
    assert Client().get(path).content == b"x"


@pytest.mark.parametrize("name", ["a", "x/a", "ü x/a b", "a.b", "a(1)!,=$'*~@"])
def test_our_own_addresses_are_those_that_the_library_builds(cloud: Cloud, name: str) -> None:
    asset: Asset = make_stored(cloud, name, version=12)
    asked: list[tuple[dict[str, Any], str]] = [
        ({}, ""),
        ({"width": 20, "crop": "fit"}, "c_fit,w_20"),
        ({"overlay": TEXT}, "l_text:Arial_20:a%252C%20b%252Fc:%20%C3%BC%21%20100%25%0Anext"),
    ]
    for options, transformation in asked:
        built = address(cloud, name, version=12, format="jpg", **options)
        assert url_path(asset, transformation) == built
