"""Libraries are opened to programs, and programs are given keys."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from gallery import clouds
from gallery.models import ApiKey, Cloud, User
from gallery.tests.factories import make_photo, make_user

pytestmark = pytest.mark.django_db


def test_photos_that_are_there_are_in_a_new_cloud() -> None:
    ann = make_user("ann")
    photo = make_photo(ann)
    make_photo()
    cloud = clouds.open_cloud(ann, "holiday")
    assert [asset.public_id for asset in cloud.assets.all()] == [photo.public_id]


@pytest.mark.parametrize(
    "name",
    ["", " ", "a b", "-a", "a/b", "é", "x" * 101, "a\n", "search", "photos", "tags", "v1_1",
     "Admin", "static", "up"],
)  # fmt: skip
def test_name_that_no_cloud_may_have_is_refused(name: str) -> None:
    with pytest.raises(clouds.CloudError):
        clouds.open_cloud(make_user(), name)
    assert not Cloud.objects.exists()


def test_name_is_had_once_whatever_its_case() -> None:
    clouds.open_cloud(make_user(), "holiday")
    with pytest.raises(clouds.CloudError, match="already"):
        clouds.open_cloud(make_user(), "Holiday")


def test_person_has_one_cloud() -> None:
    ann = make_user()
    clouds.open_cloud(ann, "one")
    with pytest.raises(clouds.CloudError, match="has a cloud already"):
        clouds.open_cloud(ann, "two")


def test_secret_is_not_in_the_database_as_it_is() -> None:
    issued = clouds.issue_key(clouds.open_cloud(make_user(), "one"), secret="abcdefgh")
    stored = ApiKey.objects.get()
    assert stored.secret == issued.secret == "abcdefgh"
    assert b"abcdefgh" not in bytes(stored.sealed_secret)


def test_secret_survives_a_new_key_of_the_site_that_knows_the_old(settings: Settings) -> None:
    issued = clouds.issue_key(clouds.open_cloud(make_user(), "one"))
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another"
    assert ApiKey.objects.get().secret == issued.secret
    settings.SECRET_KEY_FALLBACKS = []
    assert ApiKey.objects.get().secret == ""


@pytest.mark.parametrize(
    ("key", "secret"), [("a b", ""), ("a:b", ""), ("", "abc"), ("é", ""), ("", "a\nbcd")]
)
def test_key_that_cannot_travel_is_refused(key: str, secret: str) -> None:
    cloud = clouds.open_cloud(make_user(), "one")
    with pytest.raises(clouds.CloudError):
        clouds.issue_key(cloud, key=key, secret=secret)


def test_key_is_had_once_in_a_cloud() -> None:
    cloud = clouds.open_cloud(make_user(), "one")
    clouds.issue_key(cloud, key="k")
    with pytest.raises(clouds.CloudError, match="has a key k already"):
        clouds.issue_key(cloud, key="k")
    clouds.issue_key(clouds.open_cloud(make_user(), "two"), key="k")


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("create_api_key", *arguments, stdout=out)
    return out.getvalue()


def test_command_prints_what_client_libraries_read() -> None:
    printed = run("--cloud", "one", "--key", "k", "--secret", "s3cret", "--site", "http://a.b:1")
    expected = "CLOUDINARY_URL=cloudinary://k:s3cret@one?upload_prefix=http://a.b:1&cname=a.b:1\n"
    assert printed == expected
    assert not User.objects.get(username="one").has_usable_password()


def test_command_names_the_host_of_a_safe_site() -> None:
    printed = run("--cloud", "one", "--site", "https://a.b/")
    assert printed.endswith("?upload_prefix=https://a.b&secure=true&secure_distribution=a.b\n")


def test_command_opens_the_library_of_whom_it_is_told() -> None:
    ann = make_user("ann")
    run("--cloud", "one", "--owner", "ann")
    run("--cloud", "one")
    assert Cloud.objects.get().owner == ann
    assert ApiKey.objects.count() == 2


@pytest.mark.parametrize(
    "arguments",
    [("--owner", "nobody"), ("--key", "a b"), ("--cloud", "ann"), ("--cloud", "search")],
)
def test_command_that_cannot_be_carried_out_leaves_nothing(arguments: tuple[str, ...]) -> None:
    make_user("ann")
    with pytest.raises(CommandError):
        run("--cloud", "one", *arguments)
    assert not Cloud.objects.exists()
    assert User.objects.count() == 1
