"""Requests and answers of `POST /v1/chat/completions`, as far as they matter here, under OpenAI's names."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fastapply.api.chat.message import SHAPE
from fastapply.api.fields import read
from fastapply.api.models import MODEL, Models
from fastapply.api.problems import Problem
from fastapply.api.wire import ON_DOUBT, require_on_doubt
from fastapply.merge.values import Doubt
from fastapply.resolve.route import OnDoubt
from fastapply.resolver import Who

__all__ = [
    "ALIASES",
    "REQUIRED",
    "AnswerMessage",
    "ChatRequest",
    "Choice",
    "Chunk",
    "ChunkChoice",
    "Completion",
    "Delta",
    "TokenUsage",
    "decode_chat_request",
    "user_text",
]

ALIASES: dict[str, tuple[str, ...]] = {
    "messages": (),
    "model": (),
    "stream": (),
    "stream_options": (),
    "n": (),
    "path": ("filename",),
    "language": (),
    "on_doubt": (),
}
"""The fields that are read, with their other names. All others (temperature, max_tokens, …) are about models."""

REQUIRED = ("messages",)
"""The fields that a request can't do without."""


class Part(msgspec.Struct, frozen=True):
    """A part of a message; only those of type `text` can be read."""

    type: str
    text: str = ""


class Message(msgspec.Struct, frozen=True):
    """One message of the conversation."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[Part] | None = None


class StreamOptions(msgspec.Struct, frozen=True):
    """What else to stream."""

    include_usage: Annotated[bool | None, Meta(description="End the stream with a chunk that has the usage.")] = None


class ChatRequest(msgspec.Struct, frozen=True):
    """A conversation whose last message by the user holds file and edit. Other fields of OpenAI's are not read."""

    messages: Annotated[list[Message], Meta(min_length=1, description=f"The last one of the user counts: {SHAPE}")]
    model: Annotated[str, Meta(description="Who is to merge.")] = "auto"
    stream: Annotated[bool, Meta(description="Answer with server-sent events, up to [DONE].")] = False
    stream_options: StreamOptions = StreamOptions()
    n: Annotated[int, Meta(description="Answers wanted: there is one.")] = 1
    path: Annotated[str | None, Meta(description="Gives the language. Nothing is read from it.")] = None
    language: Annotated[str | None, Meta(description="The language; wins over the path.")] = None
    on_doubt: Annotated[OnDoubt | None, Meta(description=ON_DOUBT)] = None


class TokenUsage(msgspec.Struct, frozen=True):
    """Tokens of the model path; all 0 when the structural merge answered."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class AnswerMessage(msgspec.Struct, frozen=True):
    """The answer: `content` is the merged file and nothing else."""

    content: str
    role: Literal["assistant"] = "assistant"
    refusal: None = None


class Choice(msgspec.Struct, frozen=True):
    """The one choice there is."""

    message: AnswerMessage
    index: int = 0
    logprobs: None = None
    finish_reason: Literal["stop"] = "stop"


class Completion(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of `POST /v1/chat/completions`. `doubts` is empty unless the best guess was asked for."""

    id: str
    created: int
    choices: tuple[Choice, ...]
    usage: TokenUsage
    doubts: tuple[Doubt, ...] = ()
    model: str = MODEL
    object: Literal["chat.completion"] = "chat.completion"


class Delta(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a chunk adds to the message."""

    role: Literal["assistant"] | None = None
    content: str | None = None


class ChunkChoice(msgspec.Struct, frozen=True):
    """The one choice there is, continued."""

    delta: Delta
    index: int = 0
    logprobs: None = None
    finish_reason: Literal["stop"] | None = None


class Chunk(msgspec.Struct, frozen=True, kw_only=True):
    """One event of the streamed answer. The one with the `finish_reason` has the doubts."""

    id: str
    created: int
    choices: tuple[ChunkChoice, ...]
    usage: TokenUsage | None = None
    doubts: tuple[Doubt, ...] = ()
    model: str = MODEL
    object: Literal["chat.completion.chunk"] = "chat.completion.chunk"


def decode_chat_request(body: bytes, models: Models) -> tuple[ChatRequest, Who]:
    """The request in `body`, and who is to merge; a `Problem` with the field's name where it can't be used."""
    request = read(body, ChatRequest, ALIASES, REQUIRED)
    who = models.openai_who(request.model)
    require_on_doubt(request.on_doubt, who, models)
    if request.n != 1:
        raise Problem.invalid_field("n", "there is one answer; leave it out or send 1")
    return request, who


def user_text(request: ChatRequest) -> tuple[str, str]:
    """The text of the last message of the user, and the path of the field it is in."""
    for index in reversed(range(len(request.messages))):
        message = request.messages[index]
        if message.role == "user":
            field = f"messages[{index}].content"
            return _text(message.content, field), field
    raise Problem.invalid_field("messages", "one of them must be the user's")


def _text(content: str | list[Part] | None, field: str) -> str:
    if isinstance(content, str):
        return content
    parts = content or []
    for index, part in enumerate(parts):
        if part.type != "text":
            raise Problem.invalid_field(f"{field}[{index}].type", f"only text can be read, not {part.type}")
    return "".join(part.text for part in parts)
