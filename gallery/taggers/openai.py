"""Any vision model behind an OpenAI-compatible address: hosted, or Ollama on the next machine."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .base import Opinion
from .rest import RestTagger

if TYPE_CHECKING:
    from PIL import Image

PROMPT = (
    "List what this photo shows as tags for a photo library: things, animals, plants, places, "
    "activities, weather, time of day. Plain everyday {language} words in the singular, one to "
    "three words each, most important first, at most {limit}. For each, give your confidence "
    "from 0 to 1 that a person looking at the photo would agree. Say nothing about anybody's "
    "identity, race, religion, health, sexuality or looks."
)
SCHEMA = {
    "type": "object",
    "properties": {
        "tags": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"tag": {"type": "string"}, "confidence": {"type": "number"}},
                "required": ["tag", "confidence"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["tags"],
    "additionalProperties": False,
}
FORMATS: dict[str, dict[str, Any] | None] = {
    "json_schema": {
        "type": "json_schema",
        "json_schema": {"name": "tags", "strict": True, "schema": SCHEMA},
    },
    "json_object": {"type": "json_object"},
    "none": None,
}
SHAPE = ' Answer with JSON alone: {"tags": [{"tag": "dog", "confidence": 0.95}]}'


class OpenAITagger(RestTagger):
    """Asks a vision model for tags. Photos leave this process, to ``url``.

    ``url`` is the address up to and including ``/v1``. ``structured`` says how the model can be
    held to JSON: “json_schema”, “json_object” or “none”.
    """

    service = "The vision model"

    def __init__(
        self,
        *,
        url: str,
        model: str,
        key: str = "",
        language: str = "English",
        limit: int = 25,
        structured: str = "json_schema",
        timeout_s: float = 50.0,
        max_side_px: int = 768,
        **options: Any,
    ) -> None:
        super().__init__(url=url, timeout_s=timeout_s, max_side_px=max_side_px, **options)
        if structured not in FORMATS:
            raise ValueError(f"structured is one of {', '.join(FORMATS)}, not “{structured}”.")
        self._model = model
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._prompt = PROMPT.format(language=language, limit=limit) + SHAPE
        self._format = FORMATS[structured]

    @property
    def model(self) -> str:
        return self._model

    def tag(self, image: Image.Image) -> Opinion:
        request: dict[str, Any] = {
            "model": self._model,
            "temperature": 0,
            "messages": [{
                "role": "user",
                "content": [
                    {"type": "text", "text": self._prompt},
                    {"type": "image_url", "image_url": {"url": self.data_uri(image)}},
                ],
            }],
        }  # fmt: skip
        if self._format:
            request["response_format"] = self._format
        told = self.ask("POST", "/chat/completions", json=request, headers=self._headers)
        return Opinion(model=self._model, suggestions=self.suggestions(self._said(told)))

    def _said(self, told: dict[str, Any]) -> list[tuple[Any, Any]]:
        try:
            message = told["choices"][0]["message"]
            if message.get("refusal"):
                raise self._permanent("refuses to look at this photo.")
            tags = json.loads(_without_fence(message["content"]))["tags"]
            return [(entry["tag"], entry["confidence"]) for entry in tags]
        except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
            raise self._passing("did not answer in the form that was asked for.") from error


def _without_fence(content: str) -> str:
    """Take off the Markdown that models put around JSON."""
    return content.strip().removeprefix("```json").removeprefix("```").removesuffix("```")
