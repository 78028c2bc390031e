"""Connects signals, checks and the work that programs leave to workers."""

from django.apps import AppConfig


class GalleryConfig(AppConfig):
    name = "gallery"
    verbose_name = "Gallery"

    def ready(self) -> None:
        from . import checks, signals  # noqa: F401
        from .api import archives, generated, uploads  # noqa: F401
