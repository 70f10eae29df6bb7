"""The engine's loop: messages are read between steps, and answers are sent as they come.

Everything happens in one thread. While there is work, messages are only looked at; with none, they are waited for. A
client that goes away is noticed by sending to it, at the latest after `PROBE_SECONDS`, and its requests are cancelled.
"""

from __future__ import annotations

import logging
import os
import socket
import time
from contextlib import nullcontext
from typing import TYPE_CHECKING

import zmq

from backend.errors import BackendError, BadMessage, BadRequest, EngineFault
from backend.process.codec import read_from_client
from backend.process.counting import Counts
from backend.process.messages import (
    LARGEST,
    PROTOCOL,
    Ask,
    Beat,
    Bye,
    Cancel,
    Done,
    Hello,
    Query,
    Stats,
    Tokens,
    Welcome,
)
from backend.process.peers import QUEUE, WAITING, Peer
from backend.process.wire import packed, refused, request_of
from backend.request import Finished

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backend.engine import Engine
    from backend.kv.pages import PagePool
    from backend.process.watchdog import Watchdog
    from backend.request import Event, Handle

__all__ = ["PROBE_SECONDS", "Server"]

log = logging.getLogger(__name__)

PROBE_SECONDS = 1.0
_READS = 256
"""Messages that are read before the next step."""
_LINGER_MS = 1000
"""For what was sent before the end to leave."""


