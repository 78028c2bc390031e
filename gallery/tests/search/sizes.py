"""Makes a library of a few photos a large one for the engine, so that it goes all its ways."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import strategies as st

from gallery.search import conditions, facets, finding, paging, ways


@dataclass(frozen=True)
class Sizes:
    """From how many rows on the engine goes another way."""

    scan: int = 5000
    gathered: int = 50_000
    longest: int = 4
    in_sets: int = 8
    near: int = 300
    few: int = 3
    page: int = 60
    counted: int = 1000

    def hold(self, patch: pytest.MonkeyPatch) -> None:
        patch.setattr(ways, "SCAN", self.scan)
        patch.setattr(ways, "GATHERED", self.gathered)
        patch.setattr(ways, "LONGEST", self.longest)
        patch.setattr(ways, "IN_SETS", self.in_sets)
        patch.setattr(finding, "NEAR", self.near)
        patch.setattr(conditions, "FEW", self.few)
        patch.setattr(paging, "PAGE_SIZE", self.page)
        patch.setattr(facets, "COUNTED", self.counted)


sizes = st.builds(
    Sizes,
    scan=st.sampled_from((0, 1, 2, 4, 5000, 5000)),
    gathered=st.sampled_from((0, 10, 50_000)),
    longest=st.sampled_from((0, 1, 4)),
    in_sets=st.sampled_from((0, 8)),
    near=st.sampled_from((0, 1, 300)),
    few=st.sampled_from((0, 1, 3)),
    page=st.integers(1, 4),
    counted=st.sampled_from((2, 1000)),
)
