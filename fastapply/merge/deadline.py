"""The time a merge may take. Every stage whose work grows faster than its input asks now and then."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TypeVar

from fastapply.errors import DeadlineExceeded

_PACE = 8192  # items between two looks at the clock: a few milliseconds of the slowest work on lines

Item = TypeVar("Item")


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


def paced(items: Sequence[Item], limit: Deadline | None) -> Iterator[Item]:
    """The items one by one, with a look at the clock now and then; without a limit, just the items."""
    return iter(items) if limit is None else chain.from_iterable(_portions(items, limit))


def _portions(items: Sequence[Item], limit: Deadline) -> Iterator[Sequence[Item]]:
    for at in range(0, len(items), _PACE):
        limit.check()
        yield items[at : at + _PACE]
