"""A client of an engine that writes what a test says, for the tests of what asks one."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from backend.request import Usage
from backend.splice import compiled

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from backend.request import Reason, Request

VOCAB = 1 << 17


@dataclass(frozen=True)
class Info:
    context: int = 4096
    page_tokens: int = 64


@dataclass(frozen=True)
class Part:
    """Tokens as a client gives them."""

    ids: list[int]


@dataclass(frozen=True)
class End:
    """The end of an answer as a client gives it."""

    reason: Reason
    usage: Usage


@dataclass
class Scripted:
    """Writes `tokens`, `size` at a time, and stops where the request says; a splice must allow every one of them."""

    tokens: Sequence[int] = ()
    size: int = 3
    info: Info | None = field(default_factory=Info)
    why: str = ""
    reason: Reason | None = None
    """How it ends, where not by itself."""
    error: Exception | None = None
    asked: list[Request] = field(default_factory=list)
    closed: int = 0

    async def ask(self, request: Request) -> AsyncGenerator[Part | End, None]:
        self.asked.append(request)
        try:
            if self.error is not None:
                raise self.error
            answer, reason = answered(request, self.tokens)
            for at in range(0, len(answer), self.size):
                await asyncio.sleep(0)
                yield Part(list(answer[at : at + self.size]))
            usage = Usage(prompt=len(request.prompt), completion=len(answer), drafted=5, accepted=4, passes=2)
            yield End(self.reason or reason, usage)
        finally:
            self.closed += 1


def answered(request: Request, tokens: Sequence[int]) -> tuple[list[int], Reason]:
    """What a model that would write `tokens` is heard to say, and why it ends."""
    trie = compiled(request, VOCAB)
    ends = [(token,) for token in request.stop_ids] + list(request.stop_sequences)
    point, run, answer = trie.start if trie else None, list[int](), list[int]()
    for token in tokens:
        if trie is not None:
            if not run:
                assert point is not None, "the answer goes on behind its end"
                move = point.follow(token)
                assert move is not None, f"token {token} is not allowed behind {answer}"
                run, point = [token, *move.run], move.point
            assert run.pop(0) == token, f"token {token} is not allowed behind {answer}"
        answer.append(token)
        at_border = trie is None or (not run and point is None)
        for end in ends:
            if at_border and tuple(answer[-len(end) :]) == end:
                return answer[: -len(end)], "stop"
        if len(answer) == request.max_tokens:
            return answer, "length"
    return answer, "length"
