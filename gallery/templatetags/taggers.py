"""Which taggers have photos sent elsewhere: every page says so."""

from __future__ import annotations

from dataclasses import dataclass

from django import template

from ..taggers import hosts

register = template.Library()


@dataclass(frozen=True, slots=True)
class Sender:
    alias: str
    host: str


@register.simple_tag
def sending_taggers() -> list[Sender]:
    return [Sender(alias, host) for alias, host in hosts().items()]
