"""What callers write on assets: tags, context; and what stands there, for many at once."""

from .context import add_context, checked_context, context_of, remove_all_context, set_context
from .finding import tag_names, tagged, with_context
from .metadata import metadata_of
from .names import MAX_TAGS, checked_names
from .tags import (
    add_tags,
    remove_all_tags,
    remove_tags,
    replace_tags,
    set_exclusive_tags,
    set_tags,
    tags_of,
)

__all__ = [
    "MAX_TAGS",
    "add_context",
    "add_tags",
    "checked_context",
    "checked_names",
    "context_of",
    "metadata_of",
    "remove_all_context",
    "remove_all_tags",
    "remove_tags",
    "replace_tags",
    "set_context",
    "set_exclusive_tags",
    "set_tags",
    "tag_names",
    "tagged",
    "tags_of",
    "with_context",
]
