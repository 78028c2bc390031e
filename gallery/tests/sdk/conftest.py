"""A running site, a cloud on it, and client libraries that know of nothing but its address."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import cloudinary
import httpx
import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker
from pytest_httpserver import HTTPServer

from ..pictures import picture
from .raw import Program
from .site import Site

#: Python's library writes a cloud's name in lower case.
CLOUD, KEY, SECRET = "shoebox", "key-of-a-shop", "secret~~~~~~"  # "~~~" is "fn5-" for URLs


@pytest.fixture(scope="session")
def outside(make_httpserver: HTTPServer) -> str:
    """The host and port of the one server near by that the site may talk to."""
    return f"{make_httpserver.host}:{make_httpserver.port}"


@pytest.fixture(scope="session")
def site(
    tmp_path_factory: pytest.TempPathFactory, outside: str, django_db_blocker: DjangoDbBlocker
) -> Iterator[Site]:
    with _database(django_db_blocker) as database_url:
        site = Site(tmp_path_factory.mktemp("site"), database_url, outside)
        site.manage("migrate", "--verbosity", "0")
        (site.folder / "static").mkdir()
        try:
            site.start()
            yield site
        finally:
            site.stop()
        assert "Traceback" not in site.log(), site.log()


@contextmanager
def _database(blocker: DjangoDbBlocker) -> Iterator[str]:
    """Make a database beside the other tests' where those are on PostgreSQL; "" on SQLite."""
    if connection.vendor != "postgresql":
        yield ""
        return
    name = f"photolib_sdk_{os.getpid()}"
    with blocker.unblock(), connection._nodb_cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}"')
    yield os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{name}"
    with blocker.unblock(), connection._nodb_cursor() as cursor:
        cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def cloudinary_url(site: Site) -> str:
    """What an operator pastes where the vendor's address stood."""
    asked = ("--cloud", CLOUD, "--key", KEY, "--secret", SECRET, "--site", site.url)
    printed = site.manage("create_api_key", *asked)
    name, _, url = printed.strip().partition("=")
    assert name == "CLOUDINARY_URL"
    return url


@pytest.fixture
def sdk(cloudinary_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python's library, told of the site as users tell it: by the environment."""
    monkeypatch.setenv("CLOUDINARY_URL", cloudinary_url)
    monkeypatch.setenv("NO_PROXY", "*")
    cloudinary.reset_config()


@pytest.fixture
def program(cloudinary_url: str) -> Iterator[Program]:
    """A program without a library, that writes its requests itself."""
    base_url = f"http://{urlsplit(cloudinary_url).query.partition('http://')[2].partition('&')[0]}"
    with httpx.Client(base_url=base_url, timeout=60, trust_env=False) as client:
        yield Program(client, cloud=CLOUD, key=KEY, secret=SECRET)


@pytest.fixture
def name() -> str:
    """A name that no other test uses: of an asset, a folder, a tag."""
    return f"t{uuid.uuid4().hex[:12]}"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "koala.jpg"
    path.write_bytes(picture(200, 100))
    return path
