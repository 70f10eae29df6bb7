"""A circuit breaker: a server that failed several times in a row is not asked for a while."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from fastapply.errors import ModelDown

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Attempt", "Breaker"]


class Breaker:
    """Opens after `limit` failures in a row. `rest` seconds later one attempt may find out whether all is well again.

    `clock` gives seconds. To be used from one event loop.
    """

    def __init__(self, limit: int, rest: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._rest = rest
        self._clock = clock
        self._failures = 0
        self._until = 0.0
        self._probe: Attempt | None = None

    @property
    def failures(self) -> int:
        """Failures in a row so far."""
        return self._failures

    @property
    def is_open(self) -> bool:
        """Whether the server is to be left alone."""
        return self._failures >= self._limit and self._clock() < self._until

    def attempt(self) -> Attempt:
        """Leave to ask the server once. Raises `ModelDown` while it is to be left alone."""
        attempt = Attempt(self)
        if self._failures >= self._limit:
            left = self._until - self._clock()
            if left > 0:
                raise ModelDown(
                    f"the model server failed {self._failures} times in a row; it is asked again in {left:.0f} s"
                )
            if self._probe is not None:
                raise ModelDown(
                    f"the model server failed {self._failures} times in a row; it is just being tried again"
                )
            self._probe = attempt
        return attempt

    def _answered(self, attempt: Attempt) -> None:
        if self._probe is attempt:
            # One failure more and it is left alone again: to begin an answer is not yet to end one.
            self._probe, self._failures = None, self._limit - 1

    def _settled(self, attempt: Attempt, failed: bool | None) -> None:
        if self._probe is attempt:
            self._probe = None
        if failed:
            self._failures += 1
            self._until = self._clock() + self._rest
        elif failed is not None:
            self._failures = 0


class Attempt:
    """One time that the server is asked. The first of `succeeded`, `failed` and `given_up` counts."""

    def __init__(self, breaker: Breaker) -> None:
        self._breaker: Breaker | None = breaker

    def answered(self) -> None:
        """The answer has begun: others may ask again, too."""
        if self._breaker is not None:
            self._breaker._answered(self)

    def succeeded(self) -> None:
        """The server works."""
        self._settle(failed=False)

    def failed(self) -> None:
        """It does not."""
        self._settle(failed=True)

    def given_up(self) -> None:
        """The client did not wait for the end, which says nothing about the server."""
        self._settle(failed=None)

    def _settle(self, failed: bool | None) -> None:
        breaker, self._breaker = self._breaker, None
        if breaker is not None:
            breaker._settled(self, failed)
