"""What is stored. One module per subject; import the nouns from here."""

from .acts import ActKind, ActSlice, ActStatus, BulkAct, SliceStage, TagChange
from .assets import (
    Asset,
    AssetContext,
    AssetRelation,
    AssetTag,
    AssetVersion,
    DeliveryType,
    Derived,
    Folder,
    ResourceType,
)
from .clouds import ApiKey, Cloud, CloudUsage
from .fields import FieldType, MetadataEntry, MetadataField, MetadataValue
from .fingerprints import Fingerprint
from .interests import Deck, Interest, Opening, PopularPhoto, Profile, Stance
from .people import Block, Follow, User
from .photos import Favourite, Photo, PhotoWord, Visibility
from .presets import NamedTransformation, Trigger, UploadMapping, UploadPreset
from .renditions import Rendition
from .requests import ApiJob, Chunk, DeleteToken, Notification, PartialUpload, WorkStatus
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
    "ApiJob",
    "ApiKey",
    "Asset",
    "AssetContext",
    "AssetRelation",
    "AssetTag",
    "AssetVersion",
    "Block",
    "BulkAct",
    "Chunk",
    "Cloud",
    "CloudUsage",
    "Deck",
    "DeleteToken",
    "DeliveryType",
    "Derived",
    "DroppedImage",
    "Favourite",
    "FieldType",
    "Fingerprint",
    "Folder",
    "Follow",
    "Interest",
    "Length",
    "MetadataEntry",
    "MetadataField",
    "MetadataValue",
    "NamedTransformation",
    "NotTwins",
    "Noted",
    "Notification",
    "Opening",
    "PartialUpload",
    "Period",
    "Photo",
    "PhotoTag",
    "PhotoWord",
    "PopularPhoto",
    "Profile",
    "Rendition",
    "ResourceType",
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
    "Trigger",
    "TwinScan",
    "UploadMapping",
    "UploadPreset",
    "User",
    "VectorIndex",
    "Visibility",
    "WorkStatus",
]
