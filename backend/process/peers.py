"""The clients of an engine: what could not be sent to each yet, and who is gone.

The router's queue to each client is bounded, and so is what waits here before it: a client that reads too slowly is
given up, and neither holds up a step nor fills the memory.
"""

from __future__ import annotations

import errno
from collections import deque
from typing import TYPE_CHECKING

import zmq

from backend.process.codec import encode
from backend.process.messages import Bye

if TYPE_CHECKING:
    from backend.process.messages import FromEngine
    from backend.request import Handle

__all__ = ["QUEUE", "WAITING", "Peer"]

QUEUE = 1000
"""Messages that ZeroMQ holds for one client."""
WAITING = 16 * 2**20
"""Bytes that wait here for one client before it is given up."""
_OVERHEAD = 100
"""Bytes that a waiting message takes besides its own."""


class Peer:
    """One connection of a client. It ends with the connection: a client that connects again is another."""

    def __init__(self, socket: zmq.Socket[bytes], identity: bytes, most_waiting: int = WAITING) -> None:
        """`socket` is a ROUTER that raises for clients that are gone (`ROUTER_MANDATORY`)."""
        self._socket = socket
        self._identity = identity
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._most = most_waiting
        self.requests: dict[int, Handle] = {}
        """Those that are not done, by the client's ids."""
        self.gone = False
        """The connection is closed: nothing can be sent any more."""
        self.lost = False
        """It was given up: it is only told so."""

    def send(self, message: FromEngine) -> None:
        """Send `message`, now or later. Where it can't be, `gone` or `lost` says so afterwards."""
        if self.gone or self.lost:
            return
        frame = encode(message)
        if self.flush() and self._try(frame):
            return
        self._waiting.append(frame)
        self._size += len(frame) + _OVERHEAD
        if self._size > self._most:
            self.lost = True
            self._waiting = deque([encode(Bye("too_slow", "too many tokens were waiting to be read"))])

    def flush(self) -> bool:
        """Send what waits, as far as possible; whether nothing waits any more."""
        while self._waiting and not self.gone:
            if not self._try(self._waiting[0]):
                return False
            self._size -= len(self._waiting.popleft()) + _OVERHEAD
        return True

    @property
    def waits(self) -> bool:
        """Whether something could not be sent yet."""
        return bool(self._waiting) and not self.gone

    def _try(self, frame: bytes) -> bool:
        try:
            self._socket.send_multipart([self._identity, frame], zmq.NOBLOCK)
        except zmq.Again:
            return False
        except zmq.ZMQError as error:
            if error.errno != errno.EHOSTUNREACH:
                raise
            self.gone = True
        return True
