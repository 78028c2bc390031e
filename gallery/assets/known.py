"""Which transformations a cloud knows: named ones, and those that were used as they are."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from ..models import Cloud, NamedTransformation
from ..transformations import Transformation

#: So many without a name are remembered of a cloud, so that addresses cannot fill the database;
#: of holders of a key, so many times as many.
MAX_UNNAMED, SIGNED_TIMES = 2000, 5
_MAX_CHARS = 1000


def definitions(cloud: Cloud, parsed: Transformation) -> dict[str, str]:
    """Return all names and texts of a cloud's named transformations, for one that has names in it.

    One statement, as a named transformation may have names in it as well.
    """
    if not parsed.named:
        return {}
    rows = NamedTransformation.objects.filter(cloud=cloud, is_named=True)
    return dict(rows.values_list("name", "definition"))


def is_allowed_for_strict(cloud: Cloud, parsed: Transformation) -> bool:
    """Say whether everyone may have it made where only known transformations are: by names alone.

    Or where its text was allowed by itself.
    """
    if parsed.named and all(one.without("t") is None for one in parsed.components):
        return True
    texts = {parsed.text, parsed.canonical}
    rows = NamedTransformation.objects.filter(cloud=cloud, is_named=False, name__in=texts)
    return rows.filter(allowed_for_strict=True).exists()


def note_use(cloud: Cloud, parsed: Transformation, text: str, *, is_signed: bool = True) -> None:
    """Note that a transformation was used, as sent: its names, or itself where it has none."""
    if parsed.named:
        unused = NamedTransformation.objects.filter(cloud=cloud, is_named=True, is_used=False)
        unused.filter(name__in=parsed.named).update(is_used=True)
    elif text and len(text) <= _MAX_CHARS:
        _note_unnamed(cloud, text, most=MAX_UNNAMED * (SIGNED_TIMES if is_signed else 1))


def _note_unnamed(cloud: Cloud, text: str, *, most: int) -> None:
    unnamed = NamedTransformation.objects.filter(cloud=cloud, is_named=False)
    found = unnamed.filter(name=text).first()
    if found is not None:
        if not found.is_used:
            unnamed.filter(pk=found.pk).update(is_used=True)
    elif unnamed.count() < most:
        row = NamedTransformation(cloud=cloud, name=text, definition=text, is_used=True)
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError:  # another request was first
            unnamed.filter(name=text).update(is_used=True)
