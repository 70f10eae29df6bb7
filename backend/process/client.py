"""The engine as seen from the service: requests over a socket, answers as they come. Loads no torch.

One connection is one session with one engine. When it breaks, every request of it fails at once and another connection
is begun; no request is ever sent twice, since half of its answer may have been read.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import time
from typing import TYPE_CHECKING, Self

import zmq

from backend.errors import BackendError, BadMessage, EngineDown, EngineFailed
from backend.process.codec import encode, read_from_engine
from backend.process.failed import why_failed
from backend.process.link import Link
from backend.process.messages import Bye, Cancel, Done, Query, Refused, Stats, Tokens, Welcome
from backend.process.wire import ask_frame, error_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from backend.process.messages import FromEngine
    from backend.request import Request

__all__ = ["Done", "EngineClient", "Stats", "Tokens", "Welcome"]

log = logging.getLogger(__name__)

_PAUSE_SECONDS = 0.2
"""Between two connections, so that an engine that hangs up at once is not asked without end."""


class EngineClient:
    """`async with EngineClient(address) as engine: async for part in engine.ask(request): ...`.

    For one event loop. Connects by itself, and again whenever the connection broke.
    """

    def __init__(self, address: str) -> None:
        """`address` as the engine was given it; nothing needs to listen there yet."""
        self._address = address
        self._numbers = itertools.count(1)
        self._open: dict[int, asyncio.Queue[Tokens | Done | BackendError]] = {}
        self._asked: list[asyncio.Future[Stats]] = []
        self._link: Link | None = None
        self._info: Welcome | None = None
        self._changed = asyncio.Event()
        self._why = "no engine has answered yet"
        self._keeper: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._keeper = asyncio.create_task(self._keep())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)

    @property
    def info(self) -> Welcome | None:
        """What runs at the other end; None while nothing does."""
        return self._info

    @property
    def why(self) -> str:
        """Why `info` is None, if it is."""
        return "" if self._info is not None else self._why

    @property
    def open(self) -> int:
        """Requests that are not done."""
        return len(self._open)

    async def ready(self, seconds: float) -> Welcome:
        """Wait until an engine answers. Raises `EngineDown` after `seconds`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._info is None:
                    await self._changed.wait()
        return self._up()

    async def ask(self, request: Request) -> AsyncGenerator[Tokens | Done, None]:
        """The answer: its tokens as they are final, then one `Done`; closing the iterator cancels the request.

        `request.deadline` is on `time.monotonic()` of this process. Raises `EngineDown` at once where no engine is
        there (`EngineFailed` where none will be), or as soon as it ends; `BadRequest`, `RequestTooLong`, `QueueFull`,
        `EngineFault` as the engine does.
        """
        self._up()
        number = next(self._numbers)
        frame = ask_frame(number, request, time.monotonic())
        answers: asyncio.Queue[Tokens | Done | BackendError] = asyncio.Queue()
        self._open[number] = answers
        link = self._link
        done = False
        try:
            self._send(frame)
            while not done:
                message = await answers.get()
                done = not isinstance(message, Tokens)
                if isinstance(message, BackendError):
                    raise message
                yield message
        finally:
            self._open.pop(number, None)
            if not done and self._link is link is not None:
                self._send(encode(Cancel(number)))

    async def stats(self, seconds: float = 5.0) -> Stats:
        """What the engine has done so far. Raises `EngineDown`, also where it does not answer within `seconds`."""
        self._up()
        answer: asyncio.Future[Stats] = asyncio.get_running_loop().create_future()
        self._asked.append(answer)
        try:
            self._send(encode(Query()))
            async with asyncio.timeout(seconds):
                return await answer
        except TimeoutError:
            raise EngineDown(f"the engine did not answer within {seconds:g} s") from None
        finally:
            if answer in self._asked:
                self._asked.remove(answer)

    def _up(self) -> Welcome:
        if self._info is None:
            if failed := why_failed(self._address):
                raise EngineFailed(f"the engine can't be started: {failed}")
            raise EngineDown(self._why)
        return self._info

    def _send(self, frame: bytes) -> None:
        if self._link is not None:
            self._link.send(frame)

    async def _keep(self) -> None:
        """Hold a connection, one after another."""
        while True:
            try:
                await self._hold()
                self._why = "the engine ended, or does not answer any more"
            except (BadMessage, EngineDown, zmq.ZMQError) as error:
                self._why = str(error)
            except asyncio.CancelledError:
                self._why, self._info = "the client is closed", None
                raise
            finally:
                self._lose()
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _hold(self) -> None:
        """One connection, until it breaks. Raises `EngineDown` where the engine ends it, and says why."""
        with contextlib.closing(Link(self._address)) as link:
            self._link = link
            async with contextlib.aclosing(link.frames()) as frames:
                async for frame in frames:
                    self._take(read_from_engine(frame))

    def _take(self, message: FromEngine) -> None:
        if isinstance(message, Welcome):
            self._info = message
            self._changed.set()
        elif isinstance(message, Stats):
            if self._asked:
                self._asked.pop(0).set_result(message)  # answered in the order of the questions
        elif isinstance(message, Bye):
            raise EngineDown(message.message)
        elif isinstance(message, (Tokens, Done, Refused)) and message.id in self._open:
            self._open[message.id].put_nowait(self._read(message))

    def _read(self, message: Tokens | Done | Refused) -> Tokens | Done | BackendError:
        if isinstance(message, Refused):
            return error_of(message)
        if isinstance(message, Done) and message.reason == "closed":
            return EngineDown("the engine was closed before the answer's end")
        return message

    def _lose(self) -> None:
        """Everything asked of this connection fails."""
        if self._info is not None:
            log.warning("%s; requests under way: %d", self._why, len(self._open))
        self._link = self._info = None
        self._changed.clear()
        for answers in self._open.values():
            answers.put_nowait(EngineDown(self._why))
        for answer in self._asked:
            if not answer.done():
                answer.set_exception(EngineDown(self._why))
        self._asked.clear()
