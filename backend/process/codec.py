"""Messages as frames of msgpack, and back. What comes in is data of the types that are expected, or an error."""

from __future__ import annotations

from typing import cast

import msgspec
from msgspec import Struct

from backend.errors import BadMessage
from backend.process.messages import FromClient, FromEngine, Id

__all__ = ["encode", "read_from_client", "read_from_engine"]


class _Named(Struct):
    id: Id


_encoder = msgspec.msgpack.Encoder()
_from_client = msgspec.msgpack.Decoder(FromClient)
_from_engine = msgspec.msgpack.Decoder(FromEngine)
_named = msgspec.msgpack.Decoder(_Named)
_UNREADABLE = (msgspec.MsgspecError, ValueError, RecursionError)


def encode(message: FromClient | FromEngine) -> bytes:
    """One frame."""
    return _encoder.encode(message)


def read_from_client(frame: bytes) -> FromClient:
    """The message in a frame. Raises `BadMessage`, which names the request where the frame does."""
    try:
        return cast(FromClient, _from_client.decode(frame))
    except _UNREADABLE as error:
        raise BadMessage(f"not a message of the engine's protocol: {error}", _request(frame)) from None


def read_from_engine(frame: bytes) -> FromEngine:
    """The message in a frame. Raises `BadMessage`."""
    try:
        return cast(FromEngine, _from_engine.decode(frame))
    except _UNREADABLE as error:
        raise BadMessage(f"not a message of the engine's protocol: {error}") from None


def _request(frame: bytes) -> int | None:
    try:
        return _named.decode(frame).id
    except _UNREADABLE:
        return None
