"""What passes between `run` and `drive`, as JSON."""

from __future__ import annotations

import msgspec

__all__ = ["Order", "Saw", "decode_order", "decode_saw", "encode"]


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What the users are to do."""

    url: str
    path: str
    cases: list[str]
    users: int = 1
    warm_up: float = 0.0
    seconds: float = 0.0
    once: bool = False
    """Each edit once, in place of a time."""

    small: bool = False
    """A few bytes of JSON in place of the edits."""

    model: str = ""
    """Who is asked for edits of small files in place of the structural merge, which has doubts of few."""

    known: dict[str, str] = {}
    """Digests of what the answers must be."""


class Saw(msgspec.Struct, frozen=True):
    """What the users saw. `times` has for each right answer when it came, in seconds, and what it took, in ms."""

    requests: int
    seconds: float
    times: list[tuple[float, float]]
    errors: int
    faults: dict[str, int]
    known: dict[str, str]


def encode(message: Order | Saw) -> bytes:
    """`message` as JSON."""
    return msgspec.json.encode(message)


_ORDERS = msgspec.json.Decoder(Order)
_SIGHTS = msgspec.json.Decoder(Saw)


def decode_order(content: bytes) -> Order:
    """The order in `content`."""
    return _ORDERS.decode(content)


def decode_saw(content: bytes) -> Saw:
    """What was seen, in `content`."""
    return _SIGHTS.decode(content)
