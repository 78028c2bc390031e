"""Files that come in several requests: their parts are kept until all are there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from tempfile import SpooledTemporaryFile
from typing import IO

from django.conf import settings
from django.core.files import File
from django.db import transaction
from django.db.models import Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from .. import ingest
from ..models import Chunk, Cloud, PartialUpload
from .errors import InvalidError
from .incoming import refuse_large

#: So long the parts of a file that never became whole are kept.
KEPT_FOR = timedelta(days=1)
#: So many files one caller may have under way, and of so many parts each.
MAX_UPLOADS, MAX_CHUNKS = 200, 10_000
_SPOOL_BYTES = 1_000_000
_RANGE = re.compile(r"bytes[ =]+(\d{1,15})-(\d{1,15})(?:/(-1|\*|\d{1,15}))?\s*\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Range:
    """Which bytes of a file a part is, both ends included; ``total`` None: not known yet."""

    first: int
    last: int
    total: int | None

    @property
    def size_bytes(self) -> int:
        return self.last - self.first + 1

    @property
    def is_whole(self) -> bool:
        return self.first == 0 and self.total == self.last + 1


def read_range(text: str) -> Range:
    """Read ``bytes 0-99/300``, where the total may be -1 or missing. Raises InvalidError."""
    found = _RANGE.match(text.strip())
    if found is None:
        raise InvalidError("Invalid Content-Range header")
    total = None if found[3] in (None, "-1", "*") else int(found[3])
    part = Range(int(found[1]), int(found[2]), total)
    if part.last < part.first or (total is not None and part.last >= total):
        raise InvalidError("Invalid Content-Range header")
    refuse_large(total or part.last + 1)
    return part


@dataclass(frozen=True, slots=True)
class Progress:
    """What there is of a file; ``upload`` is for the one request that has to put it together."""

    received_bytes: int
    upload: PartialUpload | None = None


def add(cloud: Cloud, *, by: str, upload_id: str, part: Range, file: File[bytes]) -> Progress:
    """Keep a part of a file, also one that came before. Raises InvalidError.

    ``by`` tells callers apart, ``upload_id`` the files of each.
    """
    if not 0 < len(upload_id) <= 255:
        raise InvalidError("Invalid X-Unique-Upload-Id header")
    if file.size != part.size_bytes:
        raise InvalidError(
            f"The part has {file.size} bytes and its Content-Range says {part.size_bytes}"
        )
    upload = _upload(cloud, by, upload_id)
    _keep(upload, part, file)
    return _progress(upload)


def _upload(cloud: Cloud, by: str, upload_id: str) -> PartialUpload:
    found = PartialUpload.objects.filter(cloud=cloud, by=by, upload_id=upload_id).first()
    if found is not None:
        return found
    if PartialUpload.objects.filter(cloud=cloud, by=by).count() >= MAX_UPLOADS:
        raise InvalidError("Too many uploads are under way; finish some first")
    return PartialUpload.objects.get_or_create(cloud=cloud, by=by, upload_id=upload_id)[0]


def _keep(upload: PartialUpload, part: Range, file: File[bytes]) -> None:
    chunk = Chunk(upload=upload, first=part.first, last=part.last)
    chunk.file.save("part", file, save=False)
    try:
        with transaction.atomic():
            _replace(upload, chunk, part)
    except BaseException:
        ingest.remove_file(chunk.file)
        raise


def _replace(upload: PartialUpload, chunk: Chunk, part: Range) -> None:
    row = PartialUpload.objects.select_for_update().filter(pk=upload.pk, taken_at=None).first()
    if row is None:
        raise InvalidError("This upload is complete already")
    others = row.chunks.exclude(first=part.first)
    sums = others.aggregate(bytes=Coalesce(Sum("last") - Sum("first"), 0))
    count = others.count()
    if count >= MAX_CHUNKS:
        raise InvalidError("The file comes in too many parts")
    refuse_large(sums["bytes"] + count + part.size_bytes)
    row.chunks.filter(first=part.first).delete()
    chunk.save(force_insert=True)
    if part.total is not None:
        PartialUpload.objects.filter(pk=row.pk).update(total=part.total)


def _progress(upload: PartialUpload) -> Progress:
    """Take an upload that is whole for oneself; of parallel requests only one gets it."""
    upload.refresh_from_db(fields=["total"])
    received = 0
    is_gapless = True
    for first, last in upload.chunks.order_by("first").values_list("first", "last"):
        is_gapless = is_gapless and first == received
        received += last - first + 1
    if not is_gapless or upload.total is None or received != upload.total:
        return Progress(received)
    untaken = PartialUpload.objects.filter(pk=upload.pk, taken_at=None)
    is_ours = untaken.update(taken_at=timezone.now()) == 1
    return Progress(received, upload if is_ours else None)


@contextmanager
def assembled(upload: PartialUpload) -> Iterator[File[bytes]]:
    """Put a file together; its parts are gone afterwards, whatever becomes of it.

    Raises InvalidError when a part is lost.
    """
    file: IO[bytes]
    with SpooledTemporaryFile(max_size=_SPOOL_BYTES, dir=settings.FILE_UPLOAD_TEMP_DIR) as file:
        try:
            for chunk in upload.chunks.order_by("first").iterator():
                _append(file, chunk)
            whole = File(file, name="file")
            whole.size = file.tell()
            file.seek(0)
            yield whole
        finally:
            upload.delete()


def _append(file: IO[bytes], chunk: Chunk) -> None:
    try:
        with chunk.file.storage.open(chunk.file.name or "", "rb") as part:
            for content in part.chunks():
                file.write(content)
    except FileNotFoundError as error:
        raise InvalidError("A part of the file is lost; upload it again") from error


def drop_old() -> int:
    """Drop what was begun long ago and never became whole; return how many files that are."""
    old = PartialUpload.objects.filter(created_at__lt=timezone.now() - KEPT_FOR)
    count = 0
    for upload in old.iterator():
        upload.delete()
        count += 1
    return count
