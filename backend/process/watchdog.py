"""Ends the process when a step does not: a device that hangs, or a rank that is stopped, says nothing by itself."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Watchdog"]

_LOOKS = 10
"""In the time that a step may take."""


class Watchdog:
    """`with dog.watching(): step()`. A thread looks on, which runs while the step waits for a device or a rank."""

    def __init__(self, seconds: float, bite: Callable[[float], None]) -> None:
        """`bite` is called, in the thread and once, with the seconds that a step has taken: `seconds` or more."""
        self._seconds = seconds
        self._bite = bite
        self._began: float | None = None
        threading.Thread(target=self._look_on, name="watchdog", daemon=True).start()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """The block is one step."""
        self._began = time.monotonic()
        try:
            yield
        finally:
            self._began = None

    def _look_on(self) -> None:
        while True:
            time.sleep(self._seconds / _LOOKS)
            began = self._began
            if began is not None and (taken := time.monotonic() - began) >= self._seconds:
                self._bite(taken)
                return
