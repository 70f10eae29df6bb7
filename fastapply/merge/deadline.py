"""The time a merge may take. Every stage whose work grows faster than its input asks now and then."""

from __future__ import annotations

import time

from fastapply.errors import DeadlineExceeded


class Deadline:
    """A moment `seconds` from now."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._end = time.monotonic() + seconds

    def check(self) -> None:
        """Raise `DeadlineExceeded` when the moment has passed."""
        if time.monotonic() > self._end:
            raise DeadlineExceeded(self._seconds)

    @property
    def left(self) -> float:
        """Seconds left, never less than a millisecond."""
        return max(0.001, self._end - time.monotonic())
