"""An ONNX file of the operator's, opened: what it takes, what it gives, and how it fails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .base import TaggerError
from .embedded import runtime_errors, session_options

if TYPE_CHECKING:
    import numpy as np
    from onnxruntime import InferenceSession, NodeArg

FLOATS = {"tensor(float)": "float32", "tensor(float16)": "float16", "tensor(double)": "float64"}
INTEGERS = {"tensor(int64)": "int64", "tensor(int32)": "int32"}


@dataclass(frozen=True, slots=True)
class Network:
    """A network, ready to run. ``name`` is that of its file, for sentences for people."""

    name: str
    session: InferenceSession

    def image_input(self) -> str:
        """Return the name of the input for a photo. Raises TaggerError."""
        taken = self.session.get_inputs()
        if len(taken) != 1 or taken[0].type not in FLOATS or len(taken[0].shape) != 4:
            raise self._unfit("does not take a photo as its only input")
        name: str = taken[0].name
        return name

    def text_inputs(self) -> frozenset[str]:
        """Return the names of the inputs for tokens. Raises TaggerError."""
        taken = {port.name: port.type for port in self.session.get_inputs()}
        are_known = taken.keys() <= {"input_ids", "attention_mask"}
        if "input_ids" not in taken or not are_known or not INTEGERS.keys() >= {*taken.values()}:
            raise self._unfit("does not take input_ids alone, or with an attention_mask")
        return frozenset(taken)

    def output(self, *preferred: str) -> str:
        """Return the first preferred output that there is, or else the first with rows of numbers.

        Raises TaggerError when there is neither.
        """
        given = self.session.get_outputs()
        rows = [port.name for port in given if port.type in FLOATS and len(port.shape) == 2]
        found = [name for name in preferred if name in rows] or rows
        if not found:
            raise self._unfit("gives no row of numbers for each of its inputs")
        return found[0]

    def run(self, output: str, feed: Mapping[str, np.ndarray]) -> np.ndarray:
        """Return an output as finite numbers, float64 of shape (n, m) for n inputs.

        Raises TaggerError.
        """
        import numpy as np

        fitting = {port.name: self._fitted(port, feed) for port in self.session.get_inputs()}
        try:
            [rows] = self.session.run([output], fitting)
        except runtime_errors() as error:
            raise TaggerError(
                f"{self.name} broke off while it was run.", permanent=False
            ) from error
        numbers: np.ndarray = np.asarray(rows, dtype=np.float64)
        if not np.isfinite(numbers).all():
            raise self._unfit("gave something that is no number")
        return numbers

    def _fitted(self, port: NodeArg, feed: Mapping[str, np.ndarray]) -> np.ndarray:
        array = feed[port.name]
        if not _fits(port.shape, array.shape):
            raise self._unfit(
                f"takes {port.name} of {_shape(port.shape)} and not of {_shape(array.shape)}"
            )
        return array.astype((FLOATS | INTEGERS)[port.type], copy=False)

    def _unfit(self, how: str) -> TaggerError:
        return TaggerError(f"{self.name} {how}.", permanent=True)


def open_network(path: Path, *, name: str, threads: int) -> Network:
    """Open an ONNX file on ``threads`` processor cores. Raises TaggerError."""
    try:
        import onnxruntime  # only a worker that really tags should pay for this
    except ImportError as error:
        raise TaggerError(
            f"{name} needs onnxruntime, which is not installed.", permanent=True
        ) from error
    try:
        session = onnxruntime.InferenceSession(
            str(path), session_options(threads), providers=["CPUExecutionProvider"]
        )
    except runtime_errors() as error:
        raise TaggerError(f"{name} cannot be loaded on this machine.", permanent=True) from error
    return Network(name, session)


def _fits(sides: Sequence[int | str | None], shape: tuple[int, ...]) -> bool:
    """Whether an array has the sides that a network asks for; it may ask for none or name them."""
    if not sides:
        return True
    pairs = zip(sides, shape, strict=False)
    return len(sides) == len(shape) and all(s == g for s, g in pairs if isinstance(s, int))


def _shape(sides: Sequence[int | str | None]) -> str:
    return " × ".join(str(side) if isinstance(side, int) else "any" for side in sides)
