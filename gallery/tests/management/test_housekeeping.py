"""Housekeeping throws away what is old, keeps the rest, and survives a bad round."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from gallery import tagging, tasks
from gallery.management.commands import housekeeping

pytestmark = pytest.mark.django_db


def hours_ago(hours: float) -> datetime:
    return timezone.now() - timedelta(hours=hours)


def make_task(**fields: object) -> DBTaskResult[Any, Any]:
    tasks.perform_tagging_run.enqueue(0)
    task = DBTaskResult.objects.latest("enqueued_at")
    DBTaskResult.objects.filter(pk=task.pk).update(**fields)
    return task


@pytest.mark.parametrize(
    ("status", "started", "finished", "kept"),
    [
        (TaskResultStatus.SUCCESSFUL, 26, 25, False),
        (TaskResultStatus.FAILED, 26, 25, False),
        (TaskResultStatus.SUCCESSFUL, 25, 23, True),
        (TaskResultStatus.RUNNING, 25, None, False),  # its worker died
        (TaskResultStatus.RUNNING, 23, None, True),
        (TaskResultStatus.READY, None, None, True),
    ],
)
def test_tasks_are_deleted_a_day_after_they_ended_or_died(
    status: str, started: float | None, finished: float | None, kept: bool
) -> None:
    make_task(
        status=status,
        enqueued_at=hours_ago(48),
        started_at=started and hours_ago(started),
        finished_at=finished and hours_ago(finished),
    )
    call_command("housekeeping")
    assert DBTaskResult.objects.exists() is kept


def test_more_tasks_than_one_batch_are_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(housekeeping, "PRUNE_BATCH", 2)
    for _ in range(5):
        make_task(finished_at=hours_ago(25))
    call_command("housekeeping")
    assert not DBTaskResult.objects.exists()


def test_expired_sessions_are_deleted_and_others_kept() -> None:
    Session.objects.create(session_key="old", expire_date=hours_ago(1))
    Session.objects.create(session_key="new", expire_date=hours_ago(-1))
    call_command("housekeeping")
    assert [session.session_key for session in Session.objects.all()] == ["new"]


# --- Again and again --------------------------------------------------------------------------
# Between rounds it closes connections that look unusable, as one in a test's transaction does.

endless = pytest.mark.usefixtures("own_signals", "transactional_db")


@pytest.fixture
def own_signals() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


class Sweeps:
    """Stands for the sweep: fails in the rounds it is told to, asks to stop in the last."""

    def __init__(self, *, last: int, failing: set[int], stop_by: signal.Signals) -> None:
        self.last = last
        self.failing = failing
        self.stop_by = stop_by
        self.done = 0

    def __call__(self) -> int:
        self.done += 1
        if self.done == self.last:
            os.kill(os.getpid(), self.stop_by)
        if self.done in self.failing:
            raise OperationalError("database is locked")
        return 0


@endless
@pytest.mark.parametrize("stop_by", [signal.SIGTERM, signal.SIGINT])
def test_rounds_go_on_until_a_signal(
    stop_by: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweeps = Sweeps(last=3, failing=set(), stop_by=stop_by)
    monkeypatch.setattr(tagging, "sweep", sweeps)
    call_command("housekeeping", every=0.01)
    assert sweeps.done == 3


@endless
def test_round_in_hand_is_finished_before_stopping(monkeypatch: pytest.MonkeyPatch) -> None:
    make_task(finished_at=hours_ago(25))
    sweeps = Sweeps(last=1, failing=set(), stop_by=signal.SIGTERM)
    monkeypatch.setattr(tagging, "sweep", sweeps)
    call_command("housekeeping", every=0.01)
    assert not DBTaskResult.objects.exists()


@endless
def test_round_that_the_database_refuses_is_logged_and_the_next_goes_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    sweeps = Sweeps(last=2, failing={1}, stop_by=signal.SIGTERM)
    monkeypatch.setattr(tagging, "sweep", sweeps)
    call_command("housekeeping", every=0.01)
    assert sweeps.done == 2
    assert [record.getMessage() for record in caplog.records] == [
        "Housekeeping could not tidy; it tries again later."
    ]


@pytest.mark.parametrize("pause", ["0", "-1", "inf", "nan", "soon"])
def test_pause_that_is_no_pause_is_refused(pause: str) -> None:
    with pytest.raises(CommandError):
        call_command("housekeeping", "--every", pause)
