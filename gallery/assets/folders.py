"""Folders of a cloud: made, listed, moved with all that is in them, and deleted when empty."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import Max, Q, QuerySet, Value
from django.db.models.functions import Concat, Length, Substr
from django.utils import timezone

from ..models import Asset, Cloud, Folder
from ..models.assets import MAX_NAME_CHARS
from . import naming
from .errors import InvalidError, MissingError, TakenError
from .listing import below


class NotEmptyError(InvalidError):
    """A folder has assets in it."""


def find(cloud: Cloud, path: str) -> Folder:
    """Return a folder. Raises MissingError."""
    found = Folder.objects.filter(cloud=cloud, path=path[: MAX_NAME_CHARS + 1]).first()
    if found is None:
        raise MissingError(f"Can't find folder with path {path}")
    return found


def children(cloud: Cloud, path: str) -> QuerySet[Folder]:
    """Return the folders that are directly in one, by path; "" is the top."""
    rows = Folder.objects.filter(below(path, "path"), cloud=cloud)
    rest = Substr("path", len(path) + 2 if path else 1)
    return rows.alias(rest=rest).exclude(rest__contains="/").order_by("path")


def create(cloud: Cloud, path: str) -> Folder:
    """Return a folder, made with all above it where they are missing. Raises InvalidError."""
    naming.note_folders(cloud, path)
    return find(cloud, path)


def move(cloud: Cloud, path: str, to_path: str) -> None:
    """Give a folder another path; the names of all assets in it change with it.

    Raises MissingError, InvalidError and TakenError, and then nothing has changed.
    """
    find(cloud, path)
    if to_path == path or to_path.startswith(f"{path}/"):
        raise InvalidError(f"Folder {path} cannot be moved into itself")
    if Folder.objects.filter(cloud=cloud, path=to_path).exists():
        raise TakenError(f"Folder {to_path} already exists")
    _refuse_long(cloud, path, to_path)
    try:
        with transaction.atomic():
            _rename(cloud, path, to_path)
    except IntegrityError:
        raise TakenError(f"An asset in {to_path} has the name of one in {path}") from None


def _refuse_long(cloud: Cloud, path: str, to_path: str) -> None:
    """Raise InvalidError where a name would become too long."""
    longer = len(to_path) - len(path)
    for rows, column in (
        (Asset.objects.filter(cloud=cloud), "public_id"),
        (Folder.objects.filter(cloud=cloud), "path"),
    ):
        longest = rows.filter(below(path, column)).aggregate(most=Max(Length(column)))["most"]
        if (longest or 0) + longer > MAX_NAME_CHARS:
            raise InvalidError(f"A name below {to_path} would be too long")


def _rename(cloud: Cloud, path: str, to_path: str) -> None:
    naming.note_folders(cloud, naming.folder_of(to_path))
    now, rest = timezone.now(), len(path) + 1

    def moved(column: str) -> Concat:
        return Concat(Value(to_path), Substr(column, rest))

    assets = Asset.objects.filter(cloud=cloud)
    assets.filter(below(path)).update(public_id=moved("public_id"), updated_at=now)
    placed = assets.filter(Q(folder=path) | below(path, "folder"))
    placed.update(folder=moved("folder"), updated_at=now)
    folders = Folder.objects.filter(Q(path=path) | below(path, "path"), cloud=cloud)
    folders.update(path=moved("path"), updated_at=now)


def delete(cloud: Cloud, path: str, *, skip_backup: bool = False) -> list[str]:
    """Delete a folder with the empty ones in it; return their paths.

    ``skip_backup``: deleted assets that could be restored do not keep a folder from going. Raises
    MissingError and NotEmptyError.
    """
    find(cloud, path)
    with transaction.atomic():
        if _holds_assets(cloud, path, even_deleted=not skip_backup):
            raise NotEmptyError("Folder is not empty")
        rows = Folder.objects.filter(Q(path=path) | below(path, "path"), cloud=cloud)
        gone = sorted(rows.values_list("path", flat=True))
        rows.delete()
    return gone


def _holds_assets(cloud: Cloud, path: str, *, even_deleted: bool) -> bool:
    """Say whether an asset is in a folder or below it, by its name or by where it was put."""
    assets = Asset.objects.filter(cloud=cloud) if even_deleted else Asset.objects.of(cloud)
    inside = (below(path), Q(folder=path), below(path, "folder"))
    return any(assets.filter(condition).exists() for condition in inside)
