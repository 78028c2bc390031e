"""Tells addresses that want to know what happened, until they answer or for long do not."""

from __future__ import annotations

import hashlib
import json
import logging
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from .. import outbound
from ..models import ApiKey, Cloud, Notification, Trigger, WorkStatus
from ..outbound.urls import read_url
from . import outside
from .errors import InvalidError
from .labels.names import checked_text

logger = logging.getLogger(__name__)

MAX_URL_CHARS, MAX_URLS = 2000, 10
#: So long one message may take.
SEND_S = 15.0
#: So long after a failure it is tried again; there are that many tries and the first.
RETRY_AFTER = (
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=8),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=8),
)
#: A worker that is silent for so long has died.
LEASE = timedelta(minutes=5)
#: How long a doorbell may go unanswered before the sweep rings again.
RING_PATIENCE = timedelta(seconds=60)
SWEEP_LIMIT, PRUNE_BATCH = 500, 1000
KEEP_FOR = timedelta(days=7)
_UNFINISHED = (WorkStatus.QUEUED, WorkStatus.RUNNING)


def checked_urls(urls: str | Sequence[str] | None) -> list[str]:
    """Return addresses, which may come as one text with spaces between. Raises InvalidError."""
    given = urls.split() if isinstance(urls, str) else list(urls or ())
    found = [*dict.fromkeys(checked_url(url) for url in given)]
    if len(found) > MAX_URLS:
        raise InvalidError(f"Too many notification addresses. Maximum is {MAX_URLS}.")
    return found


def checked_url(url: object) -> str:
    """Return an http or https address. Where it leads is looked at when it is used."""
    text = checked_text(url, "A notification address").strip()
    if len(text) > MAX_URL_CHARS:
        raise InvalidError(f"A notification address has at most {MAX_URL_CHARS} characters")
    try:
        read_url(text, outside.rules())
    except outbound.OutboundError as error:
        raise InvalidError(f"Invalid notification address {text[:100]} - {error}") from error
    return text


def is_wanted(cloud: Cloud, event: str, urls: str | Sequence[str] | None = None) -> bool:
    """True when anybody is to be told of an event, so that a message is worth its making."""
    return bool(urls) or _told_of(cloud, event).exists()


def _told_of(cloud: Cloud, event: str) -> QuerySet[Trigger]:
    return Trigger.objects.filter(cloud=cloud, event_type__in=(event, "all"))


def notify(
    cloud: Cloud,
    event: str,
    body: Mapping[str, Any],
    *,
    urls: str | Sequence[str] | None = None,
    key: ApiKey | None = None,
    request_id: str = "",
) -> list[Notification]:
    """Have the given addresses told of an event, and those that are told of all of its kind.

    ``body`` is what was answered; it is signed with the key's secret when it is sent.
    ``request_id`` is that of the request, "" where it is long over. Nothing is sent here: the rows
    are the request. Raises InvalidError.
    """
    asked = checked_urls(urls)
    wanted = dict.fromkeys([*asked, *_told_of(cloud, event).values_list("uri", flat=True)])
    if not wanted:
        return []
    text = _worded(event, body, key, request_id or uuid.uuid4().hex)
    return [Notification.objects.create(cloud=cloud, key=key, url=url, body=text) for url in wanted]


def _worded(event: str, body: Mapping[str, Any], key: ApiKey | None, request_id: str) -> str:
    now = timezone.now().astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    by = {"source": "api", "id": key.key} if key else {"source": "ui"}
    message = {
        "notification_type": event,
        "timestamp": now,
        "request_id": request_id,
        **body,
        "notification_context": {"triggered_at": now, "triggered_by": by},
    }
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"), default=str)


# --- What a worker does -----------------------------------------------------------------------


def deliver(notification: Notification) -> bool:
    """Send a message that is due, once; True when it arrived. It is noted when to try again."""
    if not _claim(notification):
        return False
    error = _send(notification)
    status, due_at = WorkStatus.DONE, notification.due_at
    if error:
        status, due_at = _after_failure(notification.attempts)
        logger.info("Notification %s failed: %s", notification.pk, error)
    rows = Notification.objects.filter(
        pk=notification.pk, status=WorkStatus.RUNNING, attempts=notification.attempts
    )
    if rows.update(status=status, due_at=due_at, error=error) and status == WorkStatus.QUEUED:
        _ring(notification, due_at=due_at, error=error)
    return not error


