"""Tagging add-ons of a Cloudinary account: a photo goes there, is tagged, and is deleted."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from .base import Opinion, TaggerError
from .rest import RestTagger

if TYPE_CHECKING:
    from PIL import Image

logger = logging.getLogger(__name__)

ADD_ONS = ("imagga_tagging", "google_tagging", "aws_rek_tagging")


class CloudinaryTagger(RestTagger):
    """Says what an add-on of a Cloudinary account sees. Photos leave the machine, to ``url``.

    ``add_on`` is one of “imagga_tagging”, “google_tagging” and “aws_rek_tagging”; the account
    must have subscribed to it.
    """

    service = "Cloudinary"

    def __init__(
        self,
        *,
        cloud_name: str,
        key: str,
        secret: str,
        add_on: str = "imagga_tagging",
        url: str = "https://api.cloudinary.com",
        timeout_s: float = 45.0,
        **options: Any,
    ) -> None:
        super().__init__(url=url, timeout_s=timeout_s, **options)
        if add_on not in ADD_ONS:
            raise ValueError(f"add_on is one of {', '.join(ADD_ONS)}, not “{add_on}”.")
        self._path = f"/v1_1/{cloud_name}/image"
        self._key, self._secret = key, secret
        self._add_on = add_on

    @property
    def model(self) -> str:
        return f"cloudinary/{self._add_on}"

    def tag(self, image: Image.Image) -> Opinion:
        public_id = f"photolib-{uuid4().hex}"
        content = self.jpeg(image)
        try:
            told = self._signed(
                "upload",
                {"public_id": public_id, "categorization": self._add_on},
                files={"file": ("photo.jpg", content, "image/jpeg")},
            )
            said = list(self._said(told))
        finally:
            self._delete(public_id)
        return Opinion(model=self.model, suggestions=self.suggestions(said))

    def _signed(self, action: str, asked: dict[str, str], **request: Any) -> dict[str, Any]:
        asked = asked | {"timestamp": str(int(time.time()))}
        signature = sign(asked, self._secret)
        data = asked | {"api_key": self._key, "signature": signature}
        return self.ask("POST", f"{self._path}/{action}", data=data, **request)

    def _said(self, told: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
        try:
            answer = told["info"]["categorization"][self._add_on]
            status = answer["status"]
            if status == "complete":
                yield from [(entry["tag"], entry["confidence"]) for entry in answer["data"]]
                return
        except (KeyError, TypeError) as error:
            raise self._permanent("answered without a word of its add-on.") from error
        raise self._passing(f"has no answer of its add-on, but the status “{status}”.")

    def _delete(self, public_id: str) -> None:
        """Take the copy away; that it could not be is the operator's to know, not the photo's."""
        try:
            self._signed("destroy", {"public_id": public_id, "invalidate": "true"})
        except TaggerError as error:
            logger.warning("The copy %s was not deleted. %s", public_id, error)


def sign(asked: dict[str, str], secret: str) -> str:
    """Return the signature of an upload's parameters, as Cloudinary's documentation has it."""
    pairs = sorted(f"{name}={value}" for name, value in asked.items() if value)
    escaped = "&".join(pair.replace("&", "%26") for pair in pairs)
    # SHA-1 is what every account accepts, and with a secret behind the text it does no harm.
    return hashlib.sha1(f"{escaped}{secret}".encode(), usedforsecurity=False).hexdigest()
