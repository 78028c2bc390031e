"""Photos that look like a photo, by the features that a model saw in each.

`nearness` answers, `upkeep` keeps an index of features beside the database, `files` says where.
NumPy and the index library are imported by `vectors` and `index` alone, when somebody asks.
"""

from .nearness import LIMIT, Near, nearest
from .upkeep import refresh_indexes

__all__ = ["LIMIT", "Near", "nearest", "refresh_indexes"]
