from dataclasses import dataclass


@dataclass
class Point:
    x: int
    y: int


def origin():
    return Point(0, 0)
