"""Bulk acts: one deed on the tags of many photos, carried out in slices, undone as one."""

from .begin import add_tag, forget_tagger, remove_tag, retag
from .naming import NameTakenError, TagsChangedError, merge_tags, rename_tag
from .steps import apply, discard, pause, resume, ring, step, sweep, undo
from .summary import Summary, changed_photos, progress, summary

__all__ = [
    "NameTakenError",
    "Summary",
    "TagsChangedError",
    "add_tag",
    "apply",
    "changed_photos",
    "discard",
    "forget_tagger",
    "merge_tags",
    "pause",
    "progress",
    "remove_tag",
    "rename_tag",
    "resume",
    "retag",
    "ring",
    "step",
    "summary",
    "sweep",
    "undo",
]
