"""Work for later: a request noted for a worker, and done by it as if it had just come in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.http import HttpRequest

from ..assets import jobs, notifying
from ..models import ApiJob, UploadPreset
from .doors import REFUSALS, Call
from .params import Params

_T = TypeVar("_T")


def queue(call: Call, action: str, **more: Any) -> dict[str, Any]:
    """Note a request, which has been checked, and answer that it is worked on."""
    told = notifying.checked_urls(call.params.text("notification_url"))
    values = {name: value for name, value in call.params.values.items() if name != "async"}
    job = jobs.queue(
        call.cloud,
        action,
        key=call.key,
        params={"values": values, "site": call.secure_base_url, "told": [*told], **more},
    )
    return {"status": "processing", "batch_id": job.batch_id}


def done_for(job: ApiJob, work: Callable[[Call], _T]) -> _T:
    """Do what was asked as if the request had just come in.

    Those who wait are told when it is refused; raises JobError then.
    """
    preset = UploadPreset.objects.filter(pk=job.params.get("preset")).first()
    params = Params(values=dict(job.params.get("values", {})))
    call = Call(
        HttpRequest(),
        job.cloud,
        params,
        key=job.key,
        preset=preset,
        site=job.params["site"],
        batch_id=job.batch_id,
    )
    try:
        return work(call)
    except REFUSALS as error:
        refusal = {"batch_id": job.batch_id, "error": {"message": str(error)}}
        notifying.notify(job.cloud, "error", refusal, urls=job.params.get("told"), key=job.key)
        raise jobs.JobError(str(error)) from error


def perform(job: ApiJob, event: str, work: Callable[[Call], dict[str, Any]]) -> None:
    """Do what was asked and tell those who wait. Raises JobError where it is refused."""
    body = done_for(job, work) | {"batch_id": job.batch_id}
    notifying.notify(job.cloud, event, body, urls=job.params.get("told"), key=job.key)
