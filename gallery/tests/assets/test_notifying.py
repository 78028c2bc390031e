"""Messages to addresses that want to know: signed, tried again, given up, and careful."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import cloudinary
import cloudinary.utils
import pytest
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from gallery import tasks
from gallery.assets import notifying
from gallery.assets.errors import InvalidError
from gallery.models import Cloud, Notification, Trigger, WorkStatus
from gallery.tests.api.asking import key_of
from gallery.tests.factories import make_cloud

pytestmark = pytest.mark.django_db


class Receiver:
    """A web server on this machine that answers as told and keeps what it gets."""

    def __init__(self, url: str) -> None:
        self.url, self.status = url, 200
        self.got: list[tuple[dict[str, str], str]] = []


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            told.got.append((dict(self.headers), body))
            self.send_response(told.status)
            self.send_header("Location", told.url)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    told = Receiver(f"http://127.0.0.1:{server.server_port}/hook")
    settings.OUTBOUND_ALLOWED = [f"127.0.0.1:{server.server_port}"]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield told
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def cloud() -> Cloud:
    return make_cloud()


def notify(cloud: Cloud, url: str, **body: Any) -> Notification:
    [made] = notifying.notify(cloud, "upload", body, urls=url, key=key_of(cloud))
    return made


def test_message_passes_the_vendors_own_check(cloud: Cloud, receiver: Receiver) -> None:
    assert notifying.deliver(notify(cloud, receiver.url, public_id="Zoë ☂"))
    [(headers, body)] = receiver.got
    cloudinary.config(api_secret=key_of(cloud).secret)
    timestamp, signature = headers["X-Cld-Timestamp"], headers["X-Cld-Signature"]
    assert cloudinary.utils.verify_notification_signature(body, timestamp, signature)
    assert not cloudinary.utils.verify_notification_signature(body + " ", timestamp, signature)
    message = json.loads(body)
    assert (message["notification_type"], message["public_id"]) == ("upload", "Zoë ☂")
    assert message["notification_context"]["triggered_by"]["id"] == key_of(cloud).key
    assert headers["Content-Type"].startswith("application/json")
    assert Notification.objects.get().status == WorkStatus.DONE


def test_message_that_arrived_is_not_sent_again(cloud: Cloud, receiver: Receiver) -> None:
    made = notify(cloud, receiver.url)
    assert notifying.deliver(made)
    assert not notifying.deliver(Notification.objects.get())
    assert len(receiver.got) == 1


@pytest.mark.parametrize("status", [301, 404, 500])
def test_message_that_is_refused_is_tried_again_later(
    cloud: Cloud, receiver: Receiver, status: int
) -> None:
    receiver.status = status
    made = notify(cloud, receiver.url)
    waits = []
    for _ in range(len(notifying.RETRY_AFTER)):
        Notification.objects.update(due_at=timezone.now())
        assert not notifying.deliver(Notification.objects.get(pk=made.pk))
        made.refresh_from_db()
        assert made.status == WorkStatus.QUEUED
        assert not notifying.deliver(made), "not due yet"
        waits.append(made.due_at - timezone.now())
    assert waits == sorted(waits)
    Notification.objects.update(due_at=timezone.now())
    notifying.deliver(Notification.objects.get(pk=made.pk))
    made.refresh_from_db()
    assert (made.status, str(status) in made.error) == (WorkStatus.FAILED, True)
    assert len(receiver.got) == len(notifying.RETRY_AFTER) + 1


def test_address_inside_the_network_is_not_reached(cloud: Cloud, receiver: Receiver) -> None:
    made = notify(cloud, receiver.url.replace("127.0.0.1", "127.0.0.2"))
    assert not notifying.deliver(made)
    made.refresh_from_db()
    assert made.error
    assert not receiver.got


@pytest.mark.parametrize(
    "url",
    ["ftp://a.example/", "javascript:alert(1)", "http://", "x", "http://u:p@a.example/", "\0",
     "http://a.example:22/", "http://a.example/" + "x" * 2000, "http://a\u0301.exa mple/\x01"],
)  # fmt: skip
def test_what_is_no_address_is_refused(cloud: Cloud, url: str) -> None:
    with pytest.raises(InvalidError):
        notifying.notify(cloud, "upload", {}, urls=[url])
    assert not Notification.objects.exists()


def test_too_many_addresses_are_refused() -> None:
    with pytest.raises(InvalidError, match="Maximum is 10"):
        notifying.checked_urls(" ".join(f"http://a.example/{n}" for n in range(11)))


def test_given_addresses_and_triggers_of_the_event_are_told_once_each(cloud: Cloud) -> None:
    for uri, event in [("a", "upload"), ("b", "delete"), ("c", "all"), ("d", "upload")]:
        Trigger.objects.create(cloud=cloud, uri=f"http://{uri}.example/", event_type=event)
    Trigger.objects.create(cloud=make_cloud(), uri="http://e.example/", event_type="upload")
    made = notifying.notify(cloud, "upload", {}, urls="http://d.example/ http://f.example/")
    assert [one.url[7] for one in made] == ["d", "f", "a", "c"]
    assert not notifying.notify(make_cloud(), "upload", {})


def test_revoked_key_does_not_sign_and_the_first_one_does(cloud: Cloud, receiver: Receiver) -> None:
    made = notify(cloud, receiver.url)
    key_of(cloud).revoke()
    assert not notifying.deliver(Notification.objects.get(pk=made.pk))
    assert not receiver.got
    made.refresh_from_db()
    assert "no key" in made.error


def test_new_message_rings_for_a_worker(
    cloud: Cloud,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    rung: list[int] = []
    monkeypatch.setattr(type(tasks.deliver_notification), "enqueue", lambda _, pk: rung.append(pk))
    with django_capture_on_commit_callbacks(execute=True):
        made = notify(cloud, "http://a.example/")
    assert rung == [made.pk]


def test_sweep_rings_for_lost_and_abandoned_messages_only(cloud: Cloud) -> None:
    now, hour = timezone.now(), timedelta(hours=1)

    def made(status: str, due_in: timedelta, attempts: int = 1) -> Notification:
        return Notification.objects.create(
            cloud=cloud, url="http://a.example/", body="{}",
            status=status, due_at=now + due_in, attempts=attempts,
        )  # fmt: skip

    lost, abandoned = made("queued", -hour), made("running", -hour)
    hopeless = made("running", -hour, attempts=99)
    for status in ("done", "failed"):
        made(status, -hour)
    made("queued", hour)
    made("running", hour)
    assert notifying.sweep() == 2
    assert notifying.sweep() == 0
    for row, status in [(lost, "queued"), (abandoned, "queued"), (hopeless, "failed")]:
        row.refresh_from_db()
        assert row.status == status


def test_old_messages_are_forgotten_once_they_are_settled(cloud: Cloud) -> None:
    old = timezone.now() - notifying.KEEP_FOR - timedelta(hours=1)
    for status in WorkStatus.values:
        Notification.objects.create(
            cloud=cloud, url="http://a.example/", body="{}", status=status, created_at=old
        )
        Notification.objects.create(cloud=cloud, url="http://a.example/", body="{}", status=status)
    assert notifying.forget_old() == 2
    assert Notification.objects.count() == 6
