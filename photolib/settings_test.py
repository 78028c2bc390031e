"""Settings of the tests: the same site, with nothing of the outside and nothing kept."""

import atexit
import os
import shutil
import tempfile

# The site of whoever runs the tests must not colour them; only DATABASE_URL is honoured.
for _name in [name for name in os.environ if name.startswith("PHOTOLIB_")]:
    del os.environ[_name]
os.environ["PHOTOLIB_DATA_DIR"] = tempfile.mkdtemp(prefix="photolib-test-")
atexit.register(shutil.rmtree, os.environ["PHOTOLIB_DATA_DIR"], ignore_errors=True)

from .settings import *

STATIC_ROOT.mkdir()  # WhiteNoise warns when there is none
STORAGES = STORAGES | {
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
RATE_LIMITS = dict.fromkeys(RATE_LIMITS, "1000000 per second")

if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # A file and not memory: a live server, threads and commands open it on their own. Nobody
    # will miss it after a power cut, so it never waits for the disk.
    DATABASES["default"]["TEST"] = {"NAME": DATA_DIR / "test.sqlite3"}
    DATABASES["default"]["OPTIONS"]["init_command"] += "PRAGMA synchronous=OFF;"

# One run a photo is easier to count.
DEFAULT_TAGGERS = ["bundled"]

# Add-ons answer in the very thread that asks: others would not see what a test has written.
ADD_ON_DEADLINE_S = 0.0
