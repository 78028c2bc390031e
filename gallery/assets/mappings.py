"""Folders whose files are fetched from elsewhere when somebody first asks for one."""

from __future__ import annotations

from urllib.parse import quote

from django.core.files import File

from ..models import Asset, Cloud, UploadMapping
from . import naming, outside, storing, turns


def mapping_of(cloud: Cloud, name: str) -> UploadMapping | None:
    """Return the mapping of the deepest folder that a name is in; None when there is none."""
    folders = list(naming.prefixes(naming.folder_of(name)))
    spellings = [spelling for folder in folders for spelling in (folder, f"{folder}/")]
    if not spellings:
        return None
    found = UploadMapping.objects.filter(cloud=cloud, folder__in=spellings)
    return max(found, key=lambda one: len(one.folder.strip("/")), default=None)


def bring_in(mapping: UploadMapping, name: str, *, public_id: str, resource_type: str) -> Asset:
    """Fetch the file that a name in a mapped folder stands for, and store it under ``public_id``.

    Whoever comes at the same time waits for it. Raises OutboundError, AssetError or ImageError.
    """
    naming.check_public_id(name)
    rest = name.removeprefix(mapping.folder.strip("/")).lstrip("/")
    cloud = mapping.cloud
    with turns.alone(f"mapping {cloud.pk} {resource_type} {public_id}"):
        there = Asset.objects.filter(
            cloud=cloud, resource_type=resource_type, type="upload", public_id=public_id
        )
        if asset := there.filter(deleted_at=None).select_related("cloud", "photo").first():
            return asset
        fetched = outside.fetch(cloud, mapping.template + quote(rest, safe="/"))
        with fetched.file as file:
            named = File(file, name=fetched.name or "file")
            named.size = fetched.size_bytes
            draft = storing.Draft(
                resource_type=resource_type,
                public_id=public_id,
                filename=fetched.name,
                overwrite=False,
            )
            stored = storing.store(cloud, file=named, draft=draft)
    return Asset.objects.select_related("cloud", "photo").get(pk=stored.asset.pk)
