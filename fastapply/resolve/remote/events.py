"""The events of a streamed answer, of `/chat/completions` and of `/completions`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx2
import msgspec

from fastapply.errors import ModelFailed
from fastapply.merge.values import Usage
from fastapply.resolve.remote.failures import told_in_stream

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

__all__ = ["Event", "events"]


class Event(msgspec.Struct, frozen=True):
    """One event. What it does not say is empty."""

    text: str = ""
    thought: bool = False
    """Something was thought that is no part of the answer."""
    finish: str = ""
    usage: Usage | None = None

    def __repr__(self) -> str:
        return f"Event({len(self.text)} characters, finish={self.finish!r})"


class _Delta(msgspec.Struct):
    content: str | None = None
    reasoning: str | None = None
    reasoning_content: str | None = None


class _Choice(msgspec.Struct):
    delta: _Delta | None = None
    text: str | None = None
    finish_reason: str | None = None


class _Details(msgspec.Struct):
    accepted_prediction_tokens: int | None = None
    rejected_prediction_tokens: int | None = None


class _PromptDetails(msgspec.Struct):
    cached_tokens: int | None = None


class _Tokens(msgspec.Struct):
    prompt_tokens: int | None = None
    prompt_tokens_details: _PromptDetails | None = None
    completion_tokens: int | None = None
    completion_tokens_details: _Details | None = None


class _Chunk(msgspec.Struct):
    choices: list[_Choice] | None = None
    usage: _Tokens | None = None
    error: Any = None
    object: str | None = None


_decoder = msgspec.json.Decoder(_Chunk)


async def events(response: httpx2.Response) -> AsyncGenerator[Event, None]:
    """What `response` streams, up to its end: where nothing is left to read, the connection is kept.

    Raises `ModelFailed` for what is no such stream, and what `Refusal.error` gives for an error told in it.
    """
    try:
        async for sent in httpx2.EventSource(response):
            if not sent.data.startswith("[DONE]"):
                yield _event(sent.data)
    except httpx2.SSEError:
        raise ModelFailed("the model server answered with something that is not a stream of events") from None


def _event(data: str) -> Event:
    try:
        chunk = _decoder.decode(data)
    except msgspec.DecodeError:
        # The error's own message may quote the answer.
        raise ModelFailed("the model server sent an event that is not of OpenAI's form") from None
    if chunk.error is not None or chunk.object == "error":
        raise told_in_stream(msgspec.json.decode(data)).error()
    usage = _usage(chunk.usage) if chunk.usage is not None else None
    if not chunk.choices:
        return Event(usage=usage)
    choice = chunk.choices[0]
    delta = choice.delta or _Delta()
    thought = bool(delta.reasoning or delta.reasoning_content)
    return Event(delta.content or choice.text or "", thought, choice.finish_reason or "", usage)


def _usage(tokens: _Tokens) -> Usage:
    prompt, completion = tokens.prompt_tokens or 0, tokens.completion_tokens or 0
    details = tokens.completion_tokens_details or _Details()
    accepted, rejected = details.accepted_prediction_tokens or 0, details.rejected_prediction_tokens or 0
    cached = (tokens.prompt_tokens_details or _PromptDetails()).cached_tokens or 0
    return Usage(prompt, completion, prompt + completion, accepted + rejected, accepted, cached_tokens=cached)
