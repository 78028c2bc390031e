"""What is stored. One module per subject; import the nouns from here."""

from .fingerprints import Fingerprint
from .people import User
from .photos import Photo, Visibility
from .renditions import Rendition
from .tagging import PhotoTag, RunStatus, TaggingRun, TagState
from .tags import Tag, TagAlias, TagClosure, TagParent
from .teaching import TaughtTag

__all__ = [
    "Fingerprint",
    "Photo",
    "PhotoTag",
    "Rendition",
    "RunStatus",
    "Tag",
    "TagAlias",
    "TagClosure",
    "TagParent",
    "TagState",
    "TaggingRun",
    "TaughtTag",
    "User",
    "Visibility",
]