def _claim(notification: Notification) -> bool:
    """Move a message that is due to running; False when another worker was first."""
    now = timezone.now()
    due = Notification.objects.filter(
        pk=notification.pk,
        status=WorkStatus.QUEUED,
        attempts=notification.attempts,
        due_at__lte=now,
    )
    claimed = {"status": WorkStatus.RUNNING, "attempts": notification.attempts + 1}
    if not due.update(**claimed, due_at=now + LEASE):
        return False
    notification.refresh_from_db()
    return True


def _after_failure(attempts: int) -> tuple[WorkStatus, datetime]:
    if attempts > len(RETRY_AFTER):
        return WorkStatus.FAILED, timezone.now()
    return WorkStatus.QUEUED, timezone.now() + RETRY_AFTER[attempts - 1]


def _send(notification: Notification) -> str:
    """Return what went wrong; "" when the other side has taken it."""
    secret = _secret(notification)
    if not secret:
        return "There is no key to sign it with."
    headers = {"Content-Type": "application/json; charset=utf-8", **signed(notification, secret)}
    try:
        status = outbound.post(
            notification.url,
            body=notification.body.encode(),
            headers=headers,
            rules=replace(outside.rules(), total_s=SEND_S),
        )
    except outbound.OutboundError as error:
        return f"{error}."
    return "" if 200 <= status < 300 else f"The other side answered {status}."


def signed(notification: Notification, secret: str) -> dict[str, str]:
    """Return the headers by which a receiver knows who wrote.

    The signature is the SHA-1 of body, timestamp and secret, in hexadecimal. Source: the vendor's
    documentation of notifications.
    """
    timestamp = str(int(time.time()))
    signature = hashlib.sha1((notification.body + timestamp + secret).encode()).hexdigest()  # noqa: S324
    return {"X-Cld-Timestamp": timestamp, "X-Cld-Signature": signature}


def _secret(notification: Notification) -> str:
    """Return the secret of the key it came with or, once that is revoked, of the first key."""
    key = notification.key
    if key is None or not key.is_active:
        key = ApiKey.objects.active().filter(cloud=notification.cloud_id).order_by("pk").first()
    return key.secret if key else ""


# --- What housekeeping does -------------------------------------------------------------------


def sweep() -> int:
    """Ring again for messages that are due and nobody looks at; return how many."""
    now = timezone.now()
    unheard = Q(status=WorkStatus.QUEUED, due_at__lt=now - RING_PATIENCE)
    abandoned = Q(status=WorkStatus.RUNNING, due_at__lt=now)
    rows = Notification.objects.filter(status__in=_UNFINISHED).filter(unheard | abandoned)
    return sum(_revive(row) for row in rows.order_by("due_at", "pk")[:SWEEP_LIMIT])


def _revive(row: Notification) -> bool:
    seen = Notification.objects.filter(pk=row.pk, status=row.status, attempts=row.attempts)
    if row.attempts > len(RETRY_AFTER):
        seen.update(status=WorkStatus.FAILED, error="The worker died while sending it.")
        return False
    now = timezone.now()
    if not seen.update(status=WorkStatus.QUEUED, due_at=now):
        return False
    _ring(row, due_at=now, error=row.error)
    return True


def _ring(row: Notification, *, due_at: datetime, error: str) -> None:
    """Have a worker look at it then: saving the row is what the signal listens to."""
    row.status, row.due_at, row.error = WorkStatus.QUEUED, due_at, error
    row.save(update_fields=["error"])


def forget_old() -> int:
    """Delete messages that arrived, or were given up, some days after they were written."""
    old = Notification.objects.exclude(status__in=_UNFINISHED).filter(
        created_at__lt=timezone.now() - KEEP_FOR
    )
    count = 0
    while batch := list(old.order_by("pk").values_list("pk", flat=True)[:PRUNE_BATCH]):
        count += Notification.objects.filter(pk__in=batch).delete()[0]
    return count
