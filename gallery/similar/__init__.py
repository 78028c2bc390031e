"""Photos that look like a photo, by the features that a model saw in each.

`nearness` answers, `spaces` says what `gallery.vectors` keeps indexes of. `seen` knows what a
viewer may not see, and `series` makes a strip of few photos. `matches` compares tags, colours and
times as well; `blend` says how. `drops` are pictures that people search by, `twins` near-duplicates
in a library. NumPy is imported by `hashes` alone, when somebody asks.
"""

from .nearness import LIMIT, Near, nearest, nearest_to
from .seen import UnlikeError, likest, nearest_for
from .series import strip
from .spaces import spaces

__all__ = [
    "LIMIT",
    "Near",
    "UnlikeError",
    "likest",
    "nearest",
    "nearest_for",
    "nearest_to",
    "spaces",
    "strip",
]
