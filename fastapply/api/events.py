"""Server-sent events: a merged file as it becomes final, and what is said where it can't be brought to its end."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import msgspec
from litestar.response import Stream

from fastapply.api.problems import Problem
from fastapply.api.wire import ApplyAnswer
from fastapply.errors import FastApplyError
from fastapply.faults import describe

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from fastapply.merge.values import ApplyResult

__all__ = ["TextDelta", "apply_events", "event", "failure_of", "slices", "streamed"]

log = logging.getLogger(__name__)

# Small enough that encoding one never holds up the other requests, large enough that there are few.
_CHUNK_CHARACTERS = 16 * 1024


class TextDelta(msgspec.Struct, frozen=True):
    """The data of an event `text`: what the merged file goes on with."""

    text: str


def streamed(events: AsyncIterator[bytes]) -> Stream:
    """The answer that consists of `events`."""
    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    return Stream(events, media_type="text/event-stream", headers=headers)


def event(data: object, name: str = "") -> bytes:
    """One event whose data are `data` in JSON."""
    said = f"event: {name}\n".encode() if name else b""
    return said + b"data: " + msgspec.json.encode(data) + b"\n\n"


def slices(text: str) -> Iterator[str]:
    """`text` in pieces for one event each."""
    return (text[start : start + _CHUNK_CHARACTERS] for start in range(0, len(text), _CHUNK_CHARACTERS))


async def apply_events(pieces: AsyncIterator[str | ApplyResult]) -> AsyncIterator[bytes]:
    """The stream of `POST /v1/apply`: events `text`, then one `result`, or one `error` where the merge is refused."""
    try:
        async for piece in pieces:
            if isinstance(piece, str):
                for text in slices(piece):
                    yield event(TextDelta(text), "text")
            else:
                yield event(ApplyAnswer.of(piece), "result")
    except Exception as error:
        yield event(failure_of(error).problem_body(), "error")


def failure_of(error: Exception) -> Problem:
    """What is said of an `error` when the status has been sent already."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, FastApplyError):
        return Problem.of(error)
    log.error("a stream failed: %s", describe(error))
    return Problem.unexpected(error)
