"""What an engine has done, for metrics."""

from __future__ import annotations

import math
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from backend.process.messages import Stats

if TYPE_CHECKING:
    from backend.request import Finished, Reason

__all__ = ["Counts", "Rate"]


class Rate:
    """Events a second, each counting less the longer it is past: by half after `seconds` x ln 2."""

    def __init__(self, now: float, seconds: float = 10.0) -> None:
        self._begun = self._at = now
        self._seconds = seconds
        self._sum = 0.0

    def add(self, count: int, now: float) -> None:
        """`count` events at `now`, which does not go back."""
        self._sum = self._sum * math.exp((self._at - now) / self._seconds) + count
        self._at = now

    def read(self, now: float) -> float:
        """Their rate at `now`; while younger than `seconds`, of the time that there was."""
        seen = -math.expm1((self._begun - now) / self._seconds)  # the weight of all the time since the beginning
        return self._sum * math.exp((self._at - now) / self._seconds) / (self._seconds * seen) if seen else 0.0


@dataclass(slots=True)
class Counts:
    """Sums since the start; see `messages.Stats`, whose fields have the same names."""

    started: float = field(default_factory=time.monotonic)
    steps: int = 0
    busy_seconds: float = 0.0
    answered: int = 0
    done: Counter[Reason] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    prompt: int = 0
    cached: int = 0
    drafted: int = 0
    accepted: int = 0
    forced: int = 0
    mismatches: int = 0
    preemptions: int = 0
    dropped: int = 0
    rate: Rate = field(init=False)

    def __post_init__(self) -> None:
        self.rate = Rate(self.started)

    def add_tokens(self, count: int) -> None:
        """Count tokens of an answer that were just sent."""
        self.answered += count
        self.rate.add(count, time.monotonic())

    def add_end(self, end: Finished) -> None:
        """Count a request that is done."""
        usage = end.usage
        self.done[end.reason] += 1
        self.prompt += usage.prompt
        self.cached += usage.cached
        self.drafted += usage.drafted
        self.accepted += usage.accepted
        self.forced += usage.forced
        self.mismatches += len(usage.mismatches)
        self.preemptions += usage.preemptions

    def stats(self, *, live: int, pages: int, available: int, kept: int, clients: int, restarts: int) -> Stats:
        """The present numbers, with those that are known elsewhere."""
        now = time.monotonic()
        return Stats(
            live=live,
            pages=pages,
            available=available,
            kept=kept,
            clients=clients,
            seconds=now - self.started,
            steps=self.steps,
            busy_seconds=self.busy_seconds,
            answered=self.answered,
            tokens_per_second=self.rate.read(now),
            done=dict(self.done),
            refused=dict(self.refused),
            prompt=self.prompt,
            cached=self.cached,
            drafted=self.drafted,
            accepted=self.accepted,
            forced=self.forced,
            mismatches=self.mismatches,
            preemptions=self.preemptions,
            dropped=self.dropped,
            restarts=restarts,
        )
