"""What every tagger is: pixels in, an opinion out, one error family."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image


#: What is less likely than this is not worth keeping, even as a suggestion.
SUGGESTION_FLOOR = 0.1


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One thing a tagger saw: a label in plain words and its confidence, 0..1."""

    label: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Opinion:
    """Everything one tagger said about one photo.

    ``model`` names the model and its version, so that an old opinion can be told from a new one.
    ``suggestions`` come most confident first. ``features`` is the model's own description of the
    photo, float32 of shape (n,), or None when the tagger gives none. ``feature_model`` names what
    gave them where that changes less often than ``model``.
    """

    model: str
    suggestions: tuple[Suggestion, ...]
    features: np.ndarray | None = None
    feature_model: str = ""


class TaggerError(Exception):
    """A tagger could not answer; the message is one sentence for the person.

    ``permanent`` says whether asking again can help; ``retry_in_s`` how many seconds to wait at
    least before that, where the tagger said so.
    """

    def __init__(self, message: str, *, permanent: bool, retry_in_s: float | None = None) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.retry_in_s = retry_in_s


class AnyTagger(ABC):  # noqa: B024  # what a tagger is given differs by kind
    """A tagger is made once per process from its ``OPTIONS`` and asked many times.

    One call must end well within ``settings.TAGGING_LEASE_S``: a run that goes on for longer is
    taken to be a dead worker's and is given to another.
    """

    #: On how many photos it is at work at once, over all workers, unless the site says otherwise;
    #: None: on as many as there are workers.
    concurrency: int | None = None
    #: True: it passes on what people wrote, and no word of theirs is left out.
    quotes_people = False
    #: True: its opinions come with features, by which photos like another are found.
    gives_features = False

    @property
    def model(self) -> str:
        """What `Opinion.model` will be; empty when only an answer tells."""
        return ""

    @property
    def host(self) -> str:
        """Where photos are sent; empty when they do not leave this machine."""
        return ""

    def check(self) -> None:
        """Raise TaggerError when what the tagger needs is missing; asked once at start-up."""
        return

    def prepare(self) -> None:
        """Fetch ahead whatever the tagger needs from elsewhere. Raises TaggerError."""
        return


class Tagger(AnyTagger):
    """Looks at the picture."""

    @abstractmethod
    def tag(self, image: Image.Image) -> Opinion:
        """Say what is in an upright RGB image. Raises TaggerError."""


class FileTagger(AnyTagger):
    """Reads the file that was uploaded."""

    @abstractmethod
    def tag_file(self, file: IO[bytes]) -> Opinion:
        """Say what a file, at its start, tells of itself. Raises TaggerError."""
