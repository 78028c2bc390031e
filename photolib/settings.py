"""Settings, read from the environment; README.md lists every variable."""

import contextlib
import os
import secrets
from pathlib import Path
from typing import Any

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()


def _kept_secret(path: Path) -> str:
    """Return the secret in a file only its owner can read, making the file when there is none."""
    if not path.exists():
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(64), encoding="ascii")
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)  # whole or not at all, and the first process wins
        draft.unlink()
    return path.read_text(encoding="ascii")


def _between(name: str, low: float, high: float, value: float) -> float:
    if not low <= value <= high:
        raise ImproperlyConfigured(f"{name} is {value:g}; it must be from {low:g} to {high:g}.")
    return value


def _add_ons(taggers: dict[str, Any]) -> dict[str, str]:
    """Return which tagger answers to each add-on that programs know, unless the operator says."""
    services = {
        "imagga_tagging": ("gallery.taggers.imagga.ImaggaTagger", None),
        "google_tagging": ("gallery.taggers.cloudinary.CloudinaryTagger", "google_tagging"),
        "aws_rek_tagging": ("gallery.taggers.cloudinary.CloudinaryTagger", "aws_rek_tagging"),
    }
    found = {}
    for add_on, (backend, asked) in services.items():
        for alias, configured in taggers.items():
            options = configured.get("OPTIONS") or {}
            is_it = configured.get("BACKEND") == backend
            if is_it and asked in (None, options.get("add_on")):
                found[add_on] = alias
        if "bundled" in taggers:
            found.setdefault(add_on, "bundled")
    return found


# --- Where things are -------------------------------------------------------------------------

DATA_DIR = Path(env.str("PHOTOLIB_DATA_DIR", default=str(BASE_DIR / "var"))).resolve()
DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
SECRET_KEY = env.str("PHOTOLIB_SECRET_KEY", default="") or _kept_secret(DATA_DIR / "secret_key")
DEBUG = env.bool("PHOTOLIB_DEBUG", default=False)

# --- How people reach the site ----------------------------------------------------------------

SITE_URL = env.str("PHOTOLIB_SITE_URL", default="")
HTTPS = SITE_URL.startswith("https://")
ALLOWED_HOSTS = env.list("PHOTOLIB_ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
if SITE_URL:
    if not SITE_URL.startswith(("http://", "https://")):
        raise ImproperlyConfigured("PHOTOLIB_SITE_URL must start with http:// or https://.")
    CSRF_TRUSTED_ORIGINS = [SITE_URL.rstrip("/")]
    ALLOWED_HOSTS.append(SITE_URL.split("://")[1].split("/")[0].rsplit(":", 1)[0])
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = env.int("PHOTOLIB_HSTS_SECONDS", default=31_536_000 if HTTPS else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^up/$"]
# How many proxies that you run stand in front; each adds one address to X-Forwarded-For.
TRUSTED_PROXIES = env.int("PHOTOLIB_TRUSTED_PROXIES", default=0)
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 30

# --- The application --------------------------------------------------------------------------

INSTALLED_APPS = [
    "gallery.apps.GalleryConfig",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_filters",
    "django_tasks",
    "django_tasks_db",
    "csp",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "photolib.urls"
WSGI_APPLICATION = "photolib.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

AUTH_USER_MODEL = "gallery.User"
LOGIN_URL = "gallery:sign-in"
LOGIN_REDIRECT_URL = "gallery:photo-list"
LOGOUT_REDIRECT_URL = "gallery:photo-list"
SIGN_UP_OPEN = env.bool("PHOTOLIB_SIGN_UP_OPEN", default=True)
_VALIDATION = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"{_VALIDATION}.UserAttributeSimilarityValidator"},
    {"NAME": f"{_VALIDATION}.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": f"{_VALIDATION}.CommonPasswordValidator"},
    {"NAME": f"{_VALIDATION}.NumericPasswordValidator"},
]

# --- Data -------------------------------------------------------------------------------------

DATABASES = {
    "default": env.db("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'photolib.sqlite3'}")
}
DATABASES["default"]["CONN_MAX_AGE"] = None
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # Web and worker write at once: writers queue up (IMMEDIATE) instead of failing half-way.
    DATABASES["default"].setdefault("OPTIONS", {}).update(
        {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA temp_store=MEMORY;"
                "PRAGMA mmap_size=268435456; PRAGMA cache_size=-16000;"
            ),
        }
    )
if DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql":
    # To compile a query takes longer than to answer any that photolib asks, and what they look up
    # in indexes is in memory or on an SSD.
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault(
        "options", "-c jit=off -c random_page_cost=1.1"
    )
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TASKS = {
    "default": {
        "BACKEND": env.str(
            "PHOTOLIB_TASKS_BACKEND", default="django_tasks_db.backend.DatabaseBackend"
        ),
        "QUEUES": ["default"],
    }
}

# Originals and renditions: a folder, or any S3-compatible bucket through django-storages.
S3_BUCKET = env.str("PHOTOLIB_S3_BUCKET", default="")
MEDIA_ROOT = DATA_DIR / "media"
_FILES = (
    {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": S3_BUCKET,
            "endpoint_url": env.str("PHOTOLIB_S3_ENDPOINT_URL", default=None),
            "region_name": env.str("PHOTOLIB_S3_REGION", default=None),
            "access_key": env.str("PHOTOLIB_S3_ACCESS_KEY", default=None),
            "secret_key": env.str("PHOTOLIB_S3_SECRET_KEY", default=None),
            "default_acl": "private",
            "file_overwrite": False,
        },
    }
    if S3_BUCKET
    else {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": MEDIA_ROOT},
    }
)
STORAGES = {
    "default": _FILES,
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
# What is near to what is found in files beside the database, made anew whenever they are missing,
# or by the extension pgvector in PostgreSQL.
VECTORS = env.str("PHOTOLIB_VECTORS", default="embedded")
if VECTORS not in ("embedded", "pgvector"):
    raise ImproperlyConfigured(f"PHOTOLIB_VECTORS is {VECTORS}; it must be embedded or pgvector.")
SIMILAR_ROOT = DATA_DIR / "similar"
STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]

# --- Uploads ----------------------------------------------------------------------------------

MAX_UPLOAD_BYTES = env.int("PHOTOLIB_MAX_UPLOAD_BYTES", default=100 * 1024**2)
MAX_PIXELS = env.int("PHOTOLIB_MAX_PIXELS", default=120_000_000)
FILE_UPLOAD_HANDLERS = ["gallery.uploadhandler.BoundedUploadHandler"]
FILE_UPLOAD_TEMP_DIR = env.str("PHOTOLIB_UPLOAD_TEMP_DIR", default=None)
FILE_UPLOAD_PERMISSIONS = 0o600
DATA_UPLOAD_MAX_NUMBER_FILES = 200

# --- Tagging ----------------------------------------------------------------------------------

TAGGERS = env.json(
    "PHOTOLIB_TAGGERS",
    default={
        "bundled": {
            "BACKEND": "gallery.taggers.embedded.EmbeddedTagger",
            "OPTIONS": {"threads": env.int("PHOTOLIB_TAGGER_THREADS", default=1)},
        },
        "file": {"BACKEND": "gallery.taggers.keywords.KeywordTagger"},
    },
)
# What every new photo is given to, unless its owner or its upload says otherwise.
# A photo is sent to a service only where that is named here.
DEFAULT_TAGGERS = env.list(
    "PHOTOLIB_DEFAULT_TAGGERS", default=[alias for alias in ("bundled", "file") if alias in TAGGERS]
)
TAGGING_THRESHOLD = _between(
    "PHOTOLIB_TAGGING_THRESHOLD", 0, 1, env.float("PHOTOLIB_TAGGING_THRESHOLD", default=0.4)
)
TAGGING_ATTEMPTS = env.int("PHOTOLIB_TAGGING_ATTEMPTS", default=4)
# A worker silent for longer than this on one photo is taken for dead; another has its run.
TAGGING_LEASE_S = env.int("PHOTOLIB_TAGGING_LEASE_S", default=120)

# --- Programs that expect Cloudinary ----------------------------------------------------------

