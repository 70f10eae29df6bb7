"""HTTP/1.1 as uvicorn speaks it, with an end to clients that hold a connection and do nothing with it.

uvicorn waits without end for the head of a request, which may be of any size, reads on without end when a body was
answered before it was whole, and keeps an answer that nobody reads for as long as the client stays. None of these
reaches the app, so `Edge` can't see them.

It also loses the body of a request that offers an upgrade, as Java's client does with HTTP/2 of each first request.
"""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING, Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    from asyncio import TimerHandle, Transport

__all__ = ["PatientProtocol"]

log = logging.getLogger(__name__)

# What is left of a body that was answered already is read and dropped up to here: most clients read no answer before
# they have sent all.
_MOST_DROPPED_BYTES = 64 << 20
_MOST_HEAD_BYTES = 256 << 10
"""Of a head, this much may arrive before it is whole. Ours have some hundred bytes."""


class PatientProtocol(HttpToolsProtocol):
    """One connection. Its client has `patience` seconds for a head, and may not stall longer when it is to read."""

    def __init__(self, *args: Any, patience: float, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._patience = patience
        self._head_due: TimerHandle | None = None
        self._dropped = 0
        self._in_head = False
        self._head_bytes = 0
        self.ignores_upgrade = False
        self.parser: Any = _Parser(self)
        self._reading_due: TimerHandle | None = None
        self._unread = 0

    # ---- towards us

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """A client is there, and has to ask."""
        super().connection_made(transport)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """Read on. What comes after an answer is a new head or the rest of a body that nobody wants."""
        self._head_bytes += len(data)
        super().data_received(data)
        if self._in_head and self._head_bytes > _MOST_HEAD_BYTES:
            self._give_up("sends a head without end")
        if self.cycle is not None and not self.cycle.response_complete:
            return
        self._await_head()
        self._dropped += len(data)
        if self._dropped > _MOST_DROPPED_BYTES:
            self._give_up("sends on after its answer")

    def on_message_begin(self) -> None:
        """A head begins."""
        self._in_head = True
        self._head_bytes = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """A request is there; from here on `Edge` minds the time."""
        self._in_head = False
        self.ignores_upgrade = self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT"
        if self.ignores_upgrade:
            return  # the same comes again, without the offer
        self._end_wait_for_head()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """A request is whole; but where its body is still to be read."""
        if not self.ignores_upgrade:
            super().on_message_complete()

    def head_without_upgrade(self) -> bytes:
        """The head that was just read, as it would be without its offer to speak another protocol."""
        first = b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())
        kept = (b"%b: %b" % header for header in self.headers if header[0] != b"upgrade")
        return b"\r\n".join([first, *kept, b"", b""])

    def _await_head(self) -> None:
        if self._head_due is None:
            self._dropped = 0
            self._head_due = self.loop.call_later(self._patience, self._give_up, "did not ask in time")

    def _end_wait_for_head(self) -> None:
        if self._head_due is not None:
            self._head_due.cancel()
            self._head_due = None

    # ---- towards the client

    def pause_writing(self) -> None:
        """More is to be read by the client than it reads."""
        super().pause_writing()
        self._watch_reading()

    def on_response_complete(self) -> None:
        """An answer is written as far as we are concerned."""
        super().on_response_complete()
        self._watch_reading()

    def _watch_reading(self) -> None:
        if self._reading_due is None and (waiting := self.transport.get_write_buffer_size()):
            self._unread = waiting
            self._reading_due = self.loop.call_later(self._patience, self._look_at_reading)

    def _look_at_reading(self) -> None:
        self._reading_due = None
        if self._unread <= self.transport.get_write_buffer_size():
            self._give_up("did not read its answer")
        else:
            self._watch_reading()

    # ---- the end

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        self._end_wait_for_head()
        if self._reading_due is not None:
            self._reading_due.cancel()
            self._reading_due = None
        super().connection_lost(exc)

    def _give_up(self, why: str) -> None:
        log.info("a client %s and is let go", why)
        self.transport.abort()


class _Parser:
    """httptools' parser, which stops at the end of a head that offers an upgrade; this one reads on."""

    def __init__(self, protocol: PatientProtocol) -> None:
        self._protocol = protocol
        self._parser = self._make()

    def _make(self) -> Any:
        parser = httptools.HttpRequestParser(self._protocol)
        with contextlib.suppress(AttributeError):  # as uvicorn has it: httptools before 0.6.3 has no such method
            parser.set_dangerous_leniencies(lenient_data_after_close=True)
        return parser

    def __getattr__(self, name: str) -> Any:
        return getattr(self._parser, name)

    def feed_data(self, data: bytes) -> None:
        """Read `data`, calling the protocol."""
        rest = memoryview(data)
        while rest:
            try:
                self._parser.feed_data(rest)
                return
            except httptools.HttpParserUpgrade as stop:
                if not self._protocol.ignores_upgrade:
                    raise
                rest = rest[stop.args[0] :]
                head = self._protocol.head_without_upgrade()
                self._parser = self._make()
                self._parser.feed_data(head)
