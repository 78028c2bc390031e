"""Receives uploaded files without letting any fill the disk."""

from __future__ import annotations

from django.conf import settings
from django.core.files.uploadhandler import TemporaryFileUploadHandler


class BoundedUploadHandler(TemporaryFileUploadHandler):
    """Keeps no more of a file than the site accepts, and lets the rest pass by.

    The file arrives with its true size, so that it can be refused by name, and a form with one
    oversized file among twenty still brings in the nineteen.
    """

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if start < settings.MAX_UPLOAD_BYTES:
            super().receive_data_chunk(raw_data, start)
