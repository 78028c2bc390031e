"""Imagga's REST API, version 2: the tagger behind Cloudinary's add-on, asked directly."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .base import Opinion, TaggerError
from .rest import RestTagger

if TYPE_CHECKING:
    import httpx
    from PIL import Image


class ImaggaTagger(RestTagger):
    """Says what Imagga sees. Photos leave the machine, to ``url``.

    ``language`` is an Imagga language code; tags it has no word for come in English. ``limit``
    is the most tags wanted, -1 for all; ``decrease_parents`` lowers what is said of broader
    words. ``categorizer``, such as “personal_photos”, adds the categories of that one.
    """

    service = "Imagga"
    concurrency = 1  # its smaller plans refuse a second call at the same time

    def __init__(
        self,
        *,
        key: str,
        secret: str,
        url: str = "https://api.imagga.com/v2",
        language: str = "en",
        limit: int = -1,
        decrease_parents: bool = False,
        categorizer: str = "",
        **options: Any,
    ) -> None:
        super().__init__(url=url, **options)
        self._auth = (key, secret)
        self._language = language
        self._asked = {"language": language, "limit": limit}
        self._asked |= {"decrease_parents": 1} if decrease_parents else {}
        self._categorizer = categorizer

    @property
    def model(self) -> str:
        return f"imagga/v2+{self._categorizer}" if self._categorizer else "imagga/v2"

    def tag(self, image: Image.Image) -> Opinion:
        content = self.jpeg(image)
        said = list(self._words(self._post("/tags", content, self._asked), "tags", "tag"))
        if self._categorizer:
            asked = {"language": self._language}
            categories = self._post(f"/categories/{self._categorizer}", content, asked)
            said += self._words(categories, "categories", "name")
        return Opinion(model=self.model, suggestions=self.suggestions(said))

    def _post(self, path: str, content: bytes, asked: dict[str, Any]) -> dict[str, Any]:
        files = {"image": ("photo.jpg", content, "image/jpeg")}
        told = self.ask("POST", path, files=files, params=asked, auth=self._auth)
        result, status = told.get("result"), told.get("status")
        if not isinstance(result, dict) or not isinstance(status, dict):
            raise self._permanent("answered in a way that is not its own.")
        if status.get("type") != "success":
            raise self._permanent(f"could not look at the photo ({self.reason(told)}).")
        return result

    def _words(self, result: dict[str, Any], what: str, word: str) -> Iterator[tuple[Any, Any]]:
        """Yield words and confidences, which Imagga gives from 0 to 100."""
        try:
            for entry in result[what]:
                names, confidence = entry[word], entry["confidence"]
                yield names.get(self._language) or names.get("en", ""), confidence / 100
        except (KeyError, TypeError, AttributeError) as error:
            raise self._permanent("answered in a way that is not its own.") from error

    def reason(self, told: dict[str, Any]) -> str:
        status = told.get("status")
        text = status.get("text") if isinstance(status, dict) else ""
        return text if isinstance(text, str) else ""

    def refusal(self, answer: httpx.Response, told: dict[str, Any]) -> TaggerError:
        """A quota that is used up comes back at the reset that the answer names."""
        if answer.status_code == 403 and answer.headers.get("Monthly-Limit-Remaining") == "0":
            return self._passing("has no calls left this month.", retry_in_s=_until_reset_s(answer))
        return super().refusal(answer, told)


def _until_reset_s(answer: httpx.Response) -> float | None:
    try:
        return max(0.0, float(answer.headers["Monthly-Limit-Reset"]) - time.time())
    except (KeyError, ValueError):
        return None
