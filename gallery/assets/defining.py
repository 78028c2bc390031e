"""Transformations that a cloud gives a name, allows, changes and drops."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from ..models import Cloud, Derived, NamedTransformation
from ..transformations import Transformation, TransformationError, parse
from .deriving import split_eager
from .errors import InvalidError, MissingError, TakenError

MAX_CHARS = 1000
_NAME = re.compile(r"[\w\- ]{1,200}")
_BATCH = 500


def read(text: str) -> tuple[Transformation, str | None]:
    """Read a definition, and the format it may end in; None without one. Raises InvalidError."""
    if not text or len(text) > MAX_CHARS:
        raise InvalidError(f"A transformation has from 1 to {MAX_CHARS} characters")
    try:
        [(_, transformation, format)] = split_eager(text)
        return parse(transformation), format
    except (TransformationError, ValueError) as error:
        raise InvalidError(f"Invalid transformation {text[:100]} - {error}") from error


def find(cloud: Cloud, text: str) -> NamedTransformation:
    """Return what is called so, with or without its t_, or is written so. Raises MissingError."""
    rows = NamedTransformation.objects.filter(cloud=cloud)
    wanted = Q(is_named=True, name__in={text, text.removeprefix("t_")}) | Q(
        is_named=False, name=text
    )
    found = list(rows.filter(wanted).order_by("-is_named", "pk"))
    exact = [one for one in found if text in (one.name, str(one))]
    if not exact:
        raise MissingError(f"Transformation {text[:MAX_CHARS]} doesn't exist")
    return exact[0]


def create(
    cloud: Cloud, name: str, definition: str, *, allowed_for_strict: bool = False
) -> NamedTransformation:
    """Note a transformation by a name; by itself where ``name`` is "" or the definition.

    Raises InvalidError, and TakenError when there is one of the name.
    """
    read(definition)
    is_named = name not in ("", definition)
    bare = name.removeprefix("t_") if is_named else definition
    if is_named and not _NAME.fullmatch(bare):
        raise InvalidError(f"Transformation name ({name[:200]}) is invalid")
    row = NamedTransformation(
        cloud=cloud,
        name=bare,
        definition=definition,
        is_named=is_named,
        allowed_for_strict=allowed_for_strict or is_named,
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        raise TakenError(f"Transformation {name or definition} already exists") from None
    return row


def redefine(row: NamedTransformation, definition: str) -> None:
    """Give a name another definition; pictures that were made by it go. Raises InvalidError."""
    read(definition)
    if not row.is_named:
        raise InvalidError("Only a named transformation can be updated")
    with transaction.atomic():
        _drop_derived(row)
        row.definition, row.is_used = definition, False
        row.save(update_fields=["definition", "is_used"])


def allow(row: NamedTransformation, *, is_allowed: bool) -> None:
    """Say whether everyone may have pictures made by it where only known ones are."""
    row.allowed_for_strict = is_allowed
    row.save(update_fields=["allowed_for_strict"])


def delete(row: NamedTransformation) -> None:
    """Forget a transformation, and the pictures made by it."""
    with transaction.atomic():
        _drop_derived(row)
        row.delete()


def derived_by(row: NamedTransformation) -> QuerySet[Derived]:
    """Return pictures made by exactly this transformation, the last made first."""
    text = f"t_{row.name}" if row.is_named else read(row.definition)[0].text
    rows = Derived.objects.filter(asset__cloud=row.cloud_id, transformation=text)
    return rows.select_related("asset", "asset__photo", "asset__cloud").order_by("-pk")


def _drop_derived(row: NamedTransformation) -> None:
    keys = list(_made_by(row)) if row.is_named else list(_keys(derived_by(row)))
    for start in range(0, len(keys), _BATCH):
        Derived.objects.filter(pk__in=keys[start : start + _BATCH]).delete()


def _keys(rows: QuerySet[Derived]) -> Iterator[int]:
    return rows.order_by().values_list("pk", flat=True).iterator()


def _made_by(row: NamedTransformation) -> Iterator[int]:
    """Yield the keys of pictures in whose making a name had a part."""
    names = _names_with(row)
    rows = Derived.objects.filter(asset__cloud=row.cloud_id, transformation__contains="t_")
    for key, text in rows.order_by().values_list("pk", "transformation").iterator():
        if names & set(_named_in(text)):
            yield key


def _names_with(row: NamedTransformation) -> set[str]:
    """Return a name, and all names that stand for something it stands in."""
    rows = NamedTransformation.objects.filter(cloud=row.cloud_id, is_named=True)
    uses = {name: set(_named_in(text)) for name, text in rows.values_list("name", "definition")}
    names: set[str] = set()
    fresh = {row.name}
    while fresh:
        names |= fresh
        fresh = {name for name, used in uses.items() if used & fresh} - names
    return names


def _named_in(text: str) -> tuple[str, ...]:
    try:
        return parse(text).named
    except TransformationError:  # of a time when more, or other things could be said
        return ()
