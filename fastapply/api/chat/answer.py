"""The merged file as a chat completion, in one piece or as a stream of events."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from uuid import uuid4

import msgspec

from fastapply.api.chat.wire import AnswerMessage, Choice, Chunk, ChunkChoice, Completion, Delta, TokenUsage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from fastapply.merge.values import ApplyResult

__all__ = ["completion", "events"]

# Small enough that encoding one never holds up the other requests, large enough that there are few.
_CHUNK_CHARACTERS = 16 * 1024


def completion(content: str, result: ApplyResult) -> Completion:
    """The whole answer."""
    return Completion(
        id=_new_id(),
        created=int(time.time()),
        choices=(Choice(AnswerMessage(content)),),
        usage=_usage(result),
        doubts=result.doubts,
    )


async def events(content: str, result: ApplyResult, include_usage: bool) -> AsyncIterator[bytes]:
    """The same as server-sent events, up to `[DONE]`."""
    first = Chunk(id=_new_id(), created=int(time.time()), choices=(ChunkChoice(Delta("assistant", "")),))
    yield _event(first)
    for start in range(0, len(content), _CHUNK_CHARACTERS):
        piece = Delta(content=content[start : start + _CHUNK_CHARACTERS])
        yield _event(msgspec.structs.replace(first, choices=(ChunkChoice(piece),)))
    end = (ChunkChoice(Delta(), finish_reason="stop"),)
    yield _event(msgspec.structs.replace(first, choices=end, doubts=result.doubts))
    if include_usage:
        yield _event(msgspec.structs.replace(first, choices=(), usage=_usage(result)))
    yield b"data: [DONE]\n\n"


def _event(chunk: Chunk) -> bytes:
    return b"data: " + msgspec.json.encode(chunk) + b"\n\n"


def _usage(result: ApplyResult) -> TokenUsage:
    usage = result.usage
    return TokenUsage(usage.prompt_tokens, usage.completion_tokens, usage.total_tokens)


def _new_id() -> str:
    return f"chatcmpl-{uuid4().hex}"
