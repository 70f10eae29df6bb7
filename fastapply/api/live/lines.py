"""A body that is lines, each as soon as it is there."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapply.api.problems import Problem

if TYPE_CHECKING:
    from litestar import Request

__all__ = ["MEDIA_TYPE", "ClientGone", "Lines", "require_lines"]

MEDIA_TYPE = "application/x-ndjson"


class ClientGone(Exception):
    """The client ended the connection, or stalled: nobody waits for an answer."""


def require_lines(request: Request[Any, Any, Any]) -> None:
    """A 415 problem where the body does not say that it is lines of JSON. Web pages can't say so without asking."""
    media_type, _ = request.content_type
    if media_type != MEDIA_TYPE or request.headers.get("content-encoding", "identity") != "identity":
        status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
        raise Problem(status, "unsupported_media_type", f"send {MEDIA_TYPE}, not compressed")


class Lines:
    """The lines of the body of `request`, of at most `most` bytes. Blank ones are passed over: clients send them to
    show that they are there."""

    def __init__(self, request: Request[Any, Any, Any], most: int) -> None:
        self._request = request
        self._most = most
        self._buffer = bytearray()
        self._seen = 0  # of the buffer, up to where there is no line break
        self._bytes = 0
        self._whole = False
        self.number = 0
        """Lines that were given out or passed over."""

    async def next(self) -> bytes | None:
        """The next line; `None` at the end of the body. Raises `ClientGone`, and a 413 `Problem`."""
        while True:
            line = self._cut()
            if line is None:
                if self._whole:
                    return None
                await self._receive()
            elif line.strip():
                return line

    def _cut(self) -> bytes | None:
        found = self._buffer.find(b"\n", self._seen)
        if found < 0:
            self._seen = len(self._buffer)
            if not self._whole or not self._buffer:
                return None
            found = self._seen  # the last line needs no line break
        line = bytes(self._buffer[:found])
        del self._buffer[: found + 1]
        self._seen = 0
        self.number += 1
        return line

    async def _receive(self) -> None:
        # What is there already is given out at once: a client that sends without a pause would be the only one served.
        await asyncio.sleep(0)
        message = await self._request.receive()
        if message["type"] != "http.request":
            raise ClientGone
        self._whole = not message["more_body"]
        self._bytes += len(message["body"])
        if self._bytes > self._most:
            raise Problem(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                "input_too_large",
                "the body has more bytes than the setting server.max_body allows",
            )
        self._buffer += message["body"]
