"""Merges in the background: one applier, asked once for what several requests want, and let go when nobody waits."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from fastapply.applier import Applier
    from fastapply.merge.values import ApplyResult
    from fastapply.resolve.route import OnDoubt
    from fastapply.workers.wire import Job

__all__ = ["Merges"]

_KEPT = 4  # answers that may be asked for again: a listed action is resolved right after


class Merges:
    """`async with Merges(local_applier()) as merges: result = await merges.of(job)`.

    The applier is started at once and waited for by the first merge, so that an editor need not wait for it.
    """

    def __init__(self, applier: AbstractAsyncContextManager[Applier]) -> None:
        self._applier = applier
        self._answers: dict[tuple[Job, OnDoubt | None], asyncio.Task[ApplyResult]] = {}
        self._waiting: Counter[asyncio.Task[ApplyResult]] = Counter()

    async def __aenter__(self) -> Self:
        self._end = asyncio.Event()
        self._ready: asyncio.Future[Applier] = asyncio.get_running_loop().create_future()
        self._ready.add_done_callback(lambda future: future.cancelled() or future.exception())
        self._running = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self.forget()
        self._end.set()
        await self._running

    async def _run(self) -> None:
        """Hold the applier open in one task, as its context wants it."""
        try:
            async with self._applier as applier:
                self._ready.set_result(applier)
                await self._end.wait()
        except BaseException as error:
            if not self._ready.done():
                self._ready.set_exception(error)
            if not isinstance(error, Exception):
                raise

    async def of(self, job: Job, on_doubt: OnDoubt | None = None) -> ApplyResult:
        """The merge of `job`; raises as `Applier.apply` does. Cancelled, it ends the merge unless others wait for it
        as well."""
        task = self.begun(job, on_doubt)
        self._waiting[task] += 1
        try:
            return await asyncio.shield(task)
        finally:
            self._waiting[task] -= 1
            if not self._waiting[task]:
                del self._waiting[task]
                if not task.done():
                    self._drop(task)

    def begun(self, job: Job, on_doubt: OnDoubt | None = None) -> asyncio.Task[ApplyResult]:
        """The merge of `job`, begun or done already; nobody need wait for it."""
        key = (job, on_doubt)
        if key not in self._answers:
            task = asyncio.create_task(self._merge(job, on_doubt))
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
            self._answers[key] = task
            for old in list(self._answers)[:-_KEPT]:
                if not self._waiting[self._answers[old]]:
                    self._answers.pop(old).cancel()
        return self._answers[key]

    def forget(self) -> None:
        """Let go of all that nobody waits for: the documents have changed."""
        for key, task in list(self._answers.items()):
            if not self._waiting[task]:
                del self._answers[key]
                task.cancel()

    async def _merge(self, job: Job, on_doubt: OnDoubt | None) -> ApplyResult:
        applier = await asyncio.shield(self._ready)
        return await applier.apply(job, on_doubt)

    def _drop(self, task: asyncio.Task[ApplyResult]) -> None:
        task.cancel()
        self._answers = {key: other for key, other in self._answers.items() if other is not task}
