"""`apply_stream`: the snippet is sent as it is written, and edits are read as soon as they are certain."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterable
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import msgspec

from fastapply import errors
from fastapply.client.calls import encoded
from fastapply.client.duplex import Duplex
from fastapply.client.failures import Told, told
from fastapply.merge.values import ApplyResult, Edit

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Iterable

    from fastapply.client.connection import Service

__all__ = ["stream"]

_ALIVE_SECONDS = 10.0
"""After which a blank line says that the model still thinks: the service lets go of clients that are silent."""
_DONE = object()


class _Line(msgspec.Struct, frozen=True):
    edit: Edit | None = None
    answer: ApplyResult | None = None
    problem: Told | None = None


_LINES = msgspec.json.Decoder(_Line)


async def stream(
    service: Service, begin: dict[str, Any], deltas: AsyncIterable[str] | Iterable[str]
) -> AsyncGenerator[Edit | ApplyResult, None]:
    """Edits, then the result. `begin` is the first line."""
    first = encoded(begin)
    async with Duplex(service, "/v1/apply/stream") as duplex:
        sending = asyncio.ensure_future(_send(duplex, first, deltas))
        try:
            async with aclosing(_read(duplex, sending, service.timeout)) as said:
                async for one in said:
                    yield one
        finally:
            sending.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await sending


async def _send(duplex: Duplex, first: bytes, deltas: AsyncIterable[str] | Iterable[str]) -> None:
    await duplex.send(first + b"\n")
    async with aclosing(_with_signs_of_life(deltas)) as pieces:
        async for piece in pieces:
            await duplex.send(encoded({"delta": piece}) + b"\n" if piece else b"\n")
    await duplex.send(b'{"end": true}\n')
    await duplex.end()


async def _with_signs_of_life(deltas: AsyncIterable[str] | Iterable[str]) -> AsyncGenerator[str, None]:
    """The deltas, and an empty text whenever none came for a while."""
    pieces = deltas.__aiter__() if isinstance(deltas, AsyncIterable) else _threaded(deltas)
    waiting: asyncio.Future[Any] | None = None
    try:
        while True:
            waiting = waiting or asyncio.ensure_future(_next(pieces))
            await asyncio.wait({waiting}, timeout=_ALIVE_SECONDS)
            if not waiting.done():
                yield ""
                continue
            piece, waiting = waiting.result(), None
            if piece is _DONE:
                return
            yield piece
    finally:
        if waiting:
            waiting.cancel()


async def _next(pieces: AsyncIterator[Any]) -> Any:
    return await anext(pieces, _DONE)


async def _threaded(deltas: Iterable[str]) -> AsyncIterator[str]:
    """What an iterator gives that makes its callers wait."""
    iterator = iter(deltas)
    while (piece := await asyncio.to_thread(next, iterator, _DONE)) is not _DONE:
        yield str(piece)


async def _read(
    duplex: Duplex, sending: asyncio.Future[None], seconds: float
) -> AsyncGenerator[Edit | ApplyResult, None]:
    """What the service says. What stops the sending is raised, but for a connection on which it still says why."""
    async with aclosing(duplex.lines()) as lines:
        while (line := await _line(lines, sending, seconds)) is not None:
            said = _decoded(line)
            if said.edit:
                yield said.edit
            elif said.problem and said.answer:
                raise errors.EarlyEditWrong(said.problem.count, said.answer)
            elif said.problem:
                raise told(said.problem)
            elif said.answer:
                yield said.answer
                return
    raise errors.ServiceUnreachable("the service ended its answer in the middle")


async def _line(lines: AsyncIterator[bytes], sending: asyncio.Future[None], seconds: float) -> bytes | None:
    """The next line; `DeadlineExceeded` where none comes `seconds` after all was sent."""
    reading: asyncio.Future[Any] = asyncio.ensure_future(_next(lines))
    try:
        await asyncio.wait({reading, sending}, return_when=asyncio.FIRST_COMPLETED)
        if not reading.done() and (failed := sending.exception()) and not isinstance(failed, errors.ServiceUnreachable):
            raise failed
        await asyncio.wait({reading}, timeout=seconds)
        if not reading.done():
            raise errors.DeadlineExceeded(seconds)
        line = reading.result()
        return None if line is _DONE else line
    finally:
        if not reading.done():
            reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reading


def _decoded(line: bytes) -> _Line:
    try:
        return _LINES.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise errors.UnexpectedAnswer("a line of the answer is not what FastApply answers") from None
