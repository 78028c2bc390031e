"""The tagger `file`: the keywords that whoever made the file wrote into it."""

from __future__ import annotations

from typing import IO

from gallery.imaging.errors import ImageError
from gallery.imaging.keywords import read_keywords

from .base import FileTagger, Opinion, Suggestion, TaggerError


class KeywordTagger(FileTagger):
    """Says the keywords of a file, of XMP and IPTC, each with confidence 1."""

    quotes_people = True

    @property
    def model(self) -> str:
        return "keywords/1"

    def tag_file(self, file: IO[bytes]) -> Opinion:
        try:
            keywords = read_keywords(file)
        except ImageError as error:
            raise TaggerError(str(error), permanent=True) from error
        return Opinion(
            model=self.model, suggestions=tuple(Suggestion(keyword, 1.0) for keyword in keywords)
        )
