"""`LocalCompleter`: a profile's questions, asked of an engine on this machine."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from contextlib import aclosing
from typing import TYPE_CHECKING, Protocol

from backend import request as engine
from backend.batch import PAGE_TOKENS
from backend.errors import BackendError
from backend.tokenizer import TextStream
from fastapply.errors import (
    DeadlineExceeded,
    ModelBusy,
    ModelDown,
    ModelError,
    ModelFailed,
    ModelUnusable,
    QuestionTooLong,
)
from fastapply.merge.values import Usage
from fastapply.resolve.answer import Reader
from fastapply.resolve.completer import Completion, Warmth
from fastapply.resolve.prompt import ids_of_marks
from fastapply.resolve.request import prefix_of, request_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from backend.tokenizer import Tokenizer
    from fastapply.resolve.completer import Question
    from fastapply.resolve.profile import Profile

__all__ = ["Client", "Done", "Info", "LocalCompleter", "Tokens"]

_GRACE_SECONDS = 1.0
"""The engine minds the deadline itself; one that does not is left so much later."""
_AFTER_THE_TAG = 32
"""Tokens that a model may write behind the closing tag before it is stopped."""
_KEPT = 8
"""Questions that were found to fit and not asked yet."""
_ERRORS: dict[str, type[ModelError]] = {
    "request_too_long": QuestionTooLong,
    "queue_full": ModelBusy,
    "engine_down": ModelDown,
    "engine_closed": ModelDown,
    "engine_failed": ModelUnusable,
    "rank_lost": ModelDown,
}


class Info(Protocol):
    """What is known of a running engine."""

    @property
    def context(self) -> int:
        """Tokens of prompt and answer together."""

    @property
    def page_tokens(self) -> int:
        """What is computed is kept in pages of so many tokens."""


class Tokens(Protocol):
    """The next tokens of an answer."""

    @property
    def ids(self) -> list[int]:
        """The tokens."""


class Done(Protocol):
    """The end of an answer."""

    @property
    def reason(self) -> engine.Reason:
        """Why it ended."""

    @property
    def usage(self) -> engine.Usage:
        """What it cost."""


class Client(Protocol):
    """What is asked of the client of an engine; `backend.process.client.EngineClient` is one."""

    @property
    def info(self) -> Info | None:
        """What runs; None while nothing does."""

    @property
    def why(self) -> str:
        """Why nothing does."""

    def ask(self, request: engine.Request) -> AsyncGenerator[Tokens | Done, None]:
        """The answer: its tokens as they are final, then one `Done`. Closing the iterator cancels the request."""


class LocalCompleter:
    """Asks the engine behind `client`, whose model has `tokenizer`, as `profile` says. For one event loop.

    `salt`: only questions with the same share what the engine keeps of prompts. Raises `InvalidSetting` where the
    model's vocabulary lacks a mark of the profile.
    """

    def __init__(self, profile: Profile, tokenizer: Tokenizer, client: Client, *, salt: bytes = b"") -> None:
        ids_of_marks(profile, tokenizer)
        self._profile = profile
        self._tokenizer = tokenizer
        self._client = client
        self._salt = salt
        self._ready: dict[int, tuple[Question, engine.Request]] = {}
        """By the question's identity: tokenising takes long, and `fits` is asked first."""

    @property
    def name(self) -> str:
        """The profile's name."""
        return self._profile.name

    @property
    def whole_file(self) -> bool:
        """Whether the model was trained on whole files."""
        return self._profile.decoding.whole_file

    @property
    def never_warm(self) -> str:
        """See `Completer.never_warm`."""
        return "" if self.whole_file else "parts_only"

    async def fits(self, question: Question) -> bool:
        """See `Completer.fits`. Where no engine runs, the profile's context counts."""
        try:
            request = await self._request(question)
        except QuestionTooLong:
            return False
        while len(self._ready) >= _KEPT:
            del self._ready[next(iter(self._ready))]
        self._ready[id(question)] = question, request
        return True

    async def complete(self, question: Question, seconds: float) -> AsyncGenerator[str | Completion, None]:
        """See `Completer.complete`."""
        due = time.monotonic() + seconds
        _, request = self._ready.pop(id(question), (question, None))
        request = request or await self._request(question)
        spliced = request.splice is not None
        reader = Reader(self._profile, question, begun=not spliced, bare=spliced)
        stream = TextStream(self._tokenizer)
        count = after = 0
        done: Done | None = None
        async with aclosing(self._client.ask(dataclasses.replace(request, deadline=due))) as parts:
            while done is None and after <= _AFTER_THE_TAG:
                part = await _next(parts, due, seconds)
                if not hasattr(part, "ids"):
                    done = part
                    continue
                count += len(part.ids)
                after += len(part.ids) if reader.closed else 0
                if piece := reader.push(stream.push(part.ids)):
                    yield piece
        if done is not None:
            _require_whole(done, seconds)
        cut = done is not None and done.reason == "length"
        last = reader.push(stream.finish())
        rest, finished = reader.finish("length" if cut else "stop")
        if rest := last + rest:
            yield rest
        used = done.usage if done else engine.Usage(prompt=len(request.prompt), completion=count)
        yield Completion(reader.text, finished, _usage(used))

    async def warm(self, code: str, instruction: str, seconds: float) -> Warmth:
        """See `Completer.warm`. The engine does this in the background, so it may take until nobody asks."""
        due = time.monotonic() + seconds
        page = self._client.info.page_tokens if self._client.info is not None else PAGE_TOKENS
        texts = self._profile, code, instruction, self._tokenizer
        request = await asyncio.to_thread(prefix_of, *texts, self._context, page, self._salt)
        if request is None:
            return Warmth()
        async with aclosing(self._client.ask(dataclasses.replace(request, deadline=due))) as parts:
            while hasattr(part := await _next(parts, due, seconds), "ids"):
                continue
        _require_whole(part, seconds)
        return Warmth(len(request.prompt) - 1, part.usage.cached)

    async def _request(self, question: Question) -> engine.Request:
        return await asyncio.to_thread(request_of, self._profile, question, self._tokenizer, self._context, self._salt)

    @property
    def _context(self) -> int:
        info, context = self._client.info, self._profile.decoding.context
        return context if info is None else min(context, info.context)


async def _next(parts: AsyncGenerator[Tokens | Done, None], due: float, seconds: float) -> Tokens | Done:
    """The next part of an answer, or the error that the engine ended it with, as one of ours."""
    try:
        async with asyncio.timeout(due + _GRACE_SECONDS - time.monotonic()):
            return await anext(parts)
    except TimeoutError:
        raise DeadlineExceeded(seconds) from None
    except StopAsyncIteration:
        raise ModelDown("the engine's answer came to no end") from None
    except BackendError as error:
        raise _ERRORS.get(error.code, ModelFailed)(str(error)) from None


def _require_whole(done: Done, seconds: float) -> None:
    """Raise the error that says why the engine ended an answer early, if it did."""
    if done.reason not in ("stop", "length"):
        raise DeadlineExceeded(seconds) if done.reason == "deadline" else ModelDown("the engine ended the answer")


def _usage(used: engine.Usage) -> Usage:
    return Usage(
        prompt_tokens=used.prompt,
        completion_tokens=used.completion,
        total_tokens=used.prompt + used.completion,
        drafted_tokens=used.drafted,
        accepted_tokens=used.accepted,
        passes=used.passes,
        mismatches=len(used.mismatches),
        cached_tokens=used.cached,
    )
