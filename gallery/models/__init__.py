"""What is stored. One module per subject; import the nouns from here."""

from .acts import ActKind, ActSlice, ActStatus, BulkAct, SliceStage, TagChange
from .fingerprints import Fingerprint
from .interests import Deck, Interest, Opening, PopularPhoto, Profile, Stance
from .people import Block, Follow, User
from .photos import Favourite, Photo, PhotoWord, Visibility
from .renditions import Rendition
from .review import ReviewAnswer
from .searches import DroppedImage, SavedSearch
from .tagging import PhotoTag, RunStatus, TaggerUsage, TaggingRun, TagState
from .tags import Noted, Tag, TagAlias, TagClosure, TagParent
from .teaching import TaughtTag
from .trends import Length, Period, TagCount, TrendReport
from .twins import NotTwins, TwinScan
from .vectors import VectorIndex

__all__ = [
    "ActKind",
    "ActSlice",
    "ActStatus",
    "Block",
    "BulkAct",
    "Deck",
    "DroppedImage",
    "Favourite",
    "Fingerprint",
    "Follow",
    "Interest",
    "Length",
    "NotTwins",
    "Noted",
    "Opening",
    "Period",
    "Photo",
    "PhotoTag",
    "PhotoWord",
    "PopularPhoto",
    "Profile",
    "Rendition",
    "ReviewAnswer",
    "RunStatus",
    "SavedSearch",
    "SliceStage",
    "Stance",
    "Tag",
    "TagAlias",
    "TagChange",
    "TagClosure",
    "TagCount",
    "TagParent",
    "TagState",
    "TaggerUsage",
    "TaggingRun",
    "TaughtTag",
    "TrendReport",
    "TwinScan",
    "User",
    "VectorIndex",
    "Visibility",
]
