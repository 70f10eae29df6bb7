"""One request over HTTP/1.1 whose answer is read while its body is still sent.

HTTP allows that, and httpx2 does not: it sends a body to its end before it reads. So this speaks h11 on a connection of
its own, which ends with the request.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

import h11
import httpx2

from fastapply import errors
from fastapply.client.connection import CONNECT_SECONDS
from fastapply.client.failures import failure

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from fastapply.client.connection import Service

__all__ = ["Duplex"]

_READ_BYTES = 1 << 16
_MOST_OF_A_LINE = 256 << 20


class Duplex:
    """`async with Duplex(service, path) as duplex`: send with `send` and `end`, and read `lines` meanwhile.

    Everything raises `ServiceUnreachable` where the connection breaks.
    """

    def __init__(self, service: Service, path: str) -> None:
        self._service = service
        self._path = path
        self._h11 = h11.Connection(h11.CLIENT)
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter

    async def __aenter__(self) -> Self:
        parts = urlsplit(self._service.url)
        secure = httpx2.create_ssl_context() if parts.scheme == "https" else None
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                self._reader, self._writer = await asyncio.open_connection(
                    parts.hostname, parts.port or (443 if secure else 80), ssl=secure
                )
        except (OSError, TimeoutError) as error:
            raise errors.ServiceUnreachable(f"the service can't be reached ({type(error).__name__})") from None
        headers = self._service.headers() | {
            "host": parts.netloc,
            "accept": "application/x-ndjson",
            "content-type": "application/x-ndjson",
            "transfer-encoding": "chunked",
        }
        target = parts.path + self._path
        await self._write(h11.Request(method="POST", target=target, headers=list(headers.items())))
        return self

    async def __aexit__(self, *_: object) -> None:
        # Not waited for: a service that takes nothing more would hold us here.
        self._writer.transport.abort()

    async def send(self, data: bytes) -> None:
        """Send a piece of the body."""
        await self._write(h11.Data(data=data))

    async def end(self) -> None:
        """End the body."""
        await self._write(h11.EndOfMessage())

    async def lines(self) -> AsyncGenerator[bytes, None]:
        """The lines of the answer as they come. Raises the error that the service names in place of an answer."""
        response = await self._next()
        while isinstance(response, h11.InformationalResponse):
            response = await self._next()
        if not isinstance(response, h11.Response):
            raise _broken("ended without an answer")
        if response.status_code != 200:
            raise await self._refusal(response)
        buffer = bytearray()
        while isinstance(event := await self._next(), h11.Data):
            *lines, rest = (buffer + event.data).split(b"\n") if b"\n" in event.data else (buffer + event.data,)
            buffer = bytearray(rest)
            for line in lines:
                yield bytes(line)
            if len(buffer) > _MOST_OF_A_LINE:
                raise errors.UnexpectedAnswer("the answer has a line without end")

    async def _refusal(self, response: h11.Response) -> errors.FastApplyError:
        body = bytearray()
        while isinstance(event := await self._next(), h11.Data) and len(body) < _MOST_OF_A_LINE:
            body += event.data
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
        return failure(response.status_code, headers, bytes(body))

    async def _next(self) -> h11.Event | type[h11.PAUSED]:
        try:
            while (event := self._h11.next_event()) is h11.NEED_DATA:
                self._h11.receive_data(await self._reader.read(_READ_BYTES))
        except (h11.RemoteProtocolError, OSError) as error:
            raise _broken(type(error).__name__) from None
        assert event is not h11.NEED_DATA
        return event  # type: ignore[return-value]

    async def _write(self, event: h11.Event) -> None:
        try:
            self._writer.write(self._h11.send(event) or b"")
            await self._writer.drain()
        except (h11.LocalProtocolError, OSError) as error:
            raise _broken(type(error).__name__) from None


def _broken(why: str) -> errors.ServiceUnreachable:
    return errors.ServiceUnreachable(f"the connection to the service broke off ({why})")
