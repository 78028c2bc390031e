"""Connects signals and checks when the application starts."""

from django.apps import AppConfig


class GalleryConfig(AppConfig):
    name = "gallery"
    verbose_name = "Gallery"

    def ready(self) -> None:
        from . import checks, signals  # noqa: F401
