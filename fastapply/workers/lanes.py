"""Two pools by size: a merge of milliseconds does not wait behind one of seconds."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Protocol, Self

from fastapply.errors import FastApplyError
from fastapply.workers.pool import WorkerPool

if TYPE_CHECKING:
    from fastapply.merge.values import ApplyResult
    from fastapply.settings.model import PoolSettings
    from fastapply.workers.wire import Job

__all__ = ["Lanes", "Observer"]


class Observer(Protocol):
    """Who is told what became of each merge."""

    def merged(self, result: ApplyResult) -> None:
        """A merge gave `result`."""

    def failed(self, error: FastApplyError) -> None:
        """A merge ended with `error`."""


class Lanes:
    """`async with Lanes(settings) as lanes: result = await lanes.apply(job)`."""

    def __init__(self, settings: PoolSettings, observer: Observer | None = None) -> None:
        self._large_from = settings.large_from
        self._observer = observer
        self.small = WorkerPool(settings)
        large = dataclasses.replace(settings, workers=settings.large_workers, queue=settings.large_queue)
        self.large = WorkerPool(large)

    @property
    def pools(self) -> dict[str, WorkerPool]:
        """The pools by the names of their lanes."""
        return {"small": self.small, "large": self.large}

    async def __aenter__(self) -> Self:
        await self.small.start()
        try:
            await self.large.start()
        except BaseException:
            await self.small.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.small.close()
        await self.large.close()

    async def apply(self, job: Job) -> ApplyResult:
        """`fastapply.apply` in a worker of the lane that fits; raises what `WorkerPool.apply` raises."""
        size = len(job.original_code) + len(job.edit_snippet)
        pool = self.large if size >= self._large_from else self.small
        try:
            result = await pool.apply(job)
        except FastApplyError as error:
            if self._observer:
                self._observer.failed(error)
            raise
        if self._observer:
            self._observer.merged(result)
        return result
