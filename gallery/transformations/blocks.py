"""Which components belong together: those of a condition, and those of a layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .component import Component
from .errors import TransformationError

#: How many conditions and layers may stand in one another.
MAX_DEPTH = 8


@dataclass(frozen=True, slots=True)
class Step:
    """Something done to the picture."""

    component: Component


@dataclass(frozen=True, slots=True)
class Choice:
    """What is done where a condition holds, and what otherwise."""

    condition: str
    then: tuple[Node, ...]
    otherwise: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Overlay:
    """A layer, what is done to it, and how it is put onto the picture."""

    opening: Component
    steps: tuple[Node, ...]
    placing: Component


Node = Step | Choice | Overlay


def arranged(components: Sequence[Component]) -> tuple[Node, ...]:
    """Arrange a chain as a tree. Raises TransformationError where an end has no beginning.

    A layer without a ``fl_layer_apply`` of its own, and a condition beside parameters without an
    ``if_end``, hold for their one component. What is open at the end is closed there.
    """
    return tuple(_Arranger(components).nodes(0, len(components), depth=0))


class _Arranger:
    def __init__(self, components: Sequence[Component]) -> None:
        self.components = components
        self.layer_ends = self._layer_ends()

    def _layer_ends(self) -> dict[int, int]:
        """Return where each layer that is closed is closed."""
        ends: dict[int, int] = {}
        open_at: list[int] = []
        for at, component in enumerate(self.components):
            if "layer_apply" in component.flags and not component.layer:
                if not open_at:
                    raise TransformationError("The flag layer_apply has no layer to put on.")
                ends[open_at.pop()] = at
            elif component.layer and "layer_apply" not in component.flags:
                open_at.append(at)
        return ends

    def nodes(self, start: int, end: int, *, depth: int) -> list[Node]:
        if depth > MAX_DEPTH:
            raise TransformationError("Conditions and layers stand in each other too deeply.")
        nodes: list[Node] = []
        at = start
        while at < end:
            node, at = self._node(at, end, depth)
            nodes.append(node)
        return nodes

    def _node(self, at: int, end: int, depth: int) -> tuple[Node, int]:
        """Return what begins here and where the next begins."""
        component = self.components[at]
        if component.condition in ("else", "end"):
            raise TransformationError(f"Here is an if_{component.condition} without its condition.")
        if component.condition:
            return self._choice(at, end, depth)
        if component.layer:
            return self._overlay(component, at, end, depth)
        if "layer_apply" in component.flags:
            raise TransformationError("A condition and a layer overlap.")
        return Step(component), at + 1

    def _overlay(self, component: Component, at: int, end: int, depth: int) -> tuple[Overlay, int]:
        close = self.layer_ends.get(at)
        if close is None:
            return Overlay(component, (), component), at + 1
        if close >= end:
            raise TransformationError("A condition and a layer overlap.")
        steps = self.nodes(at + 1, close, depth=depth + 1)
        return Overlay(component, tuple(steps), self.components[close]), close + 1

    def _choice(self, at: int, end: int, depth: int) -> tuple[Choice, int]:
        head = self.components[at]
        marks = self._marks(at, end)
        if not head.is_bare and (not marks or self.components[marks[-1]].condition != "end"):
            return self._short_choice(at, end, depth)
        stops = [*marks, end] if not marks or self._is_else(marks[-1]) else marks
        then = self._branch(at, stops[0], depth)
        otherwise = self._branch(stops[0], stops[1], depth) if len(stops) > 1 else []
        last = stops[-1]
        return Choice(head.condition, tuple(then), tuple(otherwise)), min(last + 1, end)

    def _is_else(self, at: int) -> bool:
        return self.components[at].condition == "else"

    def _short_choice(self, at: int, end: int, depth: int) -> tuple[Choice, int]:
        """Read a condition that holds for its one component, and so its else."""
        then = self._branch(at, at + 1, depth)
        if at + 1 >= end or not self._is_else(at + 1):
            return Choice(self.components[at].condition, tuple(then), ()), at + 1
        has_parameters = not self.components[at + 1].is_bare
        stop = at + 2 if has_parameters else end
        otherwise = self._branch(at + 1, stop, depth)
        return Choice(self.components[at].condition, tuple(then), tuple(otherwise)), stop

    def _branch(self, at: int, stop: int, depth: int) -> list[Node]:
        """Read what a condition or an else brings along, and all behind it up to ``stop``."""
        head = self.components[at].unconditional()
        nodes: list[Node] = []
        if head.layer:
            node, at = self._overlay(head, at, stop, depth)
            nodes.append(node)
        else:
            nodes += [] if head.is_bare else [Step(head)]
            at += 1
        return [*nodes, *self.nodes(at, stop, depth=depth + 1)]

    def _marks(self, at: int, end: int) -> list[int]:
        """Return where the else and the end of the condition here are, so far as there are any."""
        depth = 0
        marks: list[int] = []
        for place in range(at + 1, end):
            component = self.components[place]
            if component.condition == "end":
                if depth == 0:
                    return [*marks, place]
                depth -= 1
            elif component.condition == "else" and depth == 0 and not marks:
                marks.append(place)
            elif component.condition and component.condition != "else" and component.is_bare:
                depth += 1
        return marks
