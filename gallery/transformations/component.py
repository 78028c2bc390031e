"""One component of a chain: what it sets, what it asks, and its parameters as they were sent."""

from __future__ import annotations

from dataclasses import dataclass

from .parameters import read_flags


@dataclass(frozen=True, slots=True)
class Component:
    """``condition`` is what follows ``if_``: an expression, else, end, or "" without one."""

    text: str
    parameters: tuple[tuple[str, str], ...] = ()
    assignments: tuple[tuple[str, str], ...] = ()
    condition: str = ""

    def get(self, key: str) -> str:
        """Return a parameter's text, "" where it is not there."""
        return next((value for name, value in self.parameters if name == key), "")

    @property
    def flags(self) -> tuple[str, ...]:
        text = self.get("fl")
        return read_flags(text) if text else ()

    @property
    def layer(self) -> str:
        return self.get("l") or self.get("u")

    @property
    def spelled(self) -> str:
        """What it says now, in the order in which it was sent."""
        items = [f"if_{self.condition}"] if self.condition else []
        items += [f"{name}_{value}" for name, value in (*self.assignments, *self.parameters)]
        return ",".join(items)

    @property
    def is_bare(self) -> bool:
        return not self.parameters and not self.assignments

    def without(self, *keys: str) -> Component | None:
        """Return the same without these parameters; None where nothing is left of it."""
        kept = tuple(pair for pair in self.parameters if pair[0] not in keys)
        rest = Component(self.text, kept, self.assignments, self.condition)
        return rest if kept or self.assignments or self.condition else None

    def unconditional(self) -> Component:
        return Component(self.text, self.parameters, self.assignments)
