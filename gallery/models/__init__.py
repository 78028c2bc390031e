"""What is stored. One module per subject; import the nouns from here."""

from .acts import ActKind, ActSlice, ActStatus, BulkAct, SliceStage, TagChange
from .fingerprints import Fingerprint
from .people import User
from .photos import Favourite, Photo, PhotoWord, Visibility
from .renditions import Rendition
from .review import ReviewAnswer
from .searches import SavedSearch
from .tagging import PhotoTag, RunStatus, TaggerUsage, TaggingRun, TagState
from .tags import Tag, TagAlias, TagClosure, TagParent
from .teaching import TaughtTag

__all__ = [
    "ActKind",
    "ActSlice",
    "ActStatus",
    "BulkAct",
    "Favourite",
    "Fingerprint",
    "Photo",
    "PhotoTag",
    "PhotoWord",
    "Rendition",
    "ReviewAnswer",
    "RunStatus",
    "SavedSearch",
    "SliceStage",
    "Tag",
    "TagAlias",
    "TagChange",
    "TagClosure",
    "TagParent",
    "TagState",
    "TaggerUsage",
    "TaggingRun",
    "TaughtTag",
    "User",
    "Visibility",
]
