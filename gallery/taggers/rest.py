"""What taggers that are services share: careful HTTP calls, and answers that are checked."""

from __future__ import annotations

import json
import math
import ssl
import time
import weakref
from base64 import b64encode
from collections.abc import Iterable
from email.utils import parsedate_to_datetime
from functools import cached_property
from io import BytesIO
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .base import Suggestion, Tagger, TaggerError

if TYPE_CHECKING:
    import httpx
    from PIL import Image
    from tenacity import RetryCallState

#: Too slow, too early, too often (420 is Cloudinary's word for that).
PASSING_STATUSES = (408, 420, 425, 429)
MAX_ANSWER_BYTES = 2_000_000
MAX_LABEL_CHARS = 100
JPEG_QUALITY = 90
CONFIDENCE_DECIMALS = 4
#: A service that wants to be left alone for longer is asked again by a later attempt of the run.
LONGEST_WAIT_S = 15.0
FIRST_WAIT_S = 0.5
#: All tries of one call together must end well within a run's lease.
ALL_TRIES_S = 60.0


class RestTagger(Tagger):
    """A tagger behind an HTTP address.

    ``timeout_s`` bounds connecting and each wait for more bytes, and twice that a whole answer.
    A call is tried ``tries`` times, where trying again can help. Photos are sent as JPEG with a
    long side of at most ``max_side_px`` pixels. Redirects are not followed: what was sent is for
    the configured host alone.
    """

    #: How the service is called in sentences for people.
    service = "The service"
    concurrency = 2

    def __init__(
        self,
        *,
        url: str,
        timeout_s: float = 30.0,
        tries: int = 3,
        max_side_px: int = 600,
    ) -> None:
        if urlsplit(url).scheme not in ("http", "https"):
            raise ValueError(f"“{url}” is no http or https address.")
        self.url = url.rstrip("/")
        self._timeout_s = timeout_s
        self._tries = tries
        self._max_side_px = max_side_px

    @property
    def host(self) -> str:
        host = urlsplit(self.url).hostname or ""
        return "" if _is_loopback(host) else host

    @cached_property
    def _client(self) -> httpx.Client:
        import httpx  # only who really asks a service should pay for this

        client = httpx.Client(timeout=self._timeout_s, follow_redirects=False)
        weakref.finalize(self, client.close)
        return client

    def ask(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        """Return the JSON object that the service answers. Raises TaggerError."""
        from tenacity import Retrying, retry_if_exception, stop_after_attempt, stop_after_delay

        tries = Retrying(
            retry=retry_if_exception(_may_be_tried_at_once),
            stop=stop_after_attempt(self._tries) | stop_after_delay(ALL_TRIES_S),
            wait=_wait_s,
            reraise=True,
        )
        answer: dict[str, Any] = tries(self._ask_once, method, path, request)
        return answer

    def _ask_once(self, method: str, path: str, request: dict[str, Any]) -> dict[str, Any]:
        import httpx

        try:
            with self._client.stream(method, f"{self.url}{path}", **request) as answer:
                body = self._read(answer)
        except httpx.TimeoutException as error:
            raise self._passing(f"did not answer within {self._timeout_s:g} s.") from error
        except httpx.TransportError as error:
            if _is_about_certificates(error):
                raise self._permanent("has a certificate that cannot be trusted.") from error
            raise self._passing("cannot be reached.") from error
        except httpx.InvalidURL as error:
            raise self._permanent("has an address that is none.") from error
        return self._understood(answer, body)

    def _read(self, answer: httpx.Response) -> bytes:
        """Read a body that ends, within its time and within bounds."""
        body = bytearray()
        deadline = time.monotonic() + 2 * self._timeout_s
        for chunk in answer.iter_bytes():
            body += chunk
            if len(body) > MAX_ANSWER_BYTES:
                raise self._permanent("answered with more than any tagger has to say.")
            if time.monotonic() > deadline:
                raise self._passing("did not come to an end of its answer.")
        return bytes(body)

    def _understood(self, answer: httpx.Response, body: bytes) -> dict[str, Any]:
        if answer.is_redirect:
            raise self._permanent("answers from another address; configure that one.")
        told = _json_object(body)
        if answer.is_success and told is not None:
            return told
        if answer.is_success:
            raise self._passing("answered with something that is no JSON object.")
        raise self.refusal(answer, told or {})

    def refusal(self, answer: httpx.Response, told: dict[str, Any]) -> TaggerError:
        """Return the error that an HTTP status stands for; services that say more override it."""
        reason = f"refused with HTTP {answer.status_code}{_in_brackets(self.reason(told))}."
        if answer.status_code == 401:
            return self._permanent(
                f"does not accept its credentials{_in_brackets(self.reason(told))}."
            )
        if answer.status_code in PASSING_STATUSES or answer.status_code >= 500:
            return self._passing(reason, retry_in_s=retry_after_s(answer))
        return self._permanent(reason)

    def reason(self, told: dict[str, Any]) -> str:
        """Return what an answer gives as the reason of a refusal."""
        error = told.get("error")
        message = error.get("message") if isinstance(error, dict) else error
        return message if isinstance(message, str) else ""

    def _passing(self, what: str, *, retry_in_s: float | None = None) -> TaggerError:
        return TaggerError(f"{self.service} {what}", permanent=False, retry_in_s=retry_in_s)

    def _permanent(self, what: str) -> TaggerError:
        return TaggerError(f"{self.service} {what}", permanent=True)

    # --- What is sent, and what comes back --------------------------------------------------------

    def jpeg(self, image: Image.Image) -> bytes:
        """Return a copy of an RGB image, small enough to send."""
        copy = image.copy()
        copy.thumbnail((self._max_side_px, self._max_side_px), reducing_gap=3.0)
        content = BytesIO()
        copy.save(content, "JPEG", quality=JPEG_QUALITY)
        return content.getvalue()

    def data_uri(self, image: Image.Image) -> str:
        return f"data:image/jpeg;base64,{b64encode(self.jpeg(image)).decode()}"

    def suggestions(self, said: Iterable[tuple[Any, Any]]) -> tuple[Suggestion, ...]:
        """Check labels and confidences, 0..1, keep the surest of each, most confident first.

        Raises TaggerError for what no tagger can mean; nothing of such an answer is kept.
        """
        surest: dict[str, float] = {}
        for label, confidence in said:
            name = self._label(label)
            if name:
                surest[name] = max(surest.get(name, 0.0), self._confidence(confidence))
        ranked = sorted(surest.items(), key=lambda said: (-said[1], said[0]))
        return tuple(Suggestion(label, confidence) for label, confidence in ranked)

    def _label(self, label: Any) -> str:
        if not isinstance(label, str):
            raise self._permanent("named a tag that is no text.")
        name = " ".join("".join(c if c.isprintable() else " " for c in label).split())
        if len(name) > MAX_LABEL_CHARS:
            raise self._permanent(f"named a tag of {len(name):,} characters.")
        return name

    def _confidence(self, confidence: Any) -> float:
        is_number = isinstance(confidence, int | float) and not isinstance(confidence, bool)
        if not is_number or not math.isfinite(confidence) or not 0 <= confidence <= 1:
            raise self._permanent(f"gave a confidence of {str(confidence)[:20]}, not of 0 to 1.")
        return round(float(confidence), CONFIDENCE_DECIMALS)


def retry_after_s(answer: httpx.Response) -> float | None:
    """Return how long an answer asks to be left alone, in seconds or until a date, if it does."""
    said = answer.headers.get("Retry-After", "")
    try:
        return max(0.0, float(said))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(said).timestamp() - time.time())
    except (ValueError, TypeError):
        return None


def _may_be_tried_at_once(error: BaseException) -> bool:
    if not isinstance(error, TaggerError) or error.permanent:
        return False
    return error.retry_in_s is None or error.retry_in_s <= LONGEST_WAIT_S


def _wait_s(state: RetryCallState) -> float:
    """As long as the service asks, or else longer each time and never quite the same."""
    from tenacity import wait_random_exponential

    error = state.outcome.exception() if state.outcome else None
    asked = error.retry_in_s if isinstance(error, TaggerError) else None
    backoff: float = wait_random_exponential(FIRST_WAIT_S, LONGEST_WAIT_S)(state)
    return backoff if asked is None else asked + min(backoff, FIRST_WAIT_S)


def _is_about_certificates(error: BaseException) -> bool:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _json_object(body: bytes) -> dict[str, Any] | None:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) else None


def _in_brackets(reason: str) -> str:
    reason = " ".join(reason.split())[:200].rstrip(".")
    return f" ({reason})" if reason else ""
