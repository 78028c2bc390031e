"""Taggers of the site that client libraries are tried on."""

from __future__ import annotations

from PIL import Image

from gallery.taggers.base import Opinion, Suggestion, Tagger, TaggerError

#: What `SteadyTagger` says of every picture, by confidence.
SAID = {"koala": 0.8921, "tree": 0.4313, "grass": 0.4, "sky": 0.1234}


class SteadyTagger(Tagger):
    """Says the same of every picture."""

    @property
    def model(self) -> str:
        return "steady/1"

    def tag(self, image: Image.Image) -> Opinion:
        said = tuple(Suggestion(label, confidence) for label, confidence in SAID.items())
        return Opinion(model=self.model, suggestions=said)


class RefusingTagger(Tagger):
    """Answers nothing, and will not either when it is asked again."""

    @property
    def model(self) -> str:
        return "refusing/1"

    def tag(self, image: Image.Image) -> Opinion:
        raise TaggerError("The month is used up.", permanent=True)
