"""Which asset an address names, or what stands in for it."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet
from django.http import HttpRequest

from .. import throttle
from ..assets import addresses, lookup, mappings, rendering, scenes
from ..assets.addresses import Address, Name, Reading
from ..models import ApiKey, Asset, Cloud
from ..outbound import OutboundError
from .errors import NotFoundError, RateLimitedError, UnauthorizedError


@dataclass(frozen=True)
class Found:
    """What an address names. ``is_stand_in``: it is there for another that is missing."""

    asset: Asset
    reading: Reading
    format: str | None
    is_signed: bool
    is_stand_in: bool = False


def clouds() -> QuerySet[Cloud]:
    return Cloud.objects.filter(owner__is_active=True)


def find(request: HttpRequest, cloud_name: str, address: Address) -> Found:
    """Return the asset of the likeliest reading that there is one of, in one statement.

    Where there is none: what is fetched for a mapped folder, or the default of its transformation.
    Raises ApiError, AssetError, ImageError or TransformationError.
    """
    readings = list(address.readings())
    if address.signature:
        readings = _signed(cloud_name, address.signature, readings)
    is_signed = bool(address.signature)
    wanted = {name.public_id for reading in readings for name in reading.names}
    there = lookup.assets(cloud_name, address.resource_type, address.type, wanted)
    for reading in readings:
        for name in reading.names:
            if name.public_id in there:
                return Found(there[name.public_id], reading, name.format, is_signed)
    return _instead(request, cloud_name, address, readings)


def _signed(cloud_name: str, signature: str, readings: list[Reading]) -> list[Reading]:
    """Return the readings that are signed by a key of the cloud. Raises UnauthorizedError."""
    keys = ApiKey.objects.active().filter(cloud__name=cloud_name)
    secrets = [key.secret for key in keys]
    texts = {text for reading in readings for text in reading.signed_texts}
    good = {text for text in texts if addresses.fits(signature, [text], secrets)}
    signed = [reading for reading in readings if not good.isdisjoint(reading.signed_texts)]
    if not signed:
        raise UnauthorizedError("Invalid signature in the address")
    return signed


def _instead(
    request: HttpRequest, cloud_name: str, address: Address, readings: list[Reading]
) -> Found:
    """Look for what stands in for a missing asset: a file from elsewhere, a default picture."""
    cloud = clouds().filter(name=cloud_name).first()
    if cloud is None:
        raise NotFoundError(f"Unknown cloud {cloud_name}")
    is_signed, last = bool(address.signature), readings[-1].source
    if address.type == "upload" and (fetched := _fetched(request, cloud, address, readings[0])):
        reading, name = fetched[1]
        return Found(fetched[0], reading, name.format, is_signed)
    for reading in readings:
        public_id = _default_of(reading)
        found = scenes.layers_of(cloud, [public_id] if public_id else [], is_signed)
        for asset in found.values():
            return Found(asset, reading, reading.names[-1].format, is_signed, is_stand_in=True)
    raise NotFoundError.asset(readings[0].source or last)


def _default_of(reading: Reading) -> str | None:
    if "d_" not in reading.transformation:
        return None
    return rendering.parsed_from(reading.transformation).default_image


def _fetched(
    request: HttpRequest, cloud: Cloud, address: Address, reading: Reading
) -> tuple[Asset, tuple[Reading, Name]] | None:
    """Bring in the file of a mapped folder; None where no folder of the address is mapped."""
    mapping = mappings.mapping_of(cloud, reading.source)
    if mapping is None or not reading.names:
        return None
    count(request, is_signed=bool(address.signature))
    name = reading.names[-1]
    try:
        asset = mappings.bring_in(
            mapping, reading.source, public_id=name.public_id, resource_type=address.resource_type
        )
    except OutboundError as error:
        raise NotFoundError(f"Error in loading {reading.source} - {error}") from error
    return asset, (reading, name)


def count(request: HttpRequest, *, is_signed: bool) -> None:
    """Raise RateLimitedError where one address without signatures asks for too much new work."""
    if not is_signed and not throttle.allows("derive", throttle.client_address(request)):
        raise RateLimitedError("Too many new pictures from your address; ask again in a minute")
