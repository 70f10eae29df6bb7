"""Work that waits until a document has been left alone for a moment."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING

from fastapply.faults import describe

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["Debounced"]

log = logging.getLogger(__name__)


class Debounced:
    """The last piece of work for each key, `seconds` after it was asked for."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def later(self, key: str, work: Callable[[], Awaitable[None]]) -> None:
        """Do `work` unless something else is asked for the same key before; what is under way for it is cancelled."""
        self.cancel(key)
        task = asyncio.create_task(self._wait(work))
        self._tasks[key] = task
        task.add_done_callback(lambda done: self._forget(key, done))

    def cancel(self, key: str) -> None:
        """Drop what is asked for `key`."""
        if task := self._tasks.pop(key, None):
            task.cancel()

    async def close(self) -> None:
        """Drop all."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _wait(self, work: Callable[[], Awaitable[None]]) -> None:
        await asyncio.sleep(self._seconds)
        try:
            await work()
        except Exception as error:  # nobody waits for it
            log.error("work in the background failed: %s", describe(error))

    def _forget(self, key: str, done: asyncio.Task[None]) -> None:
        if self._tasks.get(key) is done:
            del self._tasks[key]
