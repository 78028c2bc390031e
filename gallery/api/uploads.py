"""The Upload API: upload, explicit, rename, destroy."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from ..assets import (
    access,
    add_ons,
    analysing,
    fields,
    jobs,
    naming,
    notifying,
    removing,
    renaming,
    storing,
)
from ..assets.errors import TakenError
from ..assets.partial import Progress
from ..models import ApiJob, Asset, DeleteToken
from . import derived, later, payloads, sources
from . import wishes as reading
from .doors import Answer, Call
from .errors import BadRequestError
from .params import Params
from .payloads import Payload
from .resources import values
from .sources import Source
from .wishes import Wishes

#: So long a delete token is good for.
TOKEN_LIFE = timedelta(minutes=10)


# --- Upload -----------------------------------------------------------------------------------


def upload(call: Call, resource_type: str) -> Answer:
    """Store a file and do what is asked with it; or, asked so, have a worker do both."""
    wishes = reading.wishes(call)
    reading.draft(call, resource_type)  # says what is wrong before anything is fetched
    if wishes.is_async and sources.is_elsewhere(call):
        return _upload_later(call, resource_type, None, wishes)
    with sources.opened(call) as source:
        if isinstance(source, Progress):
            return _unfinished(call, resource_type, source)
        if wishes.is_async:
            return _upload_later(call, resource_type, source, wishes)
        return _uploaded(call, resource_type, source, wishes)


def _unfinished(call: Call, resource_type: str, progress: Progress) -> Payload:
    """Tell how much has come.

    Of the name only what is asked for: one client library asks for the name in this answer with
    the next part, and for none when there is none.
    """
    asked = call.params.text("public_id")
    return {
        "done": False,
        "bytes": progress.received_bytes,
        "resource_type": resource_type,
        "type": reading.type_of(call.params),
        "kind": "upload",
        **({"public_id": asked} if asked else {}),
    }


def _uploaded(call: Call, resource_type: str, source: Source, wishes: Wishes) -> Payload:
    draft = reading.draft(call, resource_type, named_by=source.name)
    stored = storing.store(call.cloud, file=source.file, draft=draft)
    if stored.existing:
        _refuse_hidden(call, stored.asset)
        told = payloads.upload_answer(call, stored.asset, wanted=wishes.analyses)
        return told | {"existing": True}
    if call.batch_id:
        jobs.note(call.batch_id, stored=_version_of(stored.asset))
    answer = _worked_on(call, stored.asset, wishes)
    if stored.overwritten:
        answer["overwritten"] = True
    if wishes.wants_token:
        answer["delete_token"] = _delete_token(stored.asset)
    _tell(call, "upload", answer, wishes)
    return answer


def _version_of(asset: Asset) -> dict[str, str]:
    return {"asset_id": asset.asset_id, "version_id": asset.version_id}


def _tell(call: Call, event: str, answer: Payload, wishes: Wishes) -> None:
    body = answer | ({"batch_id": call.batch_id} if call.batch_id else {})
    notifying.notify(
        call.cloud, event, body, urls=wishes.told, key=call.key, request_id=call.request_id
    )


def _refuse_hidden(call: Call, asset: Asset) -> None:
    """Tell those who need no signature nothing of what is not for everyone."""
    if not call.is_signed and not access.is_open(asset, is_original=True):
        raise TakenError(f"public_id ({asset.public_id}) already exists")


def _worked_on(call: Call, asset: Asset, wishes: Wishes) -> Payload:
    """Do what is asked with an asset that is stored, and answer."""
    if wishes.analyses:
        analysing.analyse(asset, wishes.analyses)
    if wishes.add_ons and asset.is_image:
        notify = " ".join(wishes.told) or None
        add_ons.request(
            asset,
            wishes.add_ons,
            wishes.threshold,
            notification_url=notify,
            is_queued=bool(call.batch_id),
        )
    made = derived.answer(call, asset, wishes)
    return payloads.upload_answer(call, asset, wanted=wishes.analyses) | made


# --- Explicit ---------------------------------------------------------------------------------


def explicit(call: Call, resource_type: str) -> Answer:
    """Change what the request names of an asset, and do with it what an upload can ask for."""
    wishes, params = reading.wishes(call), call.params
    kind = reading.kind_of(resource_type)
    asset = storing.find(call.cloud, kind, reading_type(params), params.required("public_id"))
    changes, steps = reading.changes(asset, params), _steps(asset, params)
    if wishes.is_async:
        return _later(call, "explicit", kind, wishes) | {"public_id": asset.public_id}
    with transaction.atomic():
        for step in steps:
            step()
        naming.note_folders(call.cloud, changes.get("folder", ""))
        Asset.objects.filter(pk=asset.pk).update(**changes, updated_at=timezone.now())
    return _explicit_answer(call, _again(asset), wishes)


def reading_type(params: Params) -> str:
    return params.text("type") or "upload"


def _steps(asset: Asset, params: Params) -> list[Callable[[], object]]:
    """Return what is to be done for the labels of an asset; all that is wrong is said before."""
    steps = values.labelling(asset, params)
    if params.has("metadata"):
        metadata = params.pairs("metadata")
        fields.validated(asset.cloud, metadata)
        clears = params.flag("clear_invalid")
        steps.append(lambda: fields.set_metadata(asset, metadata, clear_invalid=clears))
    if params.flag("backup"):
        steps.append(lambda: removing.back_up(asset))
    return steps


def _again(asset: Asset) -> Asset:
    found = Asset.objects.select_related("photo").get(pk=asset.pk)
    found.cloud = asset.cloud
    return found


def _explicit_answer(call: Call, asset: Asset, wishes: Wishes) -> Payload:
    answer = _worked_on(call, asset, wishes)
    for name in ("etag", "original_filename", "original_extension"):
        answer.pop(name, None)
    _tell(call, "explicit", answer, wishes)
    return answer


# --- Rename, destroy --------------------------------------------------------------------------


def rename(call: Call, resource_type: str) -> Answer:
    params = call.params
    public_id, told = params.required("from_public_id"), params.text("notification_url")
    to_public_id, urls = params.required("to_public_id"), notifying.checked_urls(told)
    kind = reading.kind_of(resource_type)
    asset = storing.find(call.cloud, kind, reading_type(params), public_id)
    asset = renaming.rename(
        asset,
        public_id=to_public_id,
        type=params.text("to_type"),
        overwrite=params.flag("overwrite"),
    )
    answer = payloads.upload_answer(call, asset)
    names = {"from_public_id": public_id, "to_public_id": to_public_id}
    notifying.notify(
        call.cloud, "rename", answer | names, urls=urls, key=call.key, request_id=call.request_id
    )
    return answer


def destroy(call: Call, resource_type: str) -> Answer:
    """Delete an asset; that there is none is no error."""
    asset = _doomed(call, resource_type)
    urls = notifying.checked_urls(call.params.text("notification_url"))
    if asset is None:
        return {"result": "not found"}
    return _destroyed(call, asset, urls)


def _doomed(call: Call, resource_type: str) -> Asset | None:
    params = call.params
    rows = Asset.objects.of(call.cloud).select_related("photo")
    if asset_id := params.text("asset_id"):
        return rows.filter(asset_id=asset_id).first()
    return rows.filter(
        resource_type=reading.kind_of(resource_type),
        type=reading_type(params),
        public_id=params.required("public_id"),
    ).first()


def _destroyed(call: Call, asset: Asset, urls: list[str]) -> Payload:
    named = {name: getattr(asset, name) for name in payloads.NAMING} | {"version": asset.version}
    removing.delete(asset)
    notifying.notify(
        call.cloud,
        "delete",
        {"resources": [named]},
        urls=urls,
        key=call.key,
        request_id=call.request_id,
    )
    return {"result": "ok"}


def _delete_token(asset: Asset) -> str:
    token = secrets.token_hex(32)
    DeleteToken.objects.create(asset=asset, token=token, expires_at=timezone.now() + TOKEN_LIFE)
    return token


def delete_by_token(call: Call, resource_type: str | None = None) -> Answer:
    """Delete what a token was given out for, once, and while it is good."""
    token = call.params.required("token")
    good = DeleteToken.objects.filter(
        token=token, expires_at__gt=timezone.now(), asset__cloud=call.cloud
    )
    row = good.select_related("asset__photo").first()
    if row is None or not DeleteToken.objects.filter(pk=row.pk).delete()[0]:
        raise BadRequestError("Invalid delete token")
    return _destroyed(call, row.asset, [])


# --- Later ------------------------------------------------------------------------------------


def _upload_later(call: Call, resource_type: str, source: Source | None, wishes: Wishes) -> Payload:
    """Note an upload; it has its name at once, so that tried again it is no other."""
    params = call.params
    if source is not None:
        params.values["filename_override"] = params.text("filename_override") or source.name
    draft = reading.draft(call, resource_type, named_by=source.name if source else "")
    if not draft.public_id and (source is not None or not draft.uses_filename):
        params.values["public_id"] = replace(draft, prefix="").name(resource_type)
    name = reading.draft(call, resource_type).public_id
    told = _later(call, "upload", resource_type, wishes, file=source)
    prefix = f"{draft.prefix}/" if draft.prefix else ""
    return told | ({"public_id": prefix + name} if name else {})


def _later(
    call: Call, action: str, resource_type: str, wishes: Wishes, *, file: Source | None = None
) -> Payload:
    """Note a request for a worker; what it asks has been checked."""
    values = {name: value for name, value in call.params.values.items() if name != "async"}
    if file is not None:
        values.pop("file", None)
    params = {
        "values": values,
        "resource_type": resource_type,
        "preset": call.preset.pk if call.preset else None,
        "site": call.secure_base_url,
        "told": [*wishes.told],
    }
    job = jobs.queue(
        call.cloud, action, key=call.key, params=params, file=file.file if file else None
    )
    return {
        "status": "pending",
        "resource_type": resource_type,
        "type": reading_type(call.params),
        "batch_id": job.batch_id,
    }


@jobs.does("upload")
def _upload_job(job: ApiJob) -> None:
    def work(call: Call) -> None:
        wishes = replace(reading.wishes(call), is_async=False)
        kind = job.params["resource_type"]
        if version := job.params.get("stored"):
            _go_on(call, version, wishes)
            return
        if not job.file:
            with sources.opened(call) as source:
                assert isinstance(source, Source)
                _uploaded(call, kind, source, wishes)
            return
        with jobs.with_file(job) as file:
            name = call.params.text("filename_override")
            _uploaded(call, kind, Source(file, name), wishes)

    later.done_for(job, work)


def _go_on(call: Call, version: Mapping[str, str], wishes: Wishes) -> None:
    """Do the rest of an upload whose worker died after it had stored the file.

    What was replaced or deleted since stays so.
    """
    found = Asset.objects.of(call.cloud).select_related("photo").filter(**version).first()
    if found is not None:
        _tell(call, "upload", _worked_on(call, found, wishes), wishes)


@jobs.does("explicit")
def _explicit_job(job: ApiJob) -> None:
    later.done_for(job, lambda call: explicit(call, job.params["resource_type"]))
