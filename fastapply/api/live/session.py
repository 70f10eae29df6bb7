"""One stream: read on, look for edits that are certain while the snippet grows, and merge the whole at its end."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import msgspec

from fastapply.api.events import failure_of
from fastapply.api.live.lines import MEDIA_TYPE, ClientGone
from fastapply.api.live.wire import Said, decode_piece
from fastapply.api.merging import job_of
from fastapply.api.problems import Problem
from fastapply.api.wire import ApplyAnswer
from fastapply.early import PINS, is_pin
from fastapply.errors import DeadlineExceeded, EarlyEditWrong, FastApplyError
from fastapply.merge.layout import key_of
from fastapply.merge.text import bare_lines
from fastapply.workers.wire import EarlyJob

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    from litestar import Request
    from litestar.types import Receive, Scope, Send

    from fastapply.api.live.lines import Lines
    from fastapply.api.live.wire import StreamRequest
    from fastapply.api.merging import Merger
    from fastapply.api.metrics import MergeObserver
    from fastapply.merge.values import Edit
    from fastapply.resolver import Who
    from fastapply.workers.lanes import Lanes

__all__ = ["Growing", "Session"]

_LONGEST_SECONDS = 600.0
"""That a snippet may take to be written."""
_LOOK_SECONDS = 5.0
"""That a search for certain edits may take."""
_BUSY_SECONDS = 0.05
"""After which is looked again for a worker that has nothing else to do."""


class Session:
    """The answer to one stream, as an ASGI app."""

    def __init__(
        self,
        request: Request[Any, Any, Any],
        lines: Lines,
        begun: StreamRequest,
        who: Who,
        *,
        merger: Merger,
        lanes: Lanes,
        observer: MergeObserver,
    ) -> None:
        self._request, self._lines, self._begun, self._who = request, lines, begun, who
        self._merger, self._lanes, self._observer = merger, lanes, observer
        self._snippet = Growing()
        self._told: set[Edit] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer. The client may go at any time; what is wrong is the last line."""
        headers = [(b"content-type", MEDIA_TYPE.encode()), (b"x-accel-buffering", b"no")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        with contextlib.suppress(ClientGone):
            async with aclosing(self._answer()) as answer:
                async for said in answer:
                    line = msgspec.json.encode(said) + b"\n"
                    await send({"type": "http.response.body", "body": line, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _answer(self) -> AsyncGenerator[Said, None]:
        reading = asyncio.ensure_future(self._read())
        try:
            async for edit in self._early(reading):
                self._told.add(edit)
                yield Said(edit)
            await reading
            yield await self._whole()
        except ClientGone:
            raise
        except Exception as error:
            yield Said(problem=failure_of(error).problem_body())
        finally:
            reading.cancel()

    async def _read(self) -> None:
        """Take in the snippet up to its end. A body that ends before is a model that broke off: nothing is merged."""
        try:
            async with asyncio.timeout(_LONGEST_SECONDS):
                while (line := await self._lines.next()) is not None:
                    piece = decode_piece(line, self._lines.number)
                    self._snippet.add(piece.delta)
                    if piece.end:
                        return
        except TimeoutError:
            raise DeadlineExceeded(_LONGEST_SECONDS) from None
        raise Problem.malformed('the body ended before {"end": true}, so the snippet is not whole')

    async def _early(self, reading: asyncio.Future[None]) -> AsyncIterator[Edit]:
        """Edits as they are certain, each once, until the snippet is whole. One search at a time, and only where a
        worker has nothing else to do."""
        if self._who == "model":
            return  # its answer may differ anywhere
        pins = await asyncio.to_thread(_pins, self._begun.original_code)
        while not reading.done():
            await _first(reading, asyncio.ensure_future(self._snippet.grown(pins)))
            while not reading.done() and not self._lanes.is_idle(self._characters()):
                await asyncio.wait({reading}, timeout=_BUSY_SECONDS)
            if reading.done():
                return
            search = self._lanes.early(self._job())
            search.add_done_callback(_looked_at)
            # One that the end of the snippet overtakes is left to end by itself: to cancel it would cost a worker.
            both: set[asyncio.Future[Any]] = {reading, search}
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if search.done() and not search.exception():
                for edit in search.result().edits:
                    if edit not in self._told:
                        yield edit

    def _characters(self) -> int:
        return len(self._begun.original_code) + self._snippet.characters

    def _job(self) -> EarlyJob:
        whole = self._begun.whole(self._snippet.whole_lines())
        return EarlyJob(**msgspec.structs.asdict(job_of(whole, _LOOK_SECONDS)))

    async def _whole(self) -> Said:
        """The last line: the answer, held against what was told before."""
        try:
            result = await self._merger.merge(self._request, self._begun.whole(self._snippet.text), self._who)
        except FastApplyError:
            self._observer.early(len(self._told), "refused")
            raise
        wrong = self._told - set(result.edits)
        self._observer.early(len(self._told) - len(wrong), "kept")
        self._observer.early(len(wrong), "wrong")
        problem = Problem.of(EarlyEditWrong(len(wrong))).problem_body() if wrong else None
        return Said(answer=ApplyAnswer.of(result), problem=problem)


class Growing:
    """A snippet that is being written."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self.characters = 0
        self._last = 0  # characters of the line that is not whole yet
        self._begun: list[str] = []  # its pieces
        self._fresh: list[str] = []  # lines that came since somebody looked
        self._pins = 0
        self._more = asyncio.Event()

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(self._pieces)

    def whole_lines(self) -> str:
        """Its lines but for the one that is being written."""
        text = self.text
        return text[: len(text) - self._last]

    def add(self, delta: str) -> None:
        """It goes on with `delta`."""
        self._pieces.append(delta)
        self.characters += len(delta)
        first, *others = delta.split("\n")
        self._begun.append(first)
        self._last += len(first)
        if others:
            self._fresh += ["".join(self._begun), *others[:-1]]
            self._begun, self._last = others[-1:], len(others[-1])
            self._more.set()

    async def grown(self, pins: frozenset[str]) -> None:
        """Wait for a line that may make an edit certain: one of `pins`, where there were some before."""
        while True:
            await self._more.wait()
            self._more.clear()
            fresh, self._fresh = self._fresh, []
            found = sum(key_of(line) in pins for line in fresh)
            self._pins += found
            if found and self._pins >= PINS:
                return


def _pins(original: str) -> frozenset[str]:
    counted = Counter(key_of(line) for line in bare_lines(original))
    return frozenset(key for key, count in counted.items() if is_pin(key, count))


async def _first(lasting: asyncio.Future[None], passing: asyncio.Future[None]) -> None:
    """Wait for one of the two; `passing` is given up then."""
    try:
        await asyncio.wait({lasting, passing}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        passing.cancel()


def _looked_at(search: asyncio.Future[Any]) -> None:
    """Take note of an error: a search that fails only tells nothing."""
    if not search.cancelled():
        search.exception()
