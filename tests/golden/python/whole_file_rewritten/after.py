"""Distances between harbours, in nautical miles."""
import math
from itertools import pairwise
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
    return sum(haversine(here, there) for here, there in pairwise(places))


def nearest(place: Place, others: list[Place]) -> Place:
    return min(others, key=lambda other: haversine(place, other))


def farthest(place: Place, others: list[Place]) -> Place:
    return max(others, key=lambda other: haversine(place, other))
