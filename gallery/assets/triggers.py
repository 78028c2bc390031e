"""Triggers: addresses that a cloud has told of every event of a kind."""

from __future__ import annotations

import re

from django.db import transaction
from django.utils import timezone

from ..models import Cloud, Trigger
from .errors import InvalidError, MissingError, TakenError
from .notifying import checked_url

MAX_TRIGGERS = 100
_EVENT = re.compile(r"[a-z][a-z_]{0,49}", re.ASCII)


def triggers_of(cloud: Cloud, event: str = "") -> list[Trigger]:
    rows = Trigger.objects.filter(cloud=cloud)
    return list(rows.filter(event_type=event) if event else rows)


@transaction.atomic
def create(cloud: Cloud, uri: str, event: str) -> Trigger:
    """Have an address told of every event of a kind. Raises AssetError."""
    url = checked_url(uri)
    if not _EVENT.fullmatch(event):
        raise InvalidError(f"Invalid event_type {event[:50]}")
    _hold(cloud)
    if Trigger.objects.filter(cloud=cloud).count() >= MAX_TRIGGERS:
        raise InvalidError(f"A cloud has at most {MAX_TRIGGERS} triggers")
    _check_free(cloud, url, event)
    return Trigger.objects.create(cloud=cloud, uri=url, event_type=event)


@transaction.atomic
def move(cloud: Cloud, external_id: str, uri: str) -> Trigger:
    """Have another address told instead. Raises AssetError."""
    url = checked_url(uri)
    _hold(cloud)
    trigger = _found(cloud, external_id)
    if url != trigger.uri:
        _check_free(cloud, url, trigger.event_type)
    trigger.uri, trigger.updated_at = url, timezone.now()
    trigger.save(update_fields=["uri", "updated_at"])
    return trigger


def delete(cloud: Cloud, external_id: str) -> None:
    """Raises MissingError."""
    _found(cloud, external_id).delete()


def _found(cloud: Cloud, external_id: str) -> Trigger:
    trigger = Trigger.objects.filter(cloud=cloud, external_id=external_id).first()
    if trigger is None:
        raise MissingError(f"Trigger {external_id[:50]} doesn't exist")
    return trigger


def _check_free(cloud: Cloud, uri: str, event: str) -> None:
    if Trigger.objects.filter(cloud=cloud, uri=uri, event_type=event).exists():
        raise TakenError("There is a trigger of this event for this uri already")


def _hold(cloud: Cloud) -> None:
    """Keep others from changing a cloud's triggers until this transaction ends."""
    list(Cloud.objects.select_for_update(no_key=True).filter(pk=cloud.pk).values_list("pk"))
