"""Says what is in image files, without touching the database."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from ...imaging.decode import decode
from ...imaging.errors import ImageError
from ...taggers import get_tagger
from ...taggers.base import AnyTagger, FileTagger, Opinion, Tagger, TaggerError

#: Enough for any tagger, and fast to decode.
MAX_SIDE_PX = 1024


class Command(BaseCommand):
    help = "Prints what a tagger sees in image files. The library is not touched."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument("--tagger", default=None, metavar="ALIAS")
        parser.add_argument("--threshold", type=float, default=settings.TAGGING_THRESHOLD)
        parser.add_argument("--json", action="store_true", help="one JSON object a line")

    def handle(self, *, files: list[Path], tagger: str | None, **options: Any) -> None:
        alias = tagger or (settings.DEFAULT_TAGGERS or list(settings.TAGGERS))[0]
        if alias not in settings.TAGGERS:
            known = ", ".join(settings.TAGGERS)
            raise CommandError(f"There is no tagger “{alias}”; there are: {known}.")
        answers = [self._answer(path, alias, get_tagger(alias), **options) for path in files]
        if failed := sum("error" in answer for answer in answers):
            raise CommandError(f"{failed} of {len(files)} could not be tagged.")

    def _answer(
        self,
        path: Path,
        alias: str,
        tagger: AnyTagger,
        *,
        threshold: float,
        json: bool,
        **options: Any,
    ) -> dict[str, Any]:
        answer = look(path, alias, tagger, threshold)
        self.stdout.write(_as_json(answer) if json else _as_text(answer, threshold))
        return answer


def look(path: Path, alias: str, tagger: AnyTagger, threshold: float) -> dict[str, Any]:
    """Return what the tagger says of one file, or why it cannot, as the JSON line has it."""
    started = time.perf_counter()
    try:
        with path.open("rb") as file:
            opinion = _opinion(tagger, file)
    except (OSError, ImageError, TaggerError) as error:
        return {"file": str(path), "error": _sentence(error)}
    seconds = round(time.perf_counter() - started, 4)
    return {"file": str(path), "tagger": alias} | _said(opinion, threshold) | {"seconds": seconds}


def _opinion(tagger: AnyTagger, file: IO[bytes]) -> Opinion:
    if isinstance(tagger, FileTagger):
        return tagger.tag_file(file)
    assert isinstance(tagger, Tagger)
    return tagger.tag(decode(file, max_side_px=MAX_SIDE_PX).image)


def _said(opinion: Opinion, threshold: float) -> dict[str, Any]:
    return {
        "model": opinion.model,
        "suggestions": [{"tag": s.label, "confidence": s.confidence} for s in opinion.suggestions],
        "tags": [s.label for s in opinion.suggestions if s.confidence >= threshold],
    }


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}."
    return str(error)


def _as_json(answer: dict[str, Any]) -> str:
    return json.dumps(answer, ensure_ascii=False)


def _as_text(answer: dict[str, Any], threshold: float) -> str:
    if "error" in answer:
        return f"{answer['file']}: {answer['error']}"
    lines = [
        f"  {'*' if one['confidence'] >= threshold else ' '} {one['confidence']:.2f}  {one['tag']}"
        for one in answer["suggestions"]
    ]
    return "\n".join([f"{answer['file']}:", *(lines or ["    nothing it knows"])])