# Which tagger answers to which add-on. By default the service itself where it is configured, else
# the bundled tagger.
ADD_ONS = env.json("PHOTOLIB_ADD_ONS", default=_add_ons(TAGGERS))
# So long an upload waits for its taggers, in seconds; then it is told that they are at it. 0: for
# as long as they take.
ADD_ON_DEADLINE_S = env.float("PHOTOLIB_ADD_ON_DEADLINE_S", default=40.0)
# Whether every member may open the API on their library, or only the operator does it for them.
CLOUDS_OPEN = env.bool("PHOTOLIB_CLOUDS_OPEN", default=True)
# Hosts inside one's own network that files may be fetched from and notifications sent to:
# "files.lan", "10.0.0.0/8", "127.0.0.1:8123". All else that is no public address is refused.
OUTBOUND_ALLOWED = env.list("PHOTOLIB_OUTBOUND_ALLOWED", default=[])
OUTBOUND_TIMEOUT_S = env.float("PHOTOLIB_OUTBOUND_TIMEOUT_S", default=20.0)
# So many pictures are made of one asset for addresses that are not signed.
MAX_DERIVED = env.int("PHOTOLIB_MAX_DERIVED", default=500)
MAX_DERIVED_BYTES = env.int("PHOTOLIB_MAX_DERIVED_BYTES", default=200 * 1024**2)
MAX_DERIVED_PIXELS = env.int("PHOTOLIB_MAX_DERIVED_PIXELS", default=25_000_000)
DERIVE_CPU_S = env.float("PHOTOLIB_DERIVE_CPU_S", default=10.0)

# --- Interests and trends ---------------------------------------------------------------------

# Of how many people there must be public photos of a tag before it is named to others as what
# people share, or as a trend.
MIN_PEOPLE = env.int("PHOTOLIB_MIN_PEOPLE", default=3)

# --- Limits on how often ----------------------------------------------------------------------

RATE_LIMITS_URL = env.str("PHOTOLIB_RATE_LIMITS_URL", default="memory://")
RATE_LIMITS = {
    "sign-in": env.str("PHOTOLIB_SIGN_IN_RATE", default="10 per 5 minutes"),
    "sign-up": env.str("PHOTOLIB_SIGN_UP_RATE", default="20 per hour"),
    "password-reset": env.str("PHOTOLIB_PASSWORD_RESET_RATE", default="20 per hour"),
    "upload": env.str("PHOTOLIB_UPLOAD_RATE", default="2000 per hour"),
    "api-admin": env.str("PHOTOLIB_API_ADMIN_RATE", default="20000 per hour"),
    "api-upload": env.str("PHOTOLIB_API_UPLOAD_RATE", default="20000 per hour"),
    "api-open": env.str("PHOTOLIB_API_OPEN_RATE", default="1000 per hour"),
    "derive": env.str("PHOTOLIB_DERIVE_RATE", default="600 per minute"),
    "search-by-image": env.str("PHOTOLIB_SEARCH_BY_IMAGE_RATE", default="120 per hour"),
}

# --- Words and times --------------------------------------------------------------------------

LANGUAGE_CODE = "en"
TIME_ZONE = env.str("PHOTOLIB_TIME_ZONE", default="UTC")
USE_I18N = True
USE_TZ = True

# --- Mail and logs ----------------------------------------------------------------------------

vars().update(env.email_url("PHOTOLIB_EMAIL_URL", default="consolemail://"))
DEFAULT_FROM_EMAIL = env.str("PHOTOLIB_FROM_EMAIL", default="photolib@localhost")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "line"},
        "warnings": {"class": "logging.StreamHandler", "formatter": "line", "level": "WARNING"},
    },
    "root": {"handlers": ["stderr"], "level": env.str("PHOTOLIB_LOG_LEVEL", default="WARNING")},
    "loggers": {
        # Django's own handlers hide the log when DEBUG is off.
        "django": {"handlers": [], "level": "WARNING", "propagate": True},
        "gallery": {"level": "INFO"},
        # db_worker raises these to INFO, two lines a photo.
        "django_tasks": {"handlers": ["warnings"], "propagate": False},
        "django_tasks_db": {"handlers": ["warnings"], "propagate": False},
    },
}
