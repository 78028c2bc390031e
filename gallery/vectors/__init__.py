"""What is near to what, among a million vectors.

A `Space` says what there are vectors of. `asking` answers, `upkeep` keeps an index of each space,
`stores` says where: `embedded` in files (`files`, `index`), or `pgvector` in the database. NumPy
and the index library are imported when somebody asks.
"""

from .asking import Neighbour, nearest, proposed_keys
from .spaces import Space
from .upkeep import refresh_indexes

__all__ = ["Neighbour", "Space", "nearest", "proposed_keys", "refresh_indexes"]