class Server:
    """Serves one engine at one address, from one thread, which `stop` alone may be called from outside of."""

    def __init__(
        self,
        engine: Engine,
        pool: PagePool,
        welcome: Welcome,
        address: str,
        *,
        queue: int = QUEUE,
        most: int = WAITING,
        watchdog: Watchdog | None = None,
    ) -> None:
        """Binds `address`. `queue` messages and `most` bytes wait for one client at most. Raises `zmq.ZMQError`.

        `watchdog` watches each step.
        """
        self._engine = engine
        self._pool = pool
        self._welcome = welcome
        self._most = most
        self._watching = watchdog.watching if watchdog else nullcontext
        self._peers: dict[bytes, Peer] = {}
        self._owners: dict[Handle, tuple[Peer, int]] = {}
        self._counts = Counts()
        self._probed = 0.0
        self._stopping = False
        self._context = zmq.Context()
        self._socket = _bound(self._context, address, queue)
        self._wake, self._woken = socket.socketpair()
        self._wake.setblocking(False)
        self.wake = self._wake.fileno()
        """A byte written here ends the wait for messages."""
        self._poller = zmq.Poller()
        self._poller.register(self._socket, zmq.POLLIN)
        self._poller.register(self._woken, zmq.POLLIN)

    def serve(self) -> None:
        """Answer until `stop`; then every request ends as `closed`. What a step raises is raised, and all is closed."""
        try:
            while not self._stopping:
                self._read()
                if self._engine.busy:
                    self._step()
                self._tend()
            self._deliver(self._engine.close())
            for peer in self._peers.values():
                peer.send(Bye("closed", "the engine was closed"))
        finally:
            self._context.destroy(linger=_LINGER_MS)
            self._wake.close()
            self._woken.close()

    def stop(self) -> None:
        """End `serve` after the step under way. For signal handlers and other threads."""
        self._stopping = True
        try:
            self._wake.send(b"\0")
        except OSError:  # woken already, or over
            return

    def _read(self) -> None:
        if not self._poller.poll(self._patience()):
            return
        for _ in range(_READS):
            try:
                parts = self._socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            self._take(parts[0], parts[1:])

    def _patience(self) -> int:
        """Milliseconds to wait for messages."""
        if self._engine.busy or self._stopping:
            return 0
        return 20 if any(peer.waits for peer in self._peers.values()) else round(PROBE_SECONDS * 1000)

    def _take(self, identity: bytes, frames: list[bytes]) -> None:
        peer = self._peers.get(identity) or Peer(self._socket, identity, self._most)
        try:
            if len(frames) != 1:
                raise BadMessage(f"{len(frames)} frames where one is expected")
            message = read_from_client(frames[0])
        except BadMessage as error:
            self._drop(sum(map(len, frames)))
            if error.request is not None:
                peer.send(refused(error.request, error))
            return
        if isinstance(message, Hello):
            self._greet(identity, peer, message)
        elif identity not in self._peers:
            peer.send(Bye("unknown", "the engine does not know this client any more"))
        elif isinstance(message, Ask):
            self._ask(peer, message)
        elif isinstance(message, Cancel):
            self._cancel(peer, message)
        elif isinstance(message, Query):
            peer.send(self.stats())

    def _drop(self, size: int) -> None:
        """Count a message that is none. Said at each power of two, so that a flood of them does not flood the log."""
        self._counts.dropped += 1
        count = self._counts.dropped
        if count & (count - 1) == 0:
            log.warning("messages that could not be read, so far: %d; the last had %d bytes", count, size)

    def _greet(self, identity: bytes, peer: Peer, hello: Hello) -> None:
        if hello.protocol != PROTOCOL:
            peer.send(Bye("protocol", f"the client speaks protocol {hello.protocol}, the engine {PROTOCOL}"))
            return
        self._peers[identity] = peer
        peer.send(self._welcome)

    def _ask(self, peer: Peer, ask: Ask) -> None:
        if peer.lost:
            return
        try:
            if ask.id in peer.requests:
                raise BadRequest("id", "another request with it is not done")
            handle = self._engine.add(request_of(ask, time.monotonic()))
        except BackendError as error:
            self._counts.refused[error.code] += 1
            peer.send(refused(ask.id, error))
        except Exception as error:  # nothing of it was kept: the others go on
            log.error("a request could not be taken: %s", type(error).__name__)
            self._counts.refused[EngineFault.code] += 1
            peer.send(refused(ask.id, EngineFault(f"the engine could not take the request: {type(error).__name__}")))
        else:
            peer.requests[ask.id] = handle
            self._owners[handle] = peer, ask.id

    def _cancel(self, peer: Peer, cancel: Cancel) -> None:
        handle = peer.requests.get(cancel.id)
        if handle is not None:
            self._engine.cancel(handle)

    def _step(self) -> None:
        begun, working = time.monotonic(), self._engine.live > 0
        with self._watching():
            events = self._engine.step()
        self._counts.steps += working
        self._counts.busy_seconds += time.monotonic() - begun
        self._deliver(events)

    def _deliver(self, events: Sequence[Event]) -> None:
        for event in events:
            peer, number = self._owners[event.handle]
            if isinstance(event, Finished):
                del self._owners[event.handle], peer.requests[number]
                self._counts.add_end(event)
                peer.send(Done(number, event.reason, event.usage))
            else:
                self._counts.add_tokens(len(event.tokens))
                peer.send(Tokens(number, packed(event.tokens, "tokens")))

    def _tend(self) -> None:
        """Send what waits, look for clients that are gone, and let those go."""
        now = time.monotonic()
        probe = now - self._probed >= PROBE_SECONDS
        if probe:
            self._probed = now
        for identity, peer in list(self._peers.items()):
            if peer.waits:
                peer.flush()
            elif probe:
                peer.send(Beat())
            if peer.gone or peer.lost:
                for handle in peer.requests.values():
                    self._engine.cancel(handle)
            if peer.gone or peer.lost and not peer.waits:
                del self._peers[identity]

    def stats(self) -> Stats:
        """The present numbers."""
        return self._counts.stats(
            live=self._engine.live,
            pages=self._pool.total,
            available=self._pool.available,
            kept=self._pool.idle,
            clients=len(self._peers),
            restarts=self._welcome.restarts,
        )


def _bound(context: zmq.Context[zmq.Socket[bytes]], address: str, queue: int) -> zmq.Socket[bytes]:
    router = context.socket(zmq.ROUTER)
    router.setsockopt(zmq.ROUTER_MANDATORY, 1)  # else messages to those who are gone or too slow vanish unsaid
    router.setsockopt(zmq.SNDHWM, queue)
    router.setsockopt(zmq.RCVHWM, 100)
    router.setsockopt(zmq.MAXMSGSIZE, LARGEST)
    # A machine or process that stopped without closing its connection counts as gone.
    router.setsockopt(zmq.HEARTBEAT_IVL, 5_000)
    router.setsockopt(zmq.HEARTBEAT_TIMEOUT, 20_000)
    others = os.umask(0o177)  # who may connect to an ipc address is who may write to its file
    try:
        router.bind(address)
    except zmq.ZMQError:
        context.destroy(linger=0)
        raise
    finally:
        os.umask(others)
    return router
