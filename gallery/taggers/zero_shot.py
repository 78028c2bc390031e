"""Zero-shot tagging as CLIP and SigLIP do it: how like a photo is to the words for a label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .base import TaggerError
from .hub import ModelFile
from .labels import Label
from .network import Network, open_network

if TYPE_CHECKING:
    import numpy as np
    from tokenizers import Encoding, Tokenizer

#: How many texts a text model reads at once.
BATCH = 64
#: What fills up texts of tokenizers that do not say, most telling first.
PADDINGS = ("<pad>", "[PAD]", "<|endoftext|>", "</s>")


class Likenesses:
    """Scores photos by how like their embeddings are to those of texts.

    ``texts`` has a row of length 1 for each label. A score is the cosine similarity, times
    ``scale``, plus ``bias``.
    """

    def __init__(self, network: Network, texts: np.ndarray, *, scale: float, bias: float) -> None:
        self._network, self._texts, self._scale, self._bias = network, texts, scale, bias
        self._input = network.image_input()
        self._output = network.output("image_embeds", "pooler_output")

    def logits(self, pixels: np.ndarray) -> np.ndarray:
        """Return one score per label, as float64 of shape (n,). Raises TaggerError."""
        photo = _of_length_1(self._network.run(self._output, {self._input: pixels}))[0]
        if len(photo) != self._texts.shape[1]:
            raise TaggerError(
                f"{self._network.name} describes photos by {len(photo):,} numbers, but its text "
                f"model describes texts by {self._texts.shape[1]:,}.",
                permanent=True,
            )
        logits: np.ndarray = self._texts @ photo * self._scale + self._bias
        return logits


@dataclass(frozen=True, slots=True)
class Texts:
    """Describes labels by numbers.

    ``prompt`` has {} where the label goes; ``length`` is how many tokens the text model takes.
    """

    model: ModelFile
    tokenizer: ModelFile
    prompt: str
    length: int
    threads: int

    def __post_init__(self) -> None:
        if "{}" not in self.prompt:
            raise ValueError(f"The prompt “{self.prompt}” has no {{}} for the label.")
        if self.length < 1:
            raise ValueError(f"text_length is {self.length}; it must be 1 or more.")

    def embeddings(self, labels: Sequence[Label]) -> np.ndarray:
        """Return a row of length 1 for each label, float64 of shape (n, m). Raises TaggerError."""
        import numpy as np

        prompts = [label.prompt or self.prompt.replace("{}", label.text) for label in labels]
        read = _tokenized(prompts, self.tokenizer, length=self.length)
        network = open_network(self.model.path(), name=self.model.name, threads=self.threads)
        inputs, output = network.text_inputs(), network.output("text_embeds", "pooler_output")
        rows = [
            network.run(output, _feed(read[start : start + BATCH], inputs))
            for start in range(0, len(read), BATCH)
        ]
        return _of_length_1(np.concatenate(rows))


def _tokenized(prompts: Sequence[str], file: ModelFile, *, length: int) -> list[Encoding]:
    """Return each text as ``length`` tokens, by a tokenizer.json. Raises TaggerError."""
    path = file.path()
    try:
        from tokenizers import Tokenizer
    except ImportError as error:
        raise TaggerError(
            f"{file.name} needs the package tokenizers, which is not installed "
            "(pip install tokenizers).",
            permanent=True,
        ) from error
    try:
        tokenizer = Tokenizer.from_file(str(path))
        tokenizer.enable_truncation(length)
        tokenizer.enable_padding(length=length, **_padding(tokenizer))
        # One by one: many at once start threads, which are ill at ease in a process that forks.
        return [tokenizer.encode(prompt) for prompt in prompts]
    except Exception as error:  # tokenizers raises nothing narrower
        raise TaggerError(
            f"{file.name} is no tokenizer that can read the labels.", permanent=True
        ) from error


def _padding(tokenizer: Tokenizer) -> dict[str, Any]:
    """Return what fills up a text: the tokenizer's own padding, a well-known one, or token 0."""
    own = tokenizer.padding
    if own:
        return {"pad_id": own["pad_id"], "pad_token": own["pad_token"]}
    for token in PADDINGS:
        pad_id = tokenizer.token_to_id(token)
        if pad_id is not None:
            return {"pad_id": pad_id, "pad_token": token}
    return {"pad_id": 0}


def _feed(read: Sequence[Encoding], inputs: frozenset[str]) -> dict[str, np.ndarray]:
    """Return what a text model takes: arrays of shape (texts, tokens)."""
    import numpy as np

    ids = np.array([text.ids for text in read])
    masks = np.array([text.attention_mask for text in read])
    feed = {"input_ids": ids, "attention_mask": masks}
    return {name: feed[name] for name in inputs}


def _of_length_1(rows: np.ndarray) -> np.ndarray:
    import numpy as np

    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    # A row of zeros is like nothing, and no reason to divide by zero.
    units: np.ndarray = rows / np.maximum(lengths, np.finfo(rows.dtype).tiny)
    return units
