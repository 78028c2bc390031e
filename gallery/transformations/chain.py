"""Carries a chain out on one picture: its steps, choices and layers, in their order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from . import conditions, effects, layers, resizing, shapes
from .blocks import Choice, Node, Overlay, Step
from .color import BLACK, AutoColor, Color, backdrop
from .component import Component
from .conditions import Value
from .effect_names import BLENDS, OF_REGIONS, Effect
from .errors import TransformationError
from .geometry import ANCHORS, Box, Map, Plan, Size, anchored, around, turned_size
from .layer_names import FetchedLayer, StoredLayer, TextLayer, read_layer
from .limits import Budget
from .parameters import Gravity
from .picture import Picture, open_source
from .resizing import View
from .saliency import Saliency
from .scene import Scene
from .text import Ink, draw_text
from .values import assigned, interpolated, known, values_of

#: How they end up in the file rather than in the picture; the last of each counts.
_OUTPUTS = ("q", "dn", "cs")
_PLACING = ("l", "u", "g", "x", "y", "fl")
_NO_ROUNDING: shapes.Radii = (0.0, 0.0, 0.0, 0.0)


@dataclass
class Memory:
    """What was decided on the first frame of an animation and holds for all of them."""

    saliency: dict[int, Saliency] = field(default_factory=dict)
    #: How many steps and layers this frame has had; it is what decisions are filed under.
    steps: int = 0
    trims: dict[int, tuple[int, int, int, int] | None] = field(default_factory=dict)


@dataclass
class Chain:
    """One picture and what is known while it is transformed.

    ``outputs`` gathers how the file is to be written; ``relative_to`` is the size that factors of
    a layer are shares of, where it is not its own.
    """

    picture: Picture
    scene: Scene
    budget: Budget
    original: Size
    dpr: float = 1.0
    frames: int = 1
    variables: dict[str, Value] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    flags: set[str] = field(default_factory=set)
    memory: Memory = field(default_factory=Memory)
    relative_to: tuple[float, float] | None = None

    def run(self, nodes: Sequence[Node]) -> None:
        """Carry out all nodes. Raises TransformationError, and TooMuchError before the work."""
        for node in nodes:
            self.budget.check()
            if isinstance(node, Step):
                self.step(node.component)
            elif isinstance(node, Choice):
                holds = conditions.is_true(node.condition, self.name)
                self.run(node.then if holds else node.otherwise)
            else:
                self.overlay(node)

    # --- What expressions may ask -------------------------------------------------------------

    def name(self, name: str) -> Value:
        if name.startswith("$"):
            return known(self.variables, name)
        if name.startswith("ctx:"):
            return self.scene.context.get(name[5:-1], "")
        if name.startswith("md:"):
            return self.scene.metadata.get(name[4:-1], "")
        return self._facts()[name]()

    def _facts(self) -> Mapping[str, Callable[[], Value]]:
        size, original = self.picture.size, self.original
        return {
            "w": lambda: float(size[0]), "h": lambda: float(size[1]),
            "iw": lambda: float(original[0]), "ih": lambda: float(original[1]),
            "ar": lambda: size[0] / size[1], "iar": lambda: original[0] / original[1],
            "fc": lambda: float(len(self.scene.faces())), "cp": lambda: 1.0,
            "pc": lambda: float(self.scene.page_count), "tags": lambda: tuple(self.scene.tags),
        }  # fmt: skip

    # --- A step -------------------------------------------------------------------------------

    def values(self, component: Component) -> dict[str, Any]:
        """Set what the component sets, and return its values."""
        for name, text in component.assignments:
            self.variables[name] = assigned(text, self.name)
        return values_of(component, self.name)

    def view(self, values: Mapping[str, Any]) -> View:
        return View(
            self.picture.size, lambda: self._now(self.scene.faces()),
            lambda: self._now(self.scene.custom()), lambda: self._saliency(values),
            self.relative_to or self.picture.size, self._dpr(values),
        )  # fmt: skip

    def _dpr(self, values: Mapping[str, Any]) -> float:
        return float(values.get("dpr", self.dpr))

    def _now(self, boxes: Sequence[Box]) -> list[Box]:
        """Return where boxes of the original are now, so far as they are still in the picture."""
        moved = [self.picture.mapping.box(Box(*box)) for box in boxes]
        seen = [box.within(self.picture.size) for box in moved]
        return [box for box in seen if box.w > 0 and box.h > 0]

    def _saliency(self, values: Mapping[str, Any]) -> Saliency:
        key = self.memory.steps
        if key not in self.memory.saliency:
            faces = self._now(self.scene.faces())
            gravity = values.get("g")
            if gravity and gravity.subject.startswith("custom"):
                faces += self._now(self.scene.custom())
            picture = self.picture
            self.memory.saliency[key] = Saliency(picture.image, picture.size, faces)
        return self.memory.saliency[key]

    def step(self, component: Component) -> None:
        self.memory.steps += 1
        values = self.values(component)
        self._note(values)
        effect: Effect | None = values.get("e")
        if effect and effect.name in BLENDS:
            raise TransformationError(f"The effect “{effect.name}” needs a layer.")
        self._turn_to_fit(values)
        if effect or "r" in values or "o" in values:
            self.check_effort(values)
        if effect and effect.name == "trim":
            self._trim(effect)
        if not effect or effect.name not in OF_REGIONS:
            self._resize(values)
        if effect and effect.name != "trim":
            self.budget.check()
            self._apply(effect, values)
        self._finish(values)

    def check_effort(self, values: Mapping[str, Any]) -> None:
        """Raise TooMuchError where an effect would be on more pixels than may be made."""
        if self.picture.shrunk == 1 and not {"w", "h", "ar"} & values.keys():
            self.check_size(*self.picture.size)

    def _note(self, values: Mapping[str, Any]) -> None:
        self.outputs |= {key: values[key] for key in _OUTPUTS if key in values}
        self.flags |= set(values.get("fl", ()))

    def _turn_to_fit(self, values: Mapping[str, Any]) -> None:
        """Turn by a quarter where a wide picture is wanted of a high one, or the other way."""
        turns = [turn for turn in values.get("a", ()) if turn in ("auto_right", "auto_left")]
        if not turns:
            return
        asked = resizing.wanted(values, self.view(values))
        width, height = self.picture.size
        if asked.w and asked.h:
            is_wide = asked.w > asked.h
        elif asked.ratio:
            is_wide = asked.ratio > 1
        else:
            return
        if is_wide != (width > height):
            self._sized_fully()
            degrees = 90 if turns[0] == "auto_right" else 270
            self.picture.become(*shapes.rotated(self.picture.image, degrees))

    def _trim(self, effect: Effect) -> None:
        image, key = self.picture.image, self.memory.steps
        if key not in self.memory.trims:
            self.memory.trims[key] = effects.trim_box(image, effect)
        if box := self.memory.trims[key]:
            self.picture.become(image.crop(box), Map(1, 0, -box[0], 0, 1, -box[1]))

    def _resize(self, values: Mapping[str, Any]) -> None:
        if plan := self.plan(values):
            self.check_size(*plan.canvas)
            self.check_size(*plan.size)
            self.picture.cut_and_scale(plan)
            self.picture.become(*shapes.on_canvas(self.picture.image, plan, values.get("b")))

    def plan(self, values: Mapping[str, Any]) -> Plan | None:
        return resizing.plan(values, self.view(values))

    def check_size(self, width: float, height: float) -> None:
        self.budget.limits.check_size(width, height, frames=self.frames)

    def _sized_fully(self) -> None:
        """Stand by the rule that only the first resizing meets an image decoded smaller."""
        assert self.picture.shrunk == 1

    def _apply(self, effect: Effect, values: Mapping[str, Any]) -> None:
        image, color = self.picture.image, values.get("co")
        if effect.name == "shadow":
            offset = None
            if "x" in values or "y" in values:
                offset = self._offsets(values)
            self.check_size(*self._with_shadow(offset))
            shaded, at = effects.shadow(image, effect, color, offset)
        elif effect.name == "outline":
            room = 2 * (effect.level + effect.second / 20)
            self.check_size(image.width + room, image.height + room)
            shaded, at = effects.outline(image, effect, color)
        else:
            areas = self._areas(effect, values)
            self.picture.become(effects.apply(image, effect, color, areas))
            return
        self.picture.become(shaded, Map(1, 0, at[0], 0, 1, at[1]))

    def _with_shadow(self, offset: tuple[float, float] | None) -> tuple[float, float]:
        width, height = self.picture.size
        x, y = offset or (max(width, height) * 0.03,) * 2
        soft = max(abs(x), abs(y), 2)
        return width + abs(x) + 2 * soft, height + abs(y) + 2 * soft

    def _offsets(self, values: Mapping[str, Any]) -> tuple[float, float]:
        return resizing.offsets(values, self.picture.size, self._dpr(values))

    def _areas(self, effect: Effect, values: Mapping[str, Any]) -> list[Box]:
        if effect.name not in effects.ON_AREAS:
            return []
        if effect.name not in OF_REGIONS:
            return self._now(self.scene.faces())
        asked = resizing.wanted(values, self.view(values))
        x, y = self._offsets(values)
        width, height = self.picture.size
        return [Box(x, y, asked.w or width - x, asked.h or height - y)]

    def _finish(self, values: Mapping[str, Any]) -> None:
        """Turn, round, fade, frame and ground the picture, in this order."""
        self._turn(values.get("a", ()))
        dpr = self._dpr(values)
        corners = values.get("r", _NO_ROUNDING)
        radii: shapes.Radii = tuple(radius * dpr for radius in corners)
        picture = self.picture
        if any(radii):
            picture.become(shapes.rounded(picture.image, radii))
        if "bo" in values:
            self._frame(values["bo"].width_px * dpr, values, radii)
        if values.get("o", 100) != 100:
            picture.become(shapes.faded(picture.image, values["o"]))
        if "b" in values:
            picture.become(shapes.on_ground(picture.image, values["b"]))

    def _frame(self, width_px: float, values: Mapping[str, Any], radii: shapes.Radii) -> None:
        width, image = round(width_px), self.picture.image
        self.check_size(image.width + 2 * width, image.height + 2 * width)
        framed = shapes.bordered(image, width, values["bo"].color, radii)
        self.picture.become(framed, Map(1, 0, width, 0, 1, width))

    def _turn(self, turns: Sequence[float | str]) -> None:
        for turn in turns:
            if isinstance(turn, str):
                if turn in ("vflip", "hflip"):
                    self.picture.become(*shapes.flipped(self.picture.image, turn))
                continue
            self.budget.check()
            self.check_size(*turned_size(self.picture.size, turn))
            self.picture.become(*shapes.rotated(self.picture.image, turn))

    # --- A layer ------------------------------------------------------------------------------

    def overlay(self, node: Overlay) -> None:
        self.budget.count_layer()
        self.memory.steps += 1
        opening = self.values(node.opening)
        is_one = node.placing is node.opening
        layer = self._layer(node.opening, opening, is_one=is_one)
        layer.run(node.steps)
        placing = opening
        if not is_one:
            placing = self.values(node.placing)
            layer.style(_styling(node.placing, ()), self._relative_to(placing))
        self._note({key: placing[key] for key in _OUTPUTS if key in placing})
        self._put(layer.picture, placing, is_under="u" in opening)

    def style(self, component: Component, relative_to: tuple[float, float] | None) -> None:
        """Do to a layer what stands beside it in its own component."""
        if component.parameters:
            self.relative_to = relative_to
            self.step(component)
            self.relative_to = None

    def _layer(self, component: Component, values: Mapping[str, Any], *, is_one: bool) -> Chain:
        text = interpolated(component.layer, self.name)
        spec = read_layer(text)
        relative_to = self._relative_to(values)
        if isinstance(spec, TextLayer):
            picture, consumed = self._text(spec, values)
        else:
            picture, consumed = self._stored(spec, values.get("pg", 1)), ()
        layer = Chain(
            picture, self.scene.only_facts(), self.budget, picture.size, self._dpr(values),
            variables=self.variables, memory=self.memory,
        )  # fmt: skip
        layer.style(_styling(component, consumed, is_placed=is_one), relative_to)
        return layer

    def _stored(self, spec: StoredLayer | FetchedLayer, page: int) -> Picture:
        with self.scene.open(spec) as file, open_source(file, self.budget.limits) as source:
            self.budget.check()
            source.seek(page - 1)
            return source.picture()

    def _text(self, spec: TextLayer, values: Mapping[str, Any]) -> tuple[Picture, tuple[str, ...]]:
        """Draw a text; return it and which of the parameters have been used up."""
        dpr, border = self._dpr(values), values.get("bo")
        consumed: tuple[str, ...] = ("co", "b", "dpr")
        asked = resizing.wanted(values, self.view(values))
        width = height = None
        if values.get("c") == "fit" and asked.w:
            width, height = round(asked.w), round(asked.h) if asked.h else None
            consumed += ("w", "h", "c")
        ink = Ink(values.get("co", BLACK), ground=self._ground(values.get("b")))
        if spec.style.has_stroke and border:
            stroke = max(1, round(border.width_px * dpr))
            ink = Ink(ink.color, border.color, stroke, ink.ground)
            consumed += ("bo",)
        image = draw_text(
            spec.text, spec.style.times(dpr), ink, self.budget.limits, width_px=width,
            height_px=height, is_trimmed="text_no_trim" not in values.get("fl", ()),
        )  # fmt: skip
        return Picture.of(image), consumed

    def _ground(self, wanted: Color | AutoColor | None) -> Color | None:
        """Return a text's background; one that is left to us is of the picture beneath."""
        if isinstance(wanted, AutoColor):
            pixel = backdrop(self.picture.image, wanted, (1, 1)).getpixel((0, 0))
            assert isinstance(pixel, tuple)
            return Color(*(int(part) for part in pixel))
        return wanted

    def _relative_to(self, values: Mapping[str, Any]) -> tuple[float, float] | None:
        flags = values.get("fl", ())
        if "region_relative" in flags:
            faces = self._now(self.scene.faces())
            return (faces[0].w, faces[0].h) if faces else self.picture.size
        return self.picture.size if "relative" in flags else None

    def _put(self, layer: Picture, placing: Mapping[str, Any], *, is_under: bool) -> None:
        flags = placing.get("fl", ())
        effect: Effect | None = placing.get("e")
        image = layer.image.convert("RGBA")
        at = self._place(layer.size, placing)
        if "tiled" in flags:
            image, at = layers.tiled(image, self.picture.size), (0, 0)
        blend = effect.name if effect and effect.name in BLENDS else ""
        base, moved = layers.put(
            self.picture.image, image, at, self.budget.limits, blend=blend,
            is_under=is_under, may_grow="no_overflow" not in flags,
        )  # fmt: skip
        self.check_size(*base.size)
        self.picture.become(base, moved)

    def _place(self, size: Size, placing: Mapping[str, Any]) -> Size:
        """Return where the layer's top left goes."""
        outer = self.picture.size
        gravity: Gravity = placing.get("g") or Gravity("center")
        x, y = self._offsets(placing)
        kind = gravity.kind
        if kind in ANCHORS:
            return layers.place(*anchored(kind, x=x, y=y)(outer, size))
        if kind == "xy_center":
            return layers.place(x - size[0] / 2, y - size[1] / 2)
        view = self.view(placing)
        areas = [*view.faces()] if kind.startswith("face") else [*view.custom()]
        if kind != "auto" and areas:
            area = around(areas) if kind != "face" else max(areas, key=lambda box: box.w * box.h)
            middle = area.center
            return layers.place(middle[0] + x - size[0] / 2, middle[1] + y - size[1] / 2)
        left, top = resizing.content_focus(gravity, placing, view)(outer, size)
        return layers.place(left + x, top + y)


def _styling(
    component: Component, consumed: tuple[str, ...], *, is_placed: bool = True
) -> Component:
    """Return what a component does to its layer, without what places and mixes it."""
    dropped: tuple[str, ...] = (*consumed, *_PLACING, "t", "d", "f", "q") if is_placed else (
        *consumed, "l", "u", "t", "d", "f", "q", "fl",
    )  # fmt: skip
    if component.get("e").partition(":")[0] in BLENDS:
        dropped += ("e",)
    return component.without(*dropped) or Component("")
