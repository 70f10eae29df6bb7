"""An answer as it streams in, and how long is waited for it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx2

from fastapply.errors import DeadlineExceeded, ModelBusy, ModelDown, ModelError, QuestionTooLong
from fastapply.resolve.remote.events import Event, events

if TYPE_CHECKING:
    from fastapply.resolve.remote.breaker import Attempt

__all__ = ["Deadline", "Limits", "Reply"]

_LINGER = 1.0
"""Seconds that the count of tokens may come after the whole answer."""


@dataclass(frozen=True)
class Deadline:
    """When an answer must have ended: `seconds` after the question, `due` on the event loop's clock."""

    seconds: float
    due: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """`seconds` from now."""
        return cls(seconds, asyncio.get_running_loop().time() + seconds)

    @property
    def left(self) -> float:
        """Seconds until then."""
        return self.due - asyncio.get_running_loop().time()


class Limits:
    """When one attempt has taken too long: at the deadline, or earlier if no token has come."""

    def __init__(self, deadline: Deadline, first_token: float) -> None:
        self._deadline = deadline
        self._first_token = first_token
        self.due = deadline.due - max(0.0, deadline.left - first_token)

    def begun(self) -> None:
        """The first token has come."""
        self.due = self._deadline.due

    def soon(self) -> None:
        """All has come that must; the rest may take `_LINGER`."""
        self.due -= max(0.0, self.due - asyncio.get_running_loop().time() - _LINGER)

    def exceeded(self, attempt: Attempt) -> Exception:
        """The error for a wait that reached `due`. A deadline says nothing about the server, a late token does."""
        if self._deadline.left <= 0:
            attempt.given_up()
            return DeadlineExceeded(self._deadline.seconds)
        attempt.failed()
        return ModelDown(f"the model server did not begin to answer within {self._first_token:g} s")


class Reply:
    """The events of one answer. Iterating raises `ModelDown` where it ends before the model said that it does."""

    def __init__(self, response: httpx2.Response, attempt: Attempt, limits: Limits) -> None:
        self._response = response
        self._attempt = attempt
        self._limits = limits
        self._events = events(response)
        self._whole = False

    def __aiter__(self) -> Reply:
        return self

    async def __anext__(self) -> Event:
        event = await self._next()
        if event is None:
            raise StopAsyncIteration
        if event.text or event.thought or event.finish:
            self._attempt.answered()
            if not self._whole:
                self._limits.begun()
        if event.finish:
            self.whole()
        return event

    def whole(self) -> None:
        """The answer is all there: what may still come is how many tokens it had."""
        if not self._whole:
            self._whole = True
            self._attempt.succeeded()
            self._limits.soon()

    async def close(self) -> None:
        """End the connection, unless the answer was read to its end: then it is kept for the next question."""
        self._attempt.given_up()
        await self._events.aclose()
        await self._response.aclose()

    async def _next(self) -> Event | None:
        try:
            async with asyncio.timeout_at(self._limits.due):
                event = await anext(self._events, None)
        except TimeoutError:
            error: Exception = self._limits.exceeded(self._attempt)
        except httpx2.RequestError as broken:
            error = ModelDown(f"the connection to the model server broke in its answer ({type(broken).__name__})")
        except ModelError as told:
            error = told
        else:
            if event is not None or self._whole:
                return event
            error = ModelDown("the model server ended its answer in the middle")
        if self._whole:
            return None
        if not isinstance(error, (QuestionTooLong, ModelBusy)):
            self._attempt.failed()
        raise error
