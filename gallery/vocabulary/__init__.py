"""The vocabulary: every word the bundled tagger may say, and where it stands among the others."""

from __future__ import annotations

from .loader import Vocabulary, VocabularyError, VocabularyTag, load

__all__ = ["Vocabulary", "VocabularyError", "VocabularyTag", "load"]
