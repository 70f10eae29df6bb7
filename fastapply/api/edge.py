"""The outermost layer: every request gets an id, a log line, its metrics and limits on how long its client may stall.

It wraps the whole app, so that requests to no route at all are seen, too.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from fastapply.api.logs import start_request
from fastapply.api.metrics import observe_request

if TYPE_CHECKING:
    from litestar.types import ASGIApp, Message, Receive, ReceiveMessage, Scope, Send

__all__ = ["Edge"]

log = logging.getLogger("fastapply.request")

_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_QUIET = ("/health", "/ready", "/metrics")
_ALWAYS_SENT = [
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
]
_CLIENT_CLOSED = 499
_LEAST_BYTES_PER_SECOND = 1000
"""A body may not come slower than this on the whole, once `client_timeout` is over."""
_HTTP = ("http",)
_WRITTEN_LIVE = ("/v1/apply/stream",)
"""Bodies that come as a model writes them: no slower than a model is."""


class Edge:
    """`Edge(app, routes, client_timeout)` is an ASGI app around `app`."""

    def __init__(self, app: ASGIApp, routes: frozenset[str], client_timeout: float) -> None:
        self._app = app
        self._routes = routes
        self._timeout = client_timeout

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and see how it ends."""
        if scope["type"] not in _HTTP:
            await self._app(scope, receive, send)
            return
        request = _Request(scope, receive, send, self._timeout)
        fields = start_request()
        try:
            await self._app(scope, request.receive, request.send)
        finally:
            self._close(scope, request, fields)

    def _close(self, scope: Scope, request: _Request, fields: dict[str, Any]) -> None:
        seconds = time.perf_counter() - request.start
        path = scope["path"]
        route = path if path in self._routes else "other"
        observe_request(route, request.status, seconds)
        level = logging.DEBUG if route in _QUIET else logging.INFO
        if log.isEnabledFor(level):
            said = {"id": request.id, "route": route, "status": request.status, "ms": round(seconds * 1000, 1)}
            sizes = {"bytes_in": request.bytes_in, "bytes_out": request.bytes_out}
            log.log(level, "request", extra={**said, **sizes, **fields})


class _Request:
    """What passes between the client and the app, measured."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, timeout: float) -> None:
        self.start = time.perf_counter()
        self.status = _CLIENT_CLOSED  # until an answer begins
        self.bytes_in = self.bytes_out = 0
        given = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"x-request-id"), "")
        self.id = given if _ID.fullmatch(given) else uuid4().hex
        self._receive = receive
        self._send = send
        self._timeout = timeout
        self._has_body = False
        self._is_slow = scope["path"] in _WRITTEN_LIVE

    async def receive(self) -> ReceiveMessage:
        """The next piece of the request. Once the body is whole, waiting is for the client to go, and may last."""
        if self._has_body:
            return await self._receive()
        due = self.start + self._timeout + self.bytes_in / _LEAST_BYTES_PER_SECOND
        patience = self._timeout if self._is_slow else min(self._timeout, due - time.perf_counter())
        try:
            async with asyncio.timeout(patience):
                message = await self._receive()
        except TimeoutError:
            log.warning("a client stalled in the midst of its request", extra={"id": self.id})
            return {"type": "http.disconnect"}
        if message["type"] == "http.request":
            self.bytes_in += len(message["body"])
            self._has_body = not message["more_body"]
        return message

    async def send(self, message: Message) -> None:
        """Send on; a client that does not read is given up."""
        if message["type"] == "http.response.start":
            self.status = int(message["status"])
            message = {**message, "headers": [*message["headers"], *self._added(message["headers"])]}
        elif message["type"] == "http.response.body":
            self.bytes_out += len(message["body"])
        try:
            async with asyncio.timeout(self._timeout):
                await self._send(message)
        except TimeoutError:
            log.warning("a client did not read its answer", extra={"id": self.id})
            raise

    def _added(self, headers: Any) -> list[tuple[bytes, bytes]]:
        there = {name.lower() for name, _ in headers}
        ours = [(b"x-request-id", self.id.encode()), *_ALWAYS_SENT]
        return [(name, value) for name, value in ours if name not in there]
