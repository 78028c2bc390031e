"""The parts of a file come at the very same moment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from django.core.files.base import ContentFile
from django.db import connection

from gallery.assets import partial
from gallery.assets.partial import Progress, Range
from gallery.models import PartialUpload
from gallery.tests.factories import make_cloud

pytestmark = pytest.mark.django_db(transaction=True)

PARTS, PART_BYTES = 4, 1000


def test_one_request_puts_the_file_together(own_media: Path) -> None:
    cloud, start = make_cloud(), Barrier(PARTS)

    def send(number: int) -> Progress:
        first = number * PART_BYTES
        part = Range(first, first + PART_BYTES - 1, PARTS * PART_BYTES)
        file = ContentFile(bytes([number]) * PART_BYTES, name="part")
        start.wait()
        try:
            return partial.add(cloud, by="key 1", upload_id="u", part=part, file=file)
        finally:
            connection.close()

    with ThreadPoolExecutor(PARTS) as threads:
        [upload] = [one.upload for one in threads.map(send, range(PARTS)) if one.upload]
    with partial.assembled(upload) as whole:
        assert whole.read() == b"".join(bytes([number]) * PART_BYTES for number in range(PARTS))
    assert not PartialUpload.objects.exists()
    assert not [path for path in own_media.rglob("*") if path.is_file()]
