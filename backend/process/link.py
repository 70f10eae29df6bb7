"""One connection to an engine, from the first message to the moment that it breaks."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import zmq
import zmq.asyncio
from zmq.utils.monitor import parse_monitor_message

from backend.process.codec import encode
from backend.process.messages import LARGEST, PROTOCOL, Hello

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

__all__ = ["Link"]

_RETRY_MS, _MOST_RETRY_MS = 50, 250


class Link:
    """Connects, however long it takes until somebody listens; says hello then. What comes back is in `frames`."""

    def __init__(self, address: str) -> None:
        self._context = zmq.asyncio.Context(io_threads=1)
        self._socket = self._context.socket(zmq.DEALER)
        self._socket.setsockopt(zmq.SNDHWM, 0)  # what is asked is bounded by who asks; sending never waits
        self._socket.setsockopt(zmq.MAXMSGSIZE, LARGEST)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.RECONNECT_IVL, _RETRY_MS)
        self._socket.setsockopt(zmq.RECONNECT_IVL_MAX, _MOST_RETRY_MS)
        # An engine that is stopped, or a machine that is gone, closes no connection.
        self._socket.setsockopt(zmq.HEARTBEAT_IVL, 5_000)
        self._socket.setsockopt(zmq.HEARTBEAT_TIMEOUT, 20_000)
        self._monitor = self._socket.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_DISCONNECTED)
        try:
            self._socket.connect(address)
        except zmq.ZMQError:
            self.close()
            raise

    def send(self, frame: bytes) -> None:
        """Send `frame`; where the connection is broken, it is lost."""
        with contextlib.suppress(zmq.ZMQError):
            asyncio.ensure_future(self._socket.send(frame)).result()

    async def frames(self) -> AsyncGenerator[bytes, None]:
        """What the engine sends, until the connection breaks; what came before that is still given."""
        broken = asyncio.create_task(self._watch())
        try:
            while True:
                frame = asyncio.ensure_future(self._socket.recv())
                if not frame.done():
                    await asyncio.wait((frame, broken), return_when=asyncio.FIRST_COMPLETED)
                if not frame.done():
                    frame.cancel()
                    return
                yield frame.result()
        finally:
            broken.cancel()

    async def _watch(self) -> None:
        """Say hello as soon as somebody listens; returns when the connection breaks."""
        while True:
            event = parse_monitor_message(await self._monitor.recv_multipart())["event"]
            if event == zmq.EVENT_DISCONNECTED:
                return
            self.send(encode(Hello(PROTOCOL)))

    def close(self) -> None:
        """Break the connection. Harmless twice."""
        self._socket.disable_monitor()
        self._context.destroy(linger=0)
