"""The merged file as a chat completion, in one piece or as a stream of events."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from uuid import uuid4

import msgspec

from fastapply.api.chat.wire import AnswerMessage, Choice, Chunk, ChunkChoice, Completion, Delta, TokenUsage
from fastapply.api.events import event, failure_of, slices
from fastapply.api.models import model_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from fastapply.merge.values import ApplyResult

__all__ = ["completion", "events"]


def completion(content: str, result: ApplyResult) -> Completion:
    """The whole answer."""
    return Completion(
        id=_new_id(),
        created=int(time.time()),
        choices=(Choice(AnswerMessage(content)),),
        usage=_usage(result),
        doubts=result.doubts,
        model=model_of(result),
    )


async def events(pieces: AsyncIterator[str | ApplyResult], include_usage: bool) -> AsyncIterator[bytes]:
    """The same as server-sent events, up to `[DONE]`. An error after the first of them is one more, and the last."""
    first = Chunk(id=_new_id(), created=int(time.time()), choices=(ChunkChoice(Delta("assistant", "")),))
    yield event(first)
    try:
        async for piece in pieces:
            if isinstance(piece, str):
                for text in slices(piece):
                    yield event(msgspec.structs.replace(first, choices=(ChunkChoice(Delta(content=text)),)))
                continue
            end = (ChunkChoice(Delta(), finish_reason="stop"),)
            yield event(msgspec.structs.replace(first, model=model_of(piece), choices=end, doubts=piece.doubts))
            if include_usage:
                yield event(msgspec.structs.replace(first, choices=(), usage=_usage(piece)))
    except Exception as error:
        yield event(failure_of(error).openai_body())
        return
    yield b"data: [DONE]\n\n"


def _usage(result: ApplyResult) -> TokenUsage:
    usage = result.usage
    return TokenUsage(usage.prompt_tokens, usage.completion_tokens, usage.total_tokens)


def _new_id() -> str:
    return f"chatcmpl-{uuid4().hex}"
