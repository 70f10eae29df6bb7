"""Distances between harbours, in nautical miles."""
import math
from typing import NamedTuple

EARTH = 3440.065  # mean radius in nautical miles


class Place(NamedTuple):
    name: str
    lat: float
    lon: float


def haversine(a: Place, b: Place) -> float:
    dlat = math.radians(b.lat - a.lat)
    dlon = math.radians(b.lon - a.lon)
    h = (
        math.sin(dlat / 2) ** 2
        + math.cos(math.radians(a.lat))
        * math.cos(math.radians(b.lat))
        * math.sin(dlon / 2) ** 2
    )
    return 2 * EARTH * math.asin(math.sqrt(h))


def route_length(places: list[Place]) -> float:
    total = 0.0
    for here, there in zip(places, places[1:]):
        total += haversine(here, there)
    return total


def nearest(place: Place, others: list[Place]) -> Place:
    return min(others, key=lambda other: haversine(place, other))
