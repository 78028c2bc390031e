"""Opens a library to programs: clouds, and the keys that programs come with."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from django.db import IntegrityError, transaction
from django.urls import URLResolver, get_resolver

from .assets import adopting
from .models import ApiKey, Cloud, User
from .models.clouds import NAME_PATTERN, new_key, new_secret

#: First parts of addresses that are the site's own, whatever follows them.
RESERVED = frozenset({"admin", "static", "media", "v1_1", "v2"})
#: Not escaped in an address: the client libraries of Python and Node do not unescape it.
_SAFE = "~!$&'()*+,;="


class CloudError(Exception):
    """A cloud or a key cannot be had; the message is one sentence for the person."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A new key with its secret, which is shown this once."""

    key: ApiKey
    secret: str

    def url(self, site_url: str) -> str:
        """Return what a client library is configured with, all in one."""
        key, secret = quote(self.key.key, safe=_SAFE), quote(self.secret, safe=_SAFE)
        is_https, host = site_url.startswith("https:"), host_of(site_url)
        delivery = f"secure=true&secure_distribution={host}" if is_https else f"cname={host}"
        cloud = self.key.cloud.name
        return f"cloudinary://{key}:{secret}@{cloud}?upload_prefix={site_url}&{delivery}"


def open_cloud(owner: User, name: str) -> Cloud:
    """Open a person's library to programs under a name. Raises CloudError."""
    check_name(name)
    if Cloud.objects.filter(owner=owner).exists():
        raise CloudError(f"{owner} has a cloud already.")
    try:
        with transaction.atomic():
            cloud = Cloud.objects.create(owner=owner, name=name)
    except IntegrityError:
        raise CloudError(f"There is a cloud called “{name}” already.") from None
    adopting.adopt_all(cloud)
    return cloud


def cloud_or_new(name: str, *, owner_name: str = "") -> Cloud:
    """Return the cloud of this name, opened on somebody's library when there is none.

    Nobody named: on an account of the cloud's own name, which is made without a password. Raises
    CloudError.
    """
    cloud = Cloud.objects.select_related("owner").filter(name=name).first()
    if cloud is None:
        check_name(name)
        return open_cloud(_owner(owner_name, name), name)
    if owner_name and cloud.owner.username != owner_name:
        raise CloudError(f"The cloud “{name}” is {cloud.owner}'s.")
    return cloud


def _owner(owner_name: str, cloud_name: str) -> User:
    if owner_name:
        owner = User.objects.filter(username=owner_name).first()
        if owner is None:
            raise CloudError(f"There is nobody called “{owner_name}”.")
        return owner
    found = User.objects.filter(username=cloud_name).first()
    if found is not None:
        raise CloudError(
            f"Somebody is called “{cloud_name}” already; say whose library it is to be, with "
            f"--owner {cloud_name} for theirs."
        )
    return User.objects.create_user(cloud_name)


def check_name(name: str) -> None:
    """Raise CloudError for a name that no cloud may have."""
    if not re.fullmatch(NAME_PATTERN, name) or len(name) > 100:
        raise CloudError(
            "A cloud's name has letters, digits, - _ and . in it, begins with a letter or digit, "
            "and has 100 characters at most."
        )
    if name.lower() in RESERVED or _is_own_address(name):
        raise CloudError(f"“{name}” is part of this site's own addresses; choose another name.")


def _is_own_address(name: str) -> bool:
    """Tell whether an address of the site's pages begins like this."""
    pages = [
        one
        for one in get_resolver().url_patterns
        if isinstance(one, URLResolver) and one.app_name == "gallery"
    ]
    starts = {str(one.pattern).split("/")[0] for page in pages for one in page.url_patterns}
    return name.lower() in starts


# --- Keys -------------------------------------------------------------------------------------


def issue_key(cloud: Cloud, *, label: str = "", key: str = "", secret: str = "") -> Issued:
    """Make a key; what is not given is made up. Raises CloudError."""
    if any(not text.isascii() or not text.isprintable() or " " in text for text in (key, secret)):
        raise CloudError("Keys and secrets are of printable ASCII characters, without spaces.")
    if len(key) > 100 or ":" in key:
        raise CloudError("A key has 100 characters at most, and no colon.")
    if secret and len(secret) < 4:
        raise CloudError("A secret has 4 characters at least.")
    made = ApiKey(cloud=cloud, key=key or new_key(), label=label[:100])
    made.secret = secret or new_secret()
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError:
        raise CloudError(f"The cloud “{cloud}” has a key {made.key} already.") from None
    return Issued(made, made.secret)


def host_of(site_url: str) -> str:
    """Return host and port of an address, as client libraries want it for delivery."""
    return urlsplit(site_url).netloc
