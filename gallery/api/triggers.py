"""The Admin API's notification triggers."""

from __future__ import annotations

from typing import Any

from ..assets import triggers
from ..models import Trigger
from .doors import Answer, Call
from .errors import BadRequestError
from .payloads import stamp


def listing(call: Call) -> Answer:
    event = call.params.text("event_type")
    return {"triggers": [_told(one) for one in triggers.triggers_of(call.cloud, event)]}


def create(call: Call) -> Answer:
    kind = call.params.text("uri_type", "webhook")
    if kind != "webhook":
        raise BadRequestError(f"uri_type {kind[:50]} is not supported; only webhook is")
    uri, event = call.params.required("uri"), call.params.required("event_type")
    return _told(triggers.create(call.cloud, uri, event))


def update(call: Call, external_id: str) -> Answer:
    uri = call.params.required("new_uri")
    return _told(triggers.move(call.cloud, external_id, uri))


def delete(call: Call, external_id: str) -> Answer:
    triggers.delete(call.cloud, external_id)
    return {"message": "ok"}


def _told(trigger: Trigger) -> dict[str, Any]:
    return {
        "id": trigger.external_id,
        "uri": trigger.uri,
        "uri_type": "webhook",
        "event_type": trigger.event_type,
        "created_at": stamp(trigger.created_at),
        "updated_at": stamp(trigger.updated_at),
    }
